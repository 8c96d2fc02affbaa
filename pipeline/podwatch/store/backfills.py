"""The backfills' part of the store: which there are, what is left of one, and what there is of a past.

What is to be asked for are the episodes of the backlog in a range that have no transcript. They belong to no backfill:
two that overlap find the same rows, so the work is done once, and what is done stays done.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
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
from podwatch.store.connection import AnyRow
from podwatch.store.detect import TranscriptSource, source_of
from podwatch.store.episode_upsert import upsert_episodes
from podwatch.store.episodes import in_batches
from podwatch.store.fetch import FetchRows
from podwatch.store.history import HistoryRows
from podwatch.store.tables import backfills, deliveries, episodes, feeds, mentions, transcripts, walks, watches

RECRAWL_AFTER = timedelta(days=1)  # a crawl is not repeated within
SPEC = ("since", "until", "feeds", "tags", "watches")
NOT_OFFERED = "the feed names no transcript"
NOT_ASKED = "not asked for yet"
LEFT_TO_LIVE_RUN = "the live run asks for it"
_ADDRESS = re.compile(r"^\S+://\S+: ")


class BackfillEpisode(NamedTuple):
    """An episode that lacks its transcript. address: who is asked for it. in_hand: whether somebody is asking."""

    id: int
    address: str
    is_claimed: bool


class BackfillTranscript(NamedTuple):
    """A transcript, its episode, and where it came from, or would."""

    transcript_id: int
    id: int
    address: str


class BackfillRows(HistoryRows, FetchRows):
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

    def set_backfill_state(
        self, number: int, from_states: Collection[BackfillState], to: BackfillState, now: datetime
    ) -> bool:
        """Sets the state of a backfill that is in one of some states; False when it is in another."""
        b = backfills.c
        with self.writing() as c:
            mine = (b.id == number, b.state.in_([s.value for s in from_states]))
            return c.execute(update(backfills).where(*mine).values(state=to.value, updated_at=now)).rowcount > 0

    def save_counts(self, number: int, counts: dict[str, Any], now: datetime) -> None:
        with self.writing() as c:
            c.execute(update(backfills).where(backfills.c.id == number).values(counts=counts, updated_at=now))

    def crawled_feeds(self, since: datetime, now: datetime) -> frozenset[int]:
        """The feeds whose older pages were crawled lately, as far back as that."""
        w = walks.c
        with self.reading() as c:
            lately = (w.since <= since, w.walked_at > now - RECRAWL_AFTER, w.error.is_(None))
            return frozenset(c.execute(select(w.feed_id).where(*lately)).scalars())

    def save_crawl(self, feed: Feed, since: datetime, error: str | None, now: datetime) -> None:
        values = {"since": since, "walked_at": now, "error": error}
        with self.writing() as c:
            if not c.execute(update(walks).where(walks.c.feed_id == feed.id).values(**values)).rowcount:
                c.execute(insert(walks).values(feed_id=feed.id, **values))

    def save_archive_episodes(
        self, feed: Feed, found: Sequence[Episode], lists: Callable[[str], bool], now: datetime
    ) -> int:
        """Saves episodes of a feed's older pages as its backlog; returns how many were not known."""
        with self.writing() as c:
            polled = PollResult(feed=feed, episodes=tuple(found), lists=lists)
            return upsert_episodes(c, [polled], now, 0, past=True)

    def guids(self, feed: Feed) -> set[str]:
        with self.reading() as c:
            return set(c.execute(select(episodes.c.guid).where(episodes.c.feed_id == feed.id)).scalars())

    def backlog_episodes(self, past: BackfillRange, now: datetime) -> list[BackfillEpisode]:
        """The episodes of the backlog whose transcript is to be asked for, or is being asked for by somebody.

        Left out are those that were asked for in vain, until they are due again, and those that nobody offers.
        """
        e = episodes.c
        query = (
            select(e.id, e.transcripts, feeds.c.transcript_page, e.next_fetch_at)
            .join(feeds)
            .outerjoin(transcripts, transcripts.c.episode_id == e.id)
            .where(*_within(past), e.backlog, transcripts.c.id.is_(None))
            .where(or_(e.fetch_error.is_(None), e.next_fetch_at <= now))
            .order_by(e.id)
        )
        with self.reading() as c:
            rows = c.execute(query).all()
        return [
            BackfillEpisode(r.id, address, r.next_fetch_at is not None and r.next_fetch_at > now)
            for r in rows
            if (address := _address(r))
        ]

    def claim_backlog(self, ids: Sequence[int], now: datetime, until: datetime) -> list[TranscriptRequest]:
        """Claims these episodes until ``until``."""
        e = episodes.c
        open_ = or_(and_(e.next_fetch_at.is_(None), e.fetch_error.is_(None)), e.next_fetch_at <= now)
        have = select(transcripts.c.episode_id).where(transcripts.c.episode_id == e.id).exists()
        taken: list[TranscriptRequest] = []
        with self.writing() as c:
            for some in in_batches(ids):
                take = update(episodes).where(e.id.in_(some), e.backlog, open_, ~have).values(next_fetch_at=until)
                mine = sorted(c.execute(take.returning(e.id)).scalars())
                taken += self.requests_of(c, e.id.in_(mine)) if mine else []
        return taken

    def undetected_transcripts(self, past: BackfillRange) -> list[BackfillTranscript]:
        """The transcripts of a past in which not every watch was looked for, feed after feed.

        Without those on which a bug was met: the live run looks through them later.
        """
        t, e, latest = transcripts.c, episodes.c, self.watches_to_detect().latest
        query = (
            select(t.id.label("transcript"), e.id, e.transcripts, feeds.c.transcript_page)
            .join(episodes, e.id == t.episode_id)
            .join(feeds, feeds.c.id == e.feed_id)
            .where(*_within(past), t.detected_through < latest, t.detect_error.is_(None))
            .order_by(e.feed_id, t.id)
        )
        with self.reading() as c:
            return [BackfillTranscript(r.transcript, r.id, _address(r)) for r in c.execute(query)]

    def undetected_sources(
        self, ids: Sequence[int], latest: int, is_wanted: Callable[[], bool]
    ) -> Iterator[TranscriptSource]:
        """Transcripts in which not every watch up to ``latest`` was looked for, for as long as somebody wants them.

        Each few are asked for anew, so that what another has looked through in the meantime is left out.
        """
        t = transcripts.c
        for few in (ids[i : i + 100] for i in range(0, len(ids), 100)):
            if not is_wanted():
                return
            with self.reading() as c:
                due = c.execute(select(t.id).where(t.id.in_(few), t.detected_through < latest)).scalars().all()
                rows, about = self._rows(c, due)
            for r in rows:
                yield source_of(r, about[r.episode_id], r.detected_through)

    def held_alert_ids(self, past: BackfillRange) -> list[int]:
        """The alerts on episodes of a range that are held because a backfill found them, oldest first."""
        d, e = deliveries.c, episodes.c
        query = (
            select(d.id)
            .join(episodes, e.id == d.episode_id)
            .join(watches, watches.c.id == d.watch_id)
            .where(
                *_within(past),
                *_watched(past),
                d.state == DeliveryState.HELD.value,
                d.reason == HoldReason.BACKFILL.name,
            )
            .order_by(e.published_at, d.id)
        )
        with self.reading() as c:
            return list(c.execute(query).scalars())

    def release_alerts(self, ids: Sequence[int], now: datetime, *, digest: bool = False) -> None:
        """These alerts are to be delivered after all, each or in a digest of their channel.

        Their episodes count as seen now: somebody asked for them.
        """
        d = deliveries.c
        with self.writing() as c:
            mine = (d.id.in_(ids), d.state == DeliveryState.HELD.value, d.reason == HoldReason.BACKFILL.name)
            seen = select(d.episode_id).where(*mine)
            c.execute(update(episodes).where(episodes.c.id.in_(seen)).values(first_seen_at=now))
            due: dict[str, Any] = {"state": DeliveryState.DUE.value, "error": None, "reason": None}
            if digest:
                due = {
                    "state": DeliveryState.HELD.value,
                    "error": HoldReason.DIGEST.value,
                    "reason": HoldReason.DIGEST.name,
                }
            c.execute(update(deliveries).where(*mine).values(next_attempt_at=now, **due))

    def backfill_report(self, past: BackfillRange) -> BackfillReport:
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
        return BackfillReport(
            feeds=len(past.feeds),
            episodes=count,
            transcripts=count - sum(missing.values()),
            mentions=tuple((*key, n, shows[key]) for key, n in sorted(counted.items())),
            missing=tuple(sorted(missing.items(), key=lambda x: (-x[1], x[0]))),
            problems=tuple(r.error for r in failed),
            held=len(self.held_alert_ids(past)),
        )


def _address(r: AnyRow) -> str:
    """Where the transcript of an episode is asked for first; empty when nobody offers one."""
    return str(r.transcripts[0]["url"]) if r.transcripts else r.transcript_page or ""


def _within(past: BackfillRange) -> list[ColumnElement[bool]]:
    e = episodes.c
    return [e.published_at >= past.since, e.published_at < past.until, e.feed_id.in_(past.feeds)]


def _watched(past: BackfillRange) -> list[ColumnElement[bool]]:
    return [watches.c.name.in_(past.watches)] if past.watches else []


def _why(r: AnyRow) -> str:
    """Why an episode has no transcript: failures without their addresses, so that they can be counted."""
    if r.fetch_error:
        return _ADDRESS.sub("", r.fetch_error)
    if not r.transcripts and not r.transcript_page:
        return NOT_OFFERED
    return NOT_ASKED if r.backlog else LEFT_TO_LIVE_RUN


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
