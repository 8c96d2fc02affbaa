"""What was not sent yet, when the watchlist changes: it goes to the watch's present channel, at the times of today.

Only what certainly was not posted is moved. A message whose outcome is unknown stays where it may have arrived.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, update

from podwatch.model import DeliveryKind, DeliveryState, HoldReason
from podwatch.policy.holds import IN_DIGEST
from podwatch.policy.send_outcomes import LOOKUPS
from podwatch.store.tables import deliveries

# An alert that is held for one of these waits for a moment, which another schedule or other rules move.
TIMED = (HoldReason.DIGEST, HoldReason.QUIET, HoldReason.REPEATED, HoldReason.CEILING, HoldReason.LATE)
_UNSENT = (DeliveryState.DUE, DeliveryState.RETRY, DeliveryState.HELD, DeliveryState.DEAD)
_TRIED = (DeliveryState.RETRY.value, DeliveryState.DEAD.value)


def reroute_unsent(c: Connection, watch_id: int, channel: str, now: datetime) -> int:
    """Addresses the unsent alerts of a watch to its channel; returns how many were addressed to another.

    What was tried or given up in the old channel is due in the new one. What was not keeps its time, which says since
    when it waits; what is held stays held.
    """
    d = deliveries.c
    elsewhere = (d.watch_id == watch_id, d.channel != channel, *_not_posted(DeliveryKind.ALERT))
    dissolve_digests(c, elsewhere, now)
    loose = (*elsewhere, d.digest_id.is_(None))  # the rest is in a digest that may be on its way
    tried = update(deliveries).where(*loose, d.state.in_(_TRIED))
    moved = c.execute(tried.values(channel=channel, **_due(now), **_UNTRIED)).rowcount
    return moved + c.execute(update(deliveries).where(*loose).values(channel=channel)).rowcount


def decide_anew(c: Connection, which: ColumnElement[bool], now: datetime, *, keep_digests: bool = True) -> None:
    """Has those of the alerts that wait for a moment decided on again: that moment may have changed.

    keep_digests: what is in a digest whose moment has come stays for it. What waited for days always does.
    """
    d = deliveries.c
    mine = (which, *_not_posted(DeliveryKind.ALERT), _HELD, d.reason.in_([r.name for r in TIMED]))
    dissolve_digests(c, mine, now)
    loose = (*mine, d.digest_id.is_(None))
    late = d.reason == HoldReason.LATE.name
    c.execute(update(deliveries).where(*loose, late).values(next_attempt_at=now))
    kept = and_(d.reason.in_([r.name for r in IN_DIGEST]), d.next_attempt_at <= now) if keep_digests else late
    c.execute(update(deliveries).where(*loose, ~kept).values(**_due(now)))


def end_quiet(c: Connection, now: datetime) -> None:
    """Has what waits for the end of quiet hours, in whatever channel, looked at again: those may have changed."""
    d = deliveries.c
    decide_anew(c, d.reason == HoldReason.QUIET.name, now)
    decided = or_(d.kind != DeliveryKind.ALERT.value, d.reason == HoldReason.QUIET.name)  # a digest keeps its reason
    waits = (d.state == DeliveryState.HELD.value, d.next_attempt_at > now, decided)
    c.execute(update(deliveries).where(*waits).values(next_attempt_at=now))


def hold_unused_reports(c: Connection, channels: Collection[str]) -> None:
    """Holds the unsent reports to channels to which no watch sends any more, such as one that was mistyped.

    The channel that took its place gets reports of its own.
    """
    d, why = deliveries.c, HoldReason.UNUSED
    unused = (*_not_posted(DeliveryKind.REPORT), d.channel.not_in(sorted(channels)))
    held = {"state": DeliveryState.HELD.value, "reason": why.name, "error": why.value, "next_attempt_at": None}
    c.execute(update(deliveries).where(*unused).values(**held))


def release_held(c: Connection, watch_id: int, why: HoldReason, now: datetime) -> None:
    """Has the alerts of a watch that are held for this reason decided on again."""
    d = deliveries.c
    c.execute(update(deliveries).where(d.watch_id == watch_id, _HELD, d.reason == why.name).values(**_due(now)))


def dissolve_digests(c: Connection, members: Sequence[ColumnElement[bool]], now: datetime | None = None) -> None:
    """Takes apart the digests of these alerts that were not posted: all their alerts wait for the next one.

    now: until then at most; None: as long as the digest would have waited.
    """
    d = deliveries.c
    ids = list(c.execute(select(d.digest_id).where(*members, d.digest_id.is_not(None)).distinct()).scalars())
    whole = select(d.id, d.next_attempt_at).where(d.id.in_(ids), *_not_posted(DeliveryKind.DIGEST))
    for row in c.execute(whole.order_by(d.id).with_for_update()).all():  # none is claimed meanwhile
        at = row.next_attempt_at if row.next_attempt_at is None or now is None else min(row.next_attempt_at, now)
        c.execute(update(deliveries).where(d.digest_id == row.id).values(digest_id=None, next_attempt_at=at))
        c.execute(delete(deliveries).where(d.id == row.id))


_HELD = deliveries.c.state == DeliveryState.HELD.value
# How an alert is that was looked up in its old channel and is not there: as if nobody had tried to send it.
_UNTRIED = {"failures": 0, "attempted_at": None, "posted_at": None, "looks": 0, "shown": None, "remote_channel": None}


def _due(now: datetime) -> dict[str, Any]:
    return {"state": DeliveryState.DUE.value, "next_attempt_at": now, "error": None, "reason": None}


def _not_posted(kind: DeliveryKind) -> tuple[ColumnElement[bool], ...]:
    """Of this kind, unsent, and certainly not in its channel: never tried, refused, or looked up and not found."""
    d = deliveries.c
    absent = and_(d.state == DeliveryState.RETRY.value, d.looks >= LOOKUPS)
    unsent = d.state.in_([s.value for s in _UNSENT])
    return (d.kind == kind.value, unsent, or_(d.attempted_at.is_(None), absent))
