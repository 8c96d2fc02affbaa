"""The figures of /metrics, computed from the database, so that they hold however many processes there are.

Each is one count over an index or a small table; none reads a text. The lags are those of at most ``MOST_SENT`` alerts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy.sql.selectable import FromClause

from podwatch.model import DeliveryKind, DeliveryState
from podwatch.store.connection import Rows
from podwatch.store.marks import COMPLETE_LINE
from podwatch.store.prune import HAS_TEXT
from podwatch.store.recording_tables import recognitions
from podwatch.store.search_tables import search_documents
from podwatch.store.tables import channels, deliveries, episodes, feeds, marks, mentions, transcripts, watches

MOST_SENT = 20_000  # alerts whose lag is counted, the newest
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SentAlert:
    """An alert that was sent: when, and how many seconds after its episode came out."""

    sent_at: datetime
    lag: float


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """rows: by table. queues: what waits now, by verb (and held, dead). failing: by noun, those with an error.

    deliveries: by state. latest: when each verb last did something, by verb. alerts: those sent in the last week.
    """

    rows: Mapping[str, int]
    queues: Mapping[str, int]
    failing: Mapping[str, int]
    deliveries: Mapping[str, int]
    latest: Mapping[str, datetime]
    alerts: list[SentAlert]


class FigureRows(Rows):
    def store_figures(self, now: datetime) -> StoreFigures:
        """All of them, of one moment."""
        with self.reading() as c:
            states = _states(c)
            return StoreFigures(
                rows={t.name: _count(c, t) for t in _COUNTED},
                queues=_queues(c, now, states),
                failing=_failing(c, now, states),
                deliveries=states,
                latest=_latest(c),
                alerts=_sent(c, now),
            )


_COUNTED = (feeds, episodes, transcripts, watches, mentions, deliveries, search_documents)


def _count(c: Connection, table: FromClause, *where: ColumnElement[bool]) -> int:
    return c.execute(select(func.count()).select_from(table).where(*where)).scalar_one()


def _states(c: Connection) -> dict[str, int]:
    """All states are there, also those that no delivery is in: a series that comes and goes cannot be alerted on."""
    d = deliveries.c
    counts = {state.value: 0 for state in DeliveryState}
    return counts | {r.state: r.n for r in c.execute(select(d.state, func.count().label("n")).group_by(d.state))}


def _queues(c: Connection, now: datetime, states: Mapping[str, int]) -> dict[str, int]:
    e, t, d, r = episodes.c, transcripts.c, deliveries.c, recognitions.c
    latest = c.execute(select(func.coalesce(func.max(watches.c.seq), 0)).where(watches.c.enabled)).scalar_one()
    return {
        "poll": _count(c, feeds, feeds.c.next_poll_at <= now),
        "fetch": _count(c, episodes, e.next_fetch_at <= now, e.backlog.is_(False)),
        "listen": _count(c, recognitions, r.next_listen_at.is_not(None), r.recognised_at.is_(None)),
        "index": max(0, _count(c, transcripts, HAS_TEXT) - _count(c, search_documents)),
        "detect": _count(c, transcripts, t.detected_through < latest),
        "deliver": _count(c, deliveries, d.next_attempt_at <= now),
        "held": states[DeliveryState.HELD.value],
        "dead": states[DeliveryState.DEAD.value],
    }


def _failing(c: Connection, now: datetime, states: Mapping[str, int]) -> dict[str, int]:
    return {
        "feed": _count(c, feeds, feeds.c.error.is_not(None), feeds.c.next_poll_at.is_not(None)),
        "episode": _count(c, episodes, episodes.c.next_fetch_at.is_not(None), episodes.c.fetch_error.is_not(None)),
        "recording": _count(c, recognitions, recognitions.c.error.is_not(None)),
        "transcript": _count(c, transcripts, transcripts.c.detect_error.is_not(None)),
        "watch": _count(c, watches, watches.c.error.is_not(None), watches.c.enabled),
        "channel": _count(c, channels, channels.c.paused_until > now),
        "delivery": states[DeliveryState.RETRY.value],
    }


def _latest(c: Connection) -> dict[str, datetime]:
    """The newest row of a verb is its last by number; polls and messages are few, or have an index of their time."""
    newest = {
        "poll": select(func.max(feeds.c.last_polled_at)),
        "fetch": select(transcripts.c.fetched_at).order_by(transcripts.c.id.desc()).limit(1),
        "listen": select(func.max(recognitions.c.recognised_at)),
        "detect": select(mentions.c.found_at).order_by(mentions.c.id.desc()).limit(1),
        "deliver": select(func.max(deliveries.c.sent_at)),
        "line": select(marks.c.at).where(marks.c.name == COMPLETE_LINE),
    }
    found = {verb: c.execute(query).scalar() for verb, query in newest.items()}
    return {verb: at for verb, at in found.items() if at is not None}


def _sent(c: Connection, now: datetime) -> list[SentAlert]:
    """Not of a backfill's episodes, nor of those without a date: their age says nothing of podwatch."""
    d, e = deliveries.c, episodes.c
    query = (
        select(d.sent_at, e.published_at)
        .join(episodes, e.id == d.episode_id)
        .where(d.kind == DeliveryKind.ALERT.value, d.sent_at >= now - WEEK, e.published_at.is_not(None))
        .where(e.backlog.is_(False))
        .order_by(d.sent_at.desc())
        .limit(MOST_SENT)
    )
    return [SentAlert(r.sent_at, max(0.0, (r.sent_at - r.published_at).total_seconds())) for r in c.execute(query)]


def count_lags(alerts: list[SentAlert], since: datetime, bounds: tuple[float, ...]) -> tuple[list[int], float]:
    """(how many of the alerts sent since then have a lag of at most each bound, and in all; the sum of their lags)."""
    lags = [a.lag for a in alerts if a.sent_at >= since]
    least = Counter(next((i for i, bound in enumerate(bounds) if lag <= bound), len(bounds)) for lag in lags)
    counts, total = [], 0
    for i in range(len(bounds) + 1):
        total += least[i]
        counts.append(total)
    return counts, sum(lags)
