"""What `podwatch alerts` and doctor ask: which alerts were sent, wait, are held or dead; and the release of some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select, update

from podwatch.model import Delivery, DeliveryKind, DeliveryState, HoldReason
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.deliver import delivery_of
from podwatch.store.statements import in_batches
from podwatch.store.tables import deliveries, episodes, feeds, watches


@dataclass(frozen=True, slots=True)
class ListedAlert:
    """An alert and what became of it. show, episode: "" when its feed was removed; published_at: None as well."""

    delivery: Delivery
    watch: str
    show: str
    episode: str
    published_at: datetime | None
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class WaitingChannel:
    """A channel to which something is due: how many messages, since when the first. error: of its last try."""

    channel: str
    count: int
    since: datetime
    error: str | None


class AlertListRows(Rows):
    def list_alerts(
        self,
        *,
        states: Sequence[DeliveryState] = (),
        reasons: Sequence[HoldReason] = (),
        watch: str | None = None,
        feed_id: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 1000,
    ) -> list[ListedAlert]:
        """The alerts, the newest first. since, until: when they were found; without states: in any."""
        d = deliveries.c
        query = _SELECT.where(d.kind == DeliveryKind.ALERT.value).order_by(d.created_at.desc(), d.id.desc())
        if states:
            query = query.where(d.state.in_([s.value for s in states]))
        if reasons:
            query = query.where(d.reason.in_([r.name for r in reasons]))
        if watch is not None:
            query = query.where(watches.c.name == watch)
        if feed_id is not None:
            query = query.where(episodes.c.feed_id == feed_id)
        if since is not None:
            query = query.where(d.created_at >= since)
        if until is not None:
            query = query.where(d.created_at < until)
        return [_listed(r) for r in self.read_rows(query.limit(limit))]

    def prepare_release(self, ids: Sequence[int], channel_of: dict[int, str], now: datetime) -> None:
        """Makes held alerts fit for a digest: due now, in the present channel of their watch, their outcome as if none.

        An unknown outcome is decided by this: whoever releases it has looked, or accepts a second copy.
        """
        d = deliveries.c
        with self.writing() as c:
            for some in in_batches(ids):
                for channel in sorted({channel_of[n] for n in some}):
                    mine = [n for n in some if channel_of[n] == channel]
                    held = (d.id.in_(mine), d.state == DeliveryState.HELD.value, d.digest_id.is_(None))
                    values = {"channel": channel, "next_attempt_at": now, "attempted_at": None, "looks": 0}
                    c.execute(update(deliveries).where(*held).values(**values))

    def waiting_messages(self, now: datetime) -> list[WaitingChannel]:
        """The channels to which something has been due since before ``now``."""
        d = deliveries.c
        unsent = d.state.in_([s.value for s in (DeliveryState.DUE, DeliveryState.RETRY)])
        query = (
            select(d.channel, func.count().label("n"), func.min(d.created_at).label("since"))
            .add_columns(func.max(d.error).label("error"))
            .where(unsent, or_(d.next_attempt_at <= now, d.error.is_not(None)))
            .group_by(d.channel)
            .order_by(d.channel)
        )
        return [WaitingChannel(r.channel, r.n, r.since, r.error) for r in self.read_rows(query)]

    def oldest_due(self, now: datetime) -> datetime | None:
        """Since when the message that has waited longest, of those that are due and were not tried, has been due."""
        d = deliveries.c
        query = select(func.min(d.next_attempt_at)).where(
            d.next_attempt_at <= now, d.state != DeliveryState.RETRY.value
        )
        with self.reading() as c:
            found: datetime | None = c.execute(query).scalar()
        return found


_SELECT: Select[tuple[object, ...]] = (
    select(
        deliveries,
        watches.c.name.label("watch"),
        feeds.c.title.label("show"),
        feeds.c.url.label("feed_url"),
        episodes.c.title.label("episode"),
        episodes.c.published_at,
    )
    .join(watches, watches.c.id == deliveries.c.watch_id)
    .outerjoin(episodes, episodes.c.id == deliveries.c.episode_id)
    .outerjoin(feeds, feeds.c.id == episodes.c.feed_id)
)


def _listed(r: AnyRow) -> ListedAlert:
    return ListedAlert(
        delivery=delivery_of(r),
        watch=r.watch,
        show=r.show or r.feed_url or "",
        episode=r.episode or "",
        published_at=r.published_at,
        created_at=r.created_at,
        sent_at=r.sent_at,
    )
