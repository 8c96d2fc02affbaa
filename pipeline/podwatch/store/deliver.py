"""deliver's part of the store: who may send what now, and what became of it.

A claim is written before a message is sent and its outcome after it. ``attempts`` is the fence between two that
believe to hold the same claim: it grows with each claim, and an outcome is saved only for the latest.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import and_, func, insert, or_, select, update
from sqlalchemy.exc import OperationalError

from podwatch.model import ALL, Delivery, DeliveryKind, DeliveryState, HoldReason, Shard
from podwatch.policy.alerts import reply_key
from podwatch.store.channels import claim_slot, next_free_slot
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.tables import channels, deliveries

SAVE_WITHIN = 60.0  # seconds for which saving an outcome is retried while the database does not answer
T = TypeVar("T")


class _ClaimedElsewhere(Exception):
    """Another has the delivery or its channel: undo the transaction."""


class DeliverRows(Rows):
    def deliveries_due(
        self, now: datetime, shard: Shard = ALL, per_channel: int = 8, channel_free_at: datetime | None = None
    ) -> list[Delivery]:
        """What is to be sent now, oldest first, at most ``each`` of a channel; none of a channel that rests.

        New, to be tried again, kept back until now, or left behind by a sender that died. free: when the channel has
        to be free; now, unless given.
        """
        d, k = deliveries.c, channels.c
        nth = func.row_number().over(partition_by=d.channel, order_by=(d.created_at, d.id)).label("nth")
        rests = or_(k.next_at.is_(None), k.next_at <= (channel_free_at or now))
        open_ = and_(rests, or_(k.paused_until.is_(None), k.paused_until <= now))
        query = select(d.id, nth).outerjoin(channels, k.name == d.channel).where(d.next_attempt_at <= now, open_)
        if shard.count > 1:
            query = query.where(d.id % shard.count == shard.index)
        heads = query.subquery()
        with self.reading() as c:
            rows = c.execute(
                select(deliveries)
                .join(heads, heads.c.id == d.id)
                .where(heads.c.nth <= per_channel)
                .order_by(d.created_at, d.id)
            )
            return [delivery_of(r) for r in rows]

    def next_due_before(self, now: datetime, until: datetime, shard: Shard = ALL) -> datetime | None:
        """When the next thing is to be done, if before ``until``: in a channel that is not paused.

        A message, a change of one, or a look for second copies that is due already; of those that are not, none is
        worth staying for.
        """
        d, k = deliveries.c, channels.c
        waits = or_(k.paused_until.is_(None), k.paused_until <= now)
        sent = d.state == DeliveryState.SENT.value
        found: list[datetime] = []
        with self.reading() as c:
            for column, due in (
                (d.next_attempt_at, d.next_attempt_at <= until),
                (d.check_at, and_(d.check_at <= until, sent, d.next_attempt_at.is_(None))),
                (d.sweep_at, and_(d.sweep_at <= now, sent, d.next_attempt_at.is_(None))),
            ):
                query = select(column, k.next_at).outerjoin(channels, k.name == d.channel).where(due, waits)
                if shard.count > 1:
                    query = query.where(d.id % shard.count == shard.index)
                found += [max(t for t in r if t is not None) for r in c.execute(query.distinct())]
        return min((t for t in found if t <= until), default=None)

    def claim_delivery(
        self,
        delivery: Delivery,
        now: datetime,
        until: datetime,
        channel_until: datetime | None = None,
        shown: str | None = None,
        ahead: float = 0.0,
    ) -> tuple[Delivery, datetime] | None:
        """Takes the delivery until ``until``, and its channel until ``hold`` or the answer; None when it is taken.

        shown: hash of what is about to be posted; None when the channel is only looked at. ahead: seconds before the
        channel is free in which it may be taken. Returns the delivery and the moment, before which nothing may be sent.

        Written before anything is sent. A claim that was left behind may have been sent: it comes back with
        ``attempted_at`` set, and nothing but its channel's history says whether it was.
        """
        d = deliveries.c
        left_behind = delivery.state is DeliveryState.ATTEMPTING
        unknown = delivery.attempted_at or (delivery.posted_at if left_behind else None)
        values: dict[str, Any] = {
            "state": DeliveryState.ATTEMPTING.value,
            "attempts": delivery.attempts + 1,
            "next_attempt_at": until,
            "attempted_at": unknown,
            "error": None,
            "looks": 0 if left_behind else delivery.looks,
        }
        if shown is not None:
            values |= {"posted_at": now, "shown": shown}
        mine = (d.id == delivery.id, d.attempts == delivery.attempts, d.next_attempt_at <= now)
        try:
            with self.reading() as c:  # most that come too late see it here, and make no writer wait
                if c.execute(select(d.id).where(*mine)).first() is None or not next_free_slot(
                    c, delivery.channel, now, ahead
                ):
                    raise _ClaimedElsewhere
            with self.writing() as c:
                row = c.execute(update(deliveries).where(*mine).values(**values).returning(*deliveries.c)).first()
                free = claim_slot(c, delivery.channel, now, channel_until or now, ahead) if row is not None else None
                if row is None or free is None:
                    raise _ClaimedElsewhere
        except _ClaimedElsewhere:
            return None
        return delivery_of(row), free

    def save_delivery(
        self, delivery: Delivery, now: datetime, replies: int = 0, sweep_at: datetime | None = None
    ) -> bool:
        """Writes the outcome; False when the claim had run out and another has taken over (``attempts`` differs).

        replies: how many messages continue it in its thread; each is a delivery of its own. Tries for a minute when
        the database does not answer, because what is not written has to be looked up in the channel.
        """
        return _retry_save(lambda: self._save_once(delivery, now, replies, sweep_at))

    def _save_once(self, delivery: Delivery, now: datetime, replies: int, sweep_at: datetime | None) -> bool:
        d = deliveries.c
        sent = delivery.state is DeliveryState.SENT
        values: dict[str, Any] = {
            "state": delivery.state.value,
            "next_attempt_at": delivery.next_attempt_at,
            "attempted_at": delivery.attempted_at,
            "failures": delivery.failures,
            "looks": delivery.looks,
            "sent_at": now if sent else None,
            "sweep_at": sweep_at,
            "shown": delivery.shown,
            "notifier": delivery.notifier,
            "remote_channel": delivery.remote_channel,
            "remote_id": delivery.remote_id,
            "error": delivery.error,
        }
        if delivery.check_at is not None:
            values["check_at"] = delivery.check_at
        with self.writing() as c:
            mine = (d.id == delivery.id, d.attempts == delivery.attempts, d.state == DeliveryState.ATTEMPTING.value)
            row = c.execute(update(deliveries).where(*mine).values(**values).returning(d.id, d.created_at)).first()
            if row is None:
                return False
            if delivery.kind is DeliveryKind.DIGEST and delivery.state in (DeliveryState.SENT, DeliveryState.DEAD):
                told = {k: values[k] for k in ("state", "sent_at", "notifier", "remote_channel", "remote_id", "error")}
                c.execute(update(deliveries).where(d.digest_id == delivery.id).values(**told))
            add_replies(c, delivery, row.created_at, replies, now)
            return True

    def hold_delivery(self, delivery: Delivery, why: HoldReason, until: datetime | None) -> bool:
        """Holds it: until a moment, or until something changes. False when another worker has claimed it."""
        d = deliveries.c
        mine = (d.id == delivery.id, d.attempts == delivery.attempts, d.state == delivery.state.value)
        values = {
            "state": DeliveryState.HELD.value,
            "attempts": delivery.attempts + 1,
            "reason": why.name,
            "error": why.value,
            "next_attempt_at": until,
        }
        with self.writing() as c:
            return c.execute(update(deliveries).where(*mine).values(**values)).rowcount == 1

    def recent_messages(self, delivery: Delivery, since: datetime) -> tuple[datetime | None, list[datetime]]:
        """(when the watch last had a message of its own in this channel, the channel's messages since)."""
        d = deliveries.c
        with self.reading() as c:
            watch = select(d.watch_id).where(d.id == delivery.id).scalar_subquery()
            alone = (d.watch_id == watch, d.channel == delivery.channel, d.digest_id.is_(None), d.id != delivery.id)
            last = c.execute(select(func.max(d.sent_at)).where(d.state == DeliveryState.SENT.value, *alone)).scalar()
            messages = c.execute(
                select(d.posted_at)
                .where(d.channel == delivery.channel, d.posted_at > since, d.kind != DeliveryKind.REPLY.value)
                .where(d.state.in_((DeliveryState.SENT.value, DeliveryState.ATTEMPTING.value)), d.id != delivery.id)
                .order_by(d.posted_at)
            )
            return last, list(messages.scalars())

    def retry_dead(self, now: datetime) -> int:
        """Puts what was given up on the to-do list again; returns how many alerts and digests that are."""
        d = deliveries.c
        again = {"state": DeliveryState.RETRY.value, "next_attempt_at": now, "failures": 0}
        with self.writing() as c:
            dead = (d.state == DeliveryState.DEAD.value, d.digest_id.is_(None))
            count = c.execute(update(deliveries).where(*dead).values(**again)).rowcount
            # The alerts of a dead digest go out with it, when it does.
            held = {"state": DeliveryState.HELD.value, "error": HoldReason.DIGEST.value}
            c.execute(update(deliveries).where(d.state == DeliveryState.DEAD.value).values(**held))
            return count


def add_replies(c: Any, delivery: Delivery, created_at: datetime, replies: int, now: datetime) -> None:
    """Rows for the messages in its thread that there are none for yet; due at once, right behind it."""
    if not replies or delivery.kind is DeliveryKind.REPLY:
        return
    known = c.execute(select(func.max(deliveries.c.part)).where(deliveries.c.parent_id == delivery.id)).scalar() or 0
    for part in range(known + 1, replies + 1):
        c.execute(
            insert(deliveries).values(
                key=reply_key(delivery.key, part),
                kind=DeliveryKind.REPLY.value,
                parent_id=delivery.id,
                part=part,
                channel=delivery.channel,
                state=DeliveryState.DUE.value,
                next_attempt_at=now,
                created_at=created_at,
            )
        )


def _retry_save(save: Callable[[], T]) -> T:
    deadline, wait = time.monotonic() + SAVE_WITHIN, 0.1
    while True:
        try:
            return save()
        except OperationalError:
            if time.monotonic() > deadline:
                raise
        time.sleep(wait)
        wait = min(2.0, wait * 2)


def delivery_of(r: AnyRow) -> Delivery:
    return Delivery(
        id=r.id,
        key=r.key,
        state=DeliveryState(r.state),
        channel=r.channel,
        kind=DeliveryKind(r.kind),
        parent_id=r.parent_id,
        part=r.part,
        digest_id=r.digest_id,
        reason=HoldReason[r.reason] if r.reason else None,
        attempts=r.attempts,
        failures=r.failures,
        looks=r.looks,
        next_attempt_at=r.next_attempt_at,
        attempted_at=r.attempted_at,
        posted_at=r.posted_at,
        check_at=r.check_at,
        notifier=r.notifier,
        remote_channel=r.remote_channel,
        remote_id=r.remote_id,
        shown=r.shown,
        error=r.error,
    )
