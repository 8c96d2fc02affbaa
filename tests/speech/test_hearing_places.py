"""A place of a transcript is found in the audio by its own times, or by the words that are said beside it."""

from __future__ import annotations

from array import array
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.model import Doubt, RecognisedWord, Segment, Transcript, Words, join_segments
from podwatch.speech.hearing_places import place_by_recognition, place_by_words, read_windows
from podwatch.speech.recognisers import SAMPLE_RATE

TEXT = "Nobody here knew it then. But my guess is that witcop will wait until the summer, or so they say in the end."


def transcript(text: str = TEXT, *, timed: bool = True) -> Transcript:
    """A second a word."""
    found = join_segments([Segment(0.0, 60.0, text)])
    offsets = array("I", [i for i in range(len(text)) if not i or text[i - 1] == " "])
    starts = array("d", [float(i) for i in range(len(offsets))])
    return replace(found, words=Words(lambda: (offsets, starts))) if timed else found


def doubt(surface: str = "witcop", text: str = TEXT) -> Doubt:
    at = text.index(surface)
    return Doubt(name="Steve Witkoff", start=at, end=at + len(surface), surface=surface, score=0.3)


def said(words: str, start: float = 0.0) -> list[RecognisedWord]:
    return [RecognisedWord(start + i, start + i + 0.8, f" {w}", 0.9) for i, w in enumerate(words.split())]


def test_words_with_times_give_the_window_and_what_is_around_the_place() -> None:
    found = place_by_words(transcript(), doubt())
    assert found is not None
    assert found.place.before == "that"
    assert found.place.written == "witcop"
    assert found.place.after == "will"
    assert found.start == pytest.approx(8.9)
    assert found.end == pytest.approx(12.2)


def test_a_transcript_without_times_of_words_gives_no_window() -> None:
    assert place_by_words(transcript(timed=False), doubt()) is None


def test_the_first_and_the_last_word_of_a_text_have_a_window_too() -> None:
    for text, surface in (("witcop came", "witcop"), ("then came witcop", "witcop"), ("witcop", "witcop")):
        found = place_by_words(transcript(text), doubt(surface, text))
        assert found is not None
        assert found.place.written == surface


# what is heard around the time that the transcript says, where its window begins (None: the audio has other words)
HEARD = {
    "the same words": (TEXT, 8.9),
    "an advertisement before them": ("buy it now and save money today at our store " + TEXT, 18.9),
    "another spelling of the name": (TEXT.replace("witcop", "Whitcough"), 8.9),
    "the name in two words": (TEXT.replace("witcop", "wit cough"), 8.9),
    "one word of them misheard": (TEXT.replace("guess", "guests"), 8.9),
    "other words": ("buy it now and save money today at our store and tell your friends that we sent you here", None),
    "an advertisement behind it": (TEXT.split(" will")[0] + " and now to the weather in the north and the south", 8.9),
    "three words before it only": ("so that witcop and now to the weather in the north and the south", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize("case", HEARD)
def test_a_place_is_found_by_the_words_beside_it(case: str) -> None:
    words, start = HEARD[case]
    found = place_by_recognition(said(words), transcript(timed=False), doubt())
    assert (None if found is None else found.start) == (None if start is None else pytest.approx(start))
    if found is not None:
        assert found.place.written == "witcop"
        assert found.place.before.endswith("that")
        assert found.place.after.startswith("and" if "behind" in case else "will")


def test_times_of_what_was_heard_are_those_of_the_audio() -> None:
    found = place_by_recognition(said(TEXT), transcript(timed=False), doubt(), 100.0)
    assert found is not None
    assert found.start == pytest.approx(108.9)


@given(st.integers(0, 5), st.lists(st.tuples(st.floats(0, 8), st.floats(0, 8)), min_size=1, max_size=4))
def test_windows_are_cut_out_of_a_stream_as_out_of_the_whole(block: int, ends: list[tuple[float, float]]) -> None:
    whole = np.arange(5 * SAMPLE_RATE, dtype=np.float32)
    spans = [(min(pair), max(pair)) for pair in ends]
    size = 1000 * 3**block
    found = read_windows((whole[i : i + size] for i in range(0, len(whole), size)), spans)
    for span in spans:
        first, end = int(span[0] * SAMPLE_RATE), int(span[1] * SAMPLE_RATE)
        assert np.array_equal(found[span], whole[first:end])
