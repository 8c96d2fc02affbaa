"""Mentions with their episodes, and counts, for people to read; no to-do list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from podwatch.model import Episode, Mention
from podwatch.store.alerts import mention_of
from podwatch.store.connection import Rows
from podwatch.store.episodes import EPISODE_COLUMNS, episode_of
from podwatch.store.tables import channels, deliveries, episodes, feeds, mentions, transcripts, watches


@dataclass(frozen=True, slots=True)
class StoredMention:
    """A stored mention with where it was found."""

    mention: Mention
    episode: Episode
    transcript_id: int
    mention_id: int


class MentionRows(Rows):
    def mentions(self, *, watch: str | None = None, since: datetime | None = None) -> Iterator[StoredMention]:
        """The mentions of enabled watches, newest episode first, in the order they are said."""
        m = mentions.c
        query = (
            select(mentions, watches.c.name.label("watch"))
            .join(watches, watches.c.id == m.watch_id)
            .join(episodes, episodes.c.id == m.episode_id)
            .where(watches.c.enabled, m.gone_at.is_(None))
            .order_by(episodes.c.published_at.desc(), m.episode_id, m.start, m.id)
        )
        if watch is not None:
            query = query.where(watches.c.name == watch)
        if since is not None:
            query = query.where(episodes.c.published_at >= since)
        known: dict[int, Episode] = {}
        with self.reading() as c:
            for r in c.execute(query).all():
                if r.episode_id not in known:
                    e = select(*EPISODE_COLUMNS).join(feeds, feeds.c.id == episodes.c.feed_id)
                    known[r.episode_id] = episode_of(c.execute(e.where(episodes.c.id == r.episode_id)).one())
                yield StoredMention(mention_of(r, r.watch), known[r.episode_id], r.transcript_id, r.id)

    def counts(self) -> dict[str, int]:
        """Rows of each noun."""
        tables = {
            "feeds": feeds,
            "episodes": episodes,
            "transcripts": transcripts,
            "mentions": mentions,
            "deliveries": deliveries,
        }
        with self.reading() as c:
            return {name: c.execute(select(func.count()).select_from(t)).scalar_one() for name, t in tables.items()}

    def transcript_bytes(self) -> int:
        """What the transcripts take in the database, compressed, with their labels."""
        with self.reading() as c:
            return int(
                c.execute(
                    select(func.sum(func.length(transcripts.c.body) + func.length(transcripts.c.labels)))
                ).scalar()
                or 0
            )

    def identities(self) -> list[str]:
        """The identity of each episode, in the order they came."""
        with self.reading() as c:
            return list(c.execute(select(episodes.c.identity).order_by(episodes.c.id)).scalars())

    def alert_states(self) -> dict[str, int]:
        """How many alerts stand where; those held back by their reason."""
        d = deliveries.c
        with self.reading() as c:
            query = select(d.state, d.error, func.count().label("n")).where(d.kind == "alert")
            rows = c.execute(query.group_by(d.state, d.error)).all()
        found: dict[str, int] = {}
        for r in rows:
            name = f"held: {r.error}" if r.state == "held" else r.state
            found[name] = found.get(name, 0) + r.n
        return found

    def errors(self) -> dict[str, list[str]]:
        """The failures as they stand on their rows: noun -> lines."""
        with self.reading() as c:
            return {
                "feed": [r.error for r in c.execute(select(feeds.c.error).where(feeds.c.error.is_not(None)))],
                "episode": [
                    r.fetch_error
                    for r in c.execute(select(episodes.c.fetch_error).where(episodes.c.fetch_error.is_not(None)))
                ],
                "watch": [
                    f"{r.name}: {r.error}"
                    for r in c.execute(
                        select(watches.c.name, watches.c.error).where(watches.c.error.is_not(None), watches.c.enabled)
                    )
                ],
                "channel": list(c.execute(select(channels.c.error).where(channels.c.error.is_not(None))).scalars()),
                "delivery": [
                    r.error
                    for r in c.execute(
                        select(deliveries.c.error).where(
                            deliveries.c.state.in_(("dead", "retry")), deliveries.c.error.is_not(None)
                        )
                    )
                ],
            }
