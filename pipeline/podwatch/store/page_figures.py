"""The figures of the page: mentions over time, the last hits of watches, an episode with all its mentions, a feed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, func, literal_column, or_, select, update

from podwatch.model import Episode, Feed, Mention, Watch
from podwatch.redaction import display_address
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.episodes import EPISODE_COLUMNS, episode_of
from podwatch.store.mentions import mention_of
from podwatch.store.poll import feed_of
from podwatch.store.statements import in_batches
from podwatch.store.tables import episodes, feeds, mentions, transcripts, watches
from podwatch.store.watches import watch_of

NEWEST_OF_ALL = 2000  # mentions among which the last hits of most watches are


@dataclass(frozen=True, slots=True)
class RecentHit:
    """One of the newest mentions of a watch, with the episode that it is in."""

    mention_id: int
    mention: Mention
    episode_id: int
    episode: str
    show: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class FeedName:
    """A feed as a list of them names it."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class WatchState:
    """A watch of the list. error: why detect cannot look for it."""

    watch: Watch
    enabled: bool
    error: str | None


@dataclass(frozen=True, slots=True)
class TranscriptFacts:
    """What is known of a stored transcript besides its text."""

    source: str
    fetched_at: datetime
    detected: bool  # whether every watch was looked for in it
    error: str | None
    pruned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MarkedMention:
    """A mention in an episode. watch_id: of its watch; is_current: the watch is still on the watchlist."""

    id: int
    watch_id: int
    mention: Mention


