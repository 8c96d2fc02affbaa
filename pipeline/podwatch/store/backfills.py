"""Backfills in the store: their records, their backlog of episodes and transcripts, and their reports.

A backfill's work is a query: the episodes of the backlog in its range that have no transcript. They belong to no
backfill, so two that overlap find the same rows and do the work once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update

from podwatch.model import (
    Backfill,
    BackfillRange,
    BackfillReport,
    BackfillState,
    DeliverMode,
    DeliveryState,
    Episode,
    Feed,
    HoldReason,
    PollResult,
    TranscriptRequest,
)
from podwatch.policy.fetch_schedule import RECRAWL_AFTER
from podwatch.store.connection import AnyRow
from podwatch.store.detect import SOURCES_PAGE, TranscriptSource
from podwatch.store.episode_upsert import upsert_episodes
from podwatch.store.fetch import FetchRows
from podwatch.store.history import HistoryRows
from podwatch.store.prune import PRUNED_IDS
from podwatch.store.statements import in_batches, upsert
from podwatch.store.tables import backfills, deliveries, episodes, feeds, mentions, transcripts, walks, watches

SPEC = ("since", "until", "feeds", "tags", "watches")
NOT_OFFERED = "the feed names no transcript"
NOT_ASKED = "not asked for yet"
LEFT_TO_LIVE_RUN = "the live run asks for it"
_ADDRESS = re.compile(r"^\S+://\S+: ")


class BackfillEpisode(NamedTuple):
    """An episode without a transcript. address: where it is offered; is_claimed: whether it is being fetched."""

    id: int
    address: str
    is_claimed: bool


class BackfillTranscript(NamedTuple):
    """A transcript. id: of its episode; address: where it is offered, "" when nowhere."""

    transcript_id: int
    id: int
    address: str


class BackfillRows(HistoryRows, FetchRows):
    def add_backfill(self, b: Backfill, now: datetime) -> Backfill:
        """Adds the backfill unless one has its key already; returns it as it is stored, with its id."""
        values = {name: getattr(b, name) for name in SPEC} | {"deliver": b.deliver.value, "state": b.state.value}
        with self.writing() as c:
            row = c.execute(select(backfills).where(backfills.c.key == b.key)).first() if b.key else None
            if row is None:
                made = insert(backfills).values(**values, key=b.key, counts={}, created_at=now, updated_at=now)
                row = c.execute(made.returning(*backfills.c)).one()
            return _backfill(row)

    def backfills(self) -> list[Backfill]:
        return [_backfill(r) for r in self.read_rows(select(backfills).order_by(backfills.c.id))]

    def backfill(self, number: int) -> Backfill | None:
        return next((b for b in self.backfills() if b.id == number), None)

    def set_backfill_state(
        self, number: int, from_states: Collection[BackfillState], to: BackfillState, now: datetime
    ) -> bool:
        """Sets the state of a backfill that is in one of some states; False when it is in another."""
        b = backfills.c
        mine = (b.id == number, b.state.in_([s.value for s in from_states]))
        return self.execute(update(backfills).where(*mine).values(state=to.value, updated_at=now)) > 0

    def save_counts(self, number: int, counts: dict[str, Any], now: datetime) -> None:
        self.execute(update(backfills).where(backfills.c.id == number).values(counts=counts, updated_at=now))

    def crawled_feeds(self, since: datetime, now: datetime) -> frozenset[int]:
        """The ids of the feeds whose older pages were crawled within RECRAWL_AFTER, back to ``since`` or further."""
        w = walks.c
        recent = (w.since <= since, w.walked_at > now - RECRAWL_AFTER, w.error.is_(None))
        return frozenset(r.feed_id for r in self.read_rows(select(w.feed_id).where(*recent)))

    def save_crawl(self, feed: Feed, since: datetime, error: str | None, now: datetime) -> None:
        """Records how far back a feed's older pages were crawled; error: what ended the crawl before its time."""
        values = {"since": since, "walked_at": now, "error": error}
        row = upsert(self.engine.dialect, walks).values(feed_id=feed.id, **values)
        self.execute(row.on_conflict_do_update(index_elements=["feed_id"], set_=values))

    def save_archive_episodes(
        self, feed: Feed, found: Sequence[Episode], lists: Callable[[str], bool], now: datetime
    ) -> int:
        """Saves episodes of a feed's older pages as its backlog; returns how many were not known."""
        with self.writing() as c:
            polled = PollResult(feed=feed, episodes=tuple(found), lists=lists)
            return upsert_episodes(c, [polled], now, 0, past=True)

    def guids(self, feed: Feed) -> set[str]:
        return {r.guid for r in self.read_rows(select(episodes.c.guid).where(episodes.c.feed_id == feed.id))}

    def backlog_episodes(self, past: BackfillRange, now: datetime) -> list[BackfillEpisode]:
        """The episodes of the backlog whose transcript is to be fetched, or is being fetched by another run.

        Beside them those whose text was pruned, which only a backfill brings back. Left out are those that failed and
        are not due again yet, and those whose transcript nobody offers.
        """
        e = episodes.c
        query = (
            select(e.id, e.transcripts, feeds.c.transcript_page, e.next_fetch_at)
            .join(feeds)
            .outerjoin(transcripts, transcripts.c.episode_id == e.id)
            .where(*in_range(past), or_(_HAS_NO_TRANSCRIPT, transcripts.c.id.in_(PRUNED_IDS)))
            .where(or_(e.fetch_error.is_(None), e.next_fetch_at <= now))
            .order_by(e.id)
        )
        return [
            BackfillEpisode(r.id, address, r.next_fetch_at is not None and r.next_fetch_at > now)
            for r in self.read_rows(query)
            if (address := _address(r))
        ]

    def claim_backlog(self, ids: Sequence[int], now: datetime, until: datetime) -> list[TranscriptRequest]:
        """Claims those of these episodes that nobody else has claimed, until ``until``."""
        e = episodes.c
        free = or_(and_(e.next_fetch_at.is_(None), e.fetch_error.is_(None)), e.next_fetch_at <= now)
        mine_ = select(transcripts.c.episode_id).where(transcripts.c.episode_id == e.id)
        wanted = or_(and_(e.backlog, ~mine_.exists()), mine_.where(transcripts.c.pruned_at.is_not(None)).exists())
        claimed: list[TranscriptRequest] = []
        with self.writing() as c:
            for some in in_batches(ids):
                claim = update(episodes).where(e.id.in_(some), free, wanted).values(next_fetch_at=until)
                mine = sorted(c.execute(claim.returning(e.id)).scalars())
                claimed += self.requests_of(c, e.id.in_(mine)) if mine else []
        return claimed

    def undetected_transcripts(self, past: BackfillRange) -> list[BackfillTranscript]:
        """The transcripts of a range in which not every watch was looked for, feed after feed.

        Left out are those that detection failed on: the live run tries them again.
        """
        t, e, latest = transcripts.c, episodes.c, self.watches_to_detect().latest
        query = (
            select(t.id.label("transcript_id"), e.id, e.transcripts, feeds.c.transcript_page)
            .join(episodes, e.id == t.episode_id)
            .join(feeds, feeds.c.id == e.feed_id)
            .where(*in_range(past), t.detected_through < latest, t.detect_error.is_(None))
            .order_by(e.feed_id, t.id)
        )
        return [BackfillTranscript(r.transcript_id, r.id, _address(r)) for r in self.read_rows(query)]

    def undetected_sources(
        self, ids: Sequence[int], latest: int, is_wanted: Callable[[], bool]
    ) -> Iterator[TranscriptSource]:
        """Those of these transcripts in which not every watch up to ``latest`` was looked for.

        Each page is queried when it is needed, so that what another run has searched by then is left out.
        is_wanted: asked before each page; False ends it.
        """
        for page in in_batches(ids, SOURCES_PAGE):
            if not is_wanted():
                return
            yield from self.load_sources(page, transcripts.c.detected_through < latest)

    def held_alert_ids(self, past: BackfillRange) -> list[int]:
        """The deliveries of alerts on episodes of a range that are held because a backfill found them, oldest first."""
        d, e = deliveries.c, episodes.c
        query = (
            select(d.id)
            .join(episodes, e.id == d.episode_id)
            .join(watches, watches.c.id == d.watch_id)
            .where(*in_range(past), *_of_watches(past), *_HELD)
            .order_by(e.published_at, d.id)
        )
        return [r.id for r in self.read_rows(query)]

    def release_alerts(self, ids: Sequence[int], now: datetime, *, digest: bool = False) -> None:
        """Has held alerts delivered after all, each or in a digest of their channel.

        Their episodes count as first seen now, so that they are not held as old ones.
        """
        values: dict[str, Any] = {"state": DeliveryState.DUE.value, "error": None, "reason": None}
        if digest:
            why = HoldReason.DIGEST
            values = {"state": DeliveryState.HELD.value, "error": why.value, "reason": why.name}
        mine = (deliveries.c.id.in_(ids), *_HELD)
        with self.writing() as c:
            seen = select(deliveries.c.episode_id).where(*mine)
            c.execute(update(episodes).where(episodes.c.id.in_(seen)).values(first_seen_at=now))
            c.execute(update(deliveries).where(*mine).values(next_attempt_at=now, **values))

    def backfill_report(self, past: BackfillRange) -> BackfillReport:
        """What the store has of a range, and what is missing."""
        e, t, m = episodes.c, transcripts.c, mentions.c
        lacking = (
            select(e.transcripts, feeds.c.transcript_page, e.fetch_error, e.backlog)
            .join(feeds)
            .outerjoin(transcripts, t.episode_id == e.id)
            .where(*in_range(past), t.id.is_(None))
        )
        by_episode = (
            select(watches.c.name, e.published_at, m.episode_id, func.count().label("n"))
            .join(watches, watches.c.id == m.watch_id)
            .join(episodes, e.id == m.episode_id)
            .where(*in_range(past), *_of_watches(past), m.gone_at.is_(None), watches.c.enabled)
            .group_by(watches.c.name, e.published_at, m.episode_id)
        )
        found: Counter[tuple[str, str]] = Counter()
        naming: Counter[tuple[str, str]] = Counter()
        with self.reading() as c:
            count = c.execute(select(func.count()).select_from(episodes).where(*in_range(past))).scalar_one()
            missing = Counter(_why_missing(r) for r in c.execute(lacking))
            for r in c.execute(by_episode):
                key = (r.name, f"{r.published_at:%Y-%m}")
                found[key] += r.n
                naming[key] += 1
            failed = select(walks.c.error).where(walks.c.feed_id.in_(past.feeds), walks.c.error.is_not(None))
            problems = tuple(c.execute(failed).scalars())
        return BackfillReport(
            feeds=len(past.feeds),
            episodes=count,
            transcripts=count - sum(missing.values()),
            mentions=tuple((*key, n, naming[key]) for key, n in sorted(found.items())),
            missing=tuple(sorted(missing.items(), key=lambda x: (-x[1], x[0]))),
            problems=problems,
            held=len(self.held_alert_ids(past)),
        )


