"""What is not told at once: digests, ceilings, quiet hours, mutes. Each alert ends told, or held back for a reason."""

from __future__ import annotations

from datetime import time, timedelta

from podwatch.model import DeliverMode, Mute, Quiet, Times
from tests.support.desk import DeliveryScenario
from tests.support.slack.fault_proxy import lost_answer


def test_a_digest_tells_what_was_collected_in_one_message_once(desk: DeliveryScenario) -> None:
    desk.rules(digest=Times(time(8)))
    desk.watch(deliver=DeliverMode.DIGEST)
    for n in range(3):
        desk.alert(f"e{n}", f"The {{}} came, number {n}.")
    desk.deliver()
    assert desk.states() == {"held: waits for the digest": 3}
    desk.slack.next(lost_answer())
    desk.later(hours=2)
    desk.until_quiet(3)
    [text] = desk.texts()
    assert text.startswith("Digest: 3 alerts")
    assert all(f"number {n}." in text for n in range(3))
    assert desk.states() == {"sent": 3}


def test_a_long_digest_goes_on_in_its_thread(desk: DeliveryScenario) -> None:
    desk.watch(deliver=DeliverMode.DIGEST)
    for n in range(30):
        desk.alert(f"e{n}", f"The {{}} came, {'and came ' * 30}, number {n}.")
    desk.deliver()
    desk.later(hours=2)
    [root] = [m for m in desk.messages() if "metadata" in m]
    assert len(desk.replies(root)) >= 1


def test_a_digest_is_edited_when_one_of_its_alerts_changes(desk: DeliveryScenario) -> None:
    desk.watch(deliver=DeliverMode.DIGEST)
    desk.alert("one", "The {} came.")
    desk.alert("two", "The {} left.")
    desk.deliver()
    desk.later(hours=2)
    desk.now += timedelta(hours=1)
    desk.alert("two", "The {} stayed.")
    desk.deliver()
    [text] = desk.texts()
    assert "The grain stayed." in text


def test_beyond_the_ceiling_the_rest_becomes_one_digest(desk: DeliveryScenario) -> None:
    desk.rules(ceiling=2)
    for n in range(6):
        desk.alert(f"e{n}")
    desk.deliver()
    assert len(desk.texts()) == 2
    desk.later(minutes=61)
    assert len(desk.texts()) == 3
    assert desk.texts()[-1].startswith("Digest: 4 alerts")
    assert desk.states() == {"sent": 6}


def test_quiet_hours_end_and_then_it_is_told(desk: DeliveryScenario) -> None:
    desk.rules(quiet=Quiet(time(22), time(7)))
    desk.alert("one")
    desk.deliver()
    assert desk.states() == {"held: waits for the end of the channel's quiet hours": 1}
    desk.later(hours=1)
    assert desk.states() == {"sent": 1}


def test_a_watch_told_a_short_while_ago_waits_for_a_digest(desk: DeliveryScenario) -> None:
    desk.watch(repeat_after=3600.0)
    for n in range(3):
        desk.alert(f"e{n}")
    desk.deliver()
    assert len(desk.texts()) == 1
    desk.later(minutes=61)
    assert desk.texts()[-1].startswith("Digest: 2 alerts")


def test_what_is_muted_is_kept_and_told_to_nobody(desk: DeliveryScenario) -> None:
    w = desk.watch()
    desk.rt.store.add_mute(Mute(watch_id=w.id, until=desk.now + timedelta(days=2)), desk.now)
    desk.alert("one")
    desk.deliver()
    desk.later(days=3)
    assert desk.states() == {"held: the watch was muted": 1}
    assert desk.texts() == []


def test_a_watch_that_wants_more_mentions_waits_for_them(desk: DeliveryScenario) -> None:
    desk.watch(minimum=2)
    desk.alert("one", "The {} came.")
    desk.deliver()
    assert desk.states() == {"held: it has fewer mentions than the watch's minimum": 1}
    desk.alert("one", "The {} came.", "And {} again.")
    desk.deliver()
    assert desk.states() == {"sent": 1}
