"""A recogniser that is stuck says the same again and again: one round of it counts, and what people repeat is kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.model import RecognisedChunk, RecognisedSegment, RecognisedWord
from podwatch.speech.loops import cut_loops, separate_loops
from podwatch.speech.transcribing import to_transcript


def segments(*texts: str) -> list[RecognisedSegment]:
    """A segment every two seconds, each word with a time."""
    found = []
    for i, text in enumerate(texts):
        words = text.split()
        timed = tuple(RecognisedWord(2 * i + k / 10, 2 * i + (k + 1) / 10, f" {w}", 0.9) for k, w in enumerate(words))
        found.append(RecognisedSegment(2.0 * i, 2.0 * i + 2, text, timed))
    return found


@pytest.mark.parametrize(
    ("said", "left"),
    [
        (["Hello."] + ["The grain."] * 30 + ["Bye."], ["Hello.", "The grain.", "Bye."]),
        (["Yes.", "No."] * 5, ["Yes.", "No."]),
        (["One.", "Two.", "Three."] * 6 + ["One."], ["One.", "Two.", "Three.", "One."]),
        (["The grain.", "the grain", "The grain!", "THE GRAIN", "The, grain."], ["The grain."]),
        (["The grain."] * 4, ["The grain."] * 4),  # people say a thing four times
        (["No, no, no, no, no, no, no."], ["No, no, no, no, no, no, no."]),
        (["grain " * 200], ["grain"]),
        (["So " + "the price of grain " * 40 + "fell."], ["So the price of grain fell."]),
        (["I'm gonna, I'm gonna, I'm gonna, I'm gonna say it."], ["I'm gonna, I'm gonna, I'm gonna, I'm gonna say it."]),
        (["grain " * 200] * 9, ["grain"]),
        (["..."] * 9, ["..."]),
    ],
)  # fmt: skip
def test_a_loop_is_said_once(said: list[str], left: list[str]) -> None:
    assert [s.text for s in cut_loops(segments(*said))] == left


def test_two_speakers_who_say_the_same_are_no_loop() -> None:
    turns = [RecognisedSegment(i, i + 1, "Aye.", (), "AB"[i % 2]) for i in range(12)]
    assert len(cut_loops(turns)) == 2, "two in turn are one"
    assert len(cut_loops([RecognisedSegment(i, i + 1, "Aye.", (), f"S{i}") for i in range(12)])) == 12


def test_a_loop_is_counted_with_where_it_was() -> None:
    _, (loop,) = separate_loops(segments("Hello.", *["The grain."] * 30))
    assert (loop.rounds, loop.text, loop.start) == (30, "The grain.", 4.0)
    _, (inner,) = separate_loops(segments("So " + "the price " * 40))
    assert (inner.rounds, inner.text) == (40, "the price")
    assert inner.start == pytest.approx(0.3)


def test_the_transcript_has_one_round_with_its_time() -> None:
    stuck = RecognisedChunk(0.0, 99.0, tuple(segments("Hello.", *["The grain."] * 30, "Bye.")), "en")
    transcript = to_transcript([stuck], source="speech")
    assert transcript.text == "Hello. The grain. Bye."
    assert transcript.time_at(transcript.text.index("Bye")) == (62.0, True)


WORDS = st.lists(st.sampled_from(["grain", "ship", "the"]), max_size=8).map(" ".join)


@given(st.lists(WORDS, max_size=30))
def test_cutting_takes_only_what_stands_before_it_too(texts: list[str]) -> None:
    found = segments(*texts)
    left = cut_loops(found)
    assert {w for s in left for w in s.text.split()} == {w for s in found for w in s.text.split()}
    for s in left:
        assert not s.words or " ".join(w.text.strip() for w in s.words) == " ".join(s.text.split())


@given(st.lists(st.text("abc ", max_size=12), max_size=14, unique=True))
def test_what_is_said_once_is_left_as_it_is(texts: list[str]) -> None:
    found = [s for s in segments(*texts) if len(s.text.split()) < 10]
    assert cut_loops(found) == found
