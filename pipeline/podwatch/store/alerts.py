"""The content of a delivery, read anew from the mentions: an alert over every feed of its episode, or a digest."""

from __future__ import annotations

import math
from datetime import datetime

from sqlalchemy import Connection, select

from podwatch.model import Alert, Delivery, DeliveryKind, DeliveryState, Digest, HoldReason, Kind, Mention
from podwatch.policy.alerts import find_retracted, merge_feeds
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.episodes import EPISODE_COLUMNS, episode_of
from podwatch.store.tables import deliveries, episodes, feeds, mentions, watches
from podwatch.store.watches import watch_of


class AlertRows(Rows):
    def alert_of(self, delivery: Delivery) -> tuple[Alert, bool]:
        """The alert as the mentions are now, and whether its watch is still on the watchlist."""
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
    episode = c.execute(
        select(*EPISODE_COLUMNS).join(feeds, feeds.c.id == episodes.c.feed_id).where(episodes.c.id == row.episode_id)
    ).one()
    m = mentions.c
    same = select(episodes.c.id).where(episodes.c.identity == episode.identity)
    found: dict[int, list[Mention]] = {}
    gone: list[Mention] = []
    rows = c.execute(
        select(mentions).where(m.watch_id == row.watch_id, m.episode_id.in_(same)).order_by(m.transcript_id, m.start)
    ).all()
    # The transcript of the episode that the alert was made for comes first: its seconds are those of the link.
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
