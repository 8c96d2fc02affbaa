"""What was sent and may have to be changed: alerts whose mentions changed, and messages that may be there twice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, exists, or_, select, update

from podwatch.model import Delivery, DeliveryState, HoldReason
from podwatch.store.connection import Rows
from podwatch.store.deliver import add_replies, delivery_of
from podwatch.store.episodes import BATCH_SIZE, in_batches
from podwatch.store.tables import deliveries, episodes

# An alert held for these reasons may go out after all when its mentions change.
RELEASED_BY_CHANGES = (HoldReason.GONE, HoldReason.BOILERPLATE, HoldReason.MINIMUM)


class SentMessageRows(Rows):
    def edits_due(self, now: datetime, limit: int = 100) -> list[Delivery]:
        """Messages that may say something else by now."""
        d = deliveries.c
        query = (
            select(deliveries).where(d.check_at <= now, d.state == DeliveryState.SENT.value).order_by(d.check_at, d.id)
        )
        with self.reading() as c:
            return [delivery_of(r) for r in c.execute(query.limit(limit))]

    def save_edit(
        self, delivery: Delivery, shown: str | None, replies: int, now: datetime, again: datetime | None = None
    ) -> None:
        """The message says what it should; or is to be looked at ``again``. What changed meanwhile stays noted."""
        d = deliveries.c
        with self.writing() as c:
            seen = (d.id == delivery.id, d.check_at == delivery.check_at)
            c.execute(update(deliveries).where(*seen).values(check_at=again))
            if shown is not None:
                c.execute(update(deliveries).where(d.id == delivery.id).values(shown=shown))
            created = c.execute(select(d.created_at).where(d.id == delivery.id)).scalar_one()
            add_replies(c, delivery, created, replies, now)

    def duplicate_checks_due(self, now: datetime, limit: int = 100) -> list[Delivery]:
        """Messages that were sent after an attempt whose outcome was not known."""
        d = deliveries.c
        query = select(deliveries).where(d.sweep_at <= now, d.state == DeliveryState.SENT.value).order_by(d.sweep_at)
        with self.reading() as c:
            return [delivery_of(r) for r in c.execute(query.limit(limit))]

    def save_duplicate_check(self, delivery: Delivery, remote_id: str | None, again: datetime | None = None) -> None:
        """There is one copy now, and this is it; or the channel could not be read."""
        values = {"sweep_at": again} | ({"remote_id": remote_id} if remote_id else {})
        with self.writing() as c:
            c.execute(update(deliveries).where(deliveries.c.id == delivery.id).values(**values))

    def schedule_duplicate_check(self, delivery: Delivery, at: datetime) -> None:
        """Schedules a look for a second copy: two workers may have sent it."""
        with self.writing() as c:
            c.execute(update(deliveries).where(deliveries.c.id == delivery.id).values(sweep_at=at))


def identities_with_deliveries(c: Connection, identities: Collection[str]) -> set[str]:
    """Those of the episodes, by their identities, that have a delivery: see schedule_edits()."""
    e, found = episodes.c, set[str]()
    for some in in_batches(sorted(identities)):
        told = select(e.identity).where(e.identity.in_(some), exists().where(deliveries.c.episode_id == e.id))
        found |= set(c.execute(told.distinct()).scalars())
    return found


def schedule_edits(c: Connection, watch_ids: Sequence[int], identity: str, now: datetime) -> None:
    """The mentions of these watches in this episode changed: their sent messages are checked for edits."""
    d = deliveries.c
    same = select(episodes.c.id).where(episodes.c.identity == identity)
    for i in range(0, len(watch_ids), BATCH_SIZE):
        mine = and_(d.watch_id.in_(watch_ids[i : i + BATCH_SIZE]), d.episode_id.in_(same))
        ids = list(c.execute(select(d.id).where(mine)).scalars())
        if not ids:
            continue
        digests = select(d.digest_id).where(d.id.in_(ids), d.digest_id.is_not(None))
        tops = list(c.execute(select(d.id).where(or_(d.id.in_(ids), d.id.in_(digests)))).scalars())
        alone = or_(d.id.in_(tops), d.parent_id.in_(tops))
        c.execute(update(deliveries).where(alone, d.digest_id.is_(None)).values(check_at=now))
        held = (d.id.in_(ids), d.state == DeliveryState.HELD.value, d.reason.in_([w.name for w in RELEASED_BY_CHANGES]))
        c.execute(update(deliveries).where(*held).values(state=DeliveryState.DUE.value, next_attempt_at=now))
