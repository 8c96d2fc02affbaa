"""From chunks to a transcript: what is finished is not heard again, times fit, and words stand where they are said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from podwatch.errors import SpeechError
from podwatch.model import RecognisedChunk, RecognisedSegment, RecognisedWord, clean_text
from podwatch.speech.chunks import AudioChunk
from podwatch.speech.recognisers import SAMPLE_RATE, Recogniser
from podwatch.speech.segments import split_segment
from podwatch.speech.transcribing import chunk_seconds, place_words, spoken_segments, to_transcript, transcribe

LONG = " ".join(f"word{i}" for i in range(25))


@dataclass
class Parrot:
    """Says of each chunk what it is told, in turn; asked: (first sample, language, hints) of each call."""

    says: Sequence[RecognisedChunk | SpeechError]
    name: str = "parrot"
    longest: float = 600.0
    tells_speakers: bool = False
    takes_keyterms: bool = False
    asked: list[tuple[float, str | None, tuple[str, ...]]] = field(default_factory=list)

    def forced_decoder(self, language: str) -> None:
        pass

    def recognise(
        self, samples: NDArray[np.float32], *, language: str | None, hints: Sequence[str] = ()
    ) -> RecognisedChunk:
        self.asked.append((float(samples[0]), language, tuple(hints)))
        said = self.says[int(samples[0])]
        if isinstance(said, SpeechError):
            raise said
        return said

    def close(self) -> None:
        pass


def heard(*texts: str, language: str | None = "en", speaker: str | None = None) -> RecognisedChunk:
    """A chunk of 10 s in which each text is said for a second, its words evenly."""
    segments = []
    for i, text in enumerate(texts):
        words = text.split()
        each = 1.0 / max(1, len(words))
        timed = tuple(RecognisedWord(i + k * each, i + (k + 1) * each, f" {w}", 0.9) for k, w in enumerate(words))
        segments.append(RecognisedSegment(float(i), i + 1.0, text, timed, speaker))
    return RecognisedChunk(0.0, 10.0, tuple(segments), language)


def chunks(count: int) -> list[AudioChunk]:
    """So many chunks of 10 s; the first sample of each is its number."""
    return [AudioChunk(n, n * 10.0, n * 10.0 + 10.0, np.full(10 * SAMPLE_RATE, n, np.float32)) for n in range(count)]


def test_each_chunk_is_saved_at_once_with_times_from_the_start_of_the_audio() -> None:
    saved: dict[int, RecognisedChunk] = {}
    parrot = Parrot([heard("One."), heard("Two.", "Three."), heard()])
    found = transcribe(chunks(3), parrot, {}, saved.__setitem__)
    assert found == [saved[0], saved[1], saved[2]]
    assert [(c.start, c.end) for c in found] == [(0, 10), (10, 20), (20, 30)]
    assert [(s.start, s.words[0].start) for s in found[1].segments] == [(10, 10), (11, 11)]


def test_what_is_finished_is_not_heard_again() -> None:
    parrot = Parrot([heard("One."), heard("Two."), heard("Three.")])
    whole = transcribe(chunks(3), parrot, {}, lambda number, chunk: None)
    saved: list[int] = []
    again = transcribe(chunks(3), parrot, {0: whole[0], 2: whole[2]}, lambda number, chunk: saved.append(number))
    assert again == whole
    assert saved == [1]


def test_a_failure_loses_no_chunk_that_was_saved() -> None:
    saved: dict[int, RecognisedChunk] = {}
    parrot = Parrot([heard("One."), SpeechError("broke", retryable=True)])
    with pytest.raises(SpeechError, match="broke"):
        transcribe(chunks(2), parrot, {}, saved.__setitem__)
    assert list(saved) == [0]


def test_the_first_chunk_with_talk_enough_decides_on_the_language_of_the_rest() -> None:
    parrot = Parrot([heard("La la.", language="it"), heard(LONG, language="en"), heard("Oui.", language="fr")])
    found = transcribe(chunks(3), parrot, {}, lambda number, chunk: None)
    assert [language for _, language, _ in parrot.asked] == [None, None, "en"]
    assert to_transcript(found, source="speech").language == "en"


def test_the_language_is_the_same_after_an_interruption() -> None:
    says = [heard(LONG, language="de"), heard("Ja.", language="nl")]
    first = transcribe(chunks(1), Parrot(says), {}, lambda number, chunk: None)
    resumed = Parrot(says)
    transcribe(chunks(2), resumed, {0: first[0]}, lambda number, chunk: None, hints=["Marta Quill"])
    assert resumed.asked == [(1.0, "de", ("Marta Quill",))]


def test_a_language_that_is_set_is_asked_for_from_the_first() -> None:
    parrot = Parrot([heard("Ja.", language="nl")])
    transcribe(chunks(1), parrot, {}, lambda number, chunk: None, language="de")
    assert parrot.asked[0][1] == "de"


def test_progress_tells_the_second_up_to_which_it_is_done_also_of_finished_chunks() -> None:
    seconds: list[float] = []
    parrot = Parrot([heard("One."), heard("Two.")])
    transcribe(chunks(2), parrot, {0: heard("One.")}, lambda number, chunk: None, progress=seconds.append)
    assert seconds == [10.0, 20.0]


def test_speakers_of_two_chunks_are_not_taken_for_the_same() -> None:
    one, two = heard("One.", speaker="A"), heard("Two.", speaker="A")
    assert list(to_transcript([one], source="speech").speakers) == ["A"]
    assert list(to_transcript([one, heard("x."), two], source="speech").speakers) == ["A, part 1", None, "A, part 3"]


@pytest.mark.parametrize(
    ("longest", "tells_speakers", "seconds"),
    [(3600.0, False, (300.0, 360.0)), (40.0, False, (32.0, 40.0)), (3600.0, True, (2880.0, 3600.0)), (330.0, False, (300.0, 330.0))],
)  # fmt: skip
def test_chunks_are_as_long_as_a_recogniser_needs(
    longest: float, tells_speakers: bool, seconds: tuple[float, float]
) -> None:
    recogniser: Recogniser = Parrot([], longest=longest, tells_speakers=tells_speakers)
    assert chunk_seconds(recogniser) == pytest.approx(seconds)


def test_silence_makes_an_empty_transcript() -> None:
    assert to_transcript([heard(language=None)], source="speech").text == ""
    assert to_transcript([], source="speech").words is None


def test_a_transcript_has_what_the_text_of_words_needs() -> None:
    transcript = to_transcript([heard("One  two\u00a0three.", " ", "Four.")], source="speech", language="en")
    assert transcript.text == "One two three. Four."
    assert [transcript.segment(i).text for i in range(2)] == ["One two three.", "Four."]
    seconds, is_exact = transcript.time_at(transcript.text.index("three"))
    assert is_exact
    assert seconds == pytest.approx(2 / 3)
    assert (transcript.source, transcript.language) == ("speech", "en")


WORDS = st.lists(
    st.tuples(st.sampled_from(["", " ", "  ", "\n", "\u00a0"]), st.text(st.characters(codec="utf-8"), max_size=6)),
    max_size=12,
)


@given(st.lists(WORDS, max_size=6))
def test_each_word_begins_where_its_offset_says(spoken: list[list[tuple[str, str]]]) -> None:
    segments, at = [], 0.0
    for parts in spoken:
        words = []
        for blank, text in parts:
            words.append(RecognisedWord(at, at + 0.5, blank + text, 0.5))
            at += 0.5
        whole = "".join(w.text for w in words)
        segments.append(RecognisedSegment(at, at, whole, tuple(words)))
    chunk = RecognisedChunk(0.0, at, tuple(segments), "en")
    transcript = to_transcript([chunk], source="speech")
    assert transcript.text == clean_text(" ".join(s.text for s in spoken_segments([chunk])))
    offsets, starts = transcript.words.columns if transcript.words else ([], [])
    assert sorted(offsets) == list(offsets)
    assert sorted(starts) == list(starts)
    told = {w.start: clean_text(w.text) for s in segments for w in s.words}
    for offset, second in zip(offsets, starts, strict=True):
        assert transcript.text[offset:].startswith(told[second])


@given(
    st.lists(
        st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=6), min_size=1, max_size=30, unique=True
    )
)
def test_no_word_is_lost_on_the_way_to_its_offset(words: list[str]) -> None:
    timed = tuple(RecognisedWord(float(i), i + 0.5, f" {w}") for i, w in enumerate(words))
    segment = RecognisedSegment(0.0, 99.0, "".join(w.text for w in timed), timed)
    assert [w for _, w in place_words(segment)] == list(timed)


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("The harbour. Ships!", ["The", "harbour", "Ships"], ["The", "harbour", "Ships"]),
        ("The harbour.", ["The", "old", "harbour"], ["The", "harbour"]),
        ("the the the", ["the", "the", "the"], ["the", "the", "the"]),
        ("字幕です", ["字幕", "です"], ["字幕", "です"]),
        ("Nothing of it.", ["x" * 300], []),
    ],
)
def test_words_without_punctuation_are_found_in_their_text(text: str, words: list[str], found: list[str]) -> None:
    segment = RecognisedSegment(0.0, 9.0, text, tuple(RecognisedWord(0.0, 0.0, w) for w in words))
    assert [w.text for _, w in place_words(segment)] == found


def said(*words: tuple[str, float, float]) -> list[RecognisedWord]:
    return [RecognisedWord(start, end, f" {text}", 0.9) for text, start, end in words]


def test_a_segment_is_a_sentence_where_a_pause_agrees() -> None:
    words = said(("Mr.", 0, 0.3), ("Quill", 0.3, 0.8), ("came.", 0.8, 1.2), ("We", 1.5, 1.7), ("left.", 1.7, 2.0))
    assert [(s.start, s.end, s.text) for s in split_segment(words)] == [
        (0, 1.2, "Mr. Quill came."),
        (1.5, 2.0, "We left."),
    ]


def test_a_segment_ends_with_a_long_pause_a_turn_and_after_many_words() -> None:
    assert [s.text for s in split_segment(said(("We", 0, 1), ("left", 4, 5)))] == ["We", "left"]
    two = said(("Yes", 0, 1), ("no", 1, 2))
    assert [(s.text, s.speaker) for s in split_segment(two, ["A", "B"])] == [("Yes", "A"), ("no", "B")]
    many = said(*((f"w{i}", i / 10, i / 10 + 0.1) for i in range(150)))
    assert [len(s.words) for s in split_segment(many)] == [60, 60, 30]


@given(st.lists(st.tuples(st.sampled_from([" a", " b.", "c", " ", " 。"]), st.floats(0, 3)), max_size=90))
def test_no_word_is_lost_between_segments(parts: list[tuple[str, float]]) -> None:
    words, at = [], 0.0
    for text, pause in parts:
        words.append(RecognisedWord(at, at + 0.2, text))
        at += 0.2 + pause
    segments = list(split_segment(words))
    spoken = [w.text for s in segments for w in s.words if w.text.strip()]
    assert spoken == [w.text for w in words if w.text.strip()]
    assert all(s.text and replace(s, words=()) for s in segments)
