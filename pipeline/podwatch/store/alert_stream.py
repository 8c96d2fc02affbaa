"""What the page shows of alerts: a filtered stream, a page of it at a time, each with its mentions and answers.

A page is a handful of statements, however many alerts it has: one for the alerts, one for their mentions, one for what
people answered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_

from podwatch.model import DeliveryKind, DeliveryState, HoldReason, Kind, Mention, Verdict
from podwatch.store.answer_tables import answers
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.mentions import mention_of
from podwatch.store.tables import deliveries, episodes, feeds, mentions, watches

MENTIONS_SHOWN = 3  # of an alert in the stream; its episode shows all


class Outcome(StrEnum):
    """What became of an alert, as people filter by it."""

    SENT = "sent"
    WAITING = "waiting"
    HELD = "held"
    DEAD = "dead"


_STATES = {
    Outcome.SENT: (DeliveryState.SENT,),
    Outcome.WAITING: (DeliveryState.DUE, DeliveryState.ATTEMPTING, DeliveryState.RETRY),
    Outcome.HELD: (DeliveryState.HELD,),
    Outcome.DEAD: (DeliveryState.DEAD,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilter:
    """Which alerts; None: all. since, until: when they were found. kind: one of their mentions is of this kind."""

    watch: str | None = None
    feed: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    kind: Kind | None = None
    state: Outcome | None = None


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """Somebody's answer to an alert."""

    user: str
    verdict: Verdict
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedAlert:
    """An alert with the first of its mentions, and what became of it.

    feed_id, episode_id: None when its feed was removed. in_digest: it went, or goes, out in a digest, whose place
    remote_channel and remote_id are then.
    """

    id: int
    key: str
    watch_id: int
    watch: str
    feed_id: int | None
    show: str
    feed_url: str
    episode_id: int | None
    episode: str
    published_at: datetime | None
    channel: str
    state: DeliveryState
    reason: HoldReason | None
    error: str | None
    created_at: datetime
    sent_at: datetime | None
    next_attempt_at: datetime | None
    in_digest: bool
    notifier: str | None
    remote_channel: str | None
    remote_id: str | None
    mentions: Sequence[tuple[int, Mention]]
    mention_count: int
    answers: Sequence[GivenAnswer]

    @property
    def outcome(self) -> Outcome:
        return next(o for o, states in _STATES.items() if self.state in states)


class AlertStreamRows(Rows):
    def alert_stream(
        self, wanted: AlertFilter, *, before: int | None = None, limit: int = 50, shown: int = MENTIONS_SHOWN
    ) -> list[StreamedAlert]:
        """The newest alerts first. before: only those older than the alert with this id. shown: mentions of each."""
        d = deliveries.c
        newest = select(d.id).where(d.kind == DeliveryKind.ALERT.value, *_conditions(wanted))
        newest = newest if before is None else newest.where(d.id < before)
        # These first, from the newest on, and then what belongs to them: joined at once PostgreSQL joins all there are.
        newest = newest.order_by(d.id.desc()).limit(limit)
        return self._streamed(_ALERTS.where(d.id.in_(newest)).order_by(d.id.desc()), shown)

    def streamed_alert(self, id: int, *, shown: int = 1000) -> StreamedAlert | None:
        """One alert."""
        return next(iter(self._streamed(_ALERTS.where(deliveries.c.id == id), shown)), None)

    def alerts_of_episode(self, episode_id: int) -> list[StreamedAlert]:
        """The alerts of an episode, without their mentions."""
        d = deliveries.c
        return self._streamed(_ALERTS.where(d.episode_id == episode_id).order_by(d.watch_id, d.id), 0)

    def alert_facets(self) -> dict[Outcome, int]:
        """How many alerts there are of each outcome."""
        d = deliveries.c
        query = select(d.state, func.count().label("n")).where(d.kind == DeliveryKind.ALERT.value).group_by(d.state)
        by_state = {r.state: r.n for r in self.read_rows(query)}
        return {o: sum(by_state.get(s.value, 0) for s in states) for o, states in _STATES.items()}

    def _streamed(self, query: Select[Any], shown: int) -> list[StreamedAlert]:
        with self.reading() as c:
            rows = c.execute(query).all()
            pairs = sorted({(r.watch_id, r.episode_id) for r in rows if r.episode_id is not None})
            found: dict[tuple[int, int], list[AnyRow]] = defaultdict(list)
            if pairs:
                for m in c.execute(_mentions_of(pairs, shown)):
                    found[m.watch_id, m.episode_id].append(m)
            said: dict[str, list[GivenAnswer]] = defaultdict(list)
            a = answers.c
            if rows:
                asked = select(answers).where(a.key.in_([r.key for r in rows])).order_by(a.answered_at, a.id)
                for r in c.execute(asked):
                    said[r.key].append(GivenAnswer(r.user, Verdict(r.verdict), r.answered_at))
        return [_alert(r, found.get((r.watch_id, r.episode_id), []), said.get(r.key, [])) for r in rows]


