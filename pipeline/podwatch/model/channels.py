"""A watchlist's rules for a channel: the schedules of its digest and its report, its quiet hours, its ceiling."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time

SLACK_ID = re.compile(r"[CDGUW][A-Z0-9]{6,}")
_SLACK_NAME = re.compile(r"#?[^\s:#@/,]{1,80}")
WEEK = (0, 1, 2, 3, 4, 5, 6)  # Monday is 0, as datetime.weekday() counts


def canonical_channel(name: str) -> str:
    """One way to write a Slack channel: ``trade``, ``#Trade`` and ``#trade`` are ``#trade``; others as they are.

    Slack's names are lower case (docs.slack.dev, conversations.create).
    """
    if SLACK_ID.fullmatch(name) or not _SLACK_NAME.fullmatch(name):
        return name
    return "#" + name.removeprefix("#").lower()


@dataclass(frozen=True, slots=True)
class Schedule:
    """A time of day on some days of the week, as clocks show it in a time zone."""

    at: time
    days: tuple[int, ...] = WEEK
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours of each day in which nothing is posted: from ``start`` to before ``end``, perhaps past midnight."""

    start: time
    end: time
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRules:
    """digest: when the digest goes out. ceiling: messages an hour; alerts beyond it are held for a digest.

    report: when a report of the time since the last one goes out; None: never.
    """

    name: str
    digest: Schedule = Schedule(time(8, 0))
    quiet: QuietHours | None = None
    ceiling: int | None = None
    report: Schedule | None = None
