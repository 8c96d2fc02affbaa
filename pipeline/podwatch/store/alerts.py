"""Alerts in the store: written as deliveries, and read anew from the mentions when one is sent.

An alert holds the mentions of its episode in every feed that has the episode.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from podwatch.model import Alert, Delivery, DeliveryKind, DeliveryState, Digest, HoldReason, Mention
from podwatch.policy.alerts import find_retracted, merge_feeds
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.episodes import SELECT_EPISODES, episode_of
from podwatch.store.mentions import mention_of
from podwatch.store.statements import in_batches
from podwatch.store.tables import deliveries, episodes, mentions, watches
from podwatch.store.watches import watch_of


class AlertRows(Rows):
    def alert_of(self, delivery: Delivery) -> tuple[Alert, bool]:
        """The alert with its present mentions, and whether its watch is still on the watchlist."""
        with self.reading() as c:
            return alert_in(c, c.execute(select(deliveries).where(deliveries.c.id == delivery.id)).one())

    def content_of(self, delivery: Delivery) -> Alert | Digest:
        """The content of the delivery; of a reply, that of its parent."""
        with self.reading() as c:
            row = c.execute(select(deliveries).where(deliveries.c.id == (delivery.parent_id or delivery.id))).one()
            if row.kind == DeliveryKind.ALERT:
                return alert_in(c, row)[0]
            members = c.execute(select(deliveries).where(deliveries.c.digest_id == row.id).order_by(deliveries.c.id))
            return Digest(
                key=row.key,
                channel=row.channel,
                alerts=tuple(alert_in(c, m)[0] for m in members.all()),
                why=HoldReason[row.reason or "DIGEST"],
            )

    def alerts_sent_after(self, moment: datetime) -> list[tuple[datetime, Alert]]:
        """The alerts sent since: (when, alert), oldest first."""
        d = deliveries.c
        query = select(deliveries).where(
            d.sent_at > moment, d.kind == DeliveryKind.ALERT, d.state == DeliveryState.SENT
        )
        with self.reading() as c:
            rows = c.execute(query.order_by(d.sent_at, d.id)).all()
            return [(r.sent_at, alert_in(c, r)[0]) for r in rows]


def alert_in(c: Connection, row: AnyRow) -> tuple[Alert, bool]:
    """The alert of a delivery's row, and whether its watch is still on the watchlist."""
    watch = c.execute(select(watches).where(watches.c.id == row.watch_id)).one()
    episode = c.execute(SELECT_EPISODES.where(episodes.c.id == row.episode_id)).one()
    m = mentions.c
    copies = select(episodes.c.id).where(episodes.c.identity == episode.identity)
    found: dict[int, list[Mention]] = {}
    gone: list[Mention] = []
    rows = c.execute(
        select(mentions).where(m.watch_id == row.watch_id, m.episode_id.in_(copies)).order_by(m.transcript_id, m.start)
    ).all()
    # The transcript of the alert's own episode comes first: its seconds are those of the link.
    for r in sorted(rows, key=lambda r: r.episode_id != row.episode_id):
        if r.gone_at is None:
            found.setdefault(r.transcript_id, []).append(mention_of(r, watch.name))
        elif row.sent_at is not None and r.found_at <= row.sent_at < r.gone_at:
            gone.append(mention_of(r, watch.name))
    now = merge_feeds(list(found.values()))
    alert = Alert(
        key=row.key,
        watch=watch_of(watch),
        episode=episode_of(episode),
        channel=row.channel,
        mentions=tuple(now),
        gone=tuple(find_retracted(gone, now)),
    )
    return alert, watch.enabled


def insert_deliveries(c: Connection, alerts: Sequence[tuple[Alert, HoldReason | None]], now: datetime) -> None:
    """Inserts the deliveries of those alerts that have none yet: due, or held for the reason beside the alert."""
    d = deliveries.c
    known = {
        r.key: (r.state, r.reason)
        for keys in in_batches([alert.key for alert, _ in alerts])
        for r in c.execute(select(d.key, d.state, d.reason).where(d.key.in_(keys)))
    }
    fresh: dict[str, dict[str, Any]] = {}
    for alert, held in alerts:
        row = _delivery(alert, held, now)
        if alert.key not in known:
            fresh[alert.key] = row
        elif held is None and known[alert.key] == (DeliveryState.HELD.value, HoldReason.BACKFILL.name):
            # What a backfill held is new in another feed, whose alert is due.
            if fresh.pop(alert.key, None):
                fresh[alert.key] = row
            else:
                due = {name: row[name] for name in ("state", "next_attempt_at", "error", "reason")}
                c.execute(update(deliveries).where(d.key == alert.key).values(**due))
        else:
            continue
        known[alert.key] = row["state"], row["reason"]
    if fresh:
        c.execute(insert(deliveries), list(fresh.values()))


def _delivery(alert: Alert, held: HoldReason | None, now: datetime) -> dict[str, Any]:
    return {
        "key": alert.key,
        "watch_id": alert.watch.id,
        "episode_id": alert.episode.id,
        "channel": alert.channel,
        "state": DeliveryState.DUE.value if held is None else DeliveryState.HELD.value,
        "next_attempt_at": now if held is None else None,
        "error": None if held is None else held.value,
        "reason": None if held is None else held.name,
        "created_at": now,
    }
