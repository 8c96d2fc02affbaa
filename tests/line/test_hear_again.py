"""The second hearing: a name that the text leaves in doubt waits, is heard again, and then is told or is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from time import monotonic

import pytest

from podwatch import query
from podwatch.diagnose.coverage import coverage_line
from podwatch.line.detect import evaluate
from podwatch.line.fetch import fetch
from podwatch.line.hear_again import HearingClaim
from podwatch.model import HearingOutcome, Tally, Watch
from podwatch.policy.hearing_schedule import PATIENCE
from podwatch.policy.listen_schedule import next_day
from podwatch.query import second_hearing
from podwatch.settings import Settings
from tests.support.hearing_scenario import NAME, SOMEBODY_ELSE, TALK, HearingScenario, Opener, open_scenarios
from tests.support.podcast_host import Podcast, vtt


@pytest.fixture
def open_scenario(settings: Settings, podcast: Podcast) -> Iterator[Opener]:
    with open_scenarios(settings, podcast) as opener:
        yield opener


@pytest.fixture
def scenario(open_scenario: Opener) -> HearingScenario:
    return open_scenario()


def test_a_name_in_doubt_is_not_told_before_its_audio_was_heard_again(scenario: HearingScenario) -> None:
    scenario.add_episode(TALK * 2)
    assert scenario.detect() == []
    assert scenario.outcomes() == [None, None]


def test_a_name_that_the_audio_confirms_is_found_and_says_why(scenario: HearingScenario) -> None:
    scenario.add_episode(TALK * 2)
    scenario.detect()
    assert scenario.hear_again() == Tally("hear again", done=1, new=2)
    found = scenario.detect()
    assert [m.surface for m in found] == ["kallis", "kallis"]
    assert all(m.score > 0.9 for m in found)
    assert "heard again: Kaja Kallas far likelier than kallis" in found[0].reason


def test_a_name_that_was_not_said_is_never_found(open_scenario: Opener) -> None:
    scenario = open_scenario(SOMEBODY_ELSE)
    scenario.add_episode(TALK)
    scenario.detect()
    scenario.hear_again()
    assert scenario.outcomes() == [HearingOutcome.HEARD]
    assert scenario.detect() == []


def test_nothing_waits_where_hearing_again_is_off(open_scenario: Opener) -> None:
    scenario = open_scenario(again=False)
    scenario.add_episode(TALK)
    scenario.detect()
    assert scenario.outcomes() == []


def test_the_audio_is_kept_until_it_was_heard_again_and_not_downloaded_twice(scenario: HearingScenario) -> None:
    scenario.add_episode(TALK)
    scenario.detect()
    assert len(list((scenario.settings.home / "audio").iterdir())) == 1
    scenario.hear_again()
    assert list((scenario.settings.home / "audio").iterdir()) == []
    assert len(scenario.host.statuses["/one.wav"]) == 1


def test_audio_without_a_doubtful_name_is_deleted_once_it_was_searched(scenario: HearingScenario) -> None:
    scenario.add_episode("grain came from odesa today ships leave again ")
    scenario.hear_again()
    assert len(list((scenario.settings.home / "audio").iterdir())) == 1  # detect may still need it
    scenario.detect()
    assert scenario.hear_again() == Tally("hear again")
    assert list((scenario.settings.home / "audio").iterdir()) == []


def test_what_was_heard_again_is_not_heard_a_third_time(scenario: HearingScenario) -> None:
    scenario.add_episode(TALK)
    scenario.detect()
    scenario.hear_again()
    scenario.detect()
    asked = len(scenario.recogniser.asked)
    assert scenario.hear_again() == Tally("hear again")
    assert len(scenario.recogniser.asked) == asked


def test_a_published_transcript_is_found_in_audio_that_an_advertisement_has_shifted(open_scenario: Opener) -> None:
    scenario = open_scenario()
    cues = vtt("Grain came from kallis today, ships leave again.", step=4)
    advertisement = "again leave ships today " * 4
    scenario.add_episode(advertisement + TALK, published=cues)
    scenario.detect()
    assert scenario.hear_again().new == 1
    assert ("Kallas", "kallis") in scenario.recogniser.asked
    assert [m.surface for m in scenario.detect()] == ["kallis"]


def test_what_the_audio_has_confirmed_stays_told_when_the_publisher_mends_another_word(open_scenario: Opener) -> None:
    scenario = open_scenario()
    scenario.add_episode(
        TALK, published=vtt("Grain came from kallis today, ships leave again.", "Grain again.", step=4)
    )
    scenario.detect()
    scenario.hear_again()
    [told] = scenario.detect()
    asked = len(scenario.recogniser.asked)
    mended = vtt("Thank you.", "Grain came from kallis today, ships leave again.", "Grain ships again.", step=4)
    scenario.host.serve("/one.vtt", mended, "text/vtt")
    fetch(scenario.rt, scenario.now + timedelta(days=2))
    [after] = scenario.detect(scenario.now + timedelta(days=2))
    assert (after.surface, after.score, after.reason) == (told.surface, told.score, told.reason)
    assert after.start == told.start + len("Thank you. ")
    assert scenario.outcomes() == [HearingOutcome.HEARD]
    assert len(scenario.recogniser.asked) == asked


def test_where_the_publisher_has_written_another_sentence_the_audio_is_asked_anew(open_scenario: Opener) -> None:
    scenario = open_scenario()
    scenario.add_episode(TALK, published=vtt("Grain came from kallis today, ships leave again.", step=4))
    scenario.detect()
    scenario.hear_again()
    scenario.detect()
    scenario.host.serve("/one.vtt", vtt("Nobody but kallis knows what the weather will be.", step=4), "text/vtt")
    fetch(scenario.rt, scenario.now + timedelta(days=2))
    assert scenario.detect(scenario.now + timedelta(days=2)) == []
    assert scenario.outcomes() == [None]


def test_audio_with_other_words_leaves_the_text_alone(open_scenario: Opener) -> None:
    scenario = open_scenario()
    scenario.add_episode("ships leave again " * 6, published=vtt("Grain came from kallis today, ships leave again."))
    scenario.detect()
    scenario.hear_again()
    assert scenario.outcomes() == [HearingOutcome.OTHER_AUDIO]
    assert scenario.recogniser.asked == []


# what the audio has where the transcript has the name
SPOILT_AUDIO = {
    "cut before the name": "grain came",
    "cut at the name": "grain came from",
    "another episode's": "ships leave again ships leave again odesa",
}


@pytest.mark.parametrize("said", SPOILT_AUDIO.values(), ids=SPOILT_AUDIO)
def test_audio_in_which_the_place_is_not_found_leaves_the_text_alone(said: str, open_scenario: Opener) -> None:
    scenario = open_scenario()
    scenario.rt.store.sync_watches([replace(NAME, threshold=0.1)], scenario.now)
    scenario.add_episode(said, published=vtt("Grain came from kallis today, ships leave again."))
    scenario.detect()
    scenario.hear_again()
    [found] = scenario.detect()
    assert found.reason.endswith("not heard again: the audio has other words there")
    assert scenario.recogniser.asked == []


def test_a_name_under_which_there_is_nothing_to_hear_is_not_told(open_scenario: Opener) -> None:
    scenario = open_scenario()
    scenario.rt.store.sync_watches([replace(NAME, threshold=0.1)], scenario.now)
    scenario.add_episode(
        "grain came from today ships leave again", published=vtt("Grain came from kallis today, ships leave again.")
    )
    scenario.detect()
    scenario.hear_again()
    assert scenario.detect() == []


def test_a_file_that_is_no_audio_leaves_the_text_alone(open_scenario: Opener) -> None:
    scenario = open_scenario()
    scenario.add_episode(TALK, published=vtt("Grain came from kallis today, ships leave again."))
    scenario.detect()
    scenario.host.serve("/one.wav", b"RIFF" + b"x" * 4000, "audio/wav")
    assert scenario.hear_again().failed == 1
    scenario.hear_again(scenario.now + PATIENCE)
    assert scenario.outcomes() == [HearingOutcome.NO_AUDIO]


@pytest.mark.parametrize("status", [404, 503])
def test_audio_that_cannot_be_had_is_asked_for_within_a_day_and_then_the_text_decides(
    status: int, open_scenario: Opener
) -> None:
    scenario = open_scenario()
    scenario.add_episode(TALK, published=vtt("Grain came from kallis today, ships leave again."))
    scenario.detect()
    scenario.host.fail("/one.wav", status, times=20)
    assert scenario.hear_again().failed == 1
    assert scenario.outcomes() == [None]
    assert scenario.hear_again() == Tally("hear again")  # not at once
    scenario.hear_again(scenario.now + PATIENCE)
    assert scenario.outcomes() == [HearingOutcome.NO_AUDIO]


def test_a_recogniser_without_probabilities_leaves_the_text_alone_and_says_so(open_scenario: Opener) -> None:
    scenario = open_scenario(None)
    scenario.rt.store.sync_watches([replace(NAME, threshold=0.1)], scenario.now)
    scenario.add_episode(TALK)
    assert scenario.detect() == []
    scenario.hear_again()
    [found] = scenario.detect()
    assert "not heard again: no recogniser here tells probabilities" in found.reason


def test_without_a_recogniser_the_text_decides_and_a_note_says_why(open_scenario: Opener) -> None:
    scenario = open_scenario(models="/nowhere")
    scenario.add_episode(TALK)
    scenario.detect()
    scenario.rt._recogniser = None
    tally = scenario.hear_again()
    assert scenario.outcomes() == [HearingOutcome.NO_MODEL]
    assert "the speech model base is not there" in tally.notes[0]


def test_when_the_seconds_of_the_day_are_spent_it_waits_for_the_next(open_scenario: Opener) -> None:
    scenario = open_scenario(again_seconds=0.0)
    scenario.add_episode(TALK)
    scenario.detect()
    tally = scenario.hear_again()
    assert "the seconds of hearing again of this day are spent" in tally.notes[0]
    assert scenario.outcomes() == [None]
    scenario.hear_again(scenario.now + 2 * PATIENCE)
    assert scenario.outcomes() == [HearingOutcome.NO_BUDGET]


def test_more_places_than_are_heard_of_an_hour_are_left_to_the_text_with_the_reason(
    open_scenario: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_hearing, "PLACES_AN_HOUR", 1)
    scenario = open_scenario()
    scenario.rt.store.sync_watches([replace(NAME, threshold=0.05)], scenario.now)
    scenario.add_episode(TALK * 2)
    [told] = scenario.detect()
    assert told.reason.endswith("; not heard again: too much was in doubt")
    assert scenario.outcomes() == [None, HearingOutcome.NO_BUDGET]
    scenario.hear_again()
    live = scenario.detect()
    assert scenario.outcomes() == [HearingOutcome.HEARD, HearingOutcome.NO_BUDGET]
    [source] = scenario.rt.store.load_sources(scenario.rt.store.transcript_ids())
    watch = scenario.rt.store.watches()[0]
    again = evaluate(scenario.rt.store, query.build_engine([watch]), source, {NAME.name}).mentions
    assert [(m.start, m.score, m.reason) for m in again] == [(m.start, m.score, m.reason) for m in live]
    assert len(live) == 2


def test_a_day_that_ends_within_a_transcript_leaves_its_other_places_to_the_next(open_scenario: Opener) -> None:
    scenario = open_scenario(again_seconds=1.0)
    scenario.add_episode(TALK * 2)
    scenario.detect()
    assert scenario.hear_again().notes == ("1 transcript in doubt: the seconds of hearing again of this day are spent",)
    assert scenario.outcomes() == [HearingOutcome.HEARD, None]
    assert scenario.detect() == []
    scenario.hear_again(next_day(scenario.now))
    assert scenario.outcomes() == [HearingOutcome.HEARD] * 2
    assert [m.surface for m in scenario.detect(next_day(scenario.now))] == ["kallis", "kallis"]


def test_a_killed_run_leaves_its_places_to_the_next_one(scenario: HearingScenario) -> None:
    scenario.add_episode(TALK)
    scenario.detect()
    [waiting] = scenario.rt.store.transcripts_to_hear_again(scenario.now)
    assert scenario.rt.store.claim_hearings(waiting, scenario.now, scenario.now + timedelta(minutes=15))
    assert scenario.hear_again() == Tally("hear again")  # another run has them
    assert scenario.hear_again(scenario.now + timedelta(minutes=16)).new == 1


def test_a_claim_is_extended_while_its_places_are_heard(scenario: HearingScenario) -> None:
    scenario.add_episode(TALK)
    scenario.detect()
    [waiting] = scenario.rt.store.transcripts_to_hear_again(scenario.now)
    claim = HearingClaim(scenario.rt, waiting, scenario.now, monotonic())
    claim.until = scenario.now + timedelta(minutes=5)  # as after ten of its minutes
    assert scenario.rt.store.claim_hearings(waiting, scenario.now, claim.until)
    claim.extend()
    assert scenario.rt.store.transcripts_to_hear_again(scenario.now + timedelta(minutes=14)) == []
    assert len(scenario.rt.store.transcripts_to_hear_again(scenario.now + timedelta(minutes=16))) == 1


def test_coverage_says_that_a_name_in_doubt_waits_to_be_heard(scenario: HearingScenario) -> None:
    scenario.add_episode(TALK)
    scenario.detect()
    line = coverage_line(scenario.rt.store, scenario.now)
    assert line.endswith("1 episode has a name in doubt that waits to be heard again (podwatch hearings lists them)")
    scenario.hear_again()
    scenario.detect()
    assert "in doubt" not in coverage_line(scenario.rt.store, scenario.now)


def test_coverage_says_why_a_name_was_left_to_the_text(scenario: HearingScenario) -> None:
    scenario.add_episode(TALK, published=vtt(TALK), audio=scenario.host.url("/gone.wav"))
    scenario.detect()
    scenario.hear_again(scenario.now + PATIENCE)
    line = coverage_line(scenario.rt.store, scenario.now)
    assert "1 episode has a name in doubt that was left to the text: 1 as the audio is gone" in line


def test_where_nothing_ever_hears_the_text_decides_after_two_days(open_scenario: Opener) -> None:
    scenario = open_scenario()
    scenario.rt.store.sync_watches([replace(NAME, threshold=0.1)], scenario.now)
    scenario.add_episode(TALK)
    assert scenario.detect() == []
    assert scenario.detect(scenario.now + PATIENCE) == []
    [found] = scenario.detect(scenario.now + 2 * PATIENCE + timedelta(seconds=1))
    assert "not heard again: nobody listened in time" in found.reason
    assert scenario.outcomes() == [HearingOutcome.NOT_IN_TIME]


def test_a_name_that_is_confirmed_in_an_old_episode_is_no_news(scenario: HearingScenario) -> None:
    scenario.rt.store.sync_watches([Watch(name="odesa", query="odesa")], scenario.now)
    scenario.add_episode(TALK)
    scenario.detect()
    later = scenario.now + timedelta(days=scenario.settings.live_days + 1)
    scenario.rt.store.sync_watches([NAME], later)  # a new watch is looked for in all that is stored
    assert scenario.detect(later) == []
    scenario.hear_again(later)
    assert [m.surface for m in scenario.detect(later)] == ["kallis"]
    assert scenario.rt.store.alert_states() == {"held: the episode was known long before the watch": 1}


def test_live_and_backtest_agree_on_what_was_heard(scenario: HearingScenario) -> None:
    scenario.add_episode(TALK * 2)
    scenario.detect()
    scenario.hear_again()
    live = scenario.detect()
    [source] = scenario.rt.store.load_sources(scenario.rt.store.transcript_ids())
    again = evaluate(scenario.rt.store, query.build_engine([NAME]), source, {NAME.name}).mentions
    assert [(m.start, m.end, m.score, m.reason) for m in again] == [(m.start, m.end, m.score, m.reason) for m in live]


GALIZIA = Watch(name="galizia", entity="Jens Galizia", type="person", sounds_like=True)
