"""Whether a verb has anything to do: one look for runs that mostly find nothing.

The conditions are those of the verbs' own to-do lists, which are asked for rows; a test holds the two together. What
they are made of is not imported: it would cost a task ten times what the answer does.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, cast, func, literal, or_, select, union_all

from podwatch.errors import StoreError
from podwatch.model import DeliveryState
from podwatch.settings import Settings
from podwatch.store.clock import ClockRows
from podwatch.store.connection import HEAD, connect, schema_revision
from podwatch.store.marks import ANNOUNCED, NAMES_LEFT, MarkRows
from podwatch.store.tables import channels, deliveries, episodes, feeds, marks, mentions, transcripts, watches


class DueRows(ClockRows, MarkRows):
    """The clock, the marks, and which verbs have something to do."""

    def find_due_verbs(self, now: datetime, ahead: timedelta = timedelta()) -> frozenset[str]:
        """Of poll, fetch, detect and deliver those whose to-do lists are not empty.

        ahead: how long deliver stays for what is due soon. Left out is what time alone brings about, and no row says:
        a surge, a watch's silence, a text that has expired, a doubt that nobody heard.
        """
        conditions = {
            "poll": [_feeds_due(now)],
            "fetch": [_transcripts_wanted(now)],
            "detect": [_transcripts_unsearched(now), _names_unread(), _mentions_untold()],
            "deliver": [_messages_due(now, now + ahead), _reports_due(now)],
        }
        looks = [select(literal(verb)).where(c) for verb, of in conditions.items() for c in of]
        return frozenset(r[0] for r in self.read_rows(union_all(*looks)))


def open_due_rows(settings: Settings) -> DueRows:
    """As open_store, for these questions alone: nothing is made or migrated.

    Raises StoreError where tables of this podwatch's own revision are not there, and what the database raises.
    """
    with ExitStack() as undo:
        engine = connect(settings)
        undo.callback(engine.dispose)
        if schema_revision(engine) != HEAD:
            raise StoreError("its tables are of another revision")
        undo.pop_all()
    return DueRows(engine)


def _feeds_due(now: datetime) -> ColumnElement[bool]:
    f = feeds.c
    return _exists(select(f.id).where(f.next_poll_at <= now, f.disabled_at.is_(None)))


def _transcripts_wanted(now: datetime) -> ColumnElement[bool]:
    e = episodes.c
    return _exists(select(e.id).where(e.next_fetch_at <= now, e.backlog.is_(False)))


def _transcripts_unsearched(now: datetime) -> ColumnElement[bool]:
    t, w = transcripts.c, watches.c
    is_text_watch = and_(w.enabled, w.spec["surge"].as_string().is_(None))
    latest = select(func.coalesce(func.max(w.seq), 0)).where(is_text_watch).scalar_subquery()
    is_free = or_(t.next_detect_at.is_(None), t.next_detect_at <= now)
    return _exists(select(t.id).where(t.detected_through < latest, is_free))


def _names_unread() -> ColumnElement[bool]:
    return _exists(select(marks.c.name).where(marks.c.name == NAMES_LEFT, marks.c.value != "0"))


def _mentions_untold() -> ColumnElement[bool]:
    """Also before anything was told: what was found earlier is not new, and detect says so first."""
    m, k = mentions.c, marks.c
    told = _exists(select(k.name).where(k.name == ANNOUNCED))
    last = select(cast(k.value, BigInteger)).where(k.name == ANNOUNCED).scalar_subquery()
    return or_(~told, _exists(select(m.id).where(m.id > last, m.gone_at.is_(None))))


def _messages_due(now: datetime, soon: datetime) -> ColumnElement[bool]:
    d = deliveries.c
    sent = (d.state == DeliveryState.SENT.value, d.digest_id.is_(None))
    looks = [(d.next_attempt_at <= soon,), (d.check_at <= soon, *sent), (d.sweep_at <= now, *sent)]
    return or_(*(_exists(select(d.id).where(*look)) for look in looks))


def _reports_due(now: datetime) -> ColumnElement[bool]:
    """One whose time has come, or a channel that is to have reports and has no time for one yet."""
    k = channels.c
    unplanned = and_(k.next_report_at.is_(None), k.rules["report"]["at"].as_string().is_not(None))
    return _exists(select(k.name).where(or_(k.next_report_at <= now, unplanned)))


def _exists(query: Select[Any]) -> ColumnElement[bool]:
    return query.exists()
