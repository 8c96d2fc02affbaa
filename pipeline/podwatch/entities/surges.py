"""Which names surge in the store just now, of those that nobody watches: asks the store, and surge for each name."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from podwatch.entities import name_keys as names
from podwatch.entities.linking import link_names
from podwatch.entities.surge_statistics import RULES, FeedCounts, Surge, SurgeRules, detect_surge
from podwatch.model import EntityType, KnownName
from podwatch.store.database import Store
from podwatch.store.entity_counts import EpisodeEntity

WINDOW = timedelta(days=3)
PAST = timedelta(days=56)  # before the window: long enough for a fortnightly show to have four episodes in it
TYPES = frozenset(EntityType) - {EntityType.OTHER}  # peoples and languages come and go with every topic


@dataclass(frozen=True, slots=True, kw_only=True)
class SurgingName:
    """A name that surges. keys: of all its forms. namings: the episodes that name it, those that do so most first."""

    name: str
    type: EntityType
    keys: frozenset[str]
    surge: Surge
    namings: tuple[EpisodeEntity, ...]


def find_surges(
    store: Store,
    now: datetime,
    known: Collection[KnownName] = (),
    types: Collection[EntityType] = TYPES,
    wanted: Callable[[int], bool] = lambda feed: True,
    rules: SurgeRules = RULES,
) -> list[SurgingName]:
    """What surges in the three days before ``now`` against the eight weeks before them, the least by chance first.

    known: what is watched, and so left out. wanted: which feeds count, by id.
    """
    start = now - WINDOW
    read = {feed: ids for feed, ids in store.episodes_read_by_feed(start, now).items() if wanted(feed)}
    past = {feed: len(ids) for feed, ids in store.episodes_read_by_feed(start - PAST, start).items() if wanted(feed)}
    owner = {identity: feed for feed in sorted(read, reverse=True) for identity in read[feed]}
    groups = _groups([n for n in store.episode_entities(start, now) if n.feed_id in read], owner)
    watched = _keys(known)
    unwatched = {root: g for root, g in groups.items() if not watched & {n.key for n in g} and _type(g) in types}
    candidates = {
        root: g
        for root, g in unwatched.items()
        if len({n.identity for n in g}) >= rules.episodes and len({n.feed_id for n in g}) >= rules.feeds
    }
    looked_at = len(unwatched)  # all of them: those that are named often were chosen for it
    before = store.entity_episodes_by_feed({n.key for g in candidates.values() for n in g}, start - PAST, start)
    episodes = Counter(owner.values())
    found = []
    for group in candidates.values():
        keys = frozenset(n.key for n in group)
        named = Counter(n.feed_id for n in group)
        decision = detect_surge(
            {feed: FeedCounts(named[feed], n) for feed, n in episodes.items()},
            {feed: FeedCounts(min(n, sum(before.get((k, feed), 0) for k in keys)), n) for feed, n in past.items()},
            looked_at=looked_at,
            rules=rules,
        )
        if isinstance(decision, Surge):
            most = sorted(group, key=lambda n: (-n.count, n.episode_id))
            found.append(
                SurgingName(name=_name(group), type=_type(group), keys=keys, surge=decision, namings=tuple(most))
            )
    return sorted(found, key=lambda s: (s.surge.chance, s.name))


def _groups(said: Sequence[EpisodeEntity], owner: Mapping[str, int]) -> dict[str, list[EpisodeEntity]]:
    """By name, one naming for each episode: of one that stands in two feeds, that of the feed which counts it."""
    into = link_names((n.key, n.name, n.type) for n in said)
    groups: dict[str, dict[str, EpisodeEntity]] = defaultdict(dict)
    for n in said:
        if owner.get(n.identity) == n.feed_id:
            mine = groups[into.get(n.key, n.key)]
            if n.identity not in mine or mine[n.identity].count < n.count:
                mine[n.identity] = n
    return {root: list(by.values()) for root, by in groups.items()}


def _keys(known: Collection[KnownName]) -> set[str]:
    said = [name for k in known for name in (k.name, *k.aliases)]
    return {" ".join(key) for name in said for key in (names.key_as_written(name), names.key_of(name))}


def _type(group: Sequence[EpisodeEntity]) -> EntityType:
    return Counter(n.type for n in sorted(group, key=lambda n: n.type)).most_common(1)[0][0]


def _name(group: Sequence[EpisodeEntity]) -> str:
    """The fullest of the names, of these the most frequent."""
    counts = Counter(n.name for n in group)
    return max(counts, key=lambda name: (len(name.split()), counts[name], name))
