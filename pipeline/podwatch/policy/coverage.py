"""Measures coverage, of feeds or of the scopes of watches, and says it in words. Pure."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

from podwatch.model import Coverage, CoverageFacts, EpisodeCount, FollowedFeed, NotListened, Scope, Watch
from podwatch.policy.hearing_coverage import HearingCounter
from podwatch.policy.hearing_words import describe_hearings
from podwatch.policy.scopes import is_in_scope

ONE_DAY = timedelta(days=1)
_REASONS = tuple(NotListened)  # an enumeration is slow to go through, and this is done for each day of each feed
_ADDRESS = re.compile(r"^\S+://\S+: ")
# What became of the episodes, as it follows their number.
_WORDS = {
    NotListened.NAMES_NONE: "had no transcript",
    NotListened.FAILED: "failed",
    NotListened.WAITS: "not fetched yet",
    NotListened.TO_BE_HEARD: "not heard yet",
    NotListened.BACKLOG: "older than the first poll",
    NotListened.NOT_SEARCHED: "not searched yet",
}


@dataclass(frozen=True, slots=True)
class _Need:
    """What has to be done with a transcript before its episode counts as listened to.

    through: the number of the watch up to which it has to be searched. names: it has to be read for names instead.
    in_vain: nobody can search it.
    """

    through: int
    names: bool = False
    in_vain: bool = False

    def lacks(self, n: EpisodeCount) -> bool:
        """Whether transcripts of which something is still to do lack what is needed."""
        if self.in_vain or n.unread != self.names:
            return False
        return self.names or n.searched_through < self.through


def measure_feeds(facts: CoverageFacts, now: datetime) -> Coverage:
    """Coverage of the feeds: a transcript counts when every watch was looked for in it."""
    latest = max((seq for seq, w in facts.watches if w.surge is None), default=0)
    need = _Need(latest)
    measured = _measure(facts, lambda _: True, lambda _f, _language, _stored: need, now)
    return replace(measured, hearings=HearingCounter(facts).count())


def measure_watches(facts: CoverageFacts, watches: Sequence[tuple[int, Watch]], now: datetime) -> Coverage:
    """Coverage of what is in the scope of one of these watches: a transcript counts when they were looked for in it.

    For a watch that is broken nobody listens; it is left out where another one is in scope.

    The language of an episode that has no transcript may be unknown; then it is in scope, since it may be missed.
    """

    scope = _WatchScope(facts, watches)
    return replace(_measure(facts, scope.counts, scope.needed, now), hearings=HearingCounter(facts).count(watches))


def measure_each_feed(facts: CoverageFacts) -> dict[int, Coverage]:
    """Of each feed its episodes in the period, and what became of them; nothing of days."""
    latest = max((seq for seq, w in facts.watches if w.surge is None), default=0)
    counts: dict[int, list[EpisodeCount]] = defaultdict(list)
    for n in facts.counts:
        counts[n.feed_id].append(n)
    need = _Need(latest)
    feeds = {f.id: f for f in facts.feeds}
    hearings = HearingCounter(facts).count_each_feed()
    found = {f.id: _count_episodes(counts[f.id], feeds, lambda _f, _language, _stored: need) for f in facts.feeds}
    return {feed: replace(c, hearings=hearings[feed]) if feed in hearings else c for feed, c in found.items()}


def measure_feed_days(
    facts: CoverageFacts, by_day: Mapping[date, Sequence[EpisodeCount]]
) -> dict[int, dict[date, Coverage]]:
    """Of each feed the episodes of each day, and what became of them; days without an episode are left out."""
    latest = max((seq for seq, w in facts.watches if w.surge is None), default=0)
    found: dict[int, dict[date, Coverage]] = {f.id: {} for f in facts.feeds}
    need = _Need(latest)
    feeds = {f.id: f for f in facts.feeds}
    for day, counts in by_day.items():
        of_feed: dict[int, list[EpisodeCount]] = defaultdict(list)
        for n in counts:
            if n.feed_id in feeds:
                of_feed[n.feed_id].append(n)
        for feed, mine in of_feed.items():
            found[feed][day] = _count_episodes(mine, feeds, lambda _f, _language, _stored: need)
    return found


def measure_days(
    facts: CoverageFacts,
    by_day: Mapping[date, Sequence[EpisodeCount]],
    watches: Sequence[tuple[int, Watch]] | None = None,
) -> dict[date, Coverage]:
    """The same of all feeds together, or of what is in the scope of one of these watches."""
    if watches is None:
        latest = max((seq for seq, w in facts.watches if w.surge is None), default=0)
        feeds, need = {f.id: f for f in facts.feeds}, _Need(latest)
        found = {day: _count_episodes(n, feeds, lambda _f, _language, _stored: need) for day, n in by_day.items()}
    else:
        scope = _WatchScope(facts, watches)
        feeds = {f.id: f for f in facts.feeds if scope.counts(f)}
        needed = cache(scope.needed)  # many counts differ in their error alone
        found = {day: _count_episodes(counts, feeds, needed) for day, counts in by_day.items()}
    return {day: c for day, c in found.items() if c.episodes}


def sum_episodes(found: Iterable[Coverage]) -> Coverage:
    """The episodes of several days together, and nothing of days."""
    why: Counter[NotListened] = Counter()
    episodes = 0
    for c in found:
        episodes += c.episodes
        why.update(c.why)
    return Coverage(episodes=episodes, why={reason: why[reason] for reason in NotListened if why[reason]})


class _WatchScope:
    """What is in the scope of one of some watches."""

    def __init__(self, facts: CoverageFacts, watches: Sequence[tuple[int, Watch]]) -> None:
        self._broken, self._watches = facts.broken, watches
        self._anywhere = [replace(w.scope, languages=(), not_languages=()) for _, w in watches]

    def counts(self, f: FollowedFeed) -> bool:
        return any(is_in_scope(s, f.url, f.tags, None) for s in self._anywhere)

    def needed(self, f: FollowedFeed, language: str | None, stored: bool) -> _Need | None:
        inside = [(seq, w) for seq, w in self._watches if _holds(w.scope, f, language, stored)]
        if not inside:
            return None
        working = [(seq, w) for seq, w in inside if w.id not in self._broken]
        texts = [seq for seq, w in working if w.surge is None]
        return _Need(max(texts, default=0), names=bool(working) and not texts, in_vain=not working)


def split_by_feed(facts: CoverageFacts) -> Iterator[tuple[FollowedFeed, CoverageFacts]]:
    """Each feed, and what is known of it alone."""
    counts: dict[int, list[EpisodeCount]] = defaultdict(list)
    for n in facts.counts:
        counts[n.feed_id].append(n)
    for f in facts.feeds:
        yield f, replace(facts, feeds=(f,), counts=counts[f.id])


def _holds(scope: Scope, f: FollowedFeed, language: str | None, stored: bool) -> bool:
    if not language and not stored:
        scope = replace(scope, languages=())
    return is_in_scope(scope, f.url, f.tags, language)


def _measure(
    facts: CoverageFacts,
    counts: Callable[[FollowedFeed], bool],
    needed: Callable[[FollowedFeed, str | None, bool], _Need | None],
    now: datetime,
) -> Coverage:
    """needed: asked with a feed, a language, and whether there is a transcript; None when it does not count."""
    feeds = {f.id: f for f in facts.feeds if counts(f)}
    days = [_days(facts, f, now) for f in feeds.values()]
    return replace(
        _count_episodes(facts.counts, feeds, needed),
        feeds=len(feeds),
        days=sum(all_ for all_, _ in days),
        days_polled=sum(f.days_polled for f in feeds.values()),
        days_failed=sum(f.days_failed for f in feeds.values()),
        days_unknown=sum(unknown for _, unknown in days),
    )


def _count_episodes(
    counts: Iterable[EpisodeCount],
    feeds: Mapping[int, FollowedFeed],
    needed: Callable[[FollowedFeed, str | None, bool], _Need | None],
) -> Coverage:
    """The episodes of these counts, what became of them, and nothing of days."""
    why: dict[NotListened, int] = defaultdict(int)
    errors: dict[str, int] = defaultdict(int)
    episodes = 0
    for n in counts:
        is_stored = n.why is None or n.why is NotListened.NOT_SEARCHED
        want = needed(feeds[n.feed_id], n.language, is_stored) if n.feed_id in feeds else None
        if want is None:
            continue
        if n.why is NotListened.NOT_SEARCHED:  # counted among the stored ones already
            why[n.why] += n.episodes if want.lacks(n) else 0
            continue
        episodes += n.episodes
        if n.why is None and want.in_vain:
            why[NotListened.NOT_SEARCHED] += n.episodes
        if n.why is not None:
            why[n.why] += n.episodes
        if n.why is NotListened.FAILED:
            errors[_ADDRESS.sub("", n.error)] += n.episodes
    return Coverage(
        episodes=episodes,
        why={reason: why[reason] for reason in _REASONS if why.get(reason)} if why else {},
        errors=dict(sorted(errors.items(), key=lambda x: (-x[1], x[0]))) if errors else {},
    )


def _days(facts: CoverageFacts, f: FollowedFeed, now: datetime) -> tuple[int, int]:
    """(the feed's days in the period, those of which nothing is known). Today counts once the feed was polled."""
    period, today = facts.period, now.astimezone(UTC).date()
    first = max(f.added_at, period.since or f.added_at).astimezone(UTC).date()
    last = min((period.until - timedelta(microseconds=1)).astimezone(UTC).date(), today)
    if last == today and f.last_day != today:
        last -= ONE_DAY
    days = max(0, (last - first).days + 1)
    if not f.was_polled:
        return days, 0
    unknown = days if facts.recorded_from is None else (min(last + ONE_DAY, facts.recorded_from) - first).days
    return days, max(0, unknown)


def describe_coverage(c: Coverage) -> str:
    """``12 of 30 episodes listened to; 18 not: 15 names none, 3 failed``, and which names were in doubt in them."""
    if not c.episodes:
        return "no episodes"
    said = f"{c.listened} of {_episodes(c.episodes)} listened to"
    not_listened = f"{c.not_listened} not: {describe_reasons(c)}" if c.not_listened else ""
    return "; ".join(part for part in (said, not_listened, describe_hearings(c.hearings)) if part)


def describe_undated(number: int) -> str:
    """What is said of episodes without a date: a backfill finds them in no range."""
    return f"{number:,} episode{'s have' if number > 1 else ' has'} no date that can be read: no backfill finds them"


def describe_reasons(c: Coverage) -> str:
    """``15 names none, 3 failed``."""
    return ", ".join(f"{n} {reason}" for reason, n in c.why.items())


def describe_listening(c: Coverage, within: str = "") -> str:
    """``listened to 41 of 52 episodes since the last digest; 8 had no transcript, 3 failed``, and the names in doubt.

    within: the period in words, after the number of episodes.
    """
    within = f" {within}" if within else ""
    if not c.episodes:
        return f"no episode came out{within}"
    reasons = ", ".join(f"{n} {_WORDS[reason]}" for reason, n in c.why.items())
    said = f"listened to {c.listened} of {_episodes(c.episodes)}{within}"
    return "; ".join(part for part in (said, reasons, describe_hearings(c.hearings)) if part)


def describe_transcripts(c: Coverage) -> str:
    """``0 of 30: names none`` or ``12 of 14``: of a feed, with the first reason when there is none at all."""
    if not c.episodes:
        return ""
    commonest = max(c.why, key=lambda reason: c.why[reason], default=None)
    with_reason = not c.listened and commonest is not None
    return f"{c.listened} of {c.episodes}" + (f": {commonest}" if with_reason else "")


def _episodes(n: int) -> str:
    return f"{n} episode{'' if n == 1 else 's'}"
