"""The clock that all workers share, whatever their own say; and the slots and rules of channels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import update

from podwatch.model import ChannelRules, QuietHours, Schedule
from podwatch.settings import Settings
from podwatch.store import clock
from podwatch.store.database import Store, open_store
from podwatch.store.tables import clocks
from tests.support.migrated_database import place_database
from tests.support.stored_transcripts import store_alert

RULES = ChannelRules(
    name="#a", digest=Schedule(time(9, 30), (0, 3), "Europe/Berlin"), quiet=QuietHours(time(22), time(7)), ceiling=5
)


@pytest.fixture
def counting(settings: Settings) -> Iterator[Store]:
    """A store whose clock counts, as there is none in SQLite. PostgreSQL has one of its own."""
    place_database(settings.home)
    with closing(open_store(settings)) as opened:
        yield opened


def test_the_clock_goes_on_by_itself(store: Store) -> None:
    first = store.clock()
    assert first.tzinfo is UTC
    assert timedelta(0) <= store.clock() - first < timedelta(seconds=5)


def test_a_worker_whose_own_clock_is_an_hour_ahead_reads_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.clock()
    monkeypatch.setattr(clock, "read_wall_clock", lambda: datetime.now(UTC) + timedelta(hours=1))
    assert abs(store.clock() - first) < timedelta(seconds=5)


def test_after_a_start_of_the_machine_the_count_begins_from_its_clock(
    counting: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = counting.clock()
    monkeypatch.setattr(clock, "read_wall_clock", lambda: first + timedelta(hours=9))
    monkeypatch.setattr(clock, "uptime", lambda: ("another start", 1.0))
    assert counting.clock() == first + timedelta(hours=9)


def test_after_a_day_the_count_begins_anew_when_no_delivery_is_claimed(
    counting: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = counting.clock()
    with counting.writing() as c:
        c.execute(update(clocks).values(ticks=clocks.c.ticks - 90_000))
    monkeypatch.setattr(clock, "read_wall_clock", lambda: first)
    assert counting.clock() == first


def test_a_clock_that_was_wrong_at_the_first_use_is_corrected_and_every_wait_keeps_its_length(
    counting: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, ahead = datetime.now(UTC), timedelta(hours=2)
    monkeypatch.setattr(clock, "read_wall_clock", lambda: right + ahead)
    store_alert(counting, counting.clock())
    counting.delay_channel("#podcasts", counting.clock() + timedelta(seconds=200))
    monkeypatch.setattr(clock, "read_wall_clock", lambda: right)
    assert counting.correct_clock()
    assert abs(counting.clock() - right) < timedelta(seconds=30)
    assert not counting.correct_clock(), "once is enough"
    state = counting.channel_state("#podcasts")
    assert state is not None
    assert state.next_at is not None
    assert timedelta(seconds=100) < state.next_at - right < timedelta(seconds=300)
    assert len(counting.deliveries_due(right + timedelta(minutes=10))) == 1


def test_a_pause_is_no_longer_when_the_clock_is_corrected(counting: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = counting.clock()
    counting.pause_channel("service:slack:x", first + timedelta(minutes=1), "the token was revoked", 1)
    monkeypatch.setattr(clock, "read_wall_clock", lambda: first - timedelta(hours=2))
    assert counting.correct_clock()
    state = counting.channel_state("service:slack:x")
    assert state is not None
    assert state.paused_until is not None
    assert abs(state.paused_until - first - timedelta(minutes=-119)) < timedelta(seconds=5)


def test_a_claim_keeps_the_clock_as_it_is(counting: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    at = counting.clock()
    store_alert(counting, at)
    [due] = counting.deliveries_due(counting.clock())
    assert counting.claim_delivery(due, counting.clock(), at + timedelta(minutes=2)) is not None
    monkeypatch.setattr(clock, "read_wall_clock", lambda: at - timedelta(hours=2))
    assert not counting.correct_clock()


def test_the_rules_of_a_channel_come_back_as_they_were_stored_and_go_with_the_watchlist(store: Store) -> None:
    now = store.clock()
    store.sync_channels([RULES, ChannelRules(name="#b")], now)
    assert store.channel_rules("#a") == RULES
    store.sync_channels([ChannelRules(name="#b", ceiling=1)], now)
    assert store.channel_rules("#a") == ChannelRules(name="#a")
    assert store.channel_rules("#b").ceiling == 1


def test_a_slot_of_a_channel_is_claimed_once_until_the_answer_or_its_end(store: Store, now: datetime) -> None:
    later = now + timedelta(seconds=5)
    assert store.claim_channel("#a", now, later)
    assert not store.claim_channel("#a", now + timedelta(seconds=4), later)
    store.delay_channel("#a", now + timedelta(seconds=1), own_slot=later)
    assert store.claim_channel("#a", now + timedelta(seconds=1), later + timedelta(seconds=1))
    store.delay_channel("#a", now, own_slot=later)
    assert not store.claim_channel("#a", now + timedelta(seconds=2), later), "the slot was no longer ours to end"
    assert store.claim_channel("#b", now, later), "another channel does not wait"


def test_a_channel_that_works_again_is_no_longer_paused(store: Store, now: datetime) -> None:
    store.pause_channel("#a", now + timedelta(hours=1), "#a: the channel is archived", 3)
    assert not store.claim_channel("#a", now, now)
    assert store.errors()["channel"] == ["#a: the channel is archived"]
    store.delay_channel("#a", now, failures=0)
    assert store.claim_channel("#a", now, now)
    assert store.errors()["channel"] == []