class PageFigureRows(Rows):
    def watch_states(self, *, enabled: bool = True) -> list[WatchState]:
        """The watches by name; enabled: without those that were taken off the watchlist."""
        query = select(watches).order_by(watches.c.name)
        query = query.where(watches.c.enabled) if enabled else query
        return [WatchState(watch_of(r), r.enabled, r.error) for r in self.read_rows(query)]

    def mentions_by_day(self, since: datetime, watch_id: int | None = None) -> dict[int, dict[str, int]]:
        """By the id of a watch how many mentions there are on each UTC day (2026-11-03) of their episodes."""
        m, e, t = mentions.c, episodes.c, transcripts.c
        # Of the episodes of this time alone: however many years are stored, only as much is read as is shown. The day
        # of each is worked out once (materialized), and not again for each mention.
        seen = and_(e.published_at.is_(None), e.first_seen_at >= since)
        day = utc_day(self.engine.dialect.name, func.coalesce(e.published_at, e.first_seen_at)).label("day")
        recent = select(t.id, day).join(episodes, e.id == t.episode_id).where(or_(e.published_at >= since, seen))
        d = recent.cte("recent").prefix_with("MATERIALIZED")
        query = (
            select(m.watch_id, d.c.day, func.count().label("n"))
            .join(d, d.c.id == m.transcript_id)
            .where(m.gone_at.is_(None))
            .group_by(m.watch_id, d.c.day)
        )
        query = query if watch_id is None else query.where(m.watch_id == watch_id)
        found: dict[int, dict[str, int]] = defaultdict(dict)
        for r in self.read_rows(query):
            found[r.watch_id][r.day] = int(r.n)
        return found

    def last_hits(self, watch_ids: Collection[int]) -> dict[int, RecentHit]:
        """By the id of a watch the mention of it that was found last.

        Most are among the newest of all; only of the other watches all mentions are looked through.
        """
        m = mentions.c
        recent = select(m.watch_id, m.id).where(m.gone_at.is_(None)).order_by(m.id.desc()).limit(NEWEST_OF_ALL)
        newest: dict[int, int] = {}
        for r in self.read_rows(recent):
            newest.setdefault(r.watch_id, r.id)
        last = select(m.watch_id, func.max(m.id).label("id")).where(m.gone_at.is_(None)).group_by(m.watch_id)
        for some in in_batches([w for w in watch_ids if w not in newest]):
            newest |= {r.watch_id: r.id for r in self.read_rows(last.where(m.watch_id.in_(some)))}
        found: dict[int, RecentHit] = {}
        for some in in_batches([newest[w] for w in watch_ids if w in newest]):
            found |= {r.watch_id: _hit(r) for r in self.read_rows(_HITS.where(m.id.in_(some)))}
        return found

    def recent_hits(self, watch_id: int, most: int) -> list[RecentHit]:
        """The mentions of a watch that were found last, the newest first."""
        m = mentions.c
        newest = select(m.id).where(m.watch_id == watch_id, m.gone_at.is_(None)).order_by(m.id.desc()).limit(most)
        query = _HITS.where(m.id.in_(newest.scalar_subquery())).order_by(m.id.desc())
        return [_hit(r) for r in self.read_rows(query)]

    def marked_mentions(self, episode_id: int) -> list[MarkedMention]:
        """All mentions in an episode in the order of its text, of watches that are still on the watchlist."""
        m = mentions.c
        mine = select(transcripts.c.id).where(transcripts.c.episode_id == episode_id)  # episodes have no index there
        query = (
            select(mentions, watches.c.name.label("watch"))
            .join(watches, watches.c.id == m.watch_id)
            .where(m.transcript_id.in_(mine), m.gone_at.is_(None), watches.c.enabled)
            .order_by(m.start, m.id)
        )
        return [MarkedMention(r.id, r.watch_id, mention_of(r, r.watch)) for r in self.read_rows(query)]

    def transcript_facts(self, episode_id: int) -> TranscriptFacts | None:
        """None when the episode has no transcript."""
        t = transcripts.c
        latest = select(func.coalesce(func.max(watches.c.seq), 0)).where(watches.c.enabled).scalar_subquery()
        columns = (
            t.source,
            t.fetched_at,
            t.detect_error,
            t.pruned_at,
            (t.detected_through >= latest).label("detected"),
        )
        for r in self.read_rows(select(*columns).where(t.episode_id == episode_id)):
            return TranscriptFacts(r.source, r.fetched_at, bool(r.detected), r.detect_error, r.pruned_at)
        return None

    def find_feed(self, id: int) -> Feed | None:
        """The feed with this number."""
        for r in self.read_rows(select(feeds).where(feeds.c.id == id)):
            return feed_of(r)
        return None

    def feed_names(self, most: int) -> list[FeedName]:
        """The feeds by name, ``most`` at most."""
        f = feeds.c
        query = select(f.id, f.title, f.url).order_by(func.lower(f.title), f.id).limit(most)
        return [FeedName(r.id, r.title or display_address(r.url)) for r in self.read_rows(query)]

    def episodes_of_feed(self, feed_id: int, *, offset: int = 0, limit: int = 50) -> list[ListedEpisode]:
        """The episodes of a feed, the newest first, then those without a date."""
        e = episodes.c
        query = _LISTED.where(e.feed_id == feed_id).order_by(e.published_at.desc().nulls_last(), e.id)
        return self._listed(query.offset(offset).limit(limit))

    def episodes_of_day(
        self, start: datetime, end: datetime, feed_id: int | None = None, limit: int = 500
    ) -> list[ListedEpisode]:
        """The episodes that were published from ``start`` to before ``end``."""
        e = episodes.c
        at = func.coalesce(e.published_at, e.first_seen_at)
        query = _LISTED.where(at >= start, at < end).order_by(at.desc(), e.id.desc()).limit(limit)
        return self._listed(query if feed_id is None else query.where(e.feed_id == feed_id))

    def listed_episode(self, id: int) -> ListedEpisode | None:
        """One episode."""
        return next(iter(self._listed(_LISTED.where(episodes.c.id == id))), None)

    def set_tags(self, feed_id: int, tags: Collection[str]) -> None:
        """Gives a feed these tags instead of those that it had."""
        self.execute(update(feeds).where(feeds.c.id == feed_id).values(tags=list(tags)))

    def _listed(self, query: Any) -> list[ListedEpisode]:
        return [
            ListedEpisode(
                episode=episode_of(r),
                feed_url=r.feed_url,
                feed_tags=tuple(r.feed_tags),
                offers=bool(r.transcripts) or bool(r.transcript_page),
                has_transcript=r.transcript_id is not None,
                language=r.transcript_language if r.transcript_id is not None else r.language,
                detected_through=r.detected_through,
                fetch_error=r.fetch_error,
                next_fetch_at=r.next_fetch_at,
            )
            for r in self.read_rows(query)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEpisode:
    """An episode and what became of its transcript. offers: its feed names one, or has a template of pages."""

    episode: Episode
    feed_url: str
    feed_tags: tuple[str, ...]
    offers: bool
    has_transcript: bool
    language: str | None
    detected_through: int | None
    fetch_error: str | None
    next_fetch_at: datetime | None


_LISTED = (
    select(
        *EPISODE_COLUMNS,
        feeds.c.url.label("feed_url"),
        feeds.c.tags.label("feed_tags"),
        feeds.c.transcript_page,
        transcripts.c.id.label("transcript_id"),
        transcripts.c.language.label("transcript_language"),
        transcripts.c.detected_through,
    )
    .join(feeds, feeds.c.id == episodes.c.feed_id)
    .outerjoin(transcripts, transcripts.c.episode_id == episodes.c.id)
)


_HITS = (
    select(
        mentions,
        watches.c.name.label("watch"),
        episodes.c.title,
        episodes.c.published_at,
        feeds.c.title.label("show"),
    )
    .join(watches, watches.c.id == mentions.c.watch_id)
    .join(episodes, episodes.c.id == mentions.c.episode_id)
    .join(feeds, feeds.c.id == episodes.c.feed_id)
)


def _hit(r: AnyRow) -> RecentHit:
    return RecentHit(r.id, mention_of(r, r.watch), r.episode_id, r.title, r.show, r.published_at)


def utc_day(dialect: str, moment: Any) -> ColumnElement[str]:
    """The UTC day of a time as text, 2026-11-03. Its constants are written out, so that one can group by it."""
    if dialect == "postgresql":
        return func.to_char(func.timezone(literal_column("'UTC'"), moment), literal_column("'YYYY-MM-DD'"), type_=Text)
    return func.substr(moment, literal_column("1"), literal_column("10"), type_=Text)
