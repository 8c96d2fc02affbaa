"""Rules that change while alerts are held: each goes when the new ones say, once, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time
from typing import Any

import pytest

from podwatch.model import DeliverMode, QuietHours, Schedule
from tests.support.delivery_scenario import DeliveryScenario
from tests.support.slack.fault_proxy import Fault, lost_answer, refused

EACH, DIGEST, NONE = DeliverMode.EACH, DeliverMode.DIGEST, DeliverMode.NONE
QUIET = QuietHours(time(5), time(20))
TUESDAY = 1  # the day of the tests, which begin at six o'clock
WEEKLY = Schedule(time(8), (0,))  # Monday


@dataclass(frozen=True)
class Rules:
    """A watch's facts, and its channel's rules."""

    watch: dict[str, Any] = field(default_factory=dict)
    channel: dict[str, Any] = field(default_factory=dict)

    def apply(self, scenario: DeliveryScenario) -> None:
        scenario.add_watch(**self.watch)
        scenario.set_channel_rules(**self.channel)


# name: (the rules under which three alerts are found, the new rules, messages at once, messages within five hours)
CHANGES: dict[str, tuple[Rules, Rules, int, int]] = {
    "a digest earlier": (Rules({"deliver": DIGEST}), Rules({"deliver": DIGEST}, {"digest": Schedule(time(7))}), 0, 1),
    "a digest later": (Rules({"deliver": DIGEST}), Rules({"deliver": DIGEST}, {"digest": Schedule(time(10))}), 0, 1),
    "a digest tomorrow": (Rules({"deliver": DIGEST}), Rules({"deliver": DIGEST}, {"digest": Schedule(time(5))}), 0, 0),
    "weekly to daily": (Rules({"deliver": DIGEST}, {"digest": WEEKLY}), Rules({"deliver": DIGEST}), 0, 1),
    "digest to each": (Rules({"deliver": DIGEST}), Rules(), 3, 3),
    "digest to none": (Rules({"deliver": DIGEST}), Rules({"deliver": NONE}), 0, 0),
    "digest to each in quiet hours": (Rules({"deliver": DIGEST}), Rules({}, {"quiet": QUIET}), 0, 0),
    "quiet hours gone": (Rules({}, {"quiet": QUIET}), Rules(), 3, 3),
    "quiet hours shorter": (Rules({}, {"quiet": QUIET}), Rules({}, {"quiet": QuietHours(time(5), time(7))}), 0, 3),
    "quiet hours to a digest": (Rules({}, {"quiet": QUIET}), Rules({"deliver": DIGEST}), 0, 1),
    "quiet hours to none": (Rules({}, {"quiet": QUIET}), Rules({"deliver": NONE}), 0, 0),
    "a ceiling gone": (Rules({}, {"ceiling": 1}), Rules(), 3, 3),
    "a ceiling higher": (Rules({}, {"ceiling": 1}), Rules({}, {"ceiling": 2}), 2, 3),
    "no more pauses": (Rules({"repeat_after": 86400.0}), Rules(), 3, 3),
    "a shorter pause": (Rules({"repeat_after": 86400.0}), Rules({"repeat_after": 7200.0}), 1, 2),
    "a longer pause": (Rules({"repeat_after": 7200.0}), Rules({"repeat_after": 86400.0}), 1, 1),
    "a pause to none": (Rules({"repeat_after": 7200.0}), Rules({"deliver": NONE}), 1, 1),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_is_held_goes_when_the_new_rules_say(case: str, scenario: DeliveryScenario) -> None:
    old, new, at_once, later = CHANGES[case]
    old.apply(scenario)
    for n in range(3):
        scenario.add_alert(f"e{n}", f"The {{}} number {n}.")
    scenario.deliver()
    new.apply(scenario)
    scenario.deliver_after(seconds=10)
    assert len(scenario.channel_texts()) == at_once
    for _ in range(10):
        scenario.deliver_after(minutes=30)
    assert len(scenario.channel_texts()) == later
    for _ in range(16):
        scenario.deliver_after(hours=13)
    arrived = [sum(f"number {n}." in text for text in scenario.channel_texts()) for n in range(3)]
    sent_before_none = at_once if new.watch.get("deliver") is NONE else 3
    assert sorted(arrived) == [0] * (3 - sent_before_none) + [1] * sent_before_none
    assert scenario.count_states().get("sent", 0) == sent_before_none


Change = Callable[[DeliveryScenario], None]
# name: (the change, messages that come of two alerts in a digest that was refused as it stood)
DISSOLVED: dict[str, tuple[Rules, int]] = {
    "to each": (Rules(), 2),
    "to none": (Rules({"deliver": NONE}), 0),
    "another time": (Rules({"deliver": DIGEST}, {"digest": Schedule(time(9))}), 1),
    "a minimum": (Rules({"deliver": DIGEST, "minimum": 2}), 0),
    "a ceiling": (Rules({"deliver": DIGEST}, {"ceiling": 5}), 1),
}


@pytest.mark.parametrize("case", DISSOLVED)
def test_a_digest_that_was_made_and_not_posted_is_made_anew(case: str, scenario: DeliveryScenario) -> None:
    new, messages = DISSOLVED[case]
    made_digest(scenario, refused("is_archived"))
    new.apply(scenario)
    scenario.deliver_until_done(4)
    assert len(scenario.channel_texts()) == messages
    assert scenario.count_states().get("sent", 0) == (2 if messages else 0)
    assert all(row.digest_id is None or messages == 1 for row in scenario.delivery_rows())


@pytest.mark.parametrize("case", DISSOLVED)
def test_a_digest_whose_outcome_is_unknown_stays_whatever_changes(case: str, scenario: DeliveryScenario) -> None:
    made_digest(scenario, lost_answer())
    DISSOLVED[case][0].apply(scenario)
    scenario.deliver_until_done(4)
    assert [t.split(":")[0] for t in scenario.channel_texts()] == ["Digest"]
    assert scenario.count_states() == {"sent": 2}


def made_digest(scenario: DeliveryScenario, fault: Fault) -> None:
    """Has a digest of two alerts made, and its post fail."""
    scenario.add_watch(deliver=DIGEST)
    scenario.add_alert("one", "The {} came.")
    scenario.add_alert("two", "The {} left.")
    scenario.deliver()
    scenario.slack.fail_next(fault)
    scenario.deliver_after(hours=2)
    assert [r.state for r in scenario.delivery_rows() if r.kind == "digest"] == ["retry"]
