"""What the model itself recognises (skipped where the extra `entities` is not installed), chunks and casing."""

from __future__ import annotations

import subprocess
import sys
from array import array
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.entities import recognition
from podwatch.entities.casing import unread_reason
from podwatch.entities.chunking import MAX_CHARACTERS, cut_chunks
from podwatch.entities.merge import merge_spans
from podwatch.entities.recognition import load_model, missing_requirement, recognise_spans
from podwatch.model import EntityType, Segment, Transcript, UnreadReason, join_segments

needs_model = pytest.mark.skipif(missing_requirement() is not None, reason=missing_requirement() or "")
TALK = (
    "That night the Attorney General, Robert Kennedy, met Anatoly Dobrynin at the Soviet embassy in Washington. "
    "Ambassador Dobrynin cabled Moscow. Kennedy's brother waited at the White House, and so did Robert McNamara. "
)


def transcript(*texts: str, language: str | None = "en") -> Transcript:
    return join_segments([Segment(float(i), float(i + 1), t) for i, t in enumerate(texts)], language=language)


@needs_model
def test_the_names_of_a_talk_are_found_with_their_types() -> None:
    talk = transcript(TALK)
    [spans] = recognise_spans([talk])
    found = {e.name: e for e in merge_spans(talk.text, spans)}
    assert {"Robert Kennedy", "Anatoly Dobrynin", "Moscow", "Robert McNamara"} <= set(found)
    assert found["Anatoly Dobrynin"].type is EntityType.PERSON
    assert found["Moscow"].type is EntityType.PLACE
    where = found["Anatoly Dobrynin"].spans
    assert [talk.text[a:b] for a, b in where] == ["Anatoly Dobrynin", "Ambassador Dobrynin"]


@needs_model
def test_the_spans_are_those_of_spacy_on_each_chunk() -> None:
    talks = [transcript(*[TALK] * 60), transcript("Nothing."), transcript(TALK)]
    assert len(cut_chunks(talks[0].text, talks[0].offsets)) > 1
    for talk, found in zip(talks, recognise_spans(talks), strict=True):
        expected = [  # no word of a talk is longer than 100 characters
            (a + e.start_char, a + e.end_char, e.label_)
            for a, b in cut_chunks(talk.text, talk.offsets)
            for e in load_model()(talk.text[a:b]).ents
        ]
        assert [tuple(s) for s in found] == expected
        assert expected or talk is talks[1]


@needs_model
def test_a_model_with_too_many_strings_is_loaded_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    used = load_model()
    monkeypatch.setattr(recognition, "MAX_STRINGS", len(used.vocab.strings) + 1000)
    [first] = recognise_spans([transcript(TALK)])
    assert load_model() is used
    recognise_spans([transcript(" ".join(f"Xq{i}zy" for i in range(2000)))])
    assert load_model() is not used
    assert recognise_spans([transcript(TALK)]) == [first]


@needs_model
@pytest.mark.parametrize(
    "text",
    [
        "(" * 20_000,
        "A" * 20_000,
        "http://" * 4_000,
        "'s" * 10_000,
        "\u0301" * 10_000,
        "A.B." * 6_000,
        "\U0001f600 " * 5_000,
    ],
)
def test_hostile_text_is_recognised_without_a_hang(text: str) -> None:
    talk = transcript(text)
    [spans] = recognise_spans([talk])
    assert all(0 <= s.start < s.end <= len(talk.text) for s in spans)
    merge_spans(talk.text, spans)


def test_importing_detect_loads_no_model() -> None:
    code = "import sys, podwatch.line.detect, podwatch.line.entities; sys.exit('spacy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@given(
    st.lists(st.sampled_from(["Hello there.", "so", "and then", "x" * 37, "Why?", "é" * 5]), max_size=60),
    st.integers(10, 80),
)
def test_chunks_cover_the_text_in_order_and_are_never_too_long(texts: list[str], longest: int) -> None:
    talk = transcript(*texts)
    cuts = cut_chunks(talk.text, talk.offsets, longest)
    assert "".join(talk.text[a:b] for a, b in cuts) == talk.text
    assert all(0 < b - a <= longest for a, b in cuts)
    assert all(b == c for (_, b), (c, _) in pairwise(cuts))


def test_a_chunk_ends_where_a_sentence_and_a_segment_end() -> None:
    text = "First segment. Still first. Second one goes on and on and on."
    cut = text.index("Second")
    assert cut_chunks(text, array("I", [0, cut]), 40) == [(0, cut), (cut, len(text))]
    assert cut_chunks(text, array("I", [0]), 40)[0] == (0, cut), "a sentence will do"
    assert cut_chunks("a" * 25, array("I", [0]), 10) == [(0, 10), (10, 20), (20, 25)], "and nothing at all, too"
    assert cut_chunks("", array("I")) == []
    assert cut_chunks(text) == [(0, len(text))]
    assert len(text) < MAX_CHARACTERS


SPOKEN = "well the president said that mister kellogg would go to moscow and talk to the russians about it "
UNREAD: dict[str, tuple[Transcript, UnreadReason | None]] = {
    "talk": (transcript(TALK), None),
    "nothing": (transcript(), UnreadReason.EMPTY),
    "German": (transcript(TALK, language="de"), UnreadReason.LANGUAGE),
    "American": (transcript(TALK, language="en-US"), None),
    "nobody knows which language": (transcript(TALK, language=None), None),
    "captions without capitals": (transcript(SPOKEN * 5), UnreadReason.UNCASED),
    "of these only I has a capital": (transcript((SPOKEN + "and I said I know ") * 5), UnreadReason.UNCASED),
    "captions all in capitals": (transcript(SPOKEN.upper() * 5), UnreadReason.CAPITALS),
    "a few words are not judged": (transcript("so anyway"), None),
    "sentences with few names": (transcript("So that is how it is. And we went on. " * 10), None),
}


@pytest.mark.parametrize("case", UNREAD)
def test_a_transcript_that_cannot_be_read_for_entities_has_a_reason(case: str) -> None:
    talk, expected = UNREAD[case]
    assert unread_reason(talk) is expected
