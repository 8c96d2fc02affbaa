"""Digests in the store: held alerts are put into one in one transaction, so that each is in exactly one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, insert, select, update

from podwatch.model import DeliverMode, Delivery, DeliveryKind, DeliveryState, HoldReason
from podwatch.policy.alerts import digest_key
from podwatch.store.channels import ensure_channel
from podwatch.store.connection import Rows
from podwatch.store.deliver import delivery_of
from podwatch.store.tables import channels, deliveries, watches


class DigestRows(Rows):
    def held_for_digest(self, channel: str, why: HoldReason, now: datetime) -> list[Delivery]:
        """The alerts held for this reason whose digest is due, oldest first."""
        d = deliveries.c
        query = select(deliveries).where(
            d.channel == channel,
            d.state == DeliveryState.HELD.value,
            d.reason == why.name,
            d.next_attempt_at <= now,
            d.digest_id.is_(None),
            d.kind == DeliveryKind.ALERT.value,  # a digest that waits has a reason, too
        )
        return [delivery_of(r) for r in self.read_rows(query.order_by(d.created_at, d.id))]

    def due_for_digest(self, channel: str, now: datetime) -> list[Delivery]:
        """The alerts that nobody has decided on yet, of watches whose alerts go into a digest."""
        d = deliveries.c
        query = select(deliveries).join(watches, watches.c.id == d.watch_id)
        query = query.where(
            d.channel == channel,
            d.state == DeliveryState.DUE.value,
            d.next_attempt_at <= now,
            d.attempted_at.is_(None),
            watches.c.deliver == DeliverMode.DIGEST.value,
        )
        return [delivery_of(r) for r in self.read_rows(query.order_by(d.created_at, d.id))]

    def hold_late(self, channel: str, since: datetime, now: datetime) -> int:
        """Holds for one digest, at once, the alerts that could have been sent before ``since``; returns how many.

        Not those of watches that have a digest of their own.
        """
        d, why = deliveries.c, HoldReason.LATE
        singly = select(watches.c.id).where(watches.c.deliver != DeliverMode.DIGEST.value)
        late = (
            d.channel == channel,
            d.kind == DeliveryKind.ALERT.value,
            d.state == DeliveryState.DUE.value,
            d.next_attempt_at < since,
            d.attempted_at.is_(None),
            d.watch_id.in_(singly),
        )
        held = {"state": DeliveryState.HELD.value, "reason": why.name, "error": why.value, "next_attempt_at": now}
        return self.execute(update(deliveries).where(*late).values(attempts=d.attempts + 1, **held))

    def last_digest_at(self, channel: str) -> datetime | None:
        """When the channel's last digest was sent; None when there was none."""
        d = deliveries.c
        [row] = self.read_rows(
            select(func.max(d.sent_at)).where(d.channel == channel, d.kind == DeliveryKind.DIGEST.value)
        )
        last: datetime | None = row[0]
        return last

    def make_digest(
        self, channel: str, why: HoldReason, members: Sequence[Delivery], now: datetime, note: str | None = None
    ) -> int:
        """Puts those of the members that nobody else claimed into a digest that is due now; returns how many.

        note: its line about coverage. It is stored, since a text computed anew would edit the sent message.
        """
        d = deliveries.c
        with self.writing() as c:
            ensure_channel(c, channel)
            c.execute(select(channels.c.name).where(channels.c.name == channel).with_for_update())
            wanted = {m.id: m for m in members}
            free = (
                d.id.in_(wanted),
                d.channel == channel,
                d.state == DeliveryState.HELD.value,
                d.digest_id.is_(None),
                d.next_attempt_at <= now,
            )
            rows = c.execute(select(d.id, d.key, d.attempts, d.created_at).where(*free).order_by(d.id)).all()
            rows = [r for r in rows if r.attempts == wanted[r.id].attempts]
            if not rows:
                return 0
            [made] = c.execute(
                insert(deliveries)
                .values(
                    key=digest_key(channel, [r.key for r in rows]),
                    kind=DeliveryKind.DIGEST.value,
                    channel=channel,
                    state=DeliveryState.DUE.value,
                    reason=why.name,
                    next_attempt_at=now,
                    created_at=min(r.created_at for r in rows),
                    note=note,
                )
                .returning(d.id)
            ).one()
            mine = d.id.in_([r.id for r in rows])
            # No check: it would edit the digest's message, and the digest is made of what is stored when it is sent.
            c.execute(update(deliveries).where(mine).values(digest_id=made, next_attempt_at=None, check_at=None))
            return len(rows)
