"""A watch under a new name: nothing is told again, and what was told stays one message that is kept right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from podwatch.history.rescan import rescan
from podwatch.line.detect import detect
from podwatch.model import Mute, Watch
from tests.line.deliver.test_moved_watches import new_channel, texts
from tests.support.delivery_scenario import DeliveryScenario

GRAIN, SEA = Watch(name="grain", query="grain"), Watch(name="sea", query="sea")


def sync(scenario: DeliveryScenario, *watches: Watch) -> None:
    """Syncs these watches, and has them looked for by the engine."""
    scenario.rt.store.sync_watches([replace(w, channel=scenario.channel) for w in watches], scenario.now)
    detect(scenario.rt, scenario.now)


def store_texts(scenario: DeliveryScenario) -> None:
    sync(scenario, GRAIN, SEA)
    scenario.add_transcript("one", "The grain came.")
    scenario.add_transcript("two", "The sea rose.")
    detect(scenario.rt, scenario.now)


# name: the new lists, one after the other
RENAMED: dict[str, Sequence[Sequence[Watch]]] = {
    "unsaid": [[replace(GRAIN, name="wheat"), SEA]],
    "another case": [[replace(GRAIN, name="Grain"), SEA]],
    "said": [[replace(GRAIN, name="wheat", was=("grain",)), SEA]],
    "said, and it looks for more": [[replace(GRAIN, name="wheat", query="grain OR wheat", was=("grain",)), SEA]],
    "and back": [[replace(GRAIN, name="wheat"), SEA], [GRAIN, SEA]],
    "and back, said": [[replace(GRAIN, name="wheat", was=("grain",)), SEA], [replace(GRAIN, was=("wheat",)), SEA]],
    "another takes the name": [[replace(GRAIN, name="wheat"), Watch(name="grain", query="rice"), SEA]],
    "another takes the name later": [
        [replace(GRAIN, name="wheat", was=("grain",)), SEA],
        [replace(GRAIN, name="wheat", was=("grain",)), Watch(name="grain", query="rice"), SEA],
    ],
    "swapped": [[replace(GRAIN, name="sea"), replace(SEA, name="grain")]],
}  # fmt: skip


@pytest.mark.parametrize("sent", [True, False], ids=["sent", "unsent"])
@pytest.mark.parametrize("case", RENAMED)
def test_a_renamed_watch_tells_nothing_again(case: str, sent: bool, scenario: DeliveryScenario) -> None:
    store_texts(scenario)
    if sent:
        scenario.deliver()
    mentions = [(m.transcript_id, m.mention.start) for m in scenario.rt.store.mentions()]
    for watches in RENAMED[case]:
        sync(scenario, *watches)
        scenario.deliver_after(minutes=5)
    rescan(scenario.settings, scenario.now, processes=1)
    scenario.deliver_until_done(3)
    assert len(scenario.channel_texts()) == 2
    assert scenario.count_states() == {"sent": 2}
    assert [(m.transcript_id, m.mention.start) for m in scenario.rt.store.mentions()] == mentions


@pytest.mark.parametrize("case", RENAMED)
def test_a_corrected_transcript_edits_the_message_of_a_renamed_watch(case: str, scenario: DeliveryScenario) -> None:
    store_texts(scenario)
    scenario.deliver()
    for watches in RENAMED[case]:
        sync(scenario, *watches)
    scenario.now += timedelta(hours=1)
    scenario.add_transcript("one", "The grain came late.")
    detect(scenario.rt, scenario.now)
    scenario.deliver_until_done(2)
    assert len(scenario.channel_texts()) == 2
    assert "came late." in scenario.channel_texts()[0]
    assert RENAMED[case][-1][0].name in scenario.channel_texts()[0]


def test_a_renamed_watch_keeps_its_mute(scenario: DeliveryScenario) -> None:
    store_texts(scenario)
    [grain] = [w for w in scenario.rt.store.watches() if w.name == "grain"]
    scenario.rt.store.add_mute(Mute(watch_id=grain.id, until=scenario.now + timedelta(days=2)), scenario.now)
    sync(scenario, replace(GRAIN, name="sea"), replace(SEA, name="grain"))
    scenario.deliver()
    assert ["grain in" in t for t in scenario.channel_texts()] == [True], "which was called sea"
    assert scenario.count_states() == {"sent": 1, "held: the watch was muted": 1}


def test_a_watch_that_is_renamed_and_moved_and_changed_at_once_tells_the_new_channel_only_what_is_new(
    scenario: DeliveryScenario,
) -> None:
    new = new_channel(scenario)
    store_texts(scenario)
    scenario.deliver()
    scenario.add_transcript("three", "The wheat came.")
    wheat = Watch(name="wheat", query="grain OR wheat", was=("grain",), channel=new)
    scenario.rt.store.sync_watches([wheat, replace(SEA, channel=scenario.channel)], scenario.now)
    detect(scenario.rt, scenario.now)
    scenario.deliver_until_done(2)
    assert (len(scenario.channel_texts()), len(texts(scenario, new))) == (2, 1)
    assert "The *wheat* came." in texts(scenario, new)[0]
