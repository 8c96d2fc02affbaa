"""When alerts go out, said naively: every tick looks at every alert that waits, by the clock on the wall of each zone.

Written from docs/delivery.md. It knows no rows, no retries and no holds: a list of what waits, and of what was sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

from podwatch.model import ChannelRules, DeliverMode, QuietHours, Schedule

ON_TIME = timedelta(minutes=15)  # a digest that is not later than this has its own time, even in quiet hours
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Arrival:
    """An alert that is found at a moment."""

    key: str
    at: datetime
    watch: str


@dataclass(frozen=True)
class WatchRules:
    """Of one watch: its channel, and how it is delivered there."""

    channel: str
    deliver: DeliverMode = DeliverMode.EACH
    repeat_after: timedelta = timedelta()


@dataclass(frozen=True, order=True)
class Sent:
    """A message: an alert by itself, or a digest of several."""

    at: datetime
    channel: str
    form: Literal["single", "digest"]
    keys: tuple[str, ...]


@dataclass
class _Waiting:
    """What waits: an alert, or a digest that is made and was not sent yet (``members``).

    why: what keeps an alert until ``until``, from when on it goes out in a digest of those kept for the same.
    """

    oldest: Arrival
    members: tuple[Arrival, ...] = ()
    why: str = ""
    until: datetime | None = None


class ChannelOracle:
    """One channel: ``step`` is called for each tick in order."""

    def __init__(self, rules: ChannelRules, watches: dict[str, WatchRules]) -> None:
        self.rules, self.watches = rules, watches
        self.waiting: list[_Waiting] = []
        self.sent: list[Sent] = []
        self._own: dict[str, datetime] = {}  # watch -> its last message of its own

    def arrive(self, arrival: Arrival) -> None:
        mode = self.watches[arrival.watch].deliver
        if mode is DeliverMode.DIGEST:
            when = next(m for m in moments(self.rules.digest, arrival.at.date()) if m > arrival.at)
            self.waiting.append(_Waiting(arrival, why="digest", until=when))
        elif mode is DeliverMode.EACH:
            self.waiting.append(_Waiting(arrival))

    def step(self, now: datetime, *, up: bool) -> None:
        """up: whether the service takes messages. What it refuses keeps what is behind it in the channel."""
        while (item := self._first_to_go(now)) is not None:
            if not up:
                return
            keys = tuple(sorted(a.key for a in item.members or (item.oldest,)))
            self.sent.append(Sent(now, self.rules.name, "digest" if item.members else "single", keys))
            self.waiting.remove(item)
            if not item.members:
                self._own[item.oldest.watch] = now

    def _first_to_go(self, now: datetime) -> _Waiting | None:
        """The first message that goes out now; what may not is given its reason, and digests are made, on the way."""
        quiet = self.rules.quiet is not None and is_quiet(self.rules.quiet, now)
        for item in sorted(self.waiting, key=lambda i: (i.oldest.at, i.oldest.key)):
            if item.until is not None and item.until > now:
                continue
            if quiet and not (item.why == "digest" and item.until is not None and now - item.until <= ON_TIME):
                continue
            if item.members:
                return item
            if item.why:
                return self._collect(item, now, on_time_only=quiet)
            if not self._is_kept(item, now):
                return item
        return None

    def _collect(self, first: _Waiting, now: datetime, *, on_time_only: bool) -> _Waiting:
        """The digest of all that was kept for the same reason until now."""
        due = [i for i in self.waiting if not i.members and i.why == first.why and i.until and i.until <= now]
        if on_time_only:
            due = [i for i in due if i.until and now - i.until <= ON_TIME]
        arrivals = sorted((i.oldest for i in due), key=lambda a: (a.at, a.key))
        digest = _Waiting(arrivals[0], tuple(arrivals), first.why, max(i.until for i in due if i.until))
        self.waiting = [i for i in self.waiting if i not in due] + [digest]
        return digest

    def _is_kept(self, item: _Waiting, now: datetime) -> bool:
        last = self._own.get(item.oldest.watch)
        pause = self.watches[item.oldest.watch].repeat_after
        if pause and last is not None and now < last + pause:
            item.why, item.until = "repeated", last + pause
            return True
        hour = [s.at for s in self.sent if s.at > now - HOUR]
        if self.rules.ceiling is not None and len(hour) >= self.rules.ceiling:
            item.why, item.until = "ceiling", hour[-self.rules.ceiling] + HOUR
            return True
        return False


def is_quiet(quiet: QuietHours, at: datetime) -> bool:
    """Whether the clock on the wall shows one of these hours."""
    shown = at.astimezone(ZoneInfo(quiet.zone)).time()
    if quiet.start < quiet.end:
        return quiet.start <= shown < quiet.end
    return shown >= quiet.start or shown < quiet.end


def moments(schedule: Schedule, day: object) -> Sequence[datetime]:
    """The schedule's moments from a day before ``day`` (UTC) on, for nine days, found by looking at each minute."""
    return _moments(schedule, str(day))


@cache
def _moments(schedule: Schedule, day: str) -> tuple[datetime, ...]:
    return tuple(_look(schedule, datetime.fromisoformat(f"{day}T00:00:00+00:00") - timedelta(days=1)))


def _look(schedule: Schedule, start: datetime) -> Iterator[datetime]:
    seen = set()
    zone = ZoneInfo(schedule.zone)
    for minute in range(0, 10 * 24 * 60, 5):  # the tests' times are multiples of five minutes
        at = start + timedelta(minutes=minute)
        shown = at.astimezone(zone)
        if (shown.hour, shown.minute) == (schedule.at.hour, schedule.at.minute) and shown.date() not in seen:
            seen.add(shown.date())
            if shown.weekday() in schedule.days:
                yield at
