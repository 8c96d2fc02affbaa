"""Counts, for the coverage of feeds and watches, the episodes in which a watched name is in doubt. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from podwatch.model import CoverageFacts, EpisodeDoubt, HearingCounts, HearingOutcome, Scope, Watch
from podwatch.policy.scopes import is_in_scope


class HearingCounter:
    """Counts the doubts of a period; make it once for many watches or feeds.

    Only names count that a watch looks for which works: of one that was removed, or is broken, nothing is silent that
    somebody waits for.
    """

    def __init__(self, facts: CoverageFacts) -> None:
        self._feeds = {f.id: f for f in facts.feeds}
        self._working = [w for _, w in facts.watches if w.id not in facts.broken]
        self._by_name: dict[str, list[EpisodeDoubt]] = defaultdict(list)
        for d in facts.doubts:
            if d.feed_id in self._feeds:
                self._by_name[d.name].append(d)

    def count(self, watches: Sequence[tuple[int, Watch]] | None = None) -> HearingCounts:
        """Of all feeds together. watches: only of the names and scopes of these."""
        return count_episodes(self._doubts(watches))

    def list_episodes(self, watches: Sequence[tuple[int, Watch]] | None = None) -> dict[int, list[EpisodeDoubt]]:
        """The doubts by the id of their episode."""
        by_episode: dict[int, list[EpisodeDoubt]] = defaultdict(list)
        for d in self._doubts(watches):
            by_episode[d.episode_id].append(d)
        return by_episode

    def count_each_feed(self) -> dict[int, HearingCounts]:
        """Of each feed that has a name in doubt."""
        by_feed: dict[int, list[EpisodeDoubt]] = defaultdict(list)
        for d in self._doubts(None):
            by_feed[d.feed_id].append(d)
        return {feed: count_episodes(mine) for feed, mine in by_feed.items()}

    def _doubts(self, watches: Sequence[tuple[int, Watch]] | None) -> Iterable[EpisodeDoubt]:
        if not self._by_name:
            return
        ids = None if watches is None else {w.id for _, w in watches}
        for w in self._working:
            if ids is None or w.id in ids:
                mine = (d for name in w.names_by_sound for d in self._by_name.get(name, ()))
                yield from (d for d in mine if ids is None or self._holds(w.scope, d))

    def _holds(self, scope: Scope, d: EpisodeDoubt) -> bool:
        feed = self._feeds[d.feed_id]
        return is_in_scope(scope, feed.url, feed.tags, d.language)


def count_episodes(doubts: Iterable[EpisodeDoubt]) -> HearingCounts:
    """Each episode once: as one that waits while a name of it does, else by the first reason why one was left."""
    states: dict[int, set[HearingOutcome | None]] = defaultdict(set)
    for d in doubts:
        states[d.episode_id].add(d.outcome)
    awaiting = sum(None in outcomes for outcomes in states.values())
    left = Counter(_first_reason(outcomes) for outcomes in states.values() if None not in outcomes)
    return HearingCounts(awaiting=awaiting, left={o: left[o] for o in HearingOutcome if left[o]})


def _first_reason(outcomes: set[HearingOutcome | None]) -> HearingOutcome:
    return next(o for o in HearingOutcome if o in outcomes)
