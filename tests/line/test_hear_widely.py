"""The wider net of the second hearing: names that the text has passed over are found where the audio confirms them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from podwatch import query
from podwatch.line.detect import evaluate
from podwatch.model import HearingOutcome, Tally, Watch
from podwatch.settings import Settings
from tests.support.hearing_scenario import TALK, HearingScenario, Opener, open_scenarios
from tests.support.podcast_host import Podcast, vtt

GALIZIA = Watch(name="galizia", entity="Jens Galizia", type="person", sounds_like=True)


@pytest.fixture
def open_scenario(settings: Settings, podcast: Podcast) -> Iterator[Opener]:
    with open_scenarios(settings, podcast) as opener:
        yield opener


def open_wide(open_scenario: Opener, said_as: str = "kallis") -> HearingScenario:
    """A scenario with a name that sounds too little like "kallis" for the text, whatever it is said as."""
    scenario = open_scenario({"Jens Galizia": "odesa", "Galizia": said_as}, again_widely=True)
    scenario.rt.store.sync_watches([GALIZIA], scenario.now)
    return scenario


def test_a_name_that_the_text_has_passed_over_is_found_where_the_audio_confirms_it(open_scenario: Opener) -> None:
    scenario = open_wide(open_scenario)
    scenario.add_episode(TALK)
    assert scenario.detect() == []
    scenario.hear_again()
    [found] = scenario.detect()
    assert (found.surface, found.kind) == ("kallis", "sounds_like")
    assert "heard again: Jens Galizia far likelier than kallis" in found.reason
    assert scenario.hear_again() == Tally("hear again")


def test_a_likely_name_that_is_not_said_is_found_nowhere(open_scenario: Opener) -> None:
    scenario = open_wide(open_scenario, "nothing")
    scenario.add_episode(TALK)
    scenario.detect()
    scenario.hear_again()
    assert set(scenario.outcomes()) == {HearingOutcome.HEARD}
    assert scenario.detect() == []
    assert scenario.hear_again() == Tally("hear again")


def test_a_wide_place_of_a_published_transcript_is_found_in_shifted_audio(open_scenario: Opener) -> None:
    scenario = open_wide(open_scenario)
    cues = vtt("Grain came from kallis today, ships leave again.", step=4)
    scenario.add_episode("again leave ships today " * 4 + TALK, published=cues)
    scenario.detect()
    scenario.hear_again()
    assert [m.surface for m in scenario.detect()] == ["kallis"]


def test_what_the_wider_net_found_is_the_same_in_a_backtest(open_scenario: Opener) -> None:
    scenario = open_wide(open_scenario)
    scenario.add_episode(TALK)
    scenario.detect()
    scenario.hear_again()
    live = scenario.detect()
    [source] = scenario.rt.store.load_sources(scenario.rt.store.transcript_ids())
    again = evaluate(scenario.rt.store, query.build_engine([GALIZIA]), source, {GALIZIA.name}).mentions
    assert [(m.start, m.end, m.score, m.reason) for m in again] == [(m.start, m.end, m.score, m.reason) for m in live]