_DIGESTS = deliveries.alias("digests")
_ALERTS: Select[Any] = (
    select(
        deliveries,
        watches.c.name.label("watch"),
        feeds.c.id.label("feed_id"),
        feeds.c.title.label("show"),
        feeds.c.url.label("feed_url"),
        episodes.c.title.label("episode"),
        episodes.c.published_at,
        _DIGESTS.c.notifier.label("digest_notifier"),
        _DIGESTS.c.remote_channel.label("digest_channel"),
        _DIGESTS.c.remote_id.label("digest_remote_id"),
    )
    .join(watches, watches.c.id == deliveries.c.watch_id)
    .outerjoin(episodes, episodes.c.id == deliveries.c.episode_id)
    .outerjoin(feeds, feeds.c.id == episodes.c.feed_id)
    .outerjoin(_DIGESTS, _DIGESTS.c.id == deliveries.c.digest_id)
    .where(deliveries.c.kind == DeliveryKind.ALERT.value)
)


def _conditions(wanted: AlertFilter) -> list[ColumnElement[bool]]:
    d, m = deliveries.c, mentions.c
    where: list[ColumnElement[bool]] = []
    if wanted.watch is not None:
        where.append(d.watch_id.in_(select(watches.c.id).where(watches.c.name == wanted.watch)))
    if wanted.feed is not None:
        where.append(d.episode_id.in_(select(episodes.c.id).where(episodes.c.feed_id == wanted.feed)))
    if wanted.since is not None:
        where.append(d.created_at >= wanted.since)
    if wanted.until is not None:
        where.append(d.created_at < wanted.until)
    if wanted.state is not None:
        where.append(d.state.in_([s.value for s in _STATES[wanted.state]]))
    if wanted.kind is not None:
        mine = (m.watch_id == d.watch_id, m.episode_id == d.episode_id, m.kind == wanted.kind.value)
        # Not EXISTS: of that PostgreSQL makes a join over all mentions.
        one = select(m.id).where(*mine, m.gone_at.is_(None)).limit(1).correlate(deliveries)
        where.append(one.scalar_subquery().is_not(None))
    return where


def _mentions_of(pairs: Sequence[tuple[int, int]], shown: int) -> Select[Any]:
    """The first mentions of each (watch, episode), with how many there are in all."""
    m = mentions.c
    place = func.row_number().over(partition_by=(m.watch_id, m.episode_id), order_by=(m.start, m.id)).label("place")
    total = func.count().over(partition_by=(m.watch_id, m.episode_id)).label("total")
    # Each column by itself, since of the pairs alone SQLite uses no index and reads every mention that there is.
    near = (m.watch_id.in_(sorted({w for w, _ in pairs})), m.episode_id.in_(sorted({e for _, e in pairs})))
    mine = tuple_(m.watch_id, m.episode_id).in_(pairs)
    inner = select(mentions, place, total).where(*near, mine, m.gone_at.is_(None)).subquery()
    return select(inner).where(inner.c.place <= shown).order_by(inner.c.watch_id, inner.c.episode_id, inner.c.place)


def _alert(r: AnyRow, found: Sequence[AnyRow], said: Sequence[GivenAnswer]) -> StreamedAlert:
    in_digest = r.digest_id is not None
    return StreamedAlert(
        id=r.id,
        key=r.key,
        watch_id=r.watch_id,
        watch=r.watch,
        feed_id=r.feed_id,
        show=r.show or "",
        feed_url=r.feed_url or "",
        episode_id=r.episode_id,
        episode=r.episode or "",
        published_at=r.published_at,
        channel=r.channel,
        state=DeliveryState(r.state),
        reason=HoldReason[r.reason] if r.reason else None,
        error=r.error,
        created_at=r.created_at,
        sent_at=r.sent_at,
        next_attempt_at=r.next_attempt_at,
        in_digest=in_digest,
        notifier=r.digest_notifier if in_digest else r.notifier,
        remote_channel=r.digest_channel if in_digest else r.remote_channel,
        remote_id=r.digest_remote_id if in_digest else r.remote_id,
        mentions=[(m.id, mention_of(m, r.watch)) for m in found],
        mention_count=found[0].total if found else 0,
        answers=list(said),
    )
