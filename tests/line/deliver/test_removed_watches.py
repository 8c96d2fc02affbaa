"""A list synced by mistake and the right one again, feeds that go and come: nothing is lost, and nothing said twice."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from podwatch.line.detect import detect
from podwatch.model import DeliverMode, Watch
from podwatch.store.database import Store
from tests.support.delivery_scenario import DeliveryScenario
from tests.support.slack.fault_proxy import Fault, hang_up, lost_answer, refused
from tests.support.stored_transcripts import store_alert

EACH, DIGEST = DeliverMode.EACH, DeliverMode.DIGEST


def sync(scenario: DeliveryScenario, *watches: Watch) -> None:
    scenario.rt.store.sync_watches(watches, scenario.now)
    detect(scenario.rt, scenario.now)


# name: (the wrong list, minutes that it is in use, how often deliver runs meanwhile)
MISTAKES: dict[str, tuple[list[Watch], float, int]] = {
    "an empty one": ([], 10, 1),
    "an empty one, and nobody delivers": ([], 10, 0),
    "another watch": ([Watch(name="sea", query="sea", channel="#nosuch")], 60, 3),
    "the same name for something else": ([Watch(name="grain", query="sea", channel="#nosuch")], 60, 2),
    "for days": ([], 6 * 24 * 60, 4),
}


@pytest.mark.parametrize("mode", [EACH, DIGEST])
@pytest.mark.parametrize("case", MISTAKES)
def test_a_wrong_list_that_is_put_right_loses_and_repeats_nothing(
    case: str, mode: DeliverMode, scenario: DeliveryScenario
) -> None:
    wrong, minutes, deliveries = MISTAKES[case]
    right = Watch(name="grain", query="grain", channel=scenario.channel, deliver=mode)
    sync(scenario, right)
    scenario.add_transcript("sent", "The grain number 0.")
    detect(scenario.rt, scenario.now)
    scenario.deliver()
    if mode is DIGEST:
        scenario.deliver_after(hours=2)
    assert scenario.count_states() == {"sent": 1}
    scenario.add_transcript("due", "The grain number 1.")
    detect(scenario.rt, scenario.now)
    sync(scenario, *wrong)
    scenario.add_transcript("meanwhile", "The grain number 2.")
    detect(scenario.rt, scenario.now)
    for _ in range(deliveries):
        scenario.deliver_after(minutes=minutes / deliveries)
    assert len(scenario.channel_texts()) == 1
    sync(scenario, right)
    scenario.deliver_until_done(2)
    scenario.deliver_after(hours=25)
    scenario.deliver_after(minutes=5)
    found = [sum(f"number {n}." in t for t in scenario.channel_texts()) for n in range(3)]
    assert found == [1, 1, 1]
    assert scenario.count_states() == {"sent": 3}


def test_a_watch_that_was_away_for_longer_is_as_a_new_one(scenario: DeliveryScenario) -> None:
    right = Watch(name="grain", query="grain", channel=scenario.channel)
    sync(scenario, right)
    scenario.add_transcript("old", "The grain number 1.")
    detect(scenario.rt, scenario.now)
    sync(scenario)
    scenario.deliver_after(days=5)
    scenario.add_transcript("young", "The grain number 2.")
    detect(scenario.rt, scenario.now)
    scenario.deliver_after(days=3)
    sync(scenario, right)
    scenario.deliver_until_done(2)
    assert ["number 2." in t for t in scenario.channel_texts()] == [True]


# ---- feeds


def test_of_two_feeds_with_an_episode_one_is_removed_and_the_message_is_still_edited(
    scenario: DeliveryScenario,
) -> None:
    for feed in ("a", "b"):
        scenario.add_alert("one", "The {} came.", feed=feed)
    scenario.deliver()
    scenario.remove_feed("a")
    scenario.deliver_after(minutes=1)
    scenario.now += timedelta(hours=1)
    scenario.add_alert("one", "The {} came late.", feed="b")
    scenario.deliver_until_done(2)
    [text] = scenario.channel_texts()
    assert "came late." in text


# name: (the mode, what answers the digest or the message that is tried before the feed is removed)
UNSENT: dict[str, tuple[DeliverMode, Fault | None]] = {
    "due": (EACH, None),
    "refused": (EACH, refused("is_archived")),
    "lost, and not there": (EACH, hang_up()),
    "lost, and there": (EACH, lost_answer()),
    "for a digest": (DIGEST, None),
    "in a digest that was refused": (DIGEST, refused("is_archived")),
    "in a digest that was lost, and is not there": (DIGEST, hang_up()),
    "in a digest that was lost, and is there": (DIGEST, lost_answer()),
}


@pytest.mark.parametrize("others", [False, True], ids=["alone", "with another feed's"])
@pytest.mark.parametrize("wait", [0, 10], ids=["at once", "later"])
@pytest.mark.parametrize("case", UNSENT)
def test_a_feed_that_is_removed_and_added_again_loses_and_repeats_nothing(
    case: str, wait: int, others: bool, scenario: DeliveryScenario
) -> None:
    mode, fault = UNSENT[case]
    scenario.add_watch(deliver=mode)
    scenario.add_alert("one", "The {} number 0.")
    if others:
        scenario.add_alert("two", "The {} number 1.", feed="b")
    if mode is DIGEST:
        scenario.deliver()
    if fault is not None:
        scenario.slack.fail_next(fault)
        scenario.deliver_after(hours=2)
    scenario.remove_feed("a")
    if wait:
        scenario.deliver_after(minutes=wait)
        scenario.deliver_after(minutes=wait)
    scenario.add_alert("one", "The {} number 0.")
    scenario.deliver_until_done(3)
    scenario.deliver_after(hours=25)
    scenario.deliver_until_done(2)
    texts = scenario.channel_texts()
    assert not [t for t in texts if "0 alerts" in t]
    assert sum("number 0." in t for t in texts) == 1
    assert sum("number 1." in t for t in texts) == others
    assert scenario.count_states() == {"sent": 1 + others}


def test_a_digest_of_nothing_is_not_posted(scenario: DeliveryScenario) -> None:
    scenario.add_watch(deliver=DIGEST)
    scenario.add_alert("one")
    scenario.deliver()
    scenario.slack.fail_next(refused("is_archived"))
    scenario.deliver_after(hours=2)
    scenario.remove_feed("a")
    scenario.deliver_until_done(3)
    assert scenario.channel_texts() == []
    assert scenario.count_states() == {"held: its feed was removed before it was sent": 1}


def test_a_feed_that_comes_back_with_another_transcript_edits_the_message(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one", "The {} came.")
    scenario.deliver()
    scenario.remove_feed("a")
    scenario.deliver_after(minutes=5)
    scenario.now += timedelta(hours=1)
    scenario.add_alert("one", "The {} came late.")
    scenario.deliver_until_done(2)
    [text] = scenario.channel_texts()
    assert "came late." in text


def test_an_alert_of_a_removed_feed_is_held_and_due_again_on_each_database(store: Store, now: datetime) -> None:
    store_alert(store, now)
    [feed] = store.feeds()
    store.remove_feed(feed.url)
    assert store.alert_states() == {"held: its feed was removed before it was sent": 1}
    store_alert(store, now + timedelta(hours=1))
    assert store.alert_states() == {"due": 1}
