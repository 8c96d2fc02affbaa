"""What happens to unsent alerts and their digests in the store when a watch is moved or a feed removed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from podwatch.model import ChannelRules, DeliverMode, Delivery, HoldReason, Schedule
from podwatch.store.database import Store
from podwatch.store.tables import deliveries
from tests.support.stored_transcripts import GRAIN, store_alert

HOUR = timedelta(hours=1)
LONG_AGO = datetime(2026, 11, 3, tzinfo=UTC)


def rows(store: Store) -> list[tuple[Any, ...]]:
    d = deliveries.c
    return [tuple(r) for r in store.read_rows(select(d.kind, d.channel, d.state, d.reason, d.digest_id).order_by(d.id))]


def digest_of(store: Store, now: datetime) -> Delivery:
    """Puts the alert into a digest that is due."""
    store_alert(store, now)
    [due] = store.deliveries_due(now)
    store.hold_delivery(due, HoldReason.DIGEST, now)
    members = store.held_for_digest("#podcasts", HoldReason.DIGEST, now)
    assert store.make_digest("#podcasts", HoldReason.DIGEST, members, now) == 1
    [digest] = store.deliveries_due(now)
    return digest


def test_a_digest_that_was_not_posted_is_taken_apart_when_its_watch_moves(store: Store, now: datetime) -> None:
    digest_of(store, now)
    moved = replace(GRAIN, channel="#new", deliver=DeliverMode.DIGEST)
    store.sync_watches([moved], now)
    assert rows(store) == [("alert", "#new", "held", "DIGEST", None)]
    assert [m.channel for m in store.held_for_digest("#new", HoldReason.DIGEST, now)] == ["#new"]


# name: (columns of the digest, whether it is left as it is)
DIGESTS: dict[str, tuple[dict[str, Any], bool]] = {
    "being sent": ({"state": "attempting"}, True),
    "lost": ({"state": "retry", "attempted_at": LONG_AGO}, True),
    "lost, and not found once": ({"state": "retry", "attempted_at": LONG_AGO, "looks": 1}, True),
    "lost, and not found twice": ({"state": "retry", "attempted_at": LONG_AGO, "looks": 2}, False),
    "refused": ({"state": "retry"}, False),
}


@pytest.mark.parametrize("case", DIGESTS)
@pytest.mark.parametrize("how", ["moved", "removed"])
def test_a_digest_that_may_have_been_posted_is_left(store: Store, now: datetime, case: str, how: str) -> None:
    columns, left = DIGESTS[case]
    digest = digest_of(store, now)
    store.execute(update(deliveries).where(deliveries.c.id == digest.id).values(**columns))
    if how == "moved":
        store.sync_watches([replace(GRAIN, channel="#new", deliver=DeliverMode.DIGEST)], now)
        assert store.reroute_moved(digest, now) is False, "the sync has done it"
        there = [("alert", "#new", "held", "DIGEST", None)]
    else:
        store.remove_feed(store.feeds()[0].url)
        assert store.drop_lost(digest) is False
        there = [("alert", "#podcasts", "held", "REMOVED", None)]
    if left:
        assert [row[2:4] for row in rows(store)] == [("held", "DIGEST"), (columns["state"], "DIGEST")]
        assert rows(store)[0][4] == digest.id
    else:
        assert rows(store) == there


def test_what_died_in_the_old_channel_is_due_in_the_new_one(store: Store, now: datetime) -> None:
    store_alert(store, now)
    store.execute(update(deliveries).values(state="dead", next_attempt_at=None, failures=20, error="no"))
    store.sync_watches([replace(GRAIN, channel="#new")], now + HOUR)
    [due] = store.deliveries_due(now + HOUR)
    assert (due.channel, due.state.value, due.failures, due.error) == ("#new", "due", 0, None)


def test_what_waits_for_days_keeps_its_time_when_it_moves_and_is_held_for_one_digest(
    store: Store, now: datetime
) -> None:
    store_alert(store, now)
    later = now + timedelta(days=4)
    store.sync_watches([replace(GRAIN, channel="#new")], later)
    [due] = store.deliveries_due(later)
    assert (due.channel, due.next_attempt_at) == ("#new", now)
    assert store.hold_late("#new", later - timedelta(days=3), later) == 1
    assert len(store.held_for_digest("#new", HoldReason.LATE, later)) == 1
    assert store.hold_late("#new", later - timedelta(days=3), later) == 0


def test_new_rules_of_a_channel_have_its_held_alerts_decided_on_again(store: Store, now: datetime) -> None:
    store_alert(store, now)
    [due] = store.deliveries_due(now)
    store.hold_delivery(due, HoldReason.DIGEST, now + 9 * HOUR)
    rules = ChannelRules(name="#podcasts", digest=Schedule(now.time()))
    store.sync_channels([rules], now)
    assert [d.state.value for d in store.deliveries_due(now)] == ["due"]
    store.hold_delivery(store.deliveries_due(now)[0], HoldReason.DIGEST, now + 9 * HOUR)
    store.sync_channels([rules], now)
    assert store.deliveries_due(now) == [], "nothing has changed"


def test_a_claim_on_what_was_moved_meanwhile_fails(store: Store, now: datetime) -> None:
    store_alert(store, now)
    [read] = store.deliveries_due(now)
    store.sync_watches([replace(GRAIN, channel="#new")], now)
    assert store.claim_delivery(read, now, now + HOUR) is None
    [again] = store.deliveries_due(now)
    assert store.claim_delivery(again, now, now + HOUR) is not None
