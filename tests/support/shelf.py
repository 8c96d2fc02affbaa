"""Puts episodes with their transcripts into a store, past feeds and requests; and types commands over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime

from typer.testing import CliRunner

from podwatch.commands import app
from podwatch.model import Episode, Feed, PollResult, Segment, join_segments
from podwatch.settings import Settings
from podwatch.store.database import Store
from podwatch.store.fetch import FetchResult
from podwatch.transcripts import sandboxed as boxed


def store_episodes(store: Store, now: datetime, tag: str, texts: Sequence[str | None]) -> list[Episode]:
    """A feed with this tag, and for each text an episode called "TAG 0", "TAG 1", ...; None: without a transcript.

    A / in a text ends a segment of ten seconds; Ann and Bob speak in turn.
    """
    store.add_feeds([Feed(url=f"https://{tag}.example/feed", title=tag, tags=(tag,))], now)
    [feed] = [f for f in store.feeds() if f.url == f"https://{tag}.example/feed"]
    found = tuple(Episode(guid=f"{tag}{i}", title=f"{tag} {i}", published_at=now) for i in range(len(texts)))
    store.save_polls([PollResult(feed=replace(feed, title=tag), episodes=found, lists=lambda g: True)], now, len(found))
    by = {e.guid: e for e in store.episodes_without_transcript()}
    kept = [by[e.guid] for e in found]
    for e, text in zip(kept, texts, strict=True):
        if text is not None:
            said = [Segment(i * 10.0, i * 10.0 + 10, s, ("Ann", "Bob")[i % 2]) for i, s in enumerate(text.split("/"))]
            fields = asdict(boxed.pack_transcript(join_segments(said), "en")) | {"source": "test"}
            store.save_transcripts([FetchResult(episode=e, fields=fields, next_fetch_at=None)], now)
    return kept


def run_command(settings: Settings, *arguments: object) -> tuple[int, list[str], list[str]]:
    """(exit status, lines of stdout, lines of stderr) of podwatch with these arguments; expected errors are raised."""
    env = {"PODWATCH_HOME": str(settings.home), "PODWATCH_DATABASE_URL": settings.database_url.reveal()}
    done = CliRunner().invoke(app, [str(a) for a in arguments], env=env)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout.splitlines(), done.stderr.splitlines()
