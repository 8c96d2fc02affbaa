"""Converts episodes to rows and rows to episodes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from podwatch.model import Episode, Person, Soundbite, TranscriptRef
from podwatch.store.connection import AnyRow
from podwatch.store.tables import episodes, feeds

# What a later poll may correct. When the episode was first seen and what was fetched of it stay.
FACTS = ("title", "link", "audio_url", "published_at", "duration", "notes", "language")
# In one column as JSON, since no query selects by them.
DETAILS = ("author", "persons", "season", "number", "episode_type", "chapters_url", "soundbites", "other_audio",
           "note_links", "blocked")  # fmt: skip
# The fields of Episode that are read back as they are.
_STORED = (*FACTS, "id", "feed_id", "guid", "identity", "show", "first_seen_at", "backlog", "fetch_failures")
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
        transcripts=tuple(TranscriptRef(**t) for t in r.transcripts),
        **_details(r.details),
        **{name: getattr(r, name) for name in _STORED},
    )


def _details(stored: dict[str, Any]) -> dict[str, Any]:
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
    if "persons" in stored:
        values["persons"] = tuple(Person(**p) for p in stored["persons"])
    if "soundbites" in stored:
        values["soundbites"] = tuple(Soundbite(**s) for s in stored["soundbites"])
    return values


def sort_newest_first(found: Sequence[Episode]) -> list[Episode]:
    """Newest first, then those without a date, in the feed's order."""
    return sorted(found, key=lambda e: e.published_at or _NO_DATE, reverse=True)


_NO_DATE = datetime.min.replace(tzinfo=UTC)
