"""What `explain` and `watches check` ask of the store: transcripts whatever is to do, one watch, one alert."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from podwatch.model import Delivery, DeliveryKind, Episode, Mention, Watch
from podwatch.store.alerts import mention_of
from podwatch.store.deliver import delivery_of
from podwatch.store.detect import DetectRows, TranscriptSource, source_of
from podwatch.store.episodes import EPISODE_COLUMNS, episode_of
from podwatch.store.tables import deliveries, episodes, feeds, mentions, transcripts, watches
from podwatch.store.watches import watch_of

PAGE_SIZE = 50  # transcripts held in memory


@dataclass(frozen=True, slots=True)
class StoredWatch:
    """A watch as it stands. seq: the number of its revision among all watches'; error: why it is not looked for."""

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
    """How it stands with the transcript of an episode that has none."""

    offered: int  # how many the feed names
    next_fetch_at: datetime | None
    error: str | None
    backlog: bool


class DiagnosisRows(DetectRows):
    def newest_sources(self, most: int) -> Iterator[TranscriptSource]:
        """The newest transcripts, whatever was looked for in them."""
        t = transcripts.c
        with self.reading() as c:
            ids = list(c.execute(select(t.id).order_by(t.id.desc()).limit(most)).scalars())
        for i in range(0, len(ids), PAGE_SIZE):
            yield from self._sources(ids[i : i + PAGE_SIZE])

    def source_of_episode(self, episode_id: int) -> TranscriptSource | None:
        """The transcript of an episode; None when it has none."""
        t = transcripts.c
        with self.reading() as c:
            found = c.execute(select(t.id).where(t.episode_id == episode_id)).scalar()
        return next(iter(self._sources([found])), None) if found is not None else None

    def _sources(self, ids: list[int]) -> Iterator[TranscriptSource]:
        t = transcripts.c
        with self.reading() as c:
            through = {
                r.id: r.detected_through for r in c.execute(select(t.id, t.detected_through).where(t.id.in_(ids)))
            }
            rows, about = self._rows(c, through)
        for r in rows:
            yield source_of(r, about[r.episode_id], through[r.id])

    def find_watch(self, name: str) -> StoredWatch | None:
        """The watch of that name, also one that was removed from the list."""
        with self.reading() as c:
            r = c.execute(select(watches).where(watches.c.name == name)).first()
        return StoredWatch(watch_of(r), r.seq, r.enabled, r.error) if r else None

    def find_episodes(self, text: str, most: int) -> list[Episode]:
        """The episodes with this id or guid; if there are none, the newest whose title holds the text in any case."""
        e = episodes.c
        query = (
            select(*EPISODE_COLUMNS).join(feeds, feeds.c.id == e.feed_id).order_by(e.published_at.desc(), e.id.desc())
        )
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
        """Deliveries: those whose key begins so, or those of a watch on an episode, newest first."""
        d = deliveries.c
        query = select(deliveries, watches.c.name.label("watch")).join(watches, watches.c.id == d.watch_id)
        query = query.where(d.kind == DeliveryKind.ALERT.value)
        query = query.where(d.key.startswith(key, autoescape=True)) if key else query.where(d.watch_id == watch_id)
        query = query.where(d.episode_id == episode_id) if episode_id else query
        with self.reading() as c:
            rows = c.execute(query.order_by(d.created_at.desc(), d.id.desc()).limit(most)).all()
        return [StoredDelivery(delivery_of(r), r.watch, r.episode_id, r.sent_at) for r in rows]

    def episode(self, episode_id: int) -> tuple[Episode, FetchState]:
        """An episode, and how it stands with its transcript."""
        e = episodes.c
        query = select(*EPISODE_COLUMNS).join(feeds, feeds.c.id == e.feed_id).where(e.id == episode_id)
        with self.reading() as c:
            r = c.execute(query).one()
        return episode_of(r), FetchState(len(r.transcripts), r.next_fetch_at, r.fetch_error, r.backlog)

    def stored_mentions(self, watch: Watch, episode_id: int) -> list[tuple[int, Mention, datetime | None]]:
        """The stored mentions of a watch in an episode: (the watch's revision then, the mention, when it went)."""
        m = mentions.c
        query = select(mentions).where(m.watch_id == watch.id, m.episode_id == episode_id).order_by(m.start, m.id)
        with self.reading() as c:
            return [(r.watch_revision, mention_of(r, watch.name), r.gone_at) for r in c.execute(query)]
