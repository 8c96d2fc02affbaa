"""What `explain` and `watches check` ask of the store: transcripts, watches, deliveries and mentions one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from podwatch.model import Delivery, DeliveryKind, Episode, Mention, Watch
from podwatch.store.deliver import delivery_of
from podwatch.store.detect import DetectRows, TranscriptSource
from podwatch.store.episodes import SELECT_EPISODES, episode_of
from podwatch.store.mentions import mention_of
from podwatch.store.tables import deliveries, episodes, mentions, transcripts, watches
from podwatch.store.watches import watch_of


@dataclass(frozen=True, slots=True)
class StoredWatch:
    """A stored watch. seq: the number of its revision among those of all; error: why it cannot be looked for."""

    watch: Watch
    seq: int
    enabled: bool
    error: str | None


@dataclass(frozen=True, slots=True)
class StoredDelivery:
    """The delivery of a watch's alert on an episode."""

    delivery: Delivery
    watch: str
    episode_id: int
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class FetchState:
    """What is known of an episode's transcript that is not stored."""

    offered: int  # how many transcripts the feed names
    next_fetch_at: datetime | None
    error: str | None
    backlog: bool
    pruned_at: datetime | None = None


class DiagnosisRows(DetectRows):
    def newest_sources(self, most: int) -> Iterator[TranscriptSource]:
        """The newest transcripts, ``most`` at most."""
        kept = transcripts.c.pruned_at.is_(None)
        rows = self.read_rows(select(transcripts.c.id).where(kept).order_by(transcripts.c.id.desc()).limit(most))
        return self.load_sources([r.id for r in rows])

    def source_of_episode(self, episode_id: int) -> TranscriptSource | None:
        """The transcript of an episode; None when it has none, or its text was pruned."""
        rows = self.read_rows(select(transcripts.c.id).where(transcripts.c.episode_id == episode_id))
        return next(self.load_sources([r.id for r in rows]), None)

    def find_watch(self, name: str) -> StoredWatch | None:
        """The watch of that name, also one that was removed from the watchlist."""
        for r in self.read_rows(select(watches).where(watches.c.name == name)):
            return StoredWatch(watch_of(r), r.seq, r.enabled, r.error)
        return None

    def find_episodes(self, text: str, most: int) -> list[Episode]:
        """The episodes with this id or guid; if there are none, the newest whose title holds the text in any case."""
        e = episodes.c
        query = SELECT_EPISODES.order_by(e.published_at.desc(), e.id.desc())
        exactly = e.guid == text
        if text.isascii() and text.isdigit() and len(text) < 19:
            exactly = or_(e.id == int(text), exactly)
        with self.reading() as c:
            for where in (exactly, e.title == text, e.title.icontains(text, autoescape=True)):
                if rows := c.execute(query.where(where).limit(most)).all():
                    return [episode_of(r) for r in rows]
        return []

    def deliveries_of(
        self, *, key: str = "", watch_id: int = 0, episode_id: int = 0, most: int = 10
    ) -> list[StoredDelivery]:
        """The deliveries of alerts whose key begins with ``key``, or else of a watch, newest first."""
        d = deliveries.c
        query = select(deliveries, watches.c.name.label("watch")).join(watches, watches.c.id == d.watch_id)
        query = query.where(d.kind == DeliveryKind.ALERT.value)
        query = query.where(d.key.startswith(key, autoescape=True)) if key else query.where(d.watch_id == watch_id)
        query = query.where(d.episode_id == episode_id) if episode_id else query
        rows = self.read_rows(query.order_by(d.created_at.desc(), d.id.desc()).limit(most))
        return [StoredDelivery(delivery_of(r), r.watch, r.episode_id, r.sent_at) for r in rows]

    def episode(self, episode_id: int) -> tuple[Episode, FetchState]:
        """An episode, and the state of its transcript."""
        query = SELECT_EPISODES.add_columns(transcripts.c.pruned_at)
        query = query.outerjoin(transcripts, transcripts.c.episode_id == episodes.c.id)
        [r] = self.read_rows(query.where(episodes.c.id == episode_id))
        return episode_of(r), FetchState(len(r.transcripts), r.next_fetch_at, r.fetch_error, r.backlog, r.pruned_at)

    def stored_mentions(self, watch: Watch, episode_id: int) -> list[tuple[int, Mention, datetime | None]]:
        """The stored mentions of a watch in an episode: (the watch's revision, the mention, when it was gone)."""
        m = mentions.c
        query = select(mentions).where(m.watch_id == watch.id, m.episode_id == episode_id).order_by(m.start, m.id)
        return [(r.watch_revision, mention_of(r, watch.name), r.gone_at) for r in self.read_rows(query)]
