"""The contract of RECOGNISERS: whatever a service writes, its words, times and speakers; what has no shape is refused."""

from __future__ import annotations

import copy
import json
import math
import random
from pathlib import Path
from typing import Any

import pytest

from podwatch.errors import TranscriptError
from podwatch.transcripts.formats import parse_transcript
from podwatch.transcripts.formats.recognisers import RECOGNISERS
from podwatch.transcripts.formats.recognisers.timed_pieces import Piece, add_pieces, align_words, name_of, seconds_of
from podwatch.transcripts.formats.segment_columns import Columns

DATA = Path(__file__).parents[1] / "data/transcripts"
NAMES = {r.name for r in RECOGNISERS}
FILES = [
    p.name
    for p in sorted(DATA.glob("*.json"))
    if not p.name.endswith(".expected.json")
    and json.loads((DATA / f"{p.name}.expected.json").read_text())["format"] in NAMES
]


def load(name: str) -> Any:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", FILES)
def test_every_recogniser_gives_words_whose_times_ascend_within_their_segments(name: str) -> None:
    t = parse_transcript((DATA / name).read_bytes())[1].transcript()
    assert all(s.text for s in t.segments())
    starts = [s for s in t.starts if s == s]
    assert starts == sorted(starts)
    for offset, second in zip(*(t.words.columns if t.words else ([], [])), strict=True):
        segment = t.segment(t.index_at(offset))
        assert segment.start <= second
        assert not second > segment.end


@pytest.mark.parametrize("name", FILES)
def test_one_shape_fits_and_fields_that_nobody_knows_change_nothing(name: str) -> None:
    value = load(name)
    right = json.loads((DATA / f"{name}.expected.json").read_text())["format"]
    assert next(r.name for r in RECOGNISERS if r.looks_like(value)) == right
    wider = copy.deepcopy(value)
    for part in objects(wider):
        part["x_new_field"] = {"a": [1, "two", None]}
    if right != "bare-text":  # which is told by having nothing else
        data = [json.dumps(v).encode() for v in (value, wider)]
        assert shape(data[0]) == shape(data[1])


def shape(data: bytes) -> str:
    name, columns = parse_transcript(data)
    return repr((name, [*columns], columns.words))


