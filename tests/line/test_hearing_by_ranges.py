"""Hearing again by range requests: the same places as in the whole audio, for a part of its bytes, or all of it."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest

from podwatch import runtime
from podwatch.line.detect import detect
from podwatch.line.fetch import fetch
from podwatch.line.hear_again import hear_again
from podwatch.line.hearing_audio import PublishedAudio
from podwatch.line.listen import listen
from podwatch.line.place_hearing import CLOSE_SECONDS, NEAR_SECONDS, PlaceHearing
from podwatch.line.poll import poll
from podwatch.model import Feed, Hearing, HearingOutcome, ListenRequest, Tally, Watch
from podwatch.net import ranges
from podwatch.settings import Settings
from podwatch.speech.span_decoding import SpanDecoder
from podwatch.speech_settings import SpeechSettings
from tests.support.file_host import FileHost
from tests.support.migrated_database import place_database
from tests.support.podcast_host import Podcast, item, rss
from tests.support.tone_speech import VOCABULARY, WORD_SECONDS, ToneRecogniser, speak
from tests.support.varied_audio import encode_speech

NAME = Watch(name="kallas", entity="Kaja Kallas", type="person", sounds_like=True)
SOUNDS = {"Kaja Kallas": "odesa", "Kallas": "kallis"}
PLACE = "grain came from kallis today ships leave again"
DAY = timedelta(days=1)
PLACES = (300, 900)  # of the words of a talk of ten minutes, in which nobody says two same minutes
OTHERS = [word for word in VOCABULARY if word != "kallis"]


def talk() -> list[str]:
    """The words of ten minutes, with a name in doubt at two places."""
    chosen = random.Random(17)
    words = [chosen.choice(OTHERS) for _ in range(1200)]
    for place in PLACES:
        words[place : place + 8] = PLACE.split()
    return words


@cache
def encode_words(words: tuple[str, ...], form: str) -> bytes:
    """The audio of these words; of ten minutes it takes seconds to make."""
    return encode_speech(speak(" ".join(words)), form)


def cues(words: list[str], *, late: float = 0.0) -> str:
    """A published transcript, of cues of six seconds. late: seconds that its audio is behind it."""
    lines = ["WEBVTT", ""]
    for first in range(0, len(words), 12):
        start, end = (WORD_SECONDS * n - late for n in (first, first + 12))
        if start >= 0:
            lines += [f"{_time(start)} --> {_time(end)}", " ".join(words[first : first + 12]), ""]
    return "\n".join(lines)


def _time(seconds: float) -> str:
    return f"{int(seconds) // 3600:02}:{int(seconds) % 3600 // 60:02}:{seconds % 60:06.3f}"


class RangesScenario:
    """A feed with an episode that has a published transcript, and audio on a host of files."""

    def __init__(self, settings: Settings, podcast: Podcast, files: FileHost, **speech: Any) -> None:
        place_database(settings.home)
        self.podcast, self.files = podcast, files
        self.settings = replace(settings, speech=SpeechSettings(**{"listen": True, "again": True, **speech}))
        self.rt = runtime.build(self.settings)
        self.rt._recogniser = ToneRecogniser(sounds=SOUNDS, longest=30.0)
        self.now = self.rt.store.clock()
        self.rt.store.sync_watches([NAME], self.now)

    def publish(self, audio: str, transcript: str | None) -> None:
        named = self.podcast.serve("/one.vtt", transcript, "text/vtt") if transcript else None
        url = self.podcast.serve("/feed.xml", rss(item("one", audio=audio, transcript=named)))
        self.rt.store.add_feeds([Feed(url=url)], self.now)
        poll(self.rt, self.now, force=True)
        fetch(self.rt, self.now)
        if not transcript:
            listen(self.rt, self.now)
        detect(self.rt, self.now)

    def hear(self) -> list[Hearing]:
        self.tally = hear_again(self.rt, self.now)
        return [h.hearing for h in self.rt.store.list_hearings()]

    def request(self) -> ListenRequest:
        [source] = self.rt.store.load_sources(self.rt.store.transcript_ids())
        return ListenRequest(episode=source.episode, feed_url=source.feed_url)

    def audio_left(self) -> list[str]:
        folder = self.settings.home / "audio"
        return [p.name for p in folder.iterdir()] if folder.is_dir() else []


Opener = Callable[..., RangesScenario]


@pytest.fixture(autouse=True)
def no_file_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes of tones are a smaller file than most episodes are."""
    monkeypatch.setattr(ranges, "MIN_SIZE", 500_000)


@pytest.fixture
def files() -> Iterator[FileHost]:
    with FileHost() as standing:
        yield standing


@pytest.fixture
def open_scenario(settings: Settings, podcast: Podcast, files: FileHost) -> Iterator[Opener]:
    with ExitStack() as opened:

        def open_one(**speech: Any) -> RangesScenario:
            scenario = RangesScenario(settings, podcast, files, **speech)
            opened.callback(scenario.rt.close)
            return scenario

        yield open_one


