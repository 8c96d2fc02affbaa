"""What coverage is measured from: the days of feeds, and their episodes counted by what became of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, null, or_, select, union_all

from podwatch.model import (
    CoverageFacts,
    EpisodeCount,
    EpisodeDoubt,
    FollowedFeed,
    HearingOutcome,
    NotListened,
    Period,
)
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.page_figures import utc_day
from podwatch.store.prune import PRUNED_IDS
from podwatch.store.recording_tables import hearings, recognitions
from podwatch.store.tables import entity_spans, episodes, feed_days, feeds, transcripts, watches
from podwatch.store.watches import watch_of

_STORED = "stored"


class CoverageRows(Rows):
    def coverage_facts(self, period: Period, feed_ids: Collection[int] | None = None) -> CoverageFacts:
        """What is known of a period, from which podwatch.policy.coverage measures. feed_ids: of these feeds alone."""
        return self._facts(period, feed_ids)[0]

    def daily_coverage_facts(self, period: Period) -> tuple[CoverageFacts, dict[date, list[EpisodeCount]]]:
        """The same, and its counts for each UTC day on which the episodes were published."""
        moment = func.coalesce(episodes.c.published_at, episodes.c.first_seen_at)
        facts, days = self._facts(period, None, utc_day(self.engine.dialect.name, moment).label("day"))
        by_day: dict[date, list[EpisodeCount]] = defaultdict(list)
        for day, n in zip(days, facts.counts, strict=True):
            by_day[date.fromisoformat(day)].append(n)
        return facts, by_day

    def _facts(
        self, period: Period, feed_ids: Collection[int] | None, *by: ColumnElement[str]
    ) -> tuple[CoverageFacts, list[str]]:
        """The facts, and for each of their counts the value of ``by``, if that is given."""
        w, d = watches.c, feed_days.c
        with self.reading() as c:
            rows = c.execute(select(watches).where(w.enabled).order_by(w.seq)).all()
            known = [(r.seq, watch_of(r)) for r in rows]
            recorded_from = c.execute(select(func.min(d.day))).scalar()
            some = [] if feed_ids is None else [feeds.c.id.in_(feed_ids)]
            followed = [_followed(r) for r in c.execute(_feeds(period).where(*some))]
            latest = max((seq for seq, watch in known if watch.surge is None), default=0)
            names = any(watch.surge is not None for _, watch in known)
            mine = [] if feed_ids is None else [episodes.c.feed_id.in_(feed_ids)]
            counted = c.execute(_episode_counts(period, latest, names, mine, *by)).all()
            doubts = [_episode_doubt(r) for r in c.execute(_doubts(period, mine))]
        count = cache(_count)  # most days of a feed are alike
        facts = CoverageFacts(
            period=period,
            recorded_from=recorded_from,
            feeds=followed,
            counts=[count(*r[len(by) :]) for r in counted],
            watches=tuple(known),
            broken=frozenset(r.id for r in rows if r.error is not None),
            doubts=doubts,
        )
        return facts, [r[0] for r in counted] if by else []


def _feeds(period: Period) -> Select[Any]:
    """The feeds with their days of the period counted."""
    d, f = feed_days.c, feeds.c
    last = (period.until - timedelta(microseconds=1)).astimezone(UTC).date()
    inside = [d.day <= last] + ([d.day >= period.since.astimezone(UTC).date()] if period.since else [])
    counted = (
        select(
            d.feed_id,
            func.sum(case((d.polled > d.failed, 1), else_=0)).label("polled"),
            func.sum(case((d.polled > d.failed, 0), else_=1)).label("failed"),
            func.max(d.day).label("last_day"),
        )
        .where(*inside)
        .group_by(d.feed_id)
        .subquery()
    )
    columns = (f.id, f.url, f.title, f.tags, f.added_at, f.last_polled_at)
    query = select(*columns, counted.c.polled, counted.c.failed, counted.c.last_day)
    return query.outerjoin(counted, counted.c.feed_id == f.id).order_by(f.id)


def _doubts(period: Period, mine: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The names in doubt of stored texts that the audio has not decided: they wait, or were left to the text."""
    e, t, h = episodes.c, transcripts.c, hearings.c
    undecided = or_(h.outcome.is_(None), h.outcome != HearingOutcome.HEARD.value)
    return (
        select(e.feed_id, e.id, t.language, h.name, h.outcome)
        .distinct()
        .select_from(hearings.join(transcripts, t.id == h.transcript_id).join(episodes, e.id == t.episode_id))
        .where(h.transcript_revision == t.revision, undecided, *_published_in(period), *mine)
    )


