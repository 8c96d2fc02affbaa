"""Decides when a feed is polled next: by how often it publishes, what it asks for, and how often it failed. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

MAX_WAIT = 24 * 3600.0  # seconds between two polls of a feed
DEAD_AFTER = timedelta(days=14)  # of nothing but failures
POSTPONE = timedelta(minutes=30)  # of a feed whose host asked to be left alone for longer than a run waits
RHYTHM_EPISODES = 10  # newest episodes, whose median distance is the feed's rhythm


class Reason(StrEnum):
    """What decided about the next poll."""

    RHYTHM = "a twelfth of the time between its episodes"
    EXPECTED = "an episode is about to come"
    QUIET = "no episode for long"
    HINT = "the feed asks for no more"
    FAILED = "the last poll failed"
    SERVER = "the server asks for a pause"
    GONE = "the server says it is gone for good"


@dataclass(frozen=True, slots=True)
class NextPoll:
    """When to poll again (None: never), and why then."""

    at: datetime | None
    why: Reason


def schedule_after_success(
    now: datetime,
    published: Sequence[datetime],
    *,
    floor: float,
    hint: float | None = None,
    declared: float | None = None,
    url: str = "",
) -> NextPoll:
    """The next poll after one that succeeded: a twelfth of the rhythm later, oftener when an episode is expected.

    published: when the feed's newest episodes came out, in any order. floor: the shortest wait, in seconds.
    hint: seconds that the feed asks for between two polls (RSS ttl, sy:updatePeriod).
    declared: seconds between its episodes by its own word (podcast:updateFrequency), used until its episodes show it.
    url: spreads feeds with the same schedule.
    """
    from statistics import median

    dates = sorted((d for d in published if d <= now + timedelta(days=1)), reverse=True)[: RHYTHM_EPISODES + 1]
    gaps = [(a - b).total_seconds() for a, b in pairwise(dates)]
    gaps = [g for g in gaps if g >= 60]  # what was uploaded together says nothing about the rhythm
    quiet = (now - dates[0]).total_seconds() if dates else MAX_WAIT * 10
    if not gaps and declared:
        gaps = [max(declared, 60.0)]
    if not gaps or quiet > 3 * median(gaps):
        wait, why = quiet / 10, Reason.QUIET
    else:
        rhythm = median(gaps)
        wait, why = rhythm / 12, Reason.RHYTHM
        until_expected = rhythm * 5 / 6 - quiet  # seconds
        if until_expected <= 0:
            wait, why = rhythm / 48, Reason.EXPECTED
        elif until_expected < wait:
            wait = until_expected
    wait = min(max(wait, floor), MAX_WAIT)
    if hint is not None and wait < min(hint, MAX_WAIT):
        wait, why = min(hint, MAX_WAIT), Reason.HINT
    wait = max(wait, floor)
    return NextPoll(now + timedelta(seconds=wait + _spread(url) * (wait - floor) / 10), why)


def schedule_after_failure(
    now: datetime, failures: int, *, floor: float, asked: float | None = None, gone: bool = False, url: str = ""
) -> NextPoll:
    """The next poll after ``failures`` failed ones in a row: twice as long each time, up to a day.

    asked: seconds of the server's Retry-After. gone: it answered 410.
    """
    if gone:
        return NextPoll(None, Reason.GONE)
    wait = min(MAX_WAIT, max(floor, 60.0) * (1 << min(max(failures - 1, 0), 20)))
    why = Reason.FAILED
    if asked is not None and asked > wait:
        wait, why = min(asked, MAX_WAIT), Reason.SERVER
    return NextPoll(now + timedelta(seconds=wait * (1 + _spread(url) / 10)), why)


def is_whole_due(last_polled_at: datetime | None, now: datetime, url: str) -> bool:
    """Whether the feed is requested without conditions: at the first poll of each day, which begins for each feed at
    a time of its own. A server that answers 304 to whatever it is asked would hide what is new for ever.
    """
    if last_polled_at is None:
        return True
    begins = _spread(url) * 86400
    return (last_polled_at.timestamp() - begins) // 86400 < (now.timestamp() - begins) // 86400


def is_dead(failing_since: datetime | None, now: datetime) -> bool:
    """Whether a feed has failed for so long that an operator should look at it."""
    return failing_since is not None and now - failing_since >= DEAD_AFTER


def _spread(url: str) -> float:
    """0..1, always the same for one address: feeds that were added together are not polled together for ever."""
    return hashlib.blake2b(url.encode("utf-8", "replace"), digest_size=2).digest()[0] / 256 if url else 0.0
