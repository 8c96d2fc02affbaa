"""A watch that is given another channel: what was not sent goes there, once; what was sent stays where it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest

from podwatch.history.rescan import rescan
from podwatch.model import DeliverMode, QuietHours, Schedule
from podwatch.store.deliver import DeliverRows
from tests.support.delivery_scenario import DeliveryScenario
from tests.support.slack.fault_proxy import Fault, hang_up, lost_answer, refused

Before = Callable[[DeliveryScenario], None]
ARCHIVED, FOR_GOOD = refused("is_archived"), refused("invalid_metadata_format")


def new_channel(scenario: DeliveryScenario) -> str:
    name = f"{scenario.channel}-new"
    scenario.workspace.call("conversations.create", name=name[1:])
    return name


def texts(scenario: DeliveryScenario, channel: str) -> list[str]:
    return [m["text"] for m in scenario.workspace.messages(channel) if "metadata" in m]


def two_alerts(scenario: DeliveryScenario) -> None:
    scenario.add_alert("one", "The {} came.")
    scenario.add_alert("two", "The {} left.")


def refused_with(*faults: Fault) -> Before:
    def before(scenario: DeliveryScenario) -> None:
        two_alerts(scenario)
        scenario.slack.fail_next(*faults)
        scenario.deliver()

    return before


def in_quiet_hours(scenario: DeliveryScenario) -> None:
    scenario.set_channel_rules(quiet=QuietHours(time(5), time(7)))
    two_alerts(scenario)
    scenario.deliver()


def in_digest(*faults: Fault) -> Before:
    def before(scenario: DeliveryScenario) -> None:
        scenario.add_watch(deliver=DeliverMode.DIGEST)
        two_alerts(scenario)
        scenario.deliver()
        if faults:
            scenario.slack.fail_next(*faults)
            scenario.deliver_after(hours=2)

    return before


# name: what happened in the old channel
BEFORE: dict[str, Before] = {
    "due": two_alerts,
    "refused, to be tried again": refused_with(ARCHIVED),
    "given up": refused_with(FOR_GOOD, FOR_GOOD),
    "held for quiet hours": in_quiet_hours,
    "held for a digest": in_digest(),
    "in a digest that was refused": in_digest(ARCHIVED),
    "in a digest that was given up": in_digest(FOR_GOOD),
}


@pytest.mark.parametrize("case", BEFORE)
def test_what_was_not_sent_goes_to_the_watchs_new_channel_once(case: str, scenario: DeliveryScenario) -> None:
    new = new_channel(scenario)
    BEFORE[case](scenario)
    posted = scenario.channel_texts()
    digest = any(r.reason == "DIGEST" for r in scenario.delivery_rows())
    mode = DeliverMode.DIGEST if digest else DeliverMode.EACH
    scenario.add_watch(channel=new, deliver=mode)
    scenario.deliver_until_done(3)
    scenario.deliver_after(hours=25)
    assert scenario.channel_texts() == posted == []
    assert scenario.count_states() == {"sent": 2}
    found = texts(scenario, new)
    assert len(found) == (1 if digest else 2)
    assert sum(word in text for text in found for word in ("came.", "left.")) == 2


def test_a_digest_whose_time_has_come_goes_to_the_new_channel_at_once(scenario: DeliveryScenario) -> None:
    new = new_channel(scenario)
    scenario.set_channel_rules(digest=Schedule(time(8), days=(scenario.now.weekday(),)))
    in_digest(ARCHIVED)(scenario)
    scenario.add_watch(channel=new, deliver=DeliverMode.DIGEST)
    scenario.deliver_until_done(1)
    assert [t.split(":")[0] for t in texts(scenario, new)] == ["Digest"]


MODES = (DeliverMode.EACH, DeliverMode.DIGEST)
# name: (the answer, whether the message arrived in the old channel)
ANSWERS = {
    "archived": (ARCHIVED, False),
    "refused for good": (FOR_GOOD, False),
    "cut before": (hang_up(), False),
    "cut after": (lost_answer(), True),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("case", ANSWERS)
def test_what_is_on_its_way_while_the_watch_is_moved_arrives_once(
    case: str, mode: DeliverMode, scenario: DeliveryScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, arrived = ANSWERS[case]
    new, real = new_channel(scenario), DeliverRows.claim_delivery
    scenario.add_watch(deliver=mode)
    scenario.add_alert("one")
    scenario.add_alert("two")

    def moving(*arguments: Any, **named: Any) -> object:
        claim = real(*arguments, **named)
        scenario.add_watch(channel=new, deliver=mode)
        return claim

    if mode is DeliverMode.DIGEST:
        scenario.deliver()
        scenario.now += timedelta(hours=2)
    scenario.slack.fail_next(answer)
    with monkeypatch.context() as patched:
        patched.setattr(DeliverRows, "claim_delivery", moving)
        scenario.deliver()
    scenario.deliver_until_done(3)
    scenario.deliver_after(hours=25)  # what was given up waits for the next digest
    assert scenario.count_states() == {"sent": 2}
    messages = 1 if mode is DeliverMode.DIGEST else 2
    assert len(scenario.channel_texts()) == (1 if arrived else 0)
    assert len(texts(scenario, new)) == messages - (1 if arrived else 0)


def test_what_is_moved_between_the_reading_and_the_claim_is_not_sent_to_the_old_channel(
    scenario: DeliveryScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, real = new_channel(scenario), DeliverRows.claim_delivery
    scenario.add_alert("one")

    def late(*arguments: Any, **named: Any) -> object:
        scenario.add_watch(channel=new)
        return real(*arguments, **named)

    with monkeypatch.context() as patched:
        patched.setattr(DeliverRows, "claim_delivery", late)
        scenario.deliver()
    scenario.deliver_until_done(1)
    assert (scenario.channel_texts(), len(texts(scenario, new))) == ([], 1)


def test_what_waits_in_a_mistyped_channel_is_named(scenario: DeliveryScenario) -> None:
    scenario.add_watch(channel="#nosuch-channel")
    two_alerts(scenario)
    for _ in range(2):
        [*_, note] = scenario.deliver_after(seconds=5).notes
        assert note.startswith("2 messages wait for #nosuch-channel: #nosuch-channel: there is no such channel")
    scenario.add_watch(channel=scenario.channel)
    assert scenario.deliver().notes == ()
    assert len(scenario.channel_texts()) == 2


# ---- what was sent


def test_a_corrected_transcript_edits_the_message_in_the_old_channel(scenario: DeliveryScenario) -> None:
    new = new_channel(scenario)
    scenario.add_alert("one", "The {} came.")
    scenario.deliver()
    scenario.add_watch(channel=new)
    scenario.now += timedelta(hours=1)
    scenario.add_alert("one", "The {} came late.", "More {}.")
    scenario.deliver_until_done(2)
    [text] = scenario.channel_texts()
    assert "came late." in text
    assert texts(scenario, new) == []
    scenario.add_alert("two")
    scenario.deliver_until_done(1)
    assert len(texts(scenario, new)) == 1


def test_a_rescan_after_a_move_posts_nothing(scenario: DeliveryScenario) -> None:
    new = new_channel(scenario)
    two_alerts(scenario)
    scenario.deliver()
    scenario.add_watch(channel=new)
    found = rescan(scenario.settings, scenario.now, processes=1)
    scenario.deliver_until_done(2)
    assert (found.due, found.gone, texts(scenario, new), len(scenario.channel_texts())) == (0, 0, [], 2)