def _address(r: AnyRow) -> str:
    """Where the transcript of an episode is offered, the first place; "" when nowhere."""
    return str(r.transcripts[0]["url"]) if r.transcripts else r.transcript_page or ""


_HAS_NO_TRANSCRIPT = and_(episodes.c.backlog, transcripts.c.id.is_(None))
_HELD = (deliveries.c.state == DeliveryState.HELD.value, deliveries.c.reason == HoldReason.BACKFILL.name)


def in_range(past: BackfillRange) -> list[ColumnElement[bool]]:
    e = episodes.c
    return [e.published_at >= past.since, e.published_at < past.until, e.feed_id.in_(past.feeds)]


def _of_watches(past: BackfillRange) -> list[ColumnElement[bool]]:
    return [watches.c.name.in_(past.watches)] if past.watches else []


def _why_missing(r: AnyRow) -> str:
    """Why an episode has no transcript; a failure without its address, so that equal ones are counted together."""
    if r.fetch_error:
        return _ADDRESS.sub("", r.fetch_error)
    if not r.transcripts and not r.transcript_page:
        return NOT_OFFERED
    return NOT_ASKED if r.backlog else LEFT_TO_LIVE_RUN


def _backfill(r: AnyRow) -> Backfill:
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in r._mapping.items()}
    return Backfill(**values | {"deliver": DeliverMode(r.deliver), "state": BackfillState(r.state)})
