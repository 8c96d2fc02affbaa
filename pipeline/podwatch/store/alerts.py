"""Alerts in the store: written as deliveries, and read anew from the mentions when one is sent.

An alert holds the mentions of its episode in every feed that has the episode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from podwatch.model import SPEECH, Alert, Delivery, DeliveryKind, DeliveryState, Digest, HoldReason, Mention
from podwatch.policy.alerts import find_retracted, merge_feeds
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.episodes import SELECT_EPISODES, episode_of
from podwatch.store.mentions import mention_of
from podwatch.store.reports import report_of
from podwatch.store.rerouting import dissolve_digests
from podwatch.store.statements import in_batches
from podwatch.store.tables import deliveries, episodes, mentions, transcripts, watches
from podwatch.store.watches import watch_of


class AlertRows(Rows):
    def alert_of(self, delivery: Delivery) -> tuple[Alert, bool] | None:
        """The alert with its present mentions, and whether its watch is still on the watchlist.

        None when its feed was removed.
        """
        with self.reading() as c:
            return alert_in(c, c.execute(select(deliveries).where(deliveries.c.id == delivery.id)).one())

    def content_of(self, delivery: Delivery) -> Alert | Digest | None:
        """The content of the delivery; of a reply, that of its parent. None when its feed was removed."""
        with self.reading() as c:
            row = c.execute(select(deliveries).where(deliveries.c.id == (delivery.parent_id or delivery.id))).one()
            if row.kind == DeliveryKind.ALERT:
                found = alert_in(c, row)
                return found[0] if found else None
            if row.kind == DeliveryKind.REPORT:
                return report_of(row)
            members = c.execute(select(deliveries).where(deliveries.c.digest_id == row.id).order_by(deliveries.c.id))
            alerts = tuple(found[0] for m in members.all() if (found := alert_in(c, m)))
            if not alerts:
                return None
            why = HoldReason[row.reason or "DIGEST"]
            return Digest(key=row.key, channel=row.channel, alerts=alerts, why=why, coverage=row.note or "")

    def drop_lost(self, digest: Delivery) -> bool:
        """Whether the feed of one of the digest's alerts was removed; it is taken apart then, if it was not posted."""
        d = deliveries.c
        if not self.read_rows(select(d.id).where(d.digest_id == digest.id, d.episode_id.is_(None)).limit(1)):
            return False
        with self.writing() as c:
            _hold_lost(c)
            return c.execute(select(d.id).where(d.id == digest.id)).first() is None

    def alerts_sent_after(self, moment: datetime) -> list[tuple[datetime, Alert]]:
        """The alerts sent since: (when, alert), oldest first."""
        d = deliveries.c
        query = select(deliveries).where(
            d.sent_at > moment, d.kind == DeliveryKind.ALERT, d.state == DeliveryState.SENT
        )
        with self.reading() as c:
            rows = c.execute(query.order_by(d.sent_at, d.id)).all()
            return [(r.sent_at, found[0]) for r in rows if (found := alert_in(c, r))]


def alert_in(c: Connection, row: AnyRow) -> tuple[Alert, bool] | None:
    """The alert of a delivery's row, and whether its watch is on the watchlist; None when its feed was removed."""
    if row.episode_id is None:
        return None
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
    first = next(iter(found), None)
    source = first and c.execute(select(transcripts.c.source).where(transcripts.c.id == first)).scalar()
    now = merge_feeds(list(found.values()))
    alert = Alert(
        key=row.key,
        watch=watch_of(watch),
        episode=episode_of(episode),
        channel=row.channel,
        mentions=tuple(now),
        gone=tuple(find_retracted(gone, now)),
        is_recognised=(source or "").startswith(SPEECH),
    )
    return alert, watch.enabled


def insert_deliveries(c: Connection, alerts: Sequence[tuple[Alert, HoldReason | None]], now: datetime) -> None:
    """Inserts the deliveries of those alerts that have none yet: due, or held for the reason beside the alert.

    An alert that has one in another channel, to which the watch sent before, has one: moving a watch repeats nothing.
    """
    d = deliveries.c
    known = _known_deliveries(c, [alert for alert, _ in alerts])
    fresh: dict[_About, dict[str, Any]] = {}
    for alert, held in alerts:
        about, row = (alert.watch.id, alert.episode.identity), _delivery(alert, held, now)
        before = known.get(about) or known.get(alert.key)
        if before is None:
            fresh[about] = row
        elif before.episode_id is None and before.id:  # its feed was removed, and has come back
            _reattach(c, before, row, now)
        elif held is None and before.state == DeliveryState.HELD.value and before.reason == HoldReason.BACKFILL.name:
            # What a backfill held is new in another feed, whose alert is due.
            if fresh.pop(about, None):
                fresh[about] = row
            else:
                c.execute(update(deliveries).where(d.id == before.id).values(**_as_due(row)))
        else:
            continue
        known[about] = known[alert.key] = _Known(
            before.id if before else 0, row["state"], row["reason"], alert.episode.id, None
        )
    if fresh:
        c.execute(insert(deliveries), list(fresh.values()))


