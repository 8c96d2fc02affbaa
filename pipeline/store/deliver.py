"""deliver's part of the store: who may send what now, and what became of it."""

from __future__ import annotations

import math
from datetime import datetime

from sqlalchemy import Connection, select, update

from pipeline.model import ALL, Alert, Delivery, Kind, Mention, Shard, State
from pipeline.store.engine import AnyRow, Rows
from pipeline.store.episodes import EPISODE, episode_of
from pipeline.store.tables import deliveries, episodes, feeds, mentions, watches
from pipeline.store.watches import watch_of


class DeliverRows(Rows):
    def deliveries_due(self, now: datetime, shard: Shard = ALL) -> list[Delivery]:
        """What is to be sent now, oldest first: new, to be tried again, or left behind by a sender that died."""
        d = deliveries.c
        query = select(deliveries).where(d.next_attempt_at <= now).order_by(d.created_at, d.id)
        if shard.count > 1:
            query = query.where(d.id % shard.count == shard.index)
        with self.reading() as c:
            return [delivery_of(r) for r in c.execute(query)]

    def claim(self, delivery: Delivery, now: datetime, until: datetime) -> Delivery | None:
        """Takes the delivery until ``until``; None when another took it first. Written before anything is sent."""
        d = deliveries.c
        with self.writing() as c:
            row = c.execute(
                update(deliveries)
                .where(d.id == delivery.id, d.attempts == delivery.attempts, d.next_attempt_at <= now)
                .values(state=State.ATTEMPTING.value, attempts=delivery.attempts + 1, next_attempt_at=until)
                .returning(*deliveries.c)
            ).first()
        return delivery_of(row) if row else None

    def alert_of(self, delivery: Delivery) -> tuple[Alert, bool]:
        """The alert as the mentions are now, and whether its watch is still on the watchlist."""
        with self.reading() as c:
            row = c.execute(select(deliveries).where(deliveries.c.id == delivery.id)).one()
            return _alert(c, row)

    def save_delivery(self, delivery: Delivery, now: datetime) -> bool:
        """Writes the outcome; False when the lease had run out and another has taken over (``attempts`` differs)."""
        d = deliveries.c
        with self.writing() as c:
            return (
                c.execute(
                    update(deliveries)
                    .where(d.id == delivery.id, d.attempts == delivery.attempts, d.state == State.ATTEMPTING.value)
                    .values(
                        state=delivery.state.value,
                        next_attempt_at=delivery.next_attempt_at,
                        attempted_at=delivery.attempted_at,
                        sent_at=now if delivery.state is State.SENT else None,
                        notifier=delivery.notifier,
                        remote_channel=delivery.remote_channel,
                        remote_id=delivery.remote_id,
                        error=delivery.error,
                    )
                ).rowcount
                == 1
            )

    def alerts_sent_after(self, moment: datetime) -> list[tuple[datetime, Alert]]:
        """What was said since: (when, alert), in that order."""
        d = deliveries.c
        with self.reading() as c:
            rows = c.execute(select(deliveries).where(d.sent_at > moment).order_by(d.sent_at, d.id)).all()
            return [(r.sent_at, _alert(c, r)[0]) for r in rows]


def _alert(c: Connection, row: AnyRow) -> tuple[Alert, bool]:
    watch = c.execute(select(watches).where(watches.c.id == row.watch_id)).one()
    episode = c.execute(
        select(*EPISODE).join(feeds, feeds.c.id == episodes.c.feed_id).where(episodes.c.id == row.episode_id)
    ).one()
    m = mentions.c
    found = c.execute(
        select(mentions)
        .where(m.watch_id == row.watch_id, m.episode_id == row.episode_id, m.gone_at.is_(None))
        .order_by(m.transcript_id, m.start)
    )
    alert = Alert(
        key=row.key,
        watch=watch_of(watch),
        episode=episode_of(episode),
        channel=row.channel,
        mentions=tuple(mention_of(r, watch.name) for r in found),
    )
    return alert, watch.enabled


def mention_of(r: AnyRow, watch: str) -> Mention:
    return Mention(
        watch=watch,
        kind=Kind(r.kind),
        score=r.score,
        surface=r.surface,
        start=r.start,
        end=r.end,
        seconds=math.nan if r.seconds is None else r.seconds,
        approximate=r.approximate,
        segment=r.segment,
        speaker=r.speaker,
        snippet=r.snippet,
        snippet_start=r.snippet_start,
        reason=r.reason,
        label=r.label,
    )


def delivery_of(r: AnyRow) -> Delivery:
    return Delivery(
        id=r.id,
        key=r.key,
        state=State(r.state),
        channel=r.channel,
        attempts=r.attempts,
        next_attempt_at=r.next_attempt_at,
        attempted_at=r.attempted_at,
        notifier=r.notifier,
        remote_channel=r.remote_channel,
        remote_id=r.remote_id,
        error=r.error,
    )
