"""A store with transcripts in it, for tests of what works on the past: texts go in, as if a feed had brought them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from podwatch.model import Episode, Feed, PollResult, Segment, TranscriptRef, join_segments
from podwatch.store.database import Store
from podwatch.store.fetch import FetchResult
from podwatch.transcripts import sandboxed as boxed


def fill(store: Store, now: datetime, texts: Mapping[str, str], *, url: str = "https://a.example/feed") -> None:
    """An episode with a transcript for each text, by title; the first came out ``now``, each other a day earlier."""
    store.add_feeds([Feed(url=url, tags=("news",))], now)
    [feed] = [f for f in store.feeds() if f.url == url]
    found = tuple(
        Episode(
            guid=f"{url} {title}",
            title=title,
            published_at=now - timedelta(days=i),
            transcripts=(TranscriptRef(url=f"https://a.example/{title}.vtt"),),
        )
        for i, title in enumerate(texts)
    )
    store.save_polls(
        [PollResult(feed=feed, episodes=found, lists={e.guid for e in found}.__contains__)], now, len(found)
    )
    wanted = [w.episode for w in store.claim_wanted(now, now + timedelta(hours=1))]
    store.save_transcripts([_fetched(e, texts[e.title]) for e in wanted], now)


def correct(store: Store, now: datetime, texts: Mapping[str, str]) -> None:
    """The transcripts of these episodes, by title, say something else now: another revision of each."""
    there = [s.episode for s in store.load_sources(store.transcript_ids())]
    store.save_transcripts([_fetched(e, texts[e.title]) for e in there if e.title in texts], now)


def _fetched(episode: Episode, text: str) -> FetchResult:
    t = join_segments(Segment(5.0 * i, 5.0 * i + 5, part) for i, part in enumerate(text.split("\n")))
    return FetchResult(
        episode=episode, fields=asdict(boxed.pack_transcript(t, "en")) | {"source": ""}, next_fetch_at=None
    )
