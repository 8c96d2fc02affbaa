"""What was not sent yet, when the watchlist changes: it goes to the watch's present channel, at the times of today.

Only what certainly was not posted is moved. A message whose outcome is unknown stays where it may have arrived.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, or_, select, update

from podwatch.model import DeliveryKind, DeliveryState, HoldReason
from podwatch.store.tables import deliveries

# An alert that is held for one of these waits for a moment, which another schedule or other rules move.
TIMED = (HoldReason.DIGEST, HoldReason.QUIET, HoldReason.REPEATED, HoldReason.CEILING, HoldReason.LATE)
_UNSENT = (DeliveryState.DUE, DeliveryState.RETRY, DeliveryState.HELD, DeliveryState.DEAD)


def reroute_unsent(c: Connection, watch_id: int, channel: str, now: datetime) -> int:
    """Addresses the unsent alerts of a watch to its channel; returns how many were addressed to another.

    What was to be tried is due at once; what is held for another reason than the time stays held; what was given up in
    the old channel is due in the new one.
    """
    d = deliveries.c
    elsewhere = (d.watch_id == watch_id, d.channel != channel, *_not_posted())
    _dissolve_digests(c, list(c.execute(select(d.digest_id).where(*elsewhere, d.digest_id.is_not(None))).scalars()))
    due = {"state": DeliveryState.DUE.value, "next_attempt_at": now, "failures": 0, "error": None, "reason": None}
    to_try = update(deliveries).where(*elsewhere, d.state != DeliveryState.HELD.value)
    moved = c.execute(to_try.values(channel=channel, **due)).rowcount
    return moved + c.execute(update(deliveries).where(*elsewhere).values(channel=channel)).rowcount


def decide_anew(c: Connection, which: ColumnElement[bool], now: datetime) -> None:
    """Has those of the alerts that wait for a moment decided on again: that moment may have changed."""
    d = deliveries.c
    mine = (which, *_not_posted(), d.state == DeliveryState.HELD.value, d.reason.in_([r.name for r in TIMED]))
    _dissolve_digests(c, list(c.execute(select(d.digest_id).where(*mine, d.digest_id.is_not(None))).scalars()))
    due = {"state": DeliveryState.DUE.value, "next_attempt_at": now, "error": None, "reason": None}
    c.execute(update(deliveries).where(*mine, d.digest_id.is_(None)).values(**due))


def end_quiet(c: Connection, now: datetime) -> None:
    """Has what waits for the end of quiet hours, in whatever channel, looked at again: those may have changed."""
    d = deliveries.c
    decide_anew(c, d.reason == HoldReason.QUIET.name, now)
    decided = or_(d.kind != DeliveryKind.ALERT.value, d.reason == HoldReason.QUIET.name)  # a digest keeps its reason
    waits = (d.state == DeliveryState.HELD.value, d.next_attempt_at > now, decided)
    c.execute(update(deliveries).where(*waits).values(next_attempt_at=now))


def release_held(c: Connection, watch_id: int, why: HoldReason, now: datetime) -> None:
    """Has the alerts of a watch that are held for this reason decided on again."""
    d = deliveries.c
    mine = (d.watch_id == watch_id, d.state == DeliveryState.HELD.value, d.reason == why.name)
    due = {"state": DeliveryState.DUE.value, "next_attempt_at": now, "error": None, "reason": None}
    c.execute(update(deliveries).where(*mine).values(**due))


def _not_posted() -> tuple[ColumnElement[bool], ...]:
    d = deliveries.c
    return (
        d.kind == DeliveryKind.ALERT.value,
        d.state.in_([s.value for s in _UNSENT]),
        d.attempted_at.is_(None),
    )


def _dissolve_digests(c: Connection, ids: list[int]) -> None:
    """Takes apart the digests that were not posted: their alerts are held as before, for the next one."""
    d = deliveries.c
    mine = (
        d.id.in_(ids),
        d.state.in_([s.value for s in _UNSENT]),
        d.attempted_at.is_(None),
        d.kind == DeliveryKind.DIGEST.value,
    )
    whole = list(c.execute(select(d.id, d.next_attempt_at).where(*mine)))
    for row in whole:
        members = update(deliveries).where(d.digest_id == row.id)
        c.execute(members.values(digest_id=None, next_attempt_at=row.next_attempt_at))
        c.execute(delete(deliveries).where(d.id == row.id))
