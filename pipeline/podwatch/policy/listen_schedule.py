"""Decides which episodes are listened to, in which order, how much of a day's budget is left, and when again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from podwatch.model import Episode, ListenRequest

UNKNOWN_SECONDS = 3600.0  # what an episode counts for whose feed does not say how long it is
OLDEST = timedelta(days=30)  # an older episode is the past, which is listened to when a backfill asks for it
PATIENCE = timedelta(days=1)  # for which a transcript that the feed names, and that fails, is waited for
FIRST_RETRY = timedelta(hours=1)  # doubles with each failure
LONGEST_RETRY = timedelta(days=1)
TRIES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenRules:
    """What the settings say: of feeds that say nothing themselves, and how many of a new feed's episodes."""

    default: bool
    tags: frozenset[str]
    newest: int


@dataclass(frozen=True, slots=True)
class ListenPlan:
    """chosen: to be listened to now, in this order; postponed: beyond what is left of the day's budget."""

    chosen: tuple[ListenRequest, ...]
    postponed: tuple[ListenRequest, ...]


def is_listened_to(rules: ListenRules, listen: bool | None, tags: Iterable[str]) -> bool:
    """Whether a feed is listened to: as it is set itself, else as one of its tags is, else as all are."""
    if listen is not None:
        return listen
    return rules.default or not rules.tags.isdisjoint(tags)


def is_wanted(rules: ListenRules, r: ListenRequest, now: datetime) -> bool:
    """Whether an episode is to be listened to: see ListenRules. Of the first poll of a feed only the newest few."""
    if r.requested:
        return True
    if not is_listened_to(rules, r.listen, r.tags) or r.episode.backlog:
        return False
    if r.rank < rules.newest:
        return True
    at = r.episode.published_at or r.episode.first_seen_at or now
    return not r.was_there and now - at <= OLDEST


def plan_listening(wanted: Sequence[ListenRequest], watched: Mapping[int, int], seconds_left: float) -> ListenPlan:
    """Fills what is left of the day: the most watched feeds first, and of these the newest episodes.

    watched: by the id of a feed how many watches look at it. The first one that does not fit is taken all the same
    while anything is left: a day whose budget is an hour listens to one long talk, not to none.
    """

    def order(r: ListenRequest) -> tuple[int, float, int]:
        at = r.episode.published_at or r.episode.first_seen_at
        return -watched.get(r.episode.feed_id, 0), -(at.timestamp() if at else 0.0), r.episode.id

    chosen: list[ListenRequest] = []
    postponed: list[ListenRequest] = []
    for r in sorted(wanted, key=order):
        if seconds_left > 0:
            chosen.append(r)
            seconds_left -= expected_seconds(r.episode)
        else:
            postponed.append(r)
    return ListenPlan(tuple(chosen), tuple(postponed))


def expected_seconds(episode: Episode) -> float:
    """The length of its audio, as its feed says."""
    return episode.duration if episode.duration and episode.duration > 0 else UNKNOWN_SECONDS


def seconds_left(hours: float, money: float | None, price: float, spent: float) -> float:
    """Of a day's budget, after ``spent`` seconds: of hours of audio, and of money at a price an hour."""
    bound = hours if money is None or price <= 0 else min(hours, money / price)
    return max(0.0, bound * 3600.0 - spent)


def next_day(now: datetime) -> datetime:
    """When the next day's budget begins, in UTC."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def next_listen_at(failures: int, retryable: bool, now: datetime) -> datetime | None:
    """When to try again after a failure, of which there were ``failures`` before; None when it is given up."""
    if not retryable or failures + 1 >= TRIES:
        return None
    return now + min(LONGEST_RETRY, FIRST_RETRY * (1 << min(failures, 10)))
