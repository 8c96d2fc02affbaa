"""A report is saved once under its key, and is read again as it was made."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

from sqlalchemy import update

from podwatch.model import ChannelRules, HoldReason, Period, QuietHours, Report, Schedule, Watch
from podwatch.policy.reports import WatchCounts
from podwatch.store.database import Store
from podwatch.store.tables import deliveries, episodes, mentions
from tests.support.stored_transcripts import store_alert

REPORT = Report(
    key="k",
    channel="#a",
    name="week",
    title="A week",
    lines=("one", "two"),
    columns=("watch",),
    rows=(("grain",), ("é",)),
)


def test_a_report_is_saved_once_and_read_as_it_was_made(store: Store, now: datetime) -> None:
    assert store.save_report(REPORT, now, now)
    assert not store.save_report(replace(REPORT, title="Another"), now, now)
    [due] = store.deliveries_due(now)
    assert store.content_of(due) == REPORT
    assert store.made_reports({"k", "other"}) == {"k"}


def test_a_report_is_due_when_it_says(store: Store, now: datetime) -> None:
    store.save_report(REPORT, now + timedelta(hours=2), now)
    assert store.deliveries_due(now + timedelta(hours=1)) == []
    assert len(store.deliveries_due(now + timedelta(hours=2))) == 1


def test_only_the_watches_that_tell_of_a_silence_are_read_for_it(store: Store, now: datetime) -> None:
    told = Watch(name="told", query="a", silent_after=86400.0)
    store.sync_watches([Watch(name="quiet", query="b"), told, Watch(name="gone", query="c", silent_after=1.0)], now)
    store.sync_watches([Watch(name="quiet", query="b"), told], now)
    assert [w.name for w in store.watches_told_of_silence()] == ["told"]


def test_only_mentions_that_are_news_end_a_silence(store: Store, now: datetime) -> None:
    store_alert(store, now)
    [watch] = store.watches()
    assert store.last_found_at([watch]) == {watch.id: now}
    store.execute(update(episodes).values(backlog=True))
    assert store.last_found_at([watch]) == {}, "a backfill found it"
    store.execute(update(episodes).values(backlog=False))
    store.execute(update(mentions).values(gone_at=now))
    assert store.last_found_at([watch]) == {}, "a correction took it away"


def test_what_became_of_a_watch_in_a_period_is_counted(store: Store, now: datetime) -> None:
    store_alert(store, now)
    [watch] = store.watches()
    week, later = Period(now - timedelta(days=7), now + timedelta(hours=1)), Period(now + timedelta(hours=1), now)
    assert store.watch_counts([watch], week) == {watch.id: WatchCounts(mentions=2, episodes=1)}
    store.execute(update(deliveries).values(state="sent"))
    assert store.watch_counts([watch], week)[watch.id].sent == 1
    store.execute(update(deliveries).values(state="held", reason=HoldReason.MINIMUM.name))
    assert store.watch_counts([watch], week)[watch.id].held == {HoldReason.MINIMUM: 1}
    assert store.watch_counts([watch], later) == {watch.id: WatchCounts()}
    store.execute(update(episodes).values(backlog=True))
    assert store.watch_counts([watch], week)[watch.id].mentions == 0


def test_the_next_report_of_a_channel_is_planned_by_one_worker(store: Store, now: datetime) -> None:
    rules = ChannelRules(name="#a", report=Schedule(time(8), (0,), "Europe/Berlin"), quiet=QuietHours(time(1), time(2)))
    store.sync_channels([rules, ChannelRules(name="#b")], now)
    assert store.report_schedules() == [(rules, None)]
    assert store.plan_report("#a", None, now)
    assert not store.plan_report("#a", None, now)
    later = now + timedelta(days=7)
    assert store.save_planned_report(replace(REPORT, channel="#a"), now, later, now, now)
    assert not store.save_planned_report(replace(REPORT, channel="#a", key="k2"), now, later, now, now)
    assert store.made_reports({"k", "k2"}) == {"k"}
    assert store.report_schedules() == [(rules, later)]
