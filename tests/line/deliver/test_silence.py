"""A watch that finds nothing for as long as its silent_after says so once, whatever is lost on the way."""

from __future__ import annotations

from datetime import time, timedelta

from podwatch.line.deliver import deliver
from podwatch.model import ChannelRules, QuietHours
from podwatch.store.tables import feeds
from tests.support.delivery_scenario import DeliveryScenario
from tests.support.slack.fault_proxy import lost_answer
from tests.support.stored_transcripts import save_text, store_episodes

DAYS = 86400.0


def test_a_silence_is_told_once_and_again_only_after_a_mention(scenario: DeliveryScenario) -> None:
    scenario.add_watch(silent_after=14 * DAYS)
    scenario.add_alert("one")
    scenario.deliver()
    scenario.deliver_after(days=13)
    assert len(scenario.channel_texts()) == 1
    heard, _ = store_episodes(scenario.rt.store, scenario.now, "show", 1.0, 2.0)
    save_text(scenario.rt.store, heard, "Nothing of it.", scenario.now)
    scenario.detect_mentions()
    scenario.slack.fail_next(lost_answer())
    scenario.deliver_after(days=1)
    scenario.deliver_until_done(4)
    [_, told] = scenario.channel_texts()
    assert told.startswith(
        "No mention of grain for 14 days\nlistened to 2 of 3 episodes of its feeds in that time; 1 had"
    )
    scenario.deliver_after(days=40)
    assert len(scenario.channel_texts()) == 2
    scenario.add_alert("two")
    scenario.deliver()
    scenario.deliver_after(days=14)
    assert scenario.channel_texts()[3].startswith("No mention of grain for 14 days\nlistened to 1 of 1 episode ")


def test_what_is_told_is_what_was_so_when_it_was_made(scenario: DeliveryScenario) -> None:
    scenario.add_watch(silent_after=2 * DAYS)
    [late] = store_episodes(scenario.rt.store, scenario.now, "show", 0.0)
    scenario.slack.fail_next(lost_answer())
    scenario.deliver_after(days=2)
    save_text(scenario.rt.store, late, "Nothing of it.", scenario.now)
    scenario.detect_mentions()
    scenario.deliver_until_done(4)
    [told] = scenario.channel_texts()
    assert told.startswith("No data on grain for 2 days\nlistened to 0 of 1 episode of its feeds in that time; 1 had")


def test_workers_that_look_at_once_make_one_message(scenario: DeliveryScenario) -> None:
    scenario.add_watch(silent_after=2 * DAYS)
    scenario.add_watch("rice", silent_after=3 * DAYS)
    scenario.now += timedelta(days=2)
    for _ in range(3):
        deliver(scenario.rt, scenario.now)
    assert len(scenario.channel_texts()) == 1
    assert [r.kind for r in scenario.delivery_rows()] == ["report"]


def test_quiet_hours_hold_it_back(scenario: DeliveryScenario) -> None:
    scenario.add_watch(silent_after=2 * DAYS)
    rules = ChannelRules(name=scenario.channel, quiet=QuietHours(time(5), time(9)))
    scenario.rt.store.sync_channels([rules], scenario.now)
    scenario.deliver_after(days=2)
    assert scenario.channel_texts() == []
    scenario.deliver_after(hours=3)
    assert len(scenario.channel_texts()) == 1


def test_feeds_that_did_not_answer_are_said(scenario: DeliveryScenario) -> None:
    scenario.add_watch(silent_after=2 * DAYS)
    store_episodes(scenario.rt.store, scenario.now, "show", 0.0)
    scenario.rt.store.execute(feeds.update().values(last_polled_at=None))
    scenario.deliver_after(days=2)
    assert scenario.channel_texts()[0].endswith("\nits feeds answered on 0 of 2 feed days")


def test_what_was_to_be_told_in_a_mistyped_channel_is_told_in_the_right_one(scenario: DeliveryScenario) -> None:
    scenario.add_watch(channel="#mistyped", silent_after=2 * DAYS)
    scenario.deliver_after(days=3)
    assert [(r.kind, r.state) for r in scenario.delivery_rows()] == [("report", "retry")]
    scenario.add_watch(silent_after=2 * DAYS)
    scenario.deliver_after(minutes=5)
    assert [r.state for r in scenario.delivery_rows()] == ["held", "sent"]
    assert len(scenario.channel_texts()) == 1
