"""Alerts and deliveries: what is told to a channel, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pipeline.model.feeds import Episode
from pipeline.model.watches import Mention, Watch


class State(StrEnum):
    """Where a delivery stands. SENT, HELD and DEAD are ends; the rest is work to do."""

    DUE = "due"
    ATTEMPTING = "attempting"
    RETRY = "retry"
    SENT = "sent"
    HELD = "held"
    DEAD = "dead"


class Held(StrEnum):
    """Why an alert is kept back."""

    MODE_NONE = "the watch says deliver: none"
    DIGEST = "waits for the digest"
    OLD_EPISODE = "the episode was known long before the watch"
    BACKFILL = "it came with a backfill, which tells nobody unless asked"
    DISABLED = "the watch was removed from the watchlist"
    BOILERPLATE = "it is only mentioned in what the watch skips: sponsors, promotion or repeated passages"
    GONE = "its mentions are gone from the transcript"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The mentions of one watch in one episode, for one channel."""

    key: str
    watch: Watch
    episode: Episode
    channel: str
    mentions: Sequence[Mention]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The record of an alert handed to a channel."""

    id: int
    key: str
    state: State
    channel: str
    attempts: int = 0
    next_attempt_at: datetime | None = None
    attempted_at: datetime | None = None
    notifier: str | None = None
    remote_channel: str | None = None  # Slack's own id of the channel
    remote_id: str | None = None  # Slack's ts
    error: str | None = None
