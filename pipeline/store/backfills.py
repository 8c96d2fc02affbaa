"""The backfills' part of the store: which there are, what is left of one, and what there is of a past.

What is to be asked for are the episodes of the backlog in a range that have no transcript. They belong to no backfill:
two that overlap find the same rows, so the work is done once, and what is done stays done.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update

from pipeline.model import (
    Backfill,
    BackfillState,
    DeliverMode,
    Episode,
    Feed,
    Held,
    Past,
    Polled,
    Report,
    Shard,
    State,
    Wanted,
)
from pipeline.store.detect import Source, source_of
from pipeline.store.engine import AnyRow
from pipeline.store.episodes import parts
from pipeline.store.fetch import FetchRows
from pipeline.store.found import save_episodes
from pipeline.store.past import PastRows
from pipeline.store.tables import backfills, deliveries, episodes, feeds, mentions, transcripts, walks, watches

FRESH = timedelta(days=1)  # a walk is not repeated within
SPEC = ("since", "until", "feeds", "tags", "watches")
NOT_OFFERED = "the feed names no transcript"
NOT_ASKED = "not asked for yet"
LIVE = "the live run asks for it"
_ADDRESS = re.compile(r"^\S+://\S+: ")


class BackfillRows(PastRows, FetchRows):
    def add_backfill(self, b: Backfill, now: datetime) -> Backfill:
        """The backfill with its number; the one that is there already when it has the same key."""
        values = {name: getattr(b, name) for name in SPEC} | {"deliver": b.deliver.value, "state": b.state.value}
        with self.writing() as c:
            row = c.execute(select(backfills).where(backfills.c.key == b.key)).first() if b.key else None
            if row is None:
                made = insert(backfills).values(**values, key=b.key, counts={}, created_at=now, updated_at=now)
                row = c.execute(made.returning(*backfills.c)).one()
            return _backfill(row)

    def backfills(self) -> list[Backfill]:
        with self.reading() as c:
            return [_backfill(r) for r in c.execute(select(backfills).order_by(backfills.c.id))]

    def backfill(self, number: int) -> Backfill | None:
        return next((b for b in self.backfills() if b.id == number), None)

    def move_backfill(self, number: int, came: Collection[BackfillState], to: BackfillState, now: datetime) -> bool:
        """Sets the state of a backfill that is in one of some states; False when it is in another."""
        b = backfills.c
        with self.writing() as c:
            mine = (b.id == number, b.state.in_([s.value for s in came]))
            return c.execute(update(backfills).where(*mine).values(state=to.value, updated_at=now)).rowcount > 0

    def save_counts(self, number: int, counts: dict[str, Any], now: datetime) -> None:
        with self.writing() as c:
            c.execute(update(backfills).where(backfills.c.id == number).values(counts=counts, updated_at=now))

    def walked(self, feed: Feed, since: datetime, now: datetime) -> bool:
        """Whether the older pages of the feed were walked lately, as far back as that."""
        w = walks.c
        with self.reading() as c:
            mine = (w.feed_id == feed.id, w.since <= since, w.walked_at > now - FRESH, w.error.is_(None))
            return c.execute(select(w.feed_id).where(*mine)).first() is not None

    def save_walk(self, feed: Feed, since: datetime, error: str | None, now: datetime) -> None:
        values = {"since": since, "walked_at": now, "error": error}
        with self.writing() as c:
            if not c.execute(update(walks).where(walks.c.feed_id == feed.id).values(**values)).rowcount:
                c.execute(insert(walks).values(feed_id=feed.id, **values))

    def save_older(self, feed: Feed, found: Sequence[Episode], lists: Callable[[str], bool], now: datetime) -> int:
        """Keeps episodes of a feed's older pages as its backlog; returns how many were not known."""
        with self.writing() as c:
            polled = Polled(feed=feed, episodes=tuple(found), lists=lists)
            return save_episodes(c, [polled], now, 0, past=True)

    def guids(self, feed: Feed) -> set[str]:
        with self.reading() as c:
            return set(c.execute(select(episodes.c.guid).where(episodes.c.feed_id == feed.id)).scalars())

    def take_older(
        self, past: Past, now: datetime, until: datetime, after: int, most: int, shard: Shard
    ) -> tuple[list[Wanted], int]:
        """Some episodes of the backlog whose transcript is to be asked for, taken until ``until``; after: an id.

        Returns the last id that was looked at, too; the same as ``after`` when there is none behind it.
        """
        e = episodes.c
        have = select(transcripts.c.episode_id).where(transcripts.c.episode_id == e.id).exists()
        open_ = or_(and_(e.next_fetch_at.is_(None), e.fetch_error.is_(None)), e.next_fetch_at <= now)
        query = (
            select(e.id, e.transcripts, feeds.c.transcript_page)
            .join(feeds)
            .where(*_within(past), e.backlog, open_, ~have, e.id > after)
            .order_by(e.id)
            .limit(most)
        )
        if shard.count > 1:
            query = query.where(e.id % shard.count == shard.index)
        with self.writing() as c:
            rows = c.execute(query).all()
            offering = [r.id for r in rows if r.transcripts or r.transcript_page]
            mine: set[int] = set()
            for some in parts(offering):
                take = update(episodes).where(e.id.in_(some), open_).values(next_fetch_at=until)
                mine |= set(c.execute(take.returning(e.id)).scalars())
            taken = []
            for some in parts(sorted(mine)):
                taken += self.wanted_of(c, e.id.in_(some))
        return taken, rows[-1].id if rows else after

    def sources_older(self, past: Past, latest: int, shard: Shard, ids: Collection[int] | None) -> Iterator[Source]:
        """The transcripts of a past in which not every watch up to ``latest`` was looked for.

        ids: of these episodes only, whoever else waits for them; None: all, those on which a bug was met later.
        """
        t, e = transcripts.c, episodes.c
        query = select(t.id).join(episodes, e.id == t.episode_id).where(*_within(past), t.detected_through < latest)
        query = query.where(t.detect_error.is_(None)).order_by(t.id)
        if shard.count > 1:
            query = query.where(e.id % shard.count == shard.index)
        with self.reading() as c:
            if ids is None:
                found = list(c.execute(query).scalars())
            else:
                found = [n for some in parts(sorted(ids)) for n in c.execute(query.where(e.id.in_(some))).scalars()]
        for few in (found[i : i + 100] for i in range(0, len(found), 100)):
            with self.reading() as c:
                rows, about = self._rows(c, few)
            for r in rows:
                yield source_of(r, about[r.episode_id], r.detected_through)

    def held_older(self, past: Past) -> list[int]:
        """The alerts on episodes of a past that nobody was told of because a backfill found them, oldest first."""
        d, e = deliveries.c, episodes.c
        query = (
            select(d.id)
            .join(episodes, e.id == d.episode_id)
            .join(watches, watches.c.id == d.watch_id)
            .where(*_within(past), *_watched(past), d.state == State.HELD.value, d.reason == Held.BACKFILL.name)
            .order_by(e.published_at, d.id)
        )
        with self.reading() as c:
            return list(c.execute(query).scalars())

    def release(self, ids: Sequence[int], now: datetime, *, digest: bool = False) -> None:
        """These alerts are to be delivered after all, each or in a digest of their channel.

        Their episodes count as seen now: somebody asked for them.
        """
        d = deliveries.c
        with self.writing() as c:
            mine = (d.id.in_(ids), d.state == State.HELD.value, d.reason == Held.BACKFILL.name)
            seen = select(d.episode_id).where(*mine)
            c.execute(update(episodes).where(episodes.c.id.in_(seen)).values(first_seen_at=now))
            due: dict[str, Any] = {"state": State.DUE.value, "error": None, "reason": None}
            if digest:
                due = {"state": State.HELD.value, "error": Held.DIGEST.value, "reason": Held.DIGEST.name}
            c.execute(update(deliveries).where(*mine).values(next_attempt_at=now, **due))

    def report(self, past: Past) -> Report:
        """What there is of a past, and what is missing."""
        e, t, m = episodes.c, transcripts.c, mentions.c
        offers = (e.transcripts, feeds.c.transcript_page, e.fetch_error, e.backlog, e.next_fetch_at)
        lacking = select(*offers).join(feeds).outerjoin(transcripts, t.episode_id == e.id)
        said = (
            select(watches.c.name, e.published_at, m.episode_id, func.count().label("n"))
            .join(watches, watches.c.id == m.watch_id)
            .join(episodes, e.id == m.episode_id)
            .where(*_within(past), *_watched(past), m.gone_at.is_(None), watches.c.enabled)
            .group_by(watches.c.name, e.published_at, m.episode_id)
        )
        with self.reading() as c:
            count = c.execute(select(func.count()).select_from(episodes).where(*_within(past))).scalar_one()
            missing = Counter(_why(r) for r in c.execute(lacking.where(*_within(past), t.id.is_(None))))
            counted: Counter[tuple[str, str]] = Counter()
            shows: Counter[tuple[str, str]] = Counter()
            for r in c.execute(said):
                key = (r.name, f"{r.published_at:%Y-%m}")
                counted[key] += r.n
                shows[key] += 1
            w = select(feeds.c.url, walks.c.error).join(walks, walks.c.feed_id == feeds.c.id)
            failed = c.execute(w.where(feeds.c.id.in_(past.feeds), walks.c.error.is_not(None))).all()
        return Report(
            feeds=len(past.feeds),
            episodes=count,
            transcripts=count - sum(missing.values()),
            mentions=tuple((*key, n, shows[key]) for key, n in sorted(counted.items())),
            missing=tuple(sorted(missing.items(), key=lambda x: (-x[1], x[0]))),
            problems=tuple(r.error for r in failed),
            held=len(self.held_older(past)),
        )


def _within(past: Past) -> list[ColumnElement[bool]]:
    e = episodes.c
    return [e.published_at >= past.since, e.published_at < past.until, e.feed_id.in_(past.feeds)]


def _watched(past: Past) -> list[ColumnElement[bool]]:
    return [watches.c.name.in_(past.watches)] if past.watches else []


def _why(r: AnyRow) -> str:
    """Why an episode has no transcript: failures without their addresses, so that they can be counted."""
    if r.fetch_error:
        return _ADDRESS.sub("", r.fetch_error)
    if not r.transcripts and not r.transcript_page:
        return NOT_OFFERED
    return NOT_ASKED if r.backlog else LIVE


def _backfill(r: AnyRow) -> Backfill:
    return Backfill(
        id=r.id,
        key=r.key,
        since=r.since,
        until=r.until,
        feeds=tuple(r.feeds),
        tags=tuple(r.tags),
        watches=tuple(r.watches),
        deliver=DeliverMode(r.deliver),
        state=BackfillState(r.state),
        counts=r.counts,
        created_at=r.created_at,
        updated_at=r.updated_at,
    )
