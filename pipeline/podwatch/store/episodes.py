"""Converts episodes to rows and rows to episodes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from podwatch.model import Chapter, Episode, Person, Soundbite, TranscriptRef
from podwatch.store.connection import AnyRow
from podwatch.store.tables import episodes, feeds

# What a later poll may correct. When the episode was first seen and what was fetched of it stay.
FACTS = ("title", "link", "audio_url", "published_at", "duration", "notes", "language")
# In one column as JSON, since no query selects by them.
DETAILS = ("author", "persons", "season", "number", "episode_type", "chapters_url", "chapters", "soundbites",
           "other_audio", "note_links", "blocked")  # fmt: skip
UPDATED_COLUMNS = (*FACTS, "guid", "transcripts", "details")
EPISODE_COLUMNS = (*episodes.c, feeds.c.title.label("show"))
SELECT_EPISODES = select(*EPISODE_COLUMNS).join(feeds)


def episode_columns(e: Episode) -> dict[str, Any]:
    """The values of UPDATED_COLUMNS; empty ones are left out of the details."""
    values: dict[str, Any] = {name: getattr(e, name) for name in (*FACTS, "guid", "transcripts")}
    return values | {"details": {name: v for name in DETAILS if (v := getattr(e, name))}}


def episode_of(r: AnyRow) -> Episode:
    """The episode of a row of SELECT_EPISODES."""
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
    if "chapters" in stored:
        values["chapters"] = tuple(Chapter(**c) for c in stored["chapters"])
    if "soundbites" in stored:
        values["soundbites"] = tuple(Soundbite(**s) for s in stored["soundbites"])
    return values


def sort_newest_first(found: Sequence[Episode]) -> list[Episode]:
    """Newest first, then those without a date, in the feed's order."""
    return sorted(found, key=lambda e: e.published_at or _NO_DATE, reverse=True)


_NO_DATE = datetime.min.replace(tzinfo=UTC)
