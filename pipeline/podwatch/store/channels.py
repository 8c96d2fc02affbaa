"""Channels in the store: when the next message may go to one, which is paused until an operator acts, and its rules.

A row is claimed in the transaction that claims the message, so that all workers together keep to the pace of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from podwatch.model import ChannelRules, QuietHours, Schedule
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.tables import channels

SERVICE = "service:"  # begins the name of the row that stands for a whole service


@dataclass(frozen=True, slots=True)
class ChannelState:
    """next_at, paused_until: null means at once. failures: of the service, in a row."""

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
        """Every channel that was ever posted to, and every service that failed as a whole."""
        with self.reading() as c:
            return {r.name: _state(r) for r in c.execute(select(channels))}

    def channel_state(self, name: str) -> ChannelState | None:
        """One of them."""
        with self.reading() as c:
            row = c.execute(select(channels).where(channels.c.name == name)).first()
            return _state(row) if row is not None else None

    def channel_rules(self, name: str) -> ChannelRules:
        """What the watchlist says of a channel, or the usual."""
        with self.reading() as c:
            found = c.execute(select(channels.c.rules).where(channels.c.name == name)).scalar()
        return _rules(name, found) if found else ChannelRules(name=name)

    def sync_channels(self, wanted: Sequence[ChannelRules]) -> None:
        """Makes the stored rules equal to the watchlist's."""
        with self.writing() as c:
            c.execute(update(channels).values(rules=None))
            for rules in wanted:
                ensure_channel(c, rules.name)
                c.execute(update(channels).where(channels.c.name == rules.name).values(rules=_plain(rules)))

    def claim_channel(self, name: str, now: datetime, until: datetime) -> bool:
        """Whether something may go to the channel now; see claim_slot."""
        with self.writing() as c:
            return claim_slot(c, name, now, until) is not None

    def delay_channel(
        self, name: str, until: datetime, *, own_slot: datetime | None = None, failures: int | None = None
    ) -> None:
        """Nothing goes there before ``until``; nor before what was set already, unless that is ``held``, our own slot.

        failures: of the service in a row; 0 says that it works, and ends a pause.
        """
        k = channels.c
        with self.writing() as c:
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
        """Pauses it until then, since an operator has to act; then one message probes it."""
        with self.writing() as c:
            ensure_channel(c, name)
            values = {"paused_until": until, "error": error, "failures": failures}
            c.execute(update(channels).where(channels.c.name == name).values(**values))

    def retry_paused(self) -> None:
        """An operator says that it works again: what waits for a paused channel or service is tried at once."""
        k = channels.c
        with self.writing() as c:
            values = {"paused_until": None, "next_at": None, "failures": 0, "error": None}
            c.execute(update(channels).where(or_(k.paused_until.is_not(None), k.failures > 0)).values(**values))


def ensure_channel(c: Connection, name: str) -> None:
    """Makes the channel's row, whoever else does so at the same moment."""
    kind = postgresql if c.dialect.name == "postgresql" else sqlite
    c.execute(kind.insert(channels).values(name=name).on_conflict_do_nothing())


def next_free_slot(
    c: Connection, name: str, now: datetime, ahead: float = 0.0, *, lock: bool = False
) -> datetime | None:
    """From when on a message may go to the channel: ``now``, or up to ``ahead`` seconds later; None when it may not.

    keep: the row is the caller's until the end of the transaction.
    """
    k = channels.c
    query = select(k.next_at, k.paused_until).where(k.name == name)
    row = c.execute(query.with_for_update() if lock else query).first()
    free = max(t for t in (now, *(row or ())) if t is not None)
    return free if free <= now + timedelta(seconds=ahead) else None


def claim_slot(c: Connection, name: str, now: datetime, until: datetime, ahead: float = 0.0) -> datetime | None:
    """As next_free_slot, and then no other may until ``until``, or its answer has come."""
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
        return value.isoformat() if isinstance(value, time) else value

    return {k: v for k, v in plain(asdict(rules)).items() if k != "name"}


def _rules(name: str, stored: dict[str, Any]) -> ChannelRules:
    d, q = stored["digest"], stored["quiet"]
    return ChannelRules(
        name=name,
        digest=Schedule(time.fromisoformat(d["at"]), tuple(d["days"]), d["zone"]),
        quiet=QuietHours(time.fromisoformat(q["start"]), time.fromisoformat(q["end"]), q["zone"]) if q else None,
        ceiling=stored["ceiling"],
    )