def _episode_counts(
    period: Period, latest: int, names: bool, mine: Sequence[ColumnElement[bool]], *by: ColumnElement[str]
) -> Any:
    """All the counts in one statement, so that they are of one moment.

    What detect has still to do is counted by itself, from the index of transcripts.detected_through: that column lies
    behind the text, which would have to be read from the disk. names: whether a watch asks for names.
    mine: which episodes, besides. by: what else they are counted by.
    """
    e, t, heard = episodes.c, transcripts.c, recognitions.c
    offered = or_(func.json_array_length(e.transcripts) > 0, func.coalesce(feeds.c.transcript_page, "") != "")
    why = case(
        (t.id.is_not(None), _STORED),
        (heard.error.is_not(None), NotListened.FAILED.name),
        (heard.next_listen_at.is_not(None), NotListened.TO_BE_HEARD.name),
        (e.fetch_error.is_not(None), NotListened.FAILED.name),
        (~offered, NotListened.NAMES_NONE.name),
        (e.backlog, NotListened.BACKLOG.name),
        else_=NotListened.WAITS.name,
    )
    language = case((t.id.is_not(None), t.language), else_=e.language)
    error = case((t.id.is_(None), func.coalesce(heard.error, e.fetch_error)))
    inside = [*_published_in(period), *mine]
    each = (  # grouped outside: to PostgreSQL two parameters with one value are not one expression
        select(*by, e.feed_id, language.label("language"), why.label("why"), error.label("error"))
        .select_from(
            episodes.join(feeds, feeds.c.id == e.feed_id)
            .outerjoin(transcripts, t.episode_id == e.id)
            .outerjoin(recognitions, heard.episode_id == e.id)
        )
        .where(*inside)
        .subquery()
    )
    every = select(*each.c, literal(0), func.count()).group_by(*each.c)
    behind = (
        select(
            *by, e.feed_id, t.language, literal(NotListened.NOT_SEARCHED.name), null(), t.detected_through, func.count()
        )
        .select_from(transcripts.join(episodes, e.id == t.episode_id))
        .where(t.detected_through < latest, *inside)
        .group_by(*by, e.feed_id, t.language, t.detected_through)
    )
    s = entity_spans.c
    was_read = and_(s.transcript_id == t.id, s.revision == t.revision, s.unread.is_(None), s.error.is_(None))
    unread = (
        select(*by, e.feed_id, t.language, literal(NotListened.NOT_SEARCHED.name), null(), literal(-1), func.count())
        .select_from(transcripts.join(episodes, e.id == t.episode_id).outerjoin(entity_spans, was_read))
        .where(s.transcript_id.is_(None), t.id.not_in(PRUNED_IDS), *inside)
        .group_by(*by, e.feed_id, t.language)
    )
    return union_all(every, behind, *([unread] if names else []))


def _published_in(period: Period) -> list[ColumnElement[bool]]:
    """Whether an episode was published in the period; one without a date when it was first seen."""
    e = episodes.c

    def both(dated: ColumnElement[bool], seen: ColumnElement[bool]) -> ColumnElement[bool]:
        return or_(dated, and_(e.published_at.is_(None), seen))  # so that the index of the dates is of use

    until = both(e.published_at < period.until, e.first_seen_at < period.until)
    if period.since is None:
        return [until]
    return [until, both(e.published_at >= period.since, e.first_seen_at >= period.since)]


def _count(feed: int, language: str | None, why: str, error: str | None, through: int, episodes_: int) -> EpisodeCount:
    return EpisodeCount(
        feed_id=feed,
        language=language,
        why=None if why == _STORED else NotListened[why],
        error=error or "",
        searched_through=max(0, through),
        unread=through < 0,
        episodes=episodes_,
    )


def _episode_doubt(r: AnyRow) -> EpisodeDoubt:
    outcome = None if r.outcome is None else HearingOutcome(r.outcome)
    return EpisodeDoubt(feed_id=r.feed_id, episode_id=r.id, language=r.language, name=r.name, outcome=outcome)


def _followed(r: AnyRow) -> FollowedFeed:
    return FollowedFeed(
        id=r.id,
        url=r.url,
        title=r.title,
        tags=tuple(r.tags),
        added_at=r.added_at,
        was_polled=r.last_polled_at is not None,
        days_polled=r.polled or 0,
        days_failed=r.failed or 0,
        last_day=r.last_day,
    )
