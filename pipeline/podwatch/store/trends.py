"""Trends: how often a watch, a show or a named entity comes up on each day, and when the store has a surge of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, not_, or_, select

from podwatch.store.connection import Rows
from podwatch.store.page_figures import utc_day
from podwatch.store.tables import entities, entity_names, episodes, mentions, transcripts, watches
from podwatch.store.watches import IS_TEXT_WATCH

SURGES = " is suddenly talked about: "  # in the reason of a surge's mention, between the name and the figures
_AT = func.coalesce(episodes.c.published_at, episodes.c.first_seen_at)


@dataclass(frozen=True, slots=True)
class StoredSurge:
    """A surge that was alerted: on which UTC day it was found, by which watch, of whom, and the figures in words."""

    day: str
    watch: str
    name: str
    why: str


class TrendRows(Rows):
    def feed_mentions_by_day(self, feed_id: int, since: datetime) -> dict[str, int]:
        """How many mentions of watches that are on the watchlist a feed's episodes of each UTC day have."""
        m, e = mentions.c, episodes.c
        day = utc_day(self.engine.dialect.name, _AT)
        query = (
            select(day.label("day"), func.count().label("n"))
            .select_from(mentions)
            .join(episodes, e.id == m.episode_id)
            .join(watches, watches.c.id == m.watch_id)
            .where(e.feed_id == feed_id, m.gone_at.is_(None), watches.c.enabled, since <= _AT)
            .group_by(day)
        )
        return {r.day: r.n for r in self.read_rows(query)}

    def entity_by_day(self, name: str, since: datetime) -> dict[str, int] | None:
        """How often the episodes of each UTC day name the entity, outside boilerplate; None for one never named."""
        n, e = entity_names.c, entities.c
        known = self.read_rows(select(n.id).where(or_(n.name == name, n.key == name.casefold())))
        if not known:
            return None
        day, said = utc_day(self.engine.dialect.name, _AT), func.sum(e.count - e.aside)
        query = (
            select(day.label("day"), said.label("n"))
            .select_from(entities)
            .join(transcripts, transcripts.c.id == e.transcript_id)
            .join(episodes, episodes.c.id == transcripts.c.episode_id)
            .where(e.name_id.in_([r.id for r in known]), since <= _AT)
            .group_by(day)
        )
        return {r.day: int(r.n) for r in self.read_rows(query) if r.n}

    def stored_surges(self, since: datetime) -> list[StoredSurge]:
        """The surges that were found since then, the oldest first."""
        m, w = mentions.c, watches.c
        day = utc_day(self.engine.dialect.name, m.found_at)
        surging = select(w.id).where(not_(IS_TEXT_WATCH), w.enabled)
        query = (
            select(day.label("day"), w.name.label("watch"), m.reason)
            .join(watches, w.id == m.watch_id)
            .where(m.watch_id.in_(surging), m.found_at >= since)
            .distinct()
        )
        rows = sorted(self.read_rows(query), key=lambda r: (r.day, r.watch, r.reason))
        parts = [(r, *r.reason.partition(SURGES)[::2]) for r in rows]
        return [StoredSurge(r.day, r.watch, name, why) for r, name, why in parts if why]
