"""What a watchlist says of a channel: when its digest goes out, when it is quiet, how much of it is too much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

WEEK = (0, 1, 2, 3, 4, 5, 6)  # Monday is 0, as datetime.weekday() counts


@dataclass(frozen=True, slots=True)
class Schedule:
    """Moments that come again: on these days of the week at this time of day, as clocks show it in this zone."""

    at: time
    days: tuple[int, ...] = WEEK
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of each day in which nothing is posted: from ``start`` until before ``end``, also past midnight."""

    start: time
    end: time
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRules:
    """digest: when what is collected goes out. ceiling: messages an hour, beyond which the rest become one digest."""

    name: str
    digest: Schedule = Schedule(time(8, 0))
    quiet: QuietHours | None = None
    ceiling: int | None = None
