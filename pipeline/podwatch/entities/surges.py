"""Finds the entities that surge in the store just now, of those that nobody watches."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from podwatch.entities.linking import link_names
from podwatch.entities.name_keys import key_as_written, key_of
from podwatch.entities.surge_statistics import RULES, FeedCounts, Surge, SurgeRules, detect_surge
from podwatch.model import EntityType, KnownName
from podwatch.store.database import Store
from podwatch.store.entity_counts import EpisodeEntity

WINDOW = timedelta(days=3)
PAST = timedelta(days=56)  # before the window: long enough for a fortnightly show to have four episodes in it
SURGE_TYPES = frozenset(EntityType) - {EntityType.OTHER}  # peoples and languages come and go with every topic


@dataclass(frozen=True, slots=True, kw_only=True)
class SurgingName:
    """A name that surges. keys: of all its forms. episodes: those that name it, the one that does so most first."""

    name: str
    type: EntityType
    keys: frozenset[str]
    surge: Surge
    episodes: tuple[EpisodeEntity, ...]


def find_surges(
    store: Store,
    now: datetime,
    known: Collection[KnownName] = (),
    types: Collection[EntityType] = SURGE_TYPES,
    wanted: Callable[[int], bool] = lambda feed: True,
    rules: SurgeRules = RULES,
) -> list[SurgingName]:
    """The names that surge in the WINDOW before ``now`` against the PAST before that, the least probable first.

    known: the names that are watched, and so left out. wanted: which feeds count, by id.
    """
    start = now - WINDOW
    read = {feed: ids for feed, ids in store.episodes_read_by_feed(start, now).items() if wanted(feed)}
    past = {feed: len(ids) for feed, ids in store.episodes_read_by_feed(start - PAST, start).items() if wanted(feed)}
    # An episode that is in several feeds counts for one of them.
    feed_of = {identity: feed for feed in sorted(read, reverse=True) for identity in read[feed]}
    groups = _group_by_name([e for e in store.episode_entities(start, now) if e.feed_id in read], feed_of)
    watched = _keys_of(known)
    unwatched = [g for g in groups if _type_of(g) in types and not watched & {e.key for e in g}]
    candidates = [g for g in unwatched if len(g) >= rules.episodes and len({e.feed_id for e in g}) >= rules.feeds]
    before = store.entity_episodes_by_feed({e.key for g in candidates for e in g}, start - PAST, start)
    episodes = Counter(feed_of.values())
    surging = []
    for group in candidates:
        keys = frozenset(e.key for e in group)
        named = Counter(e.feed_id for e in group)
        decision = detect_surge(
            {feed: FeedCounts(named[feed], n) for feed, n in episodes.items()},
            {feed: FeedCounts(min(n, sum(before.get((k, feed), 0) for k in keys)), n) for feed, n in past.items()},
            tested=len(unwatched),  # all of them, since the candidates were chosen for being named often
            rules=rules,
        )
        if isinstance(decision, Surge):
            by_count = tuple(sorted(group, key=lambda e: (-e.count, e.episode_id)))
            name = SurgingName(
                name=_fullest_name(group), type=_type_of(group), keys=keys, surge=decision, episodes=by_count
            )
            surging.append(name)
    return sorted(surging, key=lambda s: (s.surge.chance, s.name))


def _group_by_name(entities: Sequence[EpisodeEntity], feed_of: Mapping[str, int]) -> list[list[EpisodeEntity]]:
    """For each name one entity of each episode, that of the feed which the episode counts for."""
    links = link_names((e.key, e.name, e.type) for e in entities)
    groups: dict[str, dict[str, EpisodeEntity]] = defaultdict(dict)
    for e in entities:
        if feed_of.get(e.identity) == e.feed_id:
            by_episode = groups[links.get(e.key, e.key)]
            if e.identity not in by_episode or by_episode[e.identity].count < e.count:
                by_episode[e.identity] = e
    return [list(by_episode.values()) for by_episode in groups.values()]


def _keys_of(known: Collection[KnownName]) -> set[str]:
    names = [name for k in known for name in (k.name, *k.aliases)]
    return {" ".join(key) for name in names for key in (key_as_written(name), key_of(name))}


def _type_of(group: Sequence[EpisodeEntity]) -> EntityType:
    return Counter(e.type for e in sorted(group, key=lambda e: e.type)).most_common(1)[0][0]


def _fullest_name(group: Sequence[EpisodeEntity]) -> str:
    """The longest of the names in words, of these the most frequent."""
    counts = Counter(e.name for e in group)
    return max(counts, key=lambda name: (len(name.split()), counts[name], name))
