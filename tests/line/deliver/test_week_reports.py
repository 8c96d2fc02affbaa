"""A channel's report comes once at its time, with what was so then, and its table in the thread."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from podwatch.line.deliver import deliver
from podwatch.model import ChannelRules, Mute, Schedule
from tests.support.delivery_scenario import DeliveryScenario
from tests.support.slack.fault_proxy import lost_answer
from tests.support.stored_transcripts import store_episodes

TUESDAYS = Schedule(time(8), (1,))  # the scenario begins on a Tuesday at six


def ask_for_report(scenario: DeliveryScenario) -> None:
    scenario.set_channel_rules(report=TUESDAYS)


def reports(scenario: DeliveryScenario) -> list[str]:
    return [text for text in scenario.channel_texts() if text.startswith("Podcasts, ")]


def test_a_report_comes_once_a_week_with_its_table_in_the_thread(scenario: DeliveryScenario) -> None:
    ask_for_report(scenario)
    scenario.add_watch("rice")
    store_episodes(scenario.rt.store, scenario.now, "silent", 1.0)
    scenario.add_alert("one", "The {} came.", "The {} left.")
    scenario.deliver()
    assert reports(scenario) == []
    scenario.slack.fail_next(lost_answer())
    scenario.deliver_after(hours=3)
    scenario.deliver_until_done(4)
    [report] = reports(scenario)
    assert report.splitlines() == [
        "Podcasts, 2026-10-27 to 2026-11-03",
        "2 mentions: grain 2 in 1",
        "nothing of: rice",
        "1 alert sent, 0 held",
        "listened to 1 of 2 episodes in this time; 1 had no transcript",
    ]
    [root] = [m for m in scenario.messages() if m.get("text") == report]
    [table] = scenario.replies(root)
    assert table.splitlines()[1:] == ["grain,2,1,1,0,,2,1,1,1 names none,", "rice,0,0,0,0,,2,1,1,1 names none,```"]
    scenario.deliver_after(days=6)
    assert len(reports(scenario)) == 1
    scenario.deliver_after(days=1)
    [_, second] = reports(scenario)
    assert second.splitlines()[:2] == ["Podcasts, 2026-11-03 to 2026-11-10", "0 mentions"]


def test_what_was_held_is_said_with_the_reason(scenario: DeliveryScenario) -> None:
    ask_for_report(scenario)
    grain = scenario.add_watch()
    mute = Mute(watch_id=grain.id, until=scenario.now + timedelta(days=1))
    scenario.rt.store.add_mute(mute, scenario.now)
    scenario.add_alert("one")
    scenario.deliver()
    scenario.deliver_after(hours=3)
    assert "0 alerts sent, 1 held: 1 the watch was muted" in reports(scenario)[0]


def test_reports_that_were_missed_are_one_and_a_new_schedule_begins_with_its_next_time(
    scenario: DeliveryScenario,
) -> None:
    ask_for_report(scenario)
    scenario.add_watch()
    scenario.deliver()
    scenario.deliver_after(days=22)
    assert [r.splitlines()[0] for r in reports(scenario)] == ["Podcasts, 2026-10-27 to 2026-11-24"]
    scenario.rt.store.sync_channels([ChannelRules(name=scenario.channel)], scenario.now)
    scenario.deliver_after(days=14)
    ask_for_report(scenario)
    scenario.deliver_after(days=1)
    assert len(reports(scenario)) == 1


def test_workers_that_look_at_once_make_one_report(scenario: DeliveryScenario) -> None:
    ask_for_report(scenario)
    scenario.add_watch()
    scenario.deliver()
    [(rules, planned)] = scenario.rt.store.report_schedules()
    assert planned == datetime(2026, 11, 3, 8, tzinfo=scenario.now.tzinfo)
    scenario.now += timedelta(hours=3)
    for _ in range(3):
        deliver(scenario.rt, scenario.now)
    assert len(reports(scenario)) == 1
    assert not scenario.rt.store.plan_report(rules.name, planned, scenario.now)


def test_a_channel_without_watches_gets_no_report(scenario: DeliveryScenario) -> None:
    ask_for_report(scenario)
    scenario.deliver()
    scenario.deliver_after(hours=3)
    assert scenario.channel_texts() == []
    assert scenario.rt.store.report_schedules()[0][1] == datetime(2026, 11, 10, 8, tzinfo=scenario.now.tzinfo)
