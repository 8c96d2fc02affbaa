"""Sent messages that may need work: edits where the mentions changed, and checks for a second copy."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, insert, or_, select, update

from podwatch.model import Delivery, DeliveryKind, DeliveryState, HoldReason
from podwatch.policy.alerts import reply_key
from podwatch.store.connection import Rows
from podwatch.store.deliver import add_replies, delivery_of
from podwatch.store.statements import in_batches, is_null
from podwatch.store.tables import deliveries, episodes

# An alert held for these reasons may go out after all when its mentions change.
RELEASED_BY_CHANGES = (HoldReason.GONE, HoldReason.BOILERPLATE, HoldReason.MINIMUM)


class SentMessageRows(Rows):
    def edits_due(self, now: datetime, without: Collection[str] = (), limit: int = 100) -> list[Delivery]:
        """The sent messages whose content may have changed, but for those in the channels ``without``."""
        return self._sent(deliveries.c.check_at, now, without, limit)

    def save_edit(
        self, delivery: Delivery, shown: str | None, replies: int, now: datetime, again: datetime | None = None
    ) -> None:
        """Records that a message has its present content, with the hash ``shown``; or is to be checked ``again``.

        Mentions that changed since the delivery was read leave the message due. replies: messages in its thread.
        """
        d = deliveries.c
        with self.writing() as c:
            unchanged = (d.id == delivery.id, d.check_at == delivery.check_at)
            c.execute(update(deliveries).where(*unchanged).values(check_at=again))
            if shown is not None:
                c.execute(update(deliveries).where(d.id == delivery.id).values(shown=shown))
            created = c.execute(select(d.created_at).where(d.id == delivery.id)).scalar_one()
            add_replies(c, delivery, created, replies, now)

    def add_correction(self, delivery: Delivery, now: datetime) -> bool:
        """Has a message that can no longer be edited said anew in its thread, once; later changes edit that reply."""
        if delivery.kind is DeliveryKind.REPLY:
            return False
        d = deliveries.c
        key = reply_key(delivery.key, 0)
        with self.writing() as c:
            if c.execute(select(d.id).where(d.key == key)).first() is not None:
                return False
            row = {"key": key, "kind": DeliveryKind.REPLY.value, "parent_id": delivery.id, "part": 0}
            row |= {"channel": delivery.channel, "state": DeliveryState.DUE.value}
            c.execute(insert(deliveries).values(**row, next_attempt_at=now, created_at=now))
            return True

    def duplicate_checks_due(self, now: datetime, without: Collection[str] = (), limit: int = 100) -> list[Delivery]:
        """The sent messages that may be in their channel twice: an attempt before had an unknown outcome."""
        return self._sent(deliveries.c.sweep_at, now, without, limit)

    def save_duplicate_check(self, delivery: Delivery, remote_id: str | None, again: datetime | None = None) -> None:
        """Records the copy that is left, ``remote_id``; or that the channel is to be read ``again``."""
        values = {"sweep_at": again} | ({"remote_id": remote_id} if remote_id else {})
        self.execute(update(deliveries).where(deliveries.c.id == delivery.id).values(**values))

    def schedule_duplicate_check(self, delivery: Delivery, at: datetime) -> None:
        """Schedules a check for a second copy: two workers may have sent the message."""
        self.execute(update(deliveries).where(deliveries.c.id == delivery.id).values(sweep_at=at))

    def has_replies(self, delivery: Delivery) -> bool:
        """Whether a reply was posted into its thread, or may have been."""
        d = deliveries.c
        posted = select(d.id).where(d.parent_id == delivery.id, d.posted_at.is_not(None))
        return bool(self.read_rows(posted.limit(1)))

    def parent_of(self, delivery: Delivery) -> Delivery:
        """The delivery in whose thread a reply is."""
        [row] = self.read_rows(select(deliveries).where(deliveries.c.id == delivery.parent_id))
        return delivery_of(row)

    def _sent(
        self, due_at: ColumnElement[datetime], now: datetime, without: Collection[str], limit: int
    ) -> list[Delivery]:
        """The sent messages whose time in this column has come, the earliest first."""
        d = deliveries.c
        # An alert in a digest has no message of its own: the digest's is kept right.
        sent = (d.state == DeliveryState.SENT.value, is_null(d.digest_id))
        query = select(deliveries).where(due_at <= now, *sent).order_by(due_at, d.id)
        if without:
            query = query.where(d.channel.not_in(sorted(without)))
        return [delivery_of(r) for r in self.read_rows(query.limit(limit))]


def identities_with_deliveries(c: Connection, identities: Collection[str]) -> set[str]:
    """Those of these identities of which an episode has a delivery; only for them schedule_edits() has work."""
    e = episodes.c
    query = select(e.identity).where(exists().where(deliveries.c.episode_id == e.id)).distinct()
    return {
        identity
        for some in in_batches(sorted(identities))
        for identity in c.execute(query.where(e.identity.in_(some))).scalars()
    }


def schedule_edits(c: Connection, watch_ids: Sequence[int], identity: str, now: datetime) -> None:
    """Schedules checks of the sent messages of these watches about an episode whose mentions have changed.

    Alerts that were held for a reason that the change may have removed are due again.
    """
    d = deliveries.c
    copies = select(episodes.c.id).where(episodes.c.identity == identity)
    for some in in_batches(watch_ids):
        ids = list(c.execute(select(d.id).where(d.watch_id.in_(some), d.episode_id.in_(copies))).scalars())
        if not ids:
            continue
        digests = select(d.digest_id).where(d.id.in_(ids), d.digest_id.is_not(None))
        roots = list(c.execute(select(d.id).where(or_(d.id.in_(ids), d.id.in_(digests)))).scalars())
        messages = (or_(d.id.in_(roots), d.parent_id.in_(roots)), d.digest_id.is_(None))
        c.execute(update(deliveries).where(*messages).values(check_at=now))
        held = (d.id.in_(ids), d.state == DeliveryState.HELD.value)
        reasons = d.reason.in_([r.name for r in RELEASED_BY_CHANGES])
        due = {"state": DeliveryState.DUE.value, "next_attempt_at": now, "reason": None, "error": None}
        c.execute(update(deliveries).where(*held, reasons).values(**due))
