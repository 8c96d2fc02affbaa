"""Channels in the store: when the next message may go to one, whether it is paused until an operator acts, its rules.

A channel's next slot is claimed in the transaction that claims the message, so that the rate limit of a channel holds
over all workers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select, update

from podwatch.model import ChannelRules, QuietHours, Schedule
from podwatch.policy.delivery_timing import DeliveryTiming
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.rerouting import decide_anew, end_quiet
from podwatch.store.statements import upsert
from podwatch.store.tables import channels, deliveries

_LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)
SERVICE = "service:"  # prefix of a row's name that stands for a whole service


@dataclass(frozen=True, slots=True)
class ChannelState:
    """Whether a channel takes messages. next_at, paused_until: None for at once; failures: of the service, in a row."""

    name: str
    next_at: datetime | None = None
    paused_until: datetime | None = None
    failures: int = 0
    error: str | None = None

    def free_at(self, now: datetime) -> datetime:
        """When the next message may go there."""
        return max(t for t in (now, self.next_at, self.paused_until) if t is not None)


class ChannelRows(Rows):
    def channel_states(self) -> dict[str, ChannelState]:
        """Every channel that was ever posted to, and every service that failed as a whole, by name.

        Names that the service knows as one channel share one state.
        """
        rows = {r.name: r for r in self.read_rows(select(channels))}
        return {name: _state(rows.get(r.target, r)) for name, r in rows.items()}

    def channel_state(self, name: str) -> ChannelState | None:
        with self.reading() as c:
            row = c.execute(select(channels).where(channels.c.name == pace_row(c, name))).first()
        return _state(row) if row is not None else None

    def set_channel_target(self, name: str, target: str | None) -> None:
        """Says which of the service's channels a name means, by the service's own id; None: not known any more.

        All names of one channel share its rate limit and its pauses.
        """
        with self.writing() as c:
            ensure_channel(c, name)
            if target is not None:
                ensure_channel(c, target)
            c.execute(update(channels).where(channels.c.name == name).values(target=target))

    def channel_rules(self, name: str) -> ChannelRules:
        """The watchlist's rules for a channel, or the defaults. They hold for every name of the channel."""
        k = channels.c
        with self.reading() as c:
            same = or_(k.name == name, k.target == pace_row(c, name))
            rows = {r.name: r.rules for r in c.execute(select(k.name, k.rules).where(same, k.rules.is_not(None)))}
        stored = rows.get(name) or next((rules for _, rules in sorted(rows.items()) if rules), None)
        return rules_of(name, stored) if stored else ChannelRules(name=name)

    def sync_channels(self, wanted: Sequence[ChannelRules], now: datetime) -> None:
        """Makes the stored rules equal to the watchlist's; what waits by rules that changed is decided on again."""
        rules = {r.name: _plain(r) for r in wanted}
        with self.writing() as c:
            stored = {r.name: r.rules for r in c.execute(select(channels.c.name, channels.c.rules))}
            changed = sorted(n for n in stored.keys() | rules.keys() if stored.get(n) != rules.get(n))
            if changed:  # of another name of the channel, too, under which it is not known any more
                end_quiet(c, now)
            for name in changed:
                ensure_channel(c, name)
                c.execute(update(channels).where(channels.c.name == name).values(rules=rules.get(name)))
                for known in names_of(c, name):
                    decide_anew(c, deliveries.c.channel == known, now)

    def waiting_channels(self) -> list[str]:
        """The channels to which something is still to be sent, or an edit made."""
        d = deliveries.c  # two ranges of two indexes: with OR, or DISTINCT, SQLite reads every delivery
        waiting = (select(d.channel).where(at >= _LONG_AGO) for at in (d.next_attempt_at, d.check_at))
        return sorted({r.channel for query in waiting for r in self.read_rows(query)})

    def claim_channel(self, name: str, now: datetime, until: datetime) -> bool:
        """Whether a message may go to the channel now; see claim_slot."""
        with self.writing() as c:
            return claim_slot(c, name, now, until) is not None

    def delay_channel(
        self, name: str, until: datetime, *, own_slot: datetime | None = None, failures: int | None = None
    ) -> None:
        """Delays the channel's next message until ``until``, or a later time that is set already.

        own_slot: the time that the caller set, which is moved in either direction. failures: of the service in a row;
        0 says that it works, and ends a pause.
        """
        k = channels.c
        with self.writing() as c:
            name = pace_row(c, name)
            ensure_channel(c, name)
            earlier = or_(k.next_at.is_(None), k.next_at < until, *([k.next_at == own_slot] if own_slot else []))
            c.execute(update(channels).where(k.name == name, earlier).values(next_at=until))
            if failures == 0:
                broken = or_(k.failures > 0, k.paused_until.is_not(None))
                works = {"failures": 0, "paused_until": None, "error": None}
                c.execute(update(channels).where(k.name == name, broken).values(**works))
            elif failures is not None:
                c.execute(update(channels).where(k.name == name).values(failures=failures))

    def pause_channel(self, name: str, until: datetime, error: str, failures: int) -> None:
        """Pauses the channel because an operator has to act; after ``until`` one message probes it."""
        with self.writing() as c:
            name = pace_row(c, name)
            ensure_channel(c, name)
            values = {"paused_until": until, "error": error, "failures": failures}
            c.execute(update(channels).where(channels.c.name == name).values(**values))

    def retry_paused(self, now: datetime) -> None:
        """Ends all pauses, since an operator says that the channels and services work again.

        A channel that was just posted to, or is claimed, is left its time: the rate limit holds for operators, too.
        """
        k = channels.c
        mended = or_(k.paused_until.is_not(None), k.failures > 0)
        soon = now + timedelta(seconds=DeliveryTiming().channel_lease)
        with self.writing() as c:
            c.execute(update(channels).where(mended, k.next_at > soon).values(next_at=now))
            c.execute(update(channels).where(mended).values(paused_until=None, failures=0, error=None))


