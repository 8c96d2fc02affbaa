"""Puts feeds, episodes, transcripts and alerts into a store, without any request, for tests of what works on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

from sqlalchemy import select

from podwatch.model import (
    Episode,
    Feed,
    Kind,
    Mention,
    PollResult,
    Segment,
    Transcript,
    TranscriptRef,
    TranscriptRequest,
    Watch,
    join_segments,
)
from podwatch.policy.alerts import build_alerts
from podwatch.store.database import Store
from podwatch.store.detect import Detection
from podwatch.store.fetch import FetchResult
from podwatch.store.tables import episodes, transcripts
from podwatch.transcripts.sandboxed import pack_transcript

GRAIN = Watch(name="grain", query="grain")


def save_poll(store: Store, feed: Feed, now: datetime, *found: Episode) -> int:
    """Saves a poll of the feed whose document lists these episodes; returns how many are new."""
    lists = {e.guid for e in found}.__contains__
    return store.save_polls([PollResult(feed=feed, episodes=found, lists=lists)], now, first=max(10, len(found)))


def save_transcript(store: Store, episode: Episode, t: Transcript, now: datetime, language: str | None = "en") -> bool:
    """Saves the transcript of an episode; whether it is new or has changed."""
    fields = asdict(pack_transcript(t, language)) | {"source": t.source}
    return store.save_transcripts([FetchResult(episode=episode, fields=fields, next_fetch_at=None)], now) == 1


def save_text(store: Store, episode: Episode, text: str, now: datetime, language: str | None = "en") -> bool:
    """Saves a transcript of one segment."""
    return save_transcript(store, episode, join_segments([Segment(0.0, 9.0, text)]), now, language)


def store_episodes(store: Store, now: datetime, show: str, *ages: float) -> list[Episode]:
    """Episodes of a show that were published so many days ago, in that order, without transcripts."""
    url = f"https://{show}.example/feed"
    store.add_feeds([Feed(url=url, title=show, tags=(show,))], now)
    [feed] = [f for f in store.feeds() if f.url == url]
    found = [
        Episode(guid=f"{show}{i}", title=f"{show} {i}", published_at=now - timedelta(days=age))
        for i, age in enumerate(ages)
    ]
    save_poll(store, replace(feed, title=show), now, *found)
    stored = {e.guid: e for e in store.episodes_without_transcript()}
    return [stored[e.guid] for e in found]


def store_dialogues(store: Store, now: datetime, show: str, texts: Sequence[str | None]) -> list[Episode]:
    """For each text an episode of the show, called "SHOW 0", "SHOW 1", ...; None: without a transcript.

    A / in a text ends a segment of ten seconds; Ann and Bob speak in turn.
    """
    stored = store_episodes(store, now, show, *[0.0] * len(texts))
    for e, text in zip(stored, texts, strict=True):
        if text is not None:
            parts = enumerate(text.split("/"))
            segments = [Segment(i * 10.0, i * 10.0 + 10, part, ("Ann", "Bob")[i % 2]) for i, part in parts]
            save_transcript(store, e, join_segments(segments), now)
    return stored


def store_transcripts(
    store: Store, now: datetime, texts: Mapping[str, str], *, url: str = "https://a.example/feed"
) -> None:
    """An episode with a transcript for each text, by title; the first published ``now``, each other a day earlier."""
    store.add_feeds([Feed(url=url, tags=("news",))], now)
    [feed] = [f for f in store.feeds() if f.url == url]
    found = [
        Episode(
            guid=f"{url} {title}",
            title=title,
            published_at=now - timedelta(days=i),
            transcripts=(TranscriptRef(url=f"https://a.example/{title}.vtt"),),
        )
        for i, title in enumerate(texts)
    ]
    save_poll(store, feed, now, *found)
    wanted = [w.episode for w in store.claim_wanted(now, now + timedelta(hours=1))]
    _save_lines(store, now, wanted, texts)


def correct_transcripts(store: Store, now: datetime, texts: Mapping[str, str]) -> None:
    """Replaces the transcripts of these episodes, by title, with other texts: another revision of each."""
    stored = [s.episode for s in store.load_sources(store.transcript_ids())]
    _save_lines(store, now, [e for e in stored if e.title in texts], texts)


def _save_lines(store: Store, now: datetime, found: Sequence[Episode], texts: Mapping[str, str]) -> None:
    """A segment of five seconds for each line of an episode's text."""
    results = []
    for e in found:
        lines = enumerate(texts[e.title].split("\n"))
        t = join_segments(Segment(5.0 * i, 5.0 * i + 5, line) for i, line in lines)
        results.append(
            FetchResult(episode=e, fields=asdict(pack_transcript(t, "en")) | {"source": ""}, next_fetch_at=None)
        )
    store.save_transcripts(results, now)


def list_wanted(store: Store, now: datetime) -> list[TranscriptRequest]:
    """The transcripts that are to be requested now, without claiming them."""
    with store.reading() as c:
        return store.requests_of(c, episodes.c.next_fetch_at <= now, episodes.c.backlog.is_(False))


def count_undetected(store: Store) -> int:
    """How many transcripts there are in which not every watch was looked for."""
    undetected = transcripts.c.detected_through < store.watches_to_detect().latest
    return len(store.read_rows(select(transcripts.c.id).where(undetected)))


def store_alert(store: Store, now: datetime) -> None:
    """One transcript with two mentions of grain, and their alert, which is due."""
    store.add_feeds([Feed(url="https://a.example/feed")], now)
    offered = (TranscriptRef(url="https://a.example/1.vtt", media_type="text/vtt"),)
    save_poll(store, store.feeds()[0], now, Episode(guid="one", title="one", transcripts=offered))
    text = "grain, the grain"
    [wanted] = list_wanted(store, now)
    save_transcript(store, wanted.episode, join_segments([Segment(1.5, 4.0, text)]), now)
    store.sync_watches([GRAIN], now)
    todo = store.watches_to_detect()
    [source] = store.transcripts_due(todo.latest, now)
    watches = todo.after(0)
    found = [
        Mention(watch="grain", kind=Kind.EXACT, score=1.0, surface="grain", start=at, end=at + 5, seconds=1.5,
                segment=0, speaker=None, snippet=text, snippet_start=at)
        for at in (0, 11)
    ]  # fmt: skip
    alerts = build_alerts(found, watches, source.episode)
    detection = Detection(source, {w.name: w for w in watches}, found, alerts)
    assert store.save_detections([detection], todo.latest, now) == 2
