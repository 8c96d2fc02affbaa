"""Entities counted over time: in how many episodes of how many feeds each is named.

An episode that stands in two feeds counts once: what is counted are identities. What is only named in sponsor reads,
promotion and repeated passages is not talked about.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, Select, case, func, select, type_coerce

from podwatch.model import EntityType
from podwatch.store.connection import Rows
from podwatch.store.episodes import BATCH_SIZE
from podwatch.store.tables import Utc, entities, entity_names, entity_spans, episodes, transcripts

_PUBLISHED_AT = func.coalesce(episodes.c.published_at, episodes.c.first_seen_at)
_COUNT = entities.c.count - entities.c.aside


@dataclass(frozen=True, slots=True)
class EntityCount:
    """An entity over some time: in how many episodes of how many feeds it is named, how often, and when last."""

    key: str
    name: str
    type: EntityType
    episodes: int
    feeds: int
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class EpisodeEntity:
    """That one episode names one entity, so often outside boilerplate."""

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
        """Who and what is named in the most episodes published since, each as what most of them take it for."""
        n, e, ep = entity_names.c, entities.c, episodes.c
        many = func.count(ep.identity.distinct())
        said = func.sum(_COUNT)
        query = _select_outside_boilerplate(
            n.id, n.key, n.name, many.label("episodes"), func.count(ep.feed_id.distinct()).label("feeds")
        )
        query = query.add_columns(said.label("said"), type_coerce(func.max(_PUBLISHED_AT), Utc).label("last_at"))
        query = query.group_by(n.id, n.key, n.name).order_by(many.desc(), said.desc(), n.name).limit(limit)
        if since is not None:
            query = query.where(since <= _PUBLISHED_AT)
        if kind is not None:
            of_kind = func.sum(case((e.type == kind.value, 1), else_=0))
            query = query.having(of_kind * 2 > func.count())
        with self.reading() as c:
            rows = c.execute(query).all()
            types: dict[int, EntityType] = {}
            for i in range(0, len(rows), BATCH_SIZE):
                ids = [r.id for r in rows[i : i + BATCH_SIZE]]
                kinds = select(e.name_id, e.type, func.count().label("n")).where(e.name_id.in_(ids))
                # the most frequent comes last, and stays
                for r in c.execute(kinds.group_by(e.name_id, e.type).order_by(func.count(), e.type.desc())):
                    types[r.name_id] = EntityType(r.type)
        return [EntityCount(r.key, r.name, types[r.id], r.episodes, r.feeds, int(r.said), r.last_at) for r in rows]

    def episode_entities(self, start: datetime, end: datetime) -> list[EpisodeEntity]:
        """Who is named in which episode published in [start, end)."""
        n, e, ep = entity_names.c, entities.c, episodes.c
        query = _select_outside_boilerplate(
            n.key, n.name, e.type, e.transcript_id, ep.identity, ep.feed_id, ep.id.label("episode_id")
        )
        query = query.add_columns(_COUNT.label("said")).where(start <= _PUBLISHED_AT, end > _PUBLISHED_AT)
        with self.reading() as c:
            return [
                EpisodeEntity(
                    key=r.key,
                    name=r.name,
                    type=EntityType(r.type),
                    identity=r.identity,
                    feed_id=r.feed_id,
                    episode_id=r.episode_id,
                    transcript_id=r.transcript_id,
                    count=r.said,
                )
                for r in c.execute(query.order_by(ep.feed_id, ep.id, n.key))
            ]

    def entity_episodes_by_feed(
        self, keys: Collection[str], start: datetime, end: datetime
    ) -> dict[tuple[str, int], int]:
        """(key, feed) -> how many of the feed's episodes published in [start, end) name it."""
        n, ep = entity_names.c, episodes.c
        found: dict[tuple[str, int], int] = {}
        wanted = sorted(keys)
        with self.reading() as c:
            for i in range(0, len(wanted), BATCH_SIZE):
                query = _select_outside_boilerplate(n.key, ep.feed_id, func.count(ep.identity.distinct()).label("n"))
                query = query.where(n.key.in_(wanted[i : i + BATCH_SIZE]), start <= _PUBLISHED_AT, end > _PUBLISHED_AT)
                found.update(((r.key, r.feed_id), r.n) for r in c.execute(query.group_by(n.key, ep.feed_id)))
        return found

    def episodes_read_by_feed(self, start: datetime, end: datetime) -> dict[int, set[str]]:
        """Feed -> the identities of its episodes published in [start, end) that were read for names."""
        ep, s = episodes.c, entity_spans.c
        query = (
            select(ep.feed_id, ep.identity)
            .join(transcripts, transcripts.c.episode_id == ep.id)
            .join(entity_spans, s.transcript_id == transcripts.c.id)
            .where(s.unread.is_(None), s.error.is_(None), start <= _PUBLISHED_AT, end > _PUBLISHED_AT)
        )
        found: dict[int, set[str]] = {}
        with self.reading() as c:
            for r in c.execute(query):
                found.setdefault(r.feed_id, set()).add(r.identity)
        return found


def _select_outside_boilerplate(*columns: Any) -> Select[*tuple[Any, ...]]:
    """These columns of what is named outside boilerplate."""
    return (
        select(*columns)
        .select_from(entities)
        .join(entity_names, entity_names.c.id == entities.c.name_id)
        .join(transcripts, transcripts.c.id == entities.c.transcript_id)
        .join(episodes, episodes.c.id == transcripts.c.episode_id)
        .where(type_coerce(_COUNT, Integer) > 0)
    )
