"""Counts of entities over time: in how many episodes of how many feeds each is named.

An episode that is in two feeds counts once, since identities are counted. Spans in sponsor reads, promotion and
repeated passages do not count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Select, case, func, select, type_coerce

from podwatch.model import EntityType
from podwatch.store.connection import Rows
from podwatch.store.statements import in_batches
from podwatch.store.tables import Utc, entities, entity_names, entity_spans, episodes, transcripts

_PUBLISHED_AT = func.coalesce(episodes.c.published_at, episodes.c.first_seen_at)
_COUNT = entities.c.count - entities.c.aside


@dataclass(frozen=True, slots=True)
class EntityCount:
    """An entity in a period: in how many episodes of how many feeds it is named, how often, and when last."""

    key: str
    name: str
    type: EntityType
    episodes: int
    feeds: int
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class EpisodeEntity:
    """An entity that an episode names. count: how often, outside boilerplate."""

    key: str
    name: str
    type: EntityType
    identity: str
    feed_id: int
    episode_id: int
    transcript_id: int
    count: int


class EntityCountRows(Rows):
    def entity_counts(self, since: datetime | None, kind: EntityType | None, limit: int) -> list[EntityCount]:
        """The entities named in the most episodes published at ``since`` or later.

        Each has the type that it has in most of the transcripts that name it. kind: only entities of that type.
        """
        n, e, ep = entity_names.c, entities.c, episodes.c
        in_episodes = func.count(ep.identity.distinct())
        in_feeds = func.count(ep.feed_id.distinct())
        count = func.sum(_COUNT)
        last_at = type_coerce(func.max(_PUBLISHED_AT), Utc)
        query = _select_outside_boilerplate(
            n.id,
            n.key,
            n.name,
            in_episodes.label("episodes"),
            in_feeds.label("feeds"),
            count.label("total"),
            last_at.label("last_at"),
        )
        query = query.group_by(n.id, n.key, n.name).order_by(in_episodes.desc(), count.desc(), n.name).limit(limit)
        if since is not None:
            query = query.where(since <= _PUBLISHED_AT)
        if kind is not None:
            of_kind = func.sum(case((e.type == kind.value, 1), else_=0))
            query = query.having(of_kind * 2 > func.count())
        with self.reading() as c:
            rows = c.execute(query).all()
            types: dict[int, EntityType] = {}
            for ids in in_batches([r.id for r in rows]):
                kinds = select(e.name_id, e.type, func.count().label("n")).where(e.name_id.in_(ids))
                # the most frequent type comes last and overwrites the others
                for r in c.execute(kinds.group_by(e.name_id, e.type).order_by(func.count(), e.type.desc())):
                    types[r.name_id] = EntityType(r.type)
        return [EntityCount(r.key, r.name, types[r.id], r.episodes, r.feeds, int(r.total), r.last_at) for r in rows]

    def episode_entities(self, start: datetime, end: datetime) -> list[EpisodeEntity]:
        """The entities of each episode published in [start, end)."""
        n, e, ep = entity_names.c, entities.c, episodes.c
        query = _select_outside_boilerplate(
            n.key, n.name, e.type, e.transcript_id, ep.identity, ep.feed_id, ep.id.label("episode_id")
        )
        query = query.add_columns(_COUNT.label("total")).where(start <= _PUBLISHED_AT, end > _PUBLISHED_AT)
        return [
            EpisodeEntity(
                key=r.key,
                name=r.name,
                type=EntityType(r.type),
                identity=r.identity,
                feed_id=r.feed_id,
                episode_id=r.episode_id,
                transcript_id=r.transcript_id,
                count=r.total,
            )
            for r in self.read_rows(query.order_by(ep.feed_id, ep.id, n.key))
        ]

    def entity_episodes_by_feed(
        self, keys: Collection[str], start: datetime, end: datetime
    ) -> dict[tuple[str, int], int]:
        """(key, feed id) -> how many of the feed's episodes published in [start, end) name the entity."""
        n, ep = entity_names.c, episodes.c
        query = _select_outside_boilerplate(n.key, ep.feed_id, func.count(ep.identity.distinct()).label("n"))
        query = query.where(start <= _PUBLISHED_AT, end > _PUBLISHED_AT).group_by(n.key, ep.feed_id)
        return {
            (r.key, r.feed_id): r.n
            for some in in_batches(sorted(keys))
            for r in self.read_rows(query.where(n.key.in_(some)))
        }

    def episodes_read_by_feed(self, start: datetime, end: datetime) -> dict[int, set[str]]:
        """Feed id -> the identities of its episodes published in [start, end) that were read for names."""
        ep, s = episodes.c, entity_spans.c
        query = (
            select(ep.feed_id, ep.identity)
            .join(transcripts, transcripts.c.episode_id == ep.id)
            .join(entity_spans, s.transcript_id == transcripts.c.id)
            .where(s.unread.is_(None), s.error.is_(None), start <= _PUBLISHED_AT, end > _PUBLISHED_AT)
        )
        found: dict[int, set[str]] = defaultdict(set)
        for r in self.read_rows(query):
            found[r.feed_id].add(r.identity)
        return dict(found)


def _select_outside_boilerplate(*columns: Any) -> Select[*tuple[Any, ...]]:
    """A query for these columns of the entities that are named outside boilerplate."""
    return (
        select(*columns)
        .select_from(entities)
        .join(entity_names, entity_names.c.id == entities.c.name_id)
        .join(transcripts, transcripts.c.id == entities.c.transcript_id)
        .join(episodes, episodes.c.id == transcripts.c.episode_id)
        .where(type_coerce(_COUNT, Integer) > 0)
    )