def objects(value: Any) -> list[dict[str, Any]]:
    inner = [*value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    found = [o for v in inner for o in objects(v)]
    return [*found, value] if isinstance(value, dict) else found


@pytest.mark.parametrize("name", FILES)
def test_a_value_of_another_kind_anywhere_is_read_around_or_refused_in_a_line(name: str) -> None:
    noise = random.Random(7)
    for _ in range(150):
        value = load(name)
        places = [(o, k) for o in objects(value) for k in o]
        for part, key in noise.sample(places, min(len(places), 2)):
            part[key] = noise.choice(
                [None, [], {}, [[]], [None], {"a": []}, 5, -1e300, math.nan, "", "x", True, [1, 2, 3]]
            )
        said = ""
        try:
            parse_transcript(json.dumps(value).encode())[1].transcript()
        except TranscriptError as e:
            said = e.line
        assert len(said) < 300
        assert "\n" not in said


NO_SHAPE = {
    "an error": {"error": {"message": "Invalid file format.", "code": 400}},
    "an error with a text": {"text": "Not found, sorry for that", "error": 404},
    "chapters": {
        "version": "1.2.0",
        "chapters": [{"startTime": 0, "title": "Intro"}, {"startTime": 9, "title": "Sea"}],
    },
    "a list of things": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
    "a status": {"id": "a", "status": "processing"},
    "words without times": {"words": ["the", "harbour"]},
    "results of a search": {"results": [{"title": "The harbour", "url": "https://a.example"}]},
}


@pytest.mark.parametrize("case", NO_SHAPE)
def test_json_of_another_kind_is_refused(case: str) -> None:
    with pytest.raises(TranscriptError, match="is JSON, but holds no segments"):
        parse_transcript(json.dumps(NO_SHAPE[case]).encode(), "application/json")


def test_a_job_that_is_not_done_says_so() -> None:
    with pytest.raises(TranscriptError, match=r"is not done \(FAILED\)"):
        parse_transcript(b'{"jobName": "a", "status": "FAILED", "results": {}}')


DURATIONS = [
    ("1.200s", 1.2), ("12s", 12.0), ("PT1H2M3.5S", 3723.5), ("PT0.1S", 0.1), ("P1DT1S", 86401.0), (1.25, 1.25), ("0.4", 0.4),
    ({"seconds": "12", "nanos": 900000000}, 12.9), ({"seconds": 3}, 3.0), ({"nanos": 500000000}, 0.5), ("00:01:02,500", 62.5),
    ("P", math.nan), ("soon", math.nan), (None, math.nan), ({"seconds": "x"}, math.nan), (True, math.nan),
]  # fmt: skip


@pytest.mark.parametrize(("written", "right"), DURATIONS)
def test_durations_are_read_in_every_notation(written: Any, right: float) -> None:
    assert str(round(seconds_of(written), 6)) == str(right)


@pytest.mark.parametrize(
    ("written", "right"),
    [(0, "Speaker 0"), ("1", "Speaker 1"), ("A", "Speaker A"), ("spk_0", "spk_0"), ({"name": "Jo"}, "Jo"), ("", None), (None, None), ("?", None)],
)  # fmt: skip
def test_speakers_are_named(written: Any, right: str | None) -> None:
    assert name_of(written) == right


def test_pieces_become_sentences_that_a_speaker_a_pause_or_forty_words_end() -> None:
    def texts(*pieces: Piece) -> list[str]:
        return [t.strip() for t in add_pieces(Columns(), pieces).texts]

    one, two = Piece(" One", 0.0, 0.5), Piece(" two", 0.5, 1.0)
    assert texts(one, two, Piece(".")) == ["One two."]
    assert texts(one, Piece("!"), two) == ["One!", "two"]
    assert texts(one, two._replace(speaker="Jo")) == ["One", "two"]
    assert texts(one, two._replace(start=9.0, end=9.5)) == ["One", "two"]
    assert len(texts(*(Piece(" a", float(i), i + 1.0) for i in range(100)))) == 3
    assert texts(Piece("Loose text")) == ["Loose text"]


def test_the_text_keeps_every_character_when_words_are_found_in_it() -> None:
    text = "Well, the Harbour - of Marta Quill!"
    words = [Piece(w, float(i)) for i, w in enumerate(["Well", "the", "absent", "Marta", "Quill"])]
    pieces = align_words(text, words)
    assert "".join(p.text for p in pieces) == text
    assert [(p.text.split(" ")[0].strip(",!"), p.start) for p in pieces] == [
        ("Well", 0),
        ("the", 1),
        ("Marta", 3),
        ("Quill", 4),
    ]


@pytest.mark.parametrize(
    ("told", "speaker"),
    [({"speaker_info": {"id": "7", "display_name": "Marta Quill"}}, "Marta Quill"), ({}, "Speaker 0")],
    ids=["in the monologue", "nowhere"],
)
def test_a_speaker_of_rev_has_the_name_that_its_monologue_tells(told: dict[str, Any], speaker: str) -> None:
    words = [{"type": "text", "value": "Grain.", "ts": 0.5, "end_ts": 1.0}]
    data = json.dumps({"monologues": [{"speaker": 0, "elements": words} | told]}).encode()
    assert list(parse_transcript(data)[1].transcript().speakers) == [speaker]


SAID = ("We went down early.", "It was closed, of course.")
WORDS = [[(w, at + 0.25 * i) for i, w in enumerate(said.split())] for at, said in zip((3, 9), SAID, strict=True)]
NEIGHBOURS: dict[str, Any] = {
    "the web API of Otter": {"speech": {
        "transcripts": [
            {"start_offset": at * 16000, "end_offset": (at + 2) * 16000, "speaker_id": i, "transcript": said,
             "alignment": [{"word": w, "start": s - at, "end": s - at + 0.2} for w, s in words]}
            for i, (at, said, words) in enumerate(zip((3, 9), SAID, WORDS, strict=True))
        ],
        "speakers": [{"speaker_id": 0, "speaker_name": "Marta"}, {"speaker_id": 1, "speaker_name": "Theo"}],
    }},
    "words in milliseconds, and the names of speakers by their ids": {
        "words": [
            {"name": w, "time": int(s * 1000), "duration": 200, "speaker": "ab"[i]} for i in (0, 1) for w, s in WORDS[i]
        ],
        "speakers": {"a": {"name": "Marta"}, "b": {"name": "Theo"}},
    },
    "a paper edit of several parts": [
        {"words": [{"start": s, "end": s + 0.2, "text": w} for w, s in WORDS[i]],
         "paragraphs": [{"start": (3, 9)[i], "speaker": ("Marta", "Theo")[i]}]} for i in (0, 1)
    ],
    "results of Google that are all of one speaker each": {"results": [
        {"alternatives": [{"transcript": SAID[i], "words": [
            {"word": w, "startOffset": f"{s}s", "endOffset": f"{s + 0.2}s", "speakerLabel": ("Marta", "Theo")[i]}
            for w, s in WORDS[i]
        ]}]} for i in (0, 1)
    ]},
}  # fmt: skip


@pytest.mark.parametrize("case", NEIGHBOURS)
def test_a_neighbour_of_a_shape_gives_its_words_times_and_speakers(case: str) -> None:
    segments = parse_transcript(json.dumps(NEIGHBOURS[case]).encode())[1].transcript().segments()
    assert [(s.start, s.speaker, s.text) for s in segments] == [(3, "Marta", SAID[0]), (9, "Theo", SAID[1])]
