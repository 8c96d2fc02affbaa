"""Episodes as rows, and rows as episodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from podwatch.model import Episode, Person, Soundbite, TranscriptRef
from podwatch.store.connection import AnyRow
from podwatch.store.tables import episodes, feeds

# What a later poll may correct; first sight and fetch state stay.
FACTS = ("title", "link", "audio_url", "published_at", "duration", "notes", "language")
# Kept together as JSON: nothing is looked up by them.
DETAILS = (
    "author",
    "persons",
    "season",
    "number",
    "episode_type",
    "chapters_url",
    "soundbites",
    "other_audio",
    "note_links",
    "blocked",
)
UPDATED_COLUMNS = (*FACTS, "guid", "transcripts", "details")
EPISODE_COLUMNS = (*episodes.c, feeds.c.title.label("show"))
BATCH_SIZE = 500  # values in one IN (...)
T = TypeVar("T")


def in_batches(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values in groups that fit into one IN (...)."""
    for i in range(0, len(values), BATCH_SIZE):
        yield values[i : i + BATCH_SIZE]


def episode_columns(e: Episode) -> dict[str, Any]:
    """What a document says of an episode, as it is written; what says nothing is left out of the details."""
    found: dict[str, Any] = {name: getattr(e, name) for name in FACTS}
    found["guid"] = e.guid
    found["transcripts"] = e.transcripts
    found["details"] = {name: v for name in DETAILS if (v := getattr(e, name))}
    return found


def episode_of(r: AnyRow) -> Episode:
    """An episode from a row of EPISODE."""
    return Episode(
        id=r.id,
        feed_id=r.feed_id,
        guid=r.guid,
        identity=r.identity,
        show=r.show,
        title=r.title,
        link=r.link,
        audio_url=r.audio_url,
        published_at=r.published_at,
        duration=r.duration,
        notes=r.notes,
        language=r.language,
        transcripts=tuple(TranscriptRef(**t) for t in r.transcripts),
        **_details(r.details),
        first_seen_at=r.first_seen_at,
        backlog=r.backlog,
        fetch_failures=r.fetch_failures,
    )


def _details(stored: dict[str, Any]) -> dict[str, Any]:
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
    if "persons" in stored:
        values["persons"] = tuple(Person(**p) for p in stored["persons"])
    if "soundbites" in stored:
        values["soundbites"] = tuple(Soundbite(**s) for s in stored["soundbites"])
    return values


def sort_newest_first(found: Sequence[Episode]) -> list[Episode]:
    """Newest first; those without a date count as they stand in the feed, after the dated ones."""
    dated: list[tuple[datetime, Episode]] = [(e.published_at, e) for e in found if e.published_at is not None]
    undated = [e for e in found if e.published_at is None]
    return [e for _, e in sorted(dated, key=lambda d: d[0], reverse=True)] + undated