def pace_row(c: Connection, name: str) -> str:
    """The name of the row on which the channel's rate limit and pauses stand."""
    k = channels.c
    return c.execute(select(k.target).where(k.name == name)).scalar() or name


def names_of(c: Connection, name: str) -> list[str]:
    """Every name of the channel that is known."""
    same = select(channels.c.name).where(channels.c.target == pace_row(c, name))
    return sorted({name, *c.execute(same).scalars()})


def ensure_channel(c: Connection, name: str) -> None:
    """Inserts the channel's row unless there is one; others may do so at the same time."""
    c.execute(upsert(c.dialect, channels).values(name=name).on_conflict_do_nothing())


def next_free_slot(
    c: Connection, name: str, now: datetime, ahead: float = 0.0, *, lock: bool = False
) -> datetime | None:
    """When a message may go to the channel: ``now``, or up to ``ahead`` seconds later; None when it may not.

    lock: keeps the row from others until the end of the transaction.
    """
    k = channels.c
    query = select(k.next_at, k.paused_until).where(k.name == pace_row(c, name))
    row = c.execute(query.with_for_update() if lock else query).first()
    free = max(t for t in (now, *(row or ())) if t is not None)
    return free if free <= now + timedelta(seconds=ahead) else None


def claim_slot(c: Connection, name: str, now: datetime, until: datetime, ahead: float = 0.0) -> datetime | None:
    """As next_free_slot; and no other message may go there until ``until``, or until delay_channel moves that."""
    name = pace_row(c, name)
    ensure_channel(c, name)
    free = next_free_slot(c, name, now, ahead, lock=True)
    if free is not None:
        c.execute(update(channels).where(channels.c.name == name).values(next_at=until))
    return free


def _state(r: AnyRow) -> ChannelState:
    return ChannelState(r.name, r.next_at, r.paused_until, r.failures, r.error)


def _plain(rules: ChannelRules) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        if isinstance(value, tuple):  # as it is read from the database: else it would seem to have changed
            return [plain(v) for v in value]
        return value.isoformat() if isinstance(value, time) else value

    return {k: v for k, v in plain(asdict(rules)).items() if k != "name"}


def _schedule(stored: dict[str, Any]) -> Schedule:
    return Schedule(time.fromisoformat(stored["at"]), tuple(stored["days"]), stored["zone"])


def rules_of(name: str, stored: dict[str, Any]) -> ChannelRules:
    """The rules of a channel's row."""
    q, report = stored["quiet"], stored.get("report")  # which an older podwatch did not store
    return ChannelRules(
        name=name,
        digest=_schedule(stored["digest"]),
        report=_schedule(report) if report else None,
        quiet=QuietHours(time.fromisoformat(q["start"]), time.fromisoformat(q["end"]), q["zone"]) if q else None,
        ceiling=stored["ceiling"],
    )
