"""deliver's to-do list and save: deliveries that are due, claims on them, and outcomes.

A claim is written before a message is sent and its outcome after it. ``attempts`` is the fence between two workers that
both believe to have the claim: each claim increases it, and only the latest claimer can save an outcome.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, and_, case, delete, func, insert, or_, select, update
from sqlalchemy.exc import OperationalError

from podwatch.model import ALL, Delivery, DeliveryKind, DeliveryState, HoldReason, Shard
from podwatch.policy.alerts import reply_key
from podwatch.store.channels import claim_slot, names_of, next_free_slot
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.statements import in_shard, is_null
from podwatch.store.tables import channels, deliveries, watches

# The fields that the outcome of an attempt sets.
_OUTCOME = ("next_attempt_at", "attempted_at", "failures", "looks", "shown", "notifier", "remote_channel", "remote_id",
            "error")  # fmt: skip
SAVE_WITHIN = 60.0  # seconds for which saving an outcome is retried while the database does not answer
T = TypeVar("T")


class _ClaimedElsewhere(Exception):
    """Another worker has the delivery or its channel: raised to roll the transaction back."""


class DeliverRows(Rows):
    def deliveries_due(
        self,
        now: datetime,
        shard: Shard = ALL,
        per_channel: int = 8,
        channel_free_at: datetime | None = None,
        without: Collection[str] = (),
    ) -> list[Delivery]:
        """What is to be sent now, oldest first, at most ``per_channel`` of each channel that is free and not paused.

        That is what is new, to be retried, held until now, or was claimed by a worker whose lease has run out.
        channel_free_at: when the channel has to be free; now, unless given. without: channels that are left out.
        """
        d = deliveries.c
        nth = func.row_number().over(partition_by=d.channel, order_by=(d.created_at, d.id)).label("nth")
        is_free = or_(_PACE.next_at.is_(None), _PACE.next_at <= (channel_free_at or now))
        due = (d.next_attempt_at <= now, is_free, *_open(now, without), *in_shard(d.id, shard))
        first = select(d.id, nth).select_from(_WITH_PACE).where(*due).subquery()
        query = select(deliveries).join(first, first.c.id == d.id).where(first.c.nth <= per_channel)
        return [delivery_of(r) for r in self.read_rows(query.order_by(d.created_at, d.id))]

    def next_due_before(
        self, now: datetime, until: datetime, shard: Shard = ALL, without: Collection[str] = ()
    ) -> datetime | None:
        """When the next work is due in a channel that is not paused; None when not before ``until``.

        Work is a message, an edit, or a duplicate check that is due already: for a later one no worker waits.
        """
        d = deliveries.c
        sent = d.state == DeliveryState.SENT.value
        times: list[datetime] = []
        with self.reading() as c:
            for column, due in (
                (d.next_attempt_at, d.next_attempt_at <= until),
                (d.check_at, and_(d.check_at <= until, sent, is_null(d.next_attempt_at))),
                (d.sweep_at, and_(d.sweep_at <= now, sent, is_null(d.next_attempt_at))),
            ):
                query = select(column, _PACE.next_at).select_from(_WITH_PACE).distinct()
                rows = c.execute(query.where(due, *_open(now, without), *in_shard(d.id, shard)))
                times += [max(t for t in r if t is not None) for r in rows]
        return min((t for t in times if t <= until), default=None)

    def count_due(self, now: datetime) -> dict[str, int]:
        """How many messages are due now, or were tried and failed, by channel."""
        d = deliveries.c  # counted here: for a GROUP BY SQLite reads every delivery, by the index of channels
        return dict(Counter(r.channel for r in self.read_rows(select(d.channel).where(d.next_attempt_at <= now))))

    def claim_delivery(
        self,
        delivery: Delivery,
        now: datetime,
        until: datetime,
        channel_until: datetime | None = None,
        shown: str | None = None,
        ahead: float = 0.0,
        where: str | None = None,
    ) -> tuple[Delivery, datetime] | None:
        """Claims the delivery until ``until``, and its channel until ``channel_until`` or the answer comes.

        None when another worker has one of them. Returns the delivery and the time before which nothing may be sent.
        shown: hash of what is about to be posted; None when the channel is only read. where: the service's id of the
        channel to which it is posted. ahead: how many seconds before the channel is free it may be claimed.

        A claim is written before anything is sent. One whose lease has run out may have been sent: it comes back with
        ``attempted_at`` set, and only the channel's history tells whether it was.
        """
        d = deliveries.c
        abandoned = delivery.state is DeliveryState.ATTEMPTING
        unknown = delivery.attempted_at or (delivery.posted_at if abandoned else None)
        values: dict[str, Any] = {
            "state": DeliveryState.ATTEMPTING.value,
            "attempts": delivery.attempts + 1,
            "next_attempt_at": until,
            "attempted_at": unknown,
            "error": None,
            "looks": 0 if abandoned else delivery.looks,
        }
        if shown is not None:
            values |= {"posted_at": now, "shown": shown} | ({"remote_channel": where} if where else {})
        # Another channel: a watchlist has moved it since, and its content is that of the old one.
        same = and_(d.id == delivery.id, d.attempts == delivery.attempts, d.channel == delivery.channel)
        mine = (same, d.next_attempt_at <= now)
        try:
            with self.reading() as c:  # most late workers see it here, without making a writer wait
                if c.execute(select(d.id).where(*mine)).first() is None or not next_free_slot(
                    c, delivery.channel, now, ahead
                ):
                    raise _ClaimedElsewhere
            with self.writing() as c:
                # On PostgreSQL a worker does not wait for a row that another one is claiming.
                free_row = select(d.id).where(*mine).with_for_update(skip_locked=True)
                claim = update(deliveries).where(d.id.in_(free_row), *mine)
                row = c.execute(claim.values(**values).returning(*deliveries.c)).first()
                free = claim_slot(c, delivery.channel, now, channel_until or now, ahead) if row is not None else None
                if row is None or free is None:
                    raise _ClaimedElsewhere
        except _ClaimedElsewhere:
            return None
        return delivery_of(row), free

    def save_delivery(
        self, delivery: Delivery, now: datetime, replies: int = 0, sweep_at: datetime | None = None
    ) -> bool:
        """Saves the outcome; False when another worker has claimed the delivery meanwhile (``attempts`` differs).

        replies: how many messages continue it in its thread; each is a delivery of its own. Retries for SAVE_WITHIN
        seconds while the database does not answer, because an outcome that is not saved has to be looked up in the
        channel.
        """
        return _retry_save(lambda: self._save_once(delivery, now, replies, sweep_at))

    def _save_once(self, delivery: Delivery, now: datetime, replies: int, sweep_at: datetime | None) -> bool:
        d = deliveries.c
        sent = delivery.state is DeliveryState.SENT
        values: dict[str, Any] = {
            "state": delivery.state.value,
            "sent_at": now if sent else None,
            "sweep_at": sweep_at,
            **{name: getattr(delivery, name) for name in _OUTCOME},
        }
        if delivery.state is DeliveryState.HELD:
            values["reason"] = delivery.reason.name if delivery.reason else None
        if delivery.check_at is not None:
            values["check_at"] = delivery.check_at
        with self.writing() as c:
            mine = (d.id == delivery.id, d.attempts == delivery.attempts, d.state == DeliveryState.ATTEMPTING.value)
            row = c.execute(update(deliveries).where(*mine).values(**values).returning(d.id, d.created_at)).first()
            if row is None:
                return False
            if delivery.kind is DeliveryKind.DIGEST and delivery.state in (DeliveryState.SENT, DeliveryState.DEAD):
                names = ("state", "sent_at", "notifier", "remote_channel", "remote_id", "error")
                members = update(deliveries).where(d.digest_id == delivery.id)
                c.execute(members.values({name: values[name] for name in names}))
            add_replies(c, delivery, row.created_at, replies, now)
            return True

    def hold_delivery(self, delivery: Delivery, why: HoldReason, until: datetime | None) -> bool:
        """Holds it: until a moment, or until something changes.

        False when another worker has claimed it, or the watch is back that was removed.
        """
        d = deliveries.c
        mine = [d.id == delivery.id, d.attempts == delivery.attempts, d.state == delivery.state.value]
        if why is HoldReason.DISABLED:  # its watch may have come back since that was read
            mine.append(d.watch_id.in_(select(watches.c.id).where(watches.c.enabled.is_(False))))
        values = {
            "state": DeliveryState.HELD.value,
            "attempts": delivery.attempts + 1,
            "reason": why.name,
            "error": why.value,
            "next_attempt_at": until,
            "digest_id": None,  # it is held by itself
        }
        with self.writing() as c:
            held = c.execute(update(deliveries).where(*mine).values(**values)).rowcount == 1
            if held and delivery.kind is DeliveryKind.DIGEST:
                members = update(deliveries).where(d.digest_id == delivery.id)
                c.execute(members.values(reason=why.name, error=why.value))
            return held

    def recent_messages(self, delivery: Delivery, since: datetime) -> tuple[datetime | None, list[datetime]]:
        """(when the watch last had a message of its own in this channel, the channel's messages since)."""
        d = deliveries.c
        with self.reading() as c:
            watch = select(d.watch_id).where(d.id == delivery.id).scalar_subquery()
            here = d.channel.in_(names_of(c, delivery.channel))
            alone = (d.watch_id == watch, here, is_null(d.digest_id), d.id != delivery.id)
            last = c.execute(select(func.max(d.sent_at)).where(d.state == DeliveryState.SENT.value, *alone)).scalar()
            messages = c.execute(
                select(d.posted_at)
                .where(here, d.posted_at > since, d.kind != DeliveryKind.REPLY.value)
                .where(d.state.in_((DeliveryState.SENT.value, DeliveryState.ATTEMPTING.value)), d.id != delivery.id)
                .order_by(d.posted_at)
            )
            return last, list(messages.scalars())

    def retry_dead(self, now: datetime) -> int:
        """Puts dead deliveries on the to-do list again; returns how many alerts and digests that are."""
        d = deliveries.c
        retry = {"state": DeliveryState.RETRY.value, "next_attempt_at": now, "failures": 0}
        with self.writing() as c:
            dead = (d.state == DeliveryState.DEAD.value, d.digest_id.is_(None))
            count = c.execute(update(deliveries).where(*dead).values(**retry)).rowcount
            # The alerts of a dead digest go out with it, when it does.
            why = case({r.name: r.value for r in HoldReason}, value=d.reason, else_=HoldReason.DIGEST.value)
            held = {"state": DeliveryState.HELD.value, "error": why}
            c.execute(update(deliveries).where(d.state == DeliveryState.DEAD.value).values(**held))
            return count

    def resend_printed(self, now: datetime) -> int:
        """Has the alerts that were printed, though their channel is not the console, sent there after all.

        They come as one digest. Returns how many alerts that are.
        """
        d = deliveries.c
        printed = (d.notifier == "console", d.channel.not_like("console:%"), d.state == DeliveryState.SENT.value)
        with self.writing() as c:
            digests = list(c.execute(select(d.id).where(*printed, d.kind == DeliveryKind.DIGEST.value)).scalars())
            why = HoldReason.LATE
            again: dict[str, Any] = {
                "state": DeliveryState.HELD.value,
                "reason": why.name,
                "error": why.value,
                "next_attempt_at": now,
            }
            again |= {"sent_at": None, "posted_at": None, "attempted_at": None, "notifier": None, "digest_id": None}
            again |= {"remote_channel": None, "remote_id": None, "shown": None, "check_at": None, "sweep_at": None}
            alerts = update(deliveries).where(*printed, d.kind == DeliveryKind.ALERT.value)
            count = c.execute(alerts.values(**again)).rowcount
            c.execute(delete(deliveries).where(d.id.in_(digests)))
            return count


def add_replies(c: Connection, delivery: Delivery, created_at: datetime, replies: int, now: datetime) -> None:
    """Inserts the deliveries of those replies in its thread that have none yet; they are due right behind it."""
    if not replies or delivery.kind is DeliveryKind.REPLY:
        return
    known = c.execute(select(func.max(deliveries.c.part)).where(deliveries.c.parent_id == delivery.id)).scalar() or 0
    for part in range(known + 1, replies + 1):
        row = insert(deliveries).values(
            key=reply_key(delivery.key, part),
            kind=DeliveryKind.REPLY.value,
            parent_id=delivery.id,
            part=part,
            channel=delivery.channel,
            state=DeliveryState.DUE.value,
            next_attempt_at=now,
            created_at=created_at,
        )
        c.execute(row)


# A delivery with the row of its channel, and the row on which that channel's rate limit and pauses stand.
_NAMED, _PACED = channels.alias("named"), channels.alias("paced")
_PACE = _PACED.c
_WITH_PACE = deliveries.outerjoin(_NAMED, _NAMED.c.name == deliveries.c.channel).outerjoin(
    _PACED, _PACED.c.name == func.coalesce(_NAMED.c.target, deliveries.c.channel)
)


def _open(now: datetime, without: Collection[str]) -> list[ColumnElement[bool]]:
    """The conditions that leave the deliveries to channels that are not paused, and not left out."""
    found = [or_(_PACE.paused_until.is_(None), _PACE.paused_until <= now)]
    return [*found, deliveries.c.channel.not_in(sorted(without))] if without else found


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
        state=DeliveryState(r.state),
        kind=DeliveryKind(r.kind),
        reason=HoldReason[r.reason] if r.reason else None,
        **{name: getattr(r, name) for name in _FIELDS},
    )


_FIELDS = tuple(f.name for f in fields(Delivery) if f.name not in ("state", "kind", "reason"))
