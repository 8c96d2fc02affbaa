"""What captions and recognisers repeat is said once; what people repeat stays, whatever the format."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.transcripts.formats import parse_transcript
from podwatch.transcripts.formats.rolling_captions import MIN_LOOP


def as_srt(cues: list[str], step: float = 2.0) -> bytes:
    def clock(seconds: float) -> str:
        return f"00:{int(seconds) // 60:02}:{int(seconds) % 60:02},{round(seconds % 1 * 1000):03}"

    return "".join(
        f"{i + 1}\n{clock(i * step)} --> {clock((i + 1) * step)}\n{cue}\n\n" for i, cue in enumerate(cues)
    ).encode()


def as_json(cues: list[str], step: float = 2.0) -> bytes:
    rows = [{"start": i * step, "end": (i + 1) * step, "text": cue} for i, cue in enumerate(cues)]
    return json.dumps({"segments": rows, "text": "", "language": "en"}).encode()


def as_ttml(cues: list[str], step: float = 2.0) -> bytes:
    rows = "".join(f'<p begin="{i * step}s" end="{(i + 1) * step}s">{cue}</p>' for i, cue in enumerate(cues))
    return f"<tt><body><div>{rows.replace(chr(10), '<br/>')}</div></body></tt>".encode()


WRITERS = {"srt": as_srt, "json": as_json, "ttml": as_ttml}


def said(data: bytes) -> str:
    return parse_transcript(data)[1].transcript().text


TALK = ["And so it went", "for a very long", "time in the harbour", "until the ships", "came in at last"]
ROLLING = {
    "words that end the cue before": (
        ["we sailed the black", "we sailed the black sea and grain", "sea and grain is dear", "is dear now the end"],
        "we sailed the black sea and grain is dear now the end",
    ),
    "two lines joined into one": (
        ["the grain came", "the grain came by sea from", "by sea from the harbour of", "the harbour of Marta Quill"],
        "the grain came by sea from the harbour of Marta Quill",
    ),
    "each line alone between": (
        ["the grain came", "the grain came by the sea", "by the sea", "by the sea to us", "to us", "to us at last"],
        "the grain came by the sea to us at last",
    ),
    "a line that grows": (
        ["the grain", "the grain came", "the grain came by sea", "and then", "and then it left", "and then it left us"],
        "the grain came by sea and then it left us",
    ),
}


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("case", ROLLING)
def test_rolling_captions_are_said_once(case: str, form: str) -> None:
    cues, right = ROLLING[case]
    assert said(WRITERS[form](cues)) == right


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize(
    "loop", [["Thank you for the grain."], ["Grain."], ["The sea is black.", "Grain is dear."], ["a b", "c d", "e f"]]
)
def test_a_loop_of_a_recogniser_is_said_once(loop: list[str], form: str) -> None:
    cues = [*TALK, *(loop * 9), "And then it ended"]
    assert said(WRITERS[form](cues)) == " ".join([*TALK, *loop, "And then it ended"])
    t = parse_transcript(WRITERS[form](cues))[1].transcript()
    assert t.starts[-1] == (len(cues) - 1) * 2.0, "what follows keeps its time"


KEPT = {
    "no, no, no": [*TALK, "No.", "No.", "No.", "It was not so"],
    "a line said four times": [*TALK, *["We will sail again"] * 4, "It was not so"],
    "a chorus": [*TALK, "Sail on, sail on", *TALK, "Sail on, sail on", *TALK, "Sail on, sail on"],
    "words twice in one cue": ["No no no no no no no no", "that that is is", *TALK],
    "a word that ends one cue and begins the next": ["I told you", "you told me", "me and him", "him and her"],
    "two cues that overlap among many": ["It was the sea", "the sea that took them", *TALK, "It is over"],
}


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("case", KEPT)
def test_what_people_repeat_stays(case: str, form: str) -> None:
    assert said(WRITERS[form](KEPT[case])) == " ".join(KEPT[case])


def test_a_loop_of_single_words_with_times_is_talk() -> None:
    words = ["no"] * 12 + ["it", "is", "not"]
    assert said(as_json(words, step=0.3)) == " ".join(words)
    assert said(as_json(["no"] * 12, step=2.0)) == "no"


def test_speakers_who_say_the_same_are_no_loop() -> None:
    rows = [{"start": i, "end": i + 1, "text": "We do agree", "speaker": "AB"[i % 2]} for i in range(12)]
    assert said(json.dumps({"segments": rows[:2] * 1, "text": ""}).encode()) == "We do agree We do agree"
    apart = [{**row, "speaker": f"Guest {i}"} for i, row in enumerate(rows)]
    assert said(json.dumps({"segments": apart, "text": ""}).encode()).count("agree") == 12


def test_text_without_times_has_no_loops() -> None:
    _, columns = parse_transcript(("We will sail again.\n\n" * 9).encode() + b"The end.\n", "text/plain")
    assert columns.transcript().text == "We will sail again. " * 9 + "The end."


def test_words_keep_their_times_when_captions_are_unrolled() -> None:
    rows = [
        {"start": 0.0, "end": 2.0, "text": "the grain came", "words": [{"word": w, "start": s} for w, s in [("the", 0.0), ("grain", 0.5), ("came", 1.0)]]},
        {"start": 2.0, "end": 4.0, "text": "grain came by the sea", "words": [{"word": w, "start": s} for w, s in [("grain", 2.0), ("came", 2.1), ("by", 2.2), ("the", 2.5), ("sea", 3.0)]]},
        {"start": 4.0, "end": 6.0, "text": "by the sea at last", "words": [{"word": w, "start": s} for w, s in [("by", 4.0), ("the", 4.1), ("sea", 4.2), ("at", 4.5), ("last", 5.0)]]},
    ]  # fmt: skip
    t = parse_transcript(json.dumps({"segments": rows, "text": ""}).encode())[1].transcript()
    assert t.text == "the grain came by the sea at last"
    assert t.words
    assert [round(s, 1) for s in t.words.columns[1]] == [0.0, 0.5, 1.0, 2.2, 2.5, 3.0, 4.5, 5.0]


@given(st.lists(st.lists(st.integers(0, 400), min_size=3, max_size=7), min_size=3, max_size=12), st.integers(1, 3))
def test_captions_of_any_words_that_roll_are_said_once(cues: list[list[int]], kept: int) -> None:
    numbers = iter(range(10_000))
    lines = [[f"w{next(numbers)}" for _ in cue] for cue in cues]  # no word is said twice
    rolled = [lines[0], *(before[-max(2, kept) :] + line for before, line in pairwise(lines))]
    assert said(as_srt([" ".join(c) for c in rolled])) == " ".join(w for line in lines for w in line)


@given(st.lists(st.sampled_from(["no", "no no", "so it is", "the sea", "sail on"]), min_size=2, max_size=14))
def test_no_word_of_other_captions_is_dropped_but_in_loops(cues: list[str]) -> None:
    text = said(as_srt(["start of it", *cues, "end of all"]))
    assert set(" ".join(cues).split()) <= set(text.split())
    if all(cues[i : i + 1] * MIN_LOOP != cues[i : i + MIN_LOOP] for i in range(len(cues))) and len(cues) < 2 * MIN_LOOP:
        assert len(text.split()) >= len(set(cues))
