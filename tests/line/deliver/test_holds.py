"""Alerts that are not sent at once: digests, ceilings, quiet hours, mutes. Each ends sent, or held for a reason."""

from __future__ import annotations

from datetime import time, timedelta

from podwatch.model import DeliverMode, Mute, QuietHours, Schedule
from tests.support.delivery_scenario import DeliveryScenario
from tests.support.slack.fault_proxy import hang_up, lost_answer, rate_limited


def test_a_digest_sends_what_was_collected_in_one_message_once(scenario: DeliveryScenario) -> None:
    scenario.set_channel_rules(digest=Schedule(time(8)))
    scenario.add_watch(deliver=DeliverMode.DIGEST)
    for n in range(3):
        scenario.add_alert(f"e{n}", f"The {{}} came, number {n}.")
    scenario.deliver()
    assert scenario.count_states() == {"held: waits for the digest": 3}
    scenario.slack.fail_next(lost_answer())
    scenario.deliver_after(hours=2)
    scenario.deliver_until_done(3)
    [text] = scenario.channel_texts()
    assert text.startswith("Digest: 3 alerts")
    assert all(f"number {n}." in text for n in range(3))
    assert scenario.count_states() == {"sent": 3}


def test_a_long_digest_goes_on_in_its_thread(scenario: DeliveryScenario) -> None:
    scenario.add_watch(deliver=DeliverMode.DIGEST)
    for n in range(30):
        scenario.add_alert(f"e{n}", f"The {{}} came, {'and came ' * 30}, number {n}.")
    scenario.deliver()
    scenario.deliver_after(hours=2)
    [root] = [m for m in scenario.messages() if "metadata" in m]
    assert len(scenario.replies(root)) >= 1


def test_a_digest_is_edited_when_one_of_its_alerts_changes(scenario: DeliveryScenario) -> None:
    scenario.add_watch(deliver=DeliverMode.DIGEST)
    scenario.add_alert("one", "The {} came.")
    scenario.add_alert("two", "The {} left.")
    scenario.deliver()
    scenario.deliver_after(hours=2)
    scenario.now += timedelta(hours=1)
    scenario.add_alert("two", "The {} stayed.")
    scenario.deliver()
    [text] = scenario.channel_texts()
    assert "The grain stayed." in text


def test_an_alert_that_changed_before_its_digest_leaves_the_digest_whole(scenario: DeliveryScenario) -> None:
    scenario.add_watch(deliver=DeliverMode.DIGEST)
    scenario.add_alert("one", "The {} came.")
    scenario.add_alert("two", "The {} left.")
    scenario.deliver()
    scenario.now += timedelta(minutes=5)
    scenario.add_alert("two", "The {} stayed.")
    scenario.deliver_after(hours=2)
    scenario.deliver_until_done(2)
    [text] = scenario.channel_texts()
    assert ("The grain came." in text, "The grain stayed." in text) == (True, True)


def test_what_was_found_just_before_the_digest_is_in_it(scenario: DeliveryScenario) -> None:
    scenario.set_channel_rules(digest=Schedule(time(8)))
    scenario.add_watch(deliver=DeliverMode.DIGEST)
    scenario.add_alert("early")
    scenario.deliver()
    scenario.now += timedelta(hours=1, minutes=59)
    scenario.add_alert("late")
    scenario.deliver_after(minutes=2)
    [text] = scenario.channel_texts()
    assert text.startswith("Digest: 2 alerts")


def test_a_digest_that_could_not_be_sent_in_time_waits_for_the_end_of_quiet_hours(scenario: DeliveryScenario) -> None:
    scenario.set_channel_rules(digest=Schedule(time(8)), quiet=QuietHours(time(8, 30), time(12)))
    scenario.add_watch(deliver=DeliverMode.DIGEST)
    scenario.add_alert("one")
    scenario.deliver()
    scenario.slack.fail_next(rate_limited(60))
    scenario.deliver_after(hours=2)
    scenario.deliver_after(hours=1)
    assert scenario.channel_texts() == []
    scenario.deliver_after(hours=3)
    assert [t[:16] for t in scenario.channel_texts()] == ["Digest: 1 alert "]
    assert scenario.count_states() == {"sent": 1}


def test_an_alert_whose_answer_was_lost_is_not_posted_again_in_quiet_hours(scenario: DeliveryScenario) -> None:
    scenario.set_channel_rules(quiet=QuietHours(time(6, 1), time(12)))
    scenario.add_alert("one")
    scenario.slack.fail_next(hang_up())
    scenario.deliver()
    scenario.deliver_until_done(5)
    assert scenario.channel_texts() == []
    scenario.set_channel_rules()
    scenario.deliver()
    assert len(scenario.channel_texts()) == 1, "there are no quiet hours any more"


def test_after_a_digest_the_ceiling_counts_it(scenario: DeliveryScenario) -> None:
    scenario.set_channel_rules(ceiling=1)
    scenario.add_alert("one")
    scenario.deliver()
    scenario.add_alert("two")
    scenario.deliver_after(minutes=1)
    scenario.now += timedelta(minutes=61)
    scenario.add_alert("three")
    scenario.deliver()
    assert [t.startswith("Digest") for t in scenario.channel_texts()] == [False, True]


def test_beyond_the_ceiling_the_rest_becomes_one_digest(scenario: DeliveryScenario) -> None:
    scenario.set_channel_rules(ceiling=2)
    for n in range(6):
        scenario.add_alert(f"e{n}")
    scenario.deliver()
    assert len(scenario.channel_texts()) == 2
    scenario.deliver_after(minutes=61)
    assert len(scenario.channel_texts()) == 3
    assert scenario.channel_texts()[-1].startswith("Digest: 4 alerts")
    assert scenario.count_states() == {"sent": 6}


def test_an_alert_in_quiet_hours_is_sent_when_they_end(scenario: DeliveryScenario) -> None:
    scenario.set_channel_rules(quiet=QuietHours(time(22), time(7)))
    scenario.add_alert("one")
    scenario.deliver()
    assert scenario.count_states() == {"held: waits for the end of the channel's quiet hours": 1}
    scenario.deliver_after(hours=1)
    assert scenario.count_states() == {"sent": 1}


def test_an_alert_of_a_watch_that_was_sent_a_short_while_ago_waits_for_a_digest(scenario: DeliveryScenario) -> None:
    scenario.add_watch(repeat_after=3600.0)
    for n in range(3):
        scenario.add_alert(f"e{n}")
    scenario.deliver()
    assert len(scenario.channel_texts()) == 1
    scenario.deliver_after(minutes=61)
    assert scenario.channel_texts()[-1].startswith("Digest: 2 alerts")


def test_a_muted_alert_is_stored_and_not_sent(scenario: DeliveryScenario) -> None:
    w = scenario.add_watch()
    scenario.rt.store.add_mute(Mute(watch_id=w.id, until=scenario.now + timedelta(days=2)), scenario.now)
    scenario.add_alert("one")
    scenario.deliver()
    scenario.deliver_after(days=3)
    assert scenario.count_states() == {"held: the watch was muted": 1}
    assert scenario.channel_texts() == []


def test_a_watch_that_wants_more_mentions_waits_for_them(scenario: DeliveryScenario) -> None:
    scenario.add_watch(minimum=2)
    scenario.add_alert("one", "The {} came.")
    scenario.deliver()
    assert scenario.count_states() == {"held: it has fewer mentions than the watch's minimum": 1}
    scenario.add_alert("one", "The {} came.", "And {} again.")
    scenario.deliver()
    assert scenario.count_states() == {"sent": 1}
