"""Backfills: the line over a bounded past, its state and its report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from podwatch.model.watches import DeliverMode


class BackfillState(StrEnum):
    """RUNNING means that it is wanted, not that a process works on it: a killed one is still RUNNING."""

    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """The episodes published from ``since`` to before ``until``, of all feeds unless some are named.

    feeds: addresses; tags: feeds with one of them; watches: feeds in the scope of one of them, and whose mentions are
    reported and delivered. key: of who asked for it, so that asking twice makes one. counts: of its last report.
    """

    since: datetime
    until: datetime
    feeds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()
    deliver: DeliverMode = DeliverMode.NONE
    state: BackfillState = BackfillState.RUNNING
    key: str | None = None
    id: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None
    counts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BackfillRange:
    """A backfill's episodes as the store selects them. feeds: ids; watches: names, all when there are none."""

    since: datetime
    until: datetime
    feeds: Sequence[int]
    watches: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillReport:
    """What the store has of a range. mentions: (watch, month, mentions, episodes); missing: (reason, episodes).

    problems: why crawls of older pages ended early. held: alerts held because a backfill found them. found: episodes
    that a dry run saw on older pages and did not save.
    """

    feeds: int = 0
    episodes: int = 0
    transcripts: int = 0
    mentions: tuple[tuple[str, str, int, int], ...] = ()
    missing: tuple[tuple[str, int], ...] = ()
    problems: tuple[str, ...] = ()
    held: int = 0
    found: int = 0

    @property
    def without_transcript(self) -> int:
        """Episodes without a transcript."""
        return self.episodes - self.transcripts