_About = tuple[int, str]  # the id of a watch, the identity of an episode


@dataclass(frozen=True, slots=True)
class _Known:
    """A delivery that there is already; id 0: about to be inserted."""

    id: int
    state: str
    reason: str | None
    episode_id: int | None
    digest_id: int | None


def _reattach(c: Connection, before: _Known, row: dict[str, Any], now: datetime) -> None:
    """The alert's feed has come back: what was held for that is due, and what was sent is compared with its text."""
    d = deliveries.c
    mine, root = d.id == before.id, before.digest_id or before.id
    c.execute(update(deliveries).where(mine).values(episode_id=row["episode_id"]))
    removed = (d.state == DeliveryState.HELD.value, d.reason == HoldReason.REMOVED.name)
    if before.digest_id is None:
        c.execute(update(deliveries).where(mine, *removed).values(**_as_due(row)))
    else:  # in a digest that may have been posted, and had nothing left to say
        why = HoldReason.DIGEST
        c.execute(update(deliveries).where(mine, *removed).values(reason=why.name, error=why.value))
        again = {"state": DeliveryState.RETRY.value, "reason": why.name, "error": None, "next_attempt_at": now}
        c.execute(update(deliveries).where(d.id == before.digest_id, *removed).values(**again))
    if before.state == DeliveryState.SENT.value:
        c.execute(update(deliveries).where(or_(d.id == root, d.parent_id == root)).values(check_at=now))


def _known_deliveries(c: Connection, alerts: Sequence[Alert]) -> dict[_About | str, _Known]:
    """The deliveries of these alerts, by what they are about, and by their keys."""
    d, found = deliveries.c, dict[_About | str, _Known]()
    query = select(d.id, d.key, d.state, d.reason, d.episode_id, d.digest_id, d.watch_id, d.identity)
    for some in in_batches(alerts):
        watch_ids = sorted({a.watch.id for a in some})
        about = (d.identity.in_({a.episode.identity for a in some}), d.watch_id.in_(watch_ids))
        rows = [*c.execute(query.where(*about)), *c.execute(query.where(d.key.in_([a.key for a in some])))]
        for r in sorted(rows, key=lambda r: r.id):
            found[r.watch_id, r.identity] = found[r.key] = _Known(r.id, r.state, r.reason, r.episode_id, r.digest_id)
    return found


def _as_due(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("state", "next_attempt_at", "error", "reason")}


def detach_deliveries(c: Connection, feed_id: int) -> None:
    """Before a feed is deleted: what was said of its episodes stays said, under an episode of another feed or none.

    What was not sent yet is held: there is nothing left to send. It is due again when the episode comes back.
    """
    d, e = deliveries.c, episodes.c
    other = episodes.alias("other")
    shared = (
        select(func.min(other.c.id))
        .where(other.c.identity == deliveries.c.identity, other.c.feed_id != feed_id)
        .scalar_subquery()
    )
    mine = d.episode_id.in_(select(e.id).where(e.feed_id == feed_id))
    c.execute(update(deliveries).where(mine).values(episode_id=shared))
    c.execute(
        update(deliveries).where(d.kind == DeliveryKind.ALERT.value, d.episode_id.is_(None)).values(check_at=None)
    )
    _hold_lost(c)


def _hold_lost(c: Connection) -> None:
    """Holds the alerts whose feed was removed, and that certainly were not posted: also those in a digest."""
    d, why = deliveries.c, HoldReason.REMOVED
    unsent = d.state.in_([s.value for s in (DeliveryState.DUE, DeliveryState.RETRY, DeliveryState.HELD)])
    lost = (d.kind == DeliveryKind.ALERT.value, d.episode_id.is_(None), unsent, d.attempted_at.is_(None))
    dissolve_digests(c, lost)
    held = {"state": DeliveryState.HELD.value, "reason": why.name, "error": why.value, "next_attempt_at": None}
    c.execute(update(deliveries).where(*lost, d.digest_id.is_(None)).values(**held))


def _delivery(alert: Alert, held: HoldReason | None, now: datetime) -> dict[str, Any]:
    return {
        "key": alert.key,
        "watch_id": alert.watch.id,
        "episode_id": alert.episode.id,
        "identity": alert.episode.identity,
        "channel": alert.channel,
        "state": DeliveryState.DUE.value if held is None else DeliveryState.HELD.value,
        "next_attempt_at": now if held is None else None,
        "error": None if held is None else held.value,
        "reason": None if held is None else held.name,
        "created_at": now,
    }
