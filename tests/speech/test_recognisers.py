"""The contract of every recogniser: what goes in, what comes out, and that the same samples give the same words.

faster-whisper hears half a minute of talk with its smallest model; the services are real servers on loopback.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from podwatch.errors import SpeechError
from podwatch.settings import Secret, Settings
from podwatch.speech.decoding import open_audio
from podwatch.speech.recognisers import RECOGNISERS, SAMPLE_RATE, Recogniser, build_recogniser
from podwatch.speech.transcribing import to_transcript
from tests.support.speech_models import ROOT, need_model
from tests.support.speech_services import KEY, SpeechServer

TALK = ROOT / "pipeline/podwatch/speech/sample/talk.opus"
SECONDS = 14.0  # of the talk: two sentences of two voices


@cache
def talk() -> NDArray[np.float32]:
    with open_audio(TALK, max_hours=1) as audio:
        return np.concatenate(list(audio))[: int(SECONDS * SAMPLE_RATE)]


@contextmanager
def whisper(settings: Settings) -> Iterator[Recogniser]:
    speech = replace(settings.speech, models=str(need_model()), model="tiny.en", threads=1)
    yield build_recogniser(replace(settings, speech=speech))


@contextmanager
def service(name: str, settings: Settings) -> Iterator[Recogniser]:
    with SpeechServer() as server:
        model = "whisper-1" if name == "openai" else "nova-3"
        speech = replace(settings.speech, recogniser=name, url=server.url, key=Secret(KEY), model=model)
        yield build_recogniser(replace(settings, speech=speech))


BUILDERS: dict[str, Callable[[Settings], AbstractContextManager[Recogniser]]] = {
    "faster-whisper": whisper,
    "openai": lambda settings: service("openai", settings),
    "deepgram": lambda settings: service("deepgram", settings),
}


def test_every_recogniser_is_under_this_contract() -> None:
    assert BUILDERS.keys() == RECOGNISERS.keys()


@pytest.fixture(params=RECOGNISERS)
def recogniser(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Recogniser]:
    with BUILDERS[request.param](settings) as built:
        yield built
        built.close()


def test_talk_becomes_segments_and_words_in_order_within_the_chunk(recogniser: Recogniser) -> None:
    heard = recogniser.recognise(talk(), language="en")
    assert (heard.start, heard.end, heard.language) == (0.0, SECONDS, "en")
    assert "grain" in " ".join(s.text for s in heard.segments)
    for s in heard.segments:
        assert 0 <= s.start <= s.end <= SECONDS
        assert s.text == s.text.strip()
        assert s.words
        assert all(s.start - 0.01 <= w.start <= w.end <= s.end + 0.01 for w in s.words)
        assert all(w.probability is None or 0 <= w.probability <= 1 for w in s.words)
    starts = [w.start for s in heard.segments for w in s.words]
    assert starts == sorted(starts)


def test_the_words_stand_in_the_transcript_where_their_times_say(recogniser: Recogniser) -> None:
    transcript = to_transcript([recogniser.recognise(talk(), language="en")], source="speech")
    at = transcript.text.index("grain")
    said = next(
        w.start for s in recogniser.recognise(talk(), language="en").segments for w in s.words if "grain" in w.text
    )
    assert transcript.time_at(at) == (said, True)


def test_silence_has_no_words(recogniser: Recogniser) -> None:
    heard = recogniser.recognise(np.zeros(3 * SAMPLE_RATE, np.float32), language=None)
    assert heard.segments == ()
    assert heard.language is None


def test_the_same_samples_give_the_same_words_and_the_name_says_with_what(recogniser: Recogniser) -> None:
    name = recogniser.name
    first = recogniser.recognise(talk(), language=None)
    recogniser.recognise(talk()[: 4 * SAMPLE_RATE], language=None)  # what was heard before does not matter
    assert recogniser.recognise(talk(), language=None) == first
    assert first.language == "en"
    assert recogniser.name == name
    assert len(name) > 5


def test_names_that_are_likely_said_are_taken(recogniser: Recogniser) -> None:
    assert recogniser.recognise(talk(), language="en", hints=["Anatoly Dobrynin"] * 40).segments


def test_a_chunk_may_be_as_long_as_it_says(recogniser: Recogniser) -> None:
    assert recogniser.longest >= 30
    assert isinstance(recogniser.tells_speakers, bool)
    assert isinstance(recogniser.takes_keyterms, bool)


def test_an_unknown_recogniser_is_said_with_those_there_are(settings: Settings) -> None:
    with pytest.raises(SpeechError, match=r"PODWATCH_SPEECH_RECOGNISER=ear: there is no such.*deepgram - choose one"):
        build_recogniser(replace(settings, speech=replace(settings.speech, recogniser="ear")))


def test_a_model_that_is_not_there_is_one_line_with_what_to_do(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(SpeechError, match="the speech model base is not there - podwatch listen --get-model base"):
        build_recogniser(replace(settings, speech=replace(settings.speech, models=str(tmp_path))))


def test_a_folder_of_ones_own_hears_as_well_and_is_named_by_its_bytes(settings: Settings, tmp_path: Path) -> None:
    """A copy whose config.json has other bytes, as a fine-tuned or newly converted model has."""
    own = tmp_path / "our-whisper"
    shutil.copytree(need_model() / "tiny.en", own)
    (own / "config.json").write_text((own / "config.json").read_text() + "\n")
    mine = replace(settings, speech=replace(settings.speech, model=str(own), models=str(tmp_path), threads=1))
    recogniser = build_recogniser(mine)
    assert recogniser.name.startswith("faster-whisper our-whisper@")
    assert "0d3d19a" not in recogniser.name, "it is not what podwatch pins"
    heard = recogniser.recognise(talk(), language="en")
    recogniser.close()
    assert "odes" in " ".join(s.text for s in heard.segments).lower()