@pytest.fixture
def log_lines(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    caplog.set_level(logging.INFO, logger="podwatch")
    return lambda: "\n".join(record.getMessage() for record in caplog.records)


# The form of the audio, and the part of its bytes that is read at most.
BY_RANGES = {"wav": 0.35, "cbr.mp3": 0.35, "m4a": 0.35, "flac": 0.45, "opus": 0.45}


@pytest.mark.parametrize("form", BY_RANGES)
def test_places_are_heard_for_a_part_of_the_bytes(
    form: str, open_scenario: Opener, log_lines: Callable[[], str]
) -> None:
    scenario, words = open_scenario(), talk()
    audio = encode_words(tuple(words), form)
    scenario.publish(scenario.files.serve("/one", audio), cues(words, late=7.0))
    heard = scenario.hear()
    assert [h.outcome for h in heard] == [HearingOutcome.HEARD] * len(PLACES)
    assert all(h.likelihoods for h in heard)
    assert scenario.files.sent["/one"] < BY_RANGES[form] * len(audio)
    assert scenario.audio_left() == []
    assert f"of its {len(audio) / 1e6:.1f} MB were read" in log_lines()


@pytest.mark.parametrize("form", ["cbr.mp3", "m4a"])
def test_what_is_heard_is_what_the_whole_audio_gives(form: str, open_scenario: Opener) -> None:
    words = talk()
    audio = encode_words(tuple(words), form)
    scenario = open_scenario()
    scenario.publish(scenario.files.serve("/one", audio), cues(words))
    parts = scenario.hear()
    scenario.files.serve("/one", audio, ranges=False)
    again = PublishedAudio(scenario.rt, scenario.request(), scenario.settings.home / "audio/again")
    again.plan([(0.0, 600.0)])
    assert "all of it was downloaded" in again.describe()
    [source] = scenario.rt.store.load_sources(scenario.rt.store.transcript_ids())
    recogniser = scenario.rt.recogniser()
    hearer = recogniser.forced_decoder("en")
    assert hearer is not None
    hearing = PlaceHearing(again, source.transcript, recogniser, hearer, is_own=False, is_same=False)
    whole = [place.hearing for place in hearing.hear([h.doubt for h in parts], 600.0)]
    assert [(h.outcome, h.likelihoods) for h in whole] == [(h.outcome, h.likelihoods) for h in parts]


# The form of the audio, what is different about its server, and what the log says.
WHOLE: dict[str, tuple[str, dict[str, object], str]] = {
    "a bit rate that varies": ("vbr without a table.mp3", {}, "its bit rate varies"),
    "a format without places": ("aac", {}, "found by reading all of it"),
    "no ranges": ("cbr.mp3", {"ranges": False}, "the server sends no parts of it"),
    "no validator": ("cbr.mp3", {"etag": False}, "does not say by which its versions differ"),
    "ranges that fail": ("cbr.mp3", {"to_ranges": 416}, "answered 416"),
}


@pytest.mark.parametrize("case", WHOLE)
def test_the_whole_is_downloaded_where_parts_cannot_be_had(
    case: str, open_scenario: Opener, log_lines: Callable[[], str]
) -> None:
    form, how, why = WHOLE[case]
    scenario, words = open_scenario(), talk()
    audio = encode_words(tuple(words), form)
    scenario.publish(scenario.files.serve("/one", audio, **how), cues(words))
    assert [h.outcome for h in scenario.hear()] == [HearingOutcome.HEARD] * len(PLACES)
    assert "the whole audio is downloaded" in log_lines()
    assert why in log_lines()
    assert scenario.audio_left() == []


def test_a_file_that_changes_in_between_is_had_as_a_whole(open_scenario: Opener, log_lines: Callable[[], str]) -> None:
    scenario, words = open_scenario(), talk()
    first, second = (encode_words((*ad, *words), "cbr.mp3") for ad in ([], ["ships"] * 20))
    scenario.publish(scenario.files.serve("/one", first), cues(words))

    def change(number: int) -> None:
        scenario.files.serve("/one", second)

    scenario.rt._recogniser = ToneRecogniser(sounds=SOUNDS, longest=30.0, before=change)
    assert [h.outcome for h in scenario.hear()] == [HearingOutcome.HEARD] * len(PLACES)
    assert "the whole audio is downloaded: the file has changed meanwhile" in log_lines()


def test_an_estimate_that_misses_a_place_is_made_sure_by_the_whole(
    open_scenario: Opener, log_lines: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario, words = open_scenario(), talk()
    audio = encode_words(tuple(words), "vbr.mp3")
    scenario.publish(scenario.files.serve("/one", audio), cues(words))
    monkeypatch.setattr(SpanDecoder, "read", lambda self, start, end: np.zeros(int(16000 * (end - start)), np.float32))
    assert [h.outcome for h in scenario.hear()] == [HearingOutcome.HEARD] * len(PLACES)
    assert "times in it are an estimate" in log_lines()


def test_a_table_of_times_is_good_enough_to_find_places(open_scenario: Opener, log_lines: Callable[[], str]) -> None:
    scenario, words = open_scenario(), talk()
    audio = encode_words(tuple(words), "vbr.mp3")
    scenario.publish(scenario.files.serve("/one", audio), cues(words))
    assert [h.outcome for h in scenario.hear()] == [HearingOutcome.HEARD] * len(PLACES)
    assert "were read" in log_lines()


def test_our_own_transcript_is_heard_in_a_copy_that_an_advertisement_has_shifted(open_scenario: Opener) -> None:
    scenario, words = open_scenario(), talk()
    first, second = (encode_words((*ad, *words), "cbr.mp3") for ad in ([], ["ships"] * 16))
    scenario.publish(scenario.files.serve("/one", first), None)
    for name in scenario.audio_left():
        (scenario.settings.home / "audio" / name).unlink()
    scenario.files.serve("/two", second)
    scenario.files.redirect("/one", scenario.files.url("/two"))
    assert [h.outcome for h in scenario.hear()] == [HearingOutcome.HEARD] * len(PLACES)
    assert scenario.files.sent["/two"] < 0.5 * len(second)


def test_where_the_times_of_the_words_are_known_no_estimate_will_do(
    open_scenario: Opener, log_lines: Callable[[], str]
) -> None:
    scenario, words = open_scenario(), talk()
    audio = encode_words(tuple(words), "vbr.mp3")
    scenario.publish(scenario.files.serve("/one", audio), None)
    for name in scenario.audio_left():
        (scenario.settings.home / "audio" / name).unlink()
    assert [h.outcome for h in scenario.hear()] == [HearingOutcome.HEARD] * len(PLACES)
    assert "the whole audio is downloaded: times in it are an estimate" in log_lines()
    assert scenario.rt.store.seconds_heard_again(scenario.now - DAY) < NEAR_SECONDS


def test_behind_a_place_that_was_found_the_next_one_is_looked_for_closer(open_scenario: Opener) -> None:
    scenario, words = open_scenario(), talk()
    audio = encode_words(tuple(words), "wav")
    scenario.publish(scenario.files.serve("/one", audio), cues(words, late=7.0))
    scenario.hear()
    searched = 2 * NEAR_SECONDS + 2 * CLOSE_SECONDS
    assert searched < scenario.rt.store.seconds_heard_again(scenario.now - DAY) < searched + NEAR_SECONDS


# The audio of a talk with advertisements: words before which some others are said.
WITH_ADVERTISEMENTS = {
    "a minute before it": {0: 120},
    "three minutes before it": {0: 360},
    "half a minute just before a name": {PLACES[0] + 3: 60},
    "half a minute just behind a name": {PLACES[0] + 4: 60},
}


@pytest.mark.parametrize("case", WITH_ADVERTISEMENTS)
@pytest.mark.parametrize("ranges_are_had", [True, False])
def test_places_are_found_in_audio_with_advertisements(case: str, ranges_are_had: bool, open_scenario: Opener) -> None:
    scenario, words, dice = open_scenario(), talk(), random.Random(23)
    said = list(words)
    for at, count in sorted(WITH_ADVERTISEMENTS[case].items(), reverse=True):
        said[at:at] = [dice.choice(OTHERS) for _ in range(count)]
    audio = encode_words(tuple(said), "wav")
    scenario.publish(scenario.files.serve("/one", audio, ranges=ranges_are_had), cues(words))
    heard = scenario.hear()
    assert HearingOutcome.OTHER_AUDIO not in {h.outcome for h in heard}
    assert HearingOutcome.HEARD in {h.outcome for h in heard}


def test_another_recording_is_left_alone_and_little_of_it_is_read(open_scenario: Opener) -> None:
    scenario, words = open_scenario(), talk()
    other = [random.Random(3).choice(OTHERS) for _ in words]
    audio = encode_words(tuple(other), "m4a")
    scenario.publish(scenario.files.serve("/one", audio), cues(words))
    first, second = (h.outcome for h in scenario.hear())
    assert first == HearingOutcome.OTHER_AUDIO
    assert second in (HearingOutcome.OTHER_AUDIO, HearingOutcome.NO_BUDGET)
    assert scenario.files.sent["/one"] < 0.6 * len(audio)


@pytest.mark.parametrize("status", [404, 503])
def test_audio_that_cannot_be_had_is_not_asked_for_twice_in_a_run(status: int, open_scenario: Opener) -> None:
    scenario, words = open_scenario(), talk()
    scenario.publish(scenario.files.serve("/one", b"", to_ranges=status), cues(words))
    scenario.hear()
    assert scenario.tally == Tally("hear again", done=1, failed=1, notes=scenario.tally.notes)
    assert len(scenario.files.asked["/one"]) == 1
