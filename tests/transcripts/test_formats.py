"""The contract of FORMATS: each reads its pairs, whatever the line ends and marks, and fails with one error only.

The pairs are tests/data/transcripts/NAME and NAME.expected.json, all written for podwatch.
"""

from __future__ import annotations

import html
import json
import math
import os
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podwatch.errors import TranscriptError
from podwatch.model import Transcript
from podwatch.transcripts import formats as transcripts
from podwatch.transcripts.formats import FORMATS
from tests.support.hypothesis_profiles import examples

DATA = Path(__file__).parents[1] / "data/transcripts"
PAIRS = sorted(p.name for p in DATA.iterdir() if not p.name.endswith(".expected.json"))
EXPECTED = {name: json.loads((DATA / f"{name}.expected.json").read_text(encoding="utf-8")) for name in PAIRS}
TEXTS = [p for p in PAIRS if not p.endswith((".json", ".json3"))]
SAMPLES = [(DATA / name).read_bytes() for name in PAIRS]


def read(data: bytes, media_type: str = "", name: str = "") -> dict[str, Any]:
    """What a pair expects, of these bytes."""
    fmt, columns = transcripts.parse_transcript(data, media_type, name)
    t = columns.transcript()
    got: dict[str, Any] = {"format": fmt}
    if columns.title:
        got["title"] = columns.title
    if columns.language:
        got["language"] = columns.language
    if columns.published:
        got["published"] = f"{columns.published:%Y-%m-%d}"
    got["segments"] = [[number(s.start), number(s.end), s.speaker, s.text] for s in t.segments()]
    if t.words:
        got["words"] = [[t.text[o:].split(" ")[0], number(s)] for o, s in zip(*t.words.columns, strict=True)]
    return got


def number(seconds: float) -> float | None:
    return None if math.isnan(seconds) else round(seconds, 3)


def sound(t: Transcript) -> None:
    """What holds for every transcript, however broken its source."""
    assert t.text
    assert t.text == " ".join(t.text.split())
    t.text.encode()
    assert "\0" not in t.text
    starts = [s for s in t.starts if not math.isnan(s)]
    assert starts == sorted(starts)
    assert all(0 <= s <= 1_000_000 for s in starts)
    for s in t.segments():
        assert s.text
        assert math.isnan(s.end) or math.isnan(s.start) or s.end >= s.start
    if t.words:
        offsets, seconds = t.words.columns
        assert list(offsets) == sorted(set(offsets))
        assert list(seconds) == sorted(seconds)
    for offset in range(0, len(t.text), max(1, len(t.text) // 20)):
        assert not math.isinf(t.seconds_at(offset))


def segments_or_one_error(data: bytes, media_type: str = "", name: str = "") -> str:
    try:
        _, columns = transcripts.parse_transcript(data, media_type, name)
    except TranscriptError as e:
        said = e.line
    else:
        said = ""
        sound(columns.transcript())
    assert len(said) < 300
    return said


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_gives_its_segments(name: str) -> None:
    assert read((DATA / name).read_bytes(), name=name) == EXPECTED[name]


def test_every_format_has_a_pair() -> None:
    assert {e["format"] for e in EXPECTED.values()} == set(FORMATS)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("change", ["crlf", "cr", "bom", "utf-16"])
def test_line_ends_and_byte_order_marks_change_nothing(name: str, change: str) -> None:
    text = (DATA / name).read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    data = {
        "crlf": text.replace("\n", "\r\n").encode(),
        "cr": text.replace("\n", "\r").encode(),
        "bom": text.encode("utf-8-sig"),
        "utf-16": text.encode("utf-16"),
    }[change]
    assert read(data, name=name) == EXPECTED[name]


@pytest.mark.parametrize("name", PAIRS)
def test_a_wrong_declared_type_changes_nothing_where_the_content_speaks(name: str) -> None:
    free = EXPECTED[name]["format"] in ("plain", "markdown")
    for f in FORMATS.values():
        for media_type in f.media_types:
            if free or {f.name, EXPECTED[name]["format"]} == {"vtt", "srt"}:
                segments_or_one_error((DATA / name).read_bytes(), media_type)
            else:
                assert read((DATA / name).read_bytes(), media_type)["segments"] == EXPECTED[name]["segments"]


@pytest.mark.parametrize("name", PAIRS)
def test_a_file_cut_off_anywhere_gives_segments_or_one_error(name: str) -> None:
    data = (DATA / name).read_bytes()
    for end in range(0, len(data), 7):
        segments_or_one_error(data[:end], name=name)


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_document_and_binary_garbage_are_refused_as_any_format(name: str) -> None:
    noise = random.Random(4)
    garbage = bytes(noise.randrange(256) for _ in range(5000))
    for media_type in FORMATS[name].media_types or ("",):
        for ending in FORMATS[name].endings or ("",):
            for data in (b"", b" \r\n\t", b"\xef\xbb\xbf", b"\xff\xfe", garbage, b"%PDF-1.7 x", b"PK\x03\x04xx"):
                assert segments_or_one_error(data, media_type, f"x{ending}")


BAD = {
    "a web page sent as VTT": (
        b"<!DOCTYPE html><title>Oops</title><p>Not here.",
        "is a web page, not a transcript: 'Oops'",
    ),
    "a web page with a wrong type and blanks": (
        b"\n\n <html><body><p>Not here.</p>",
        "is a web page, not a transcript",
    ),
    "an answer to slow down": (b"<html><title>429 - Too Many Requests</title></html>", "429 - Too Many Requests"),
    "an error of a file store": (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", "is markup (error)"),
    "an error in JSON": (b'{"error": "not found"}', "is JSON, but holds no segments"),
    "an error in words": (b"Too many requests, slow down", "is an error message"),
    "JSON that breaks off": (b'{"segments": [{"start": 1, "text": "a', "is no valid JSON"),
    "JSON that is deep": (b"[" * 100_000, "is no valid JSON"),
    "JSON that is deep within NaN": (b'{"a": NaN, "segments": ' + b"[" * 100_000, "is no valid JSON"),
    "a page for members": (
        b'<h1 class="page-heading">A</h1><p>For premium subscribers only.</p>',
        "for paying members",
    ),
    "a page without a transcript": (
        b'<h1 class="page-heading">A</h1><p>Nothing.</p>',
        "is a page without a transcript",
    ),
    "a header alone": (b"WEBVTT\n\n", "holds no cues"),
    "cues without words": (b"WEBVTT\n\n00:01.000 --> 00:02.000\n\n", "holds no words"),
    "a transcription that failed": (b'{"status": "error", "text": null, "audio_duration": 1}', "is not done (error)"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_transcript_says_what_it_is(name: str) -> None:
    data, said = BAD[name]
    assert said in segments_or_one_error(data, "text/plain" if "words" in name and "error" in name else "text/vtt")


HEAD = "WEBVTT\n\n"
TIMES: dict[str, tuple[str, list[tuple[float | None, float | None]]]] = {
    "ends before it starts": ("00:02.000 --> 00:01.000\na", [(2, None)]),
    "one wild start": ("00:01.000 --> 00:02.000\na\n\n99:00:00.000 --> 99:00:01.000\nb\n\n00:03.000 --> 00:04.000\nc", [(1, 2), (None, None), (3, 4)]),
    "two at once": ("00:01.000 --> 00:09.000\na\n\n00:02.000 --> 00:03.000\nb", [(1, 9), (2, 3)]),
    "beyond any recording": ("9999:00:00.000 --> 9999:00:01.000\na", [(None, None)]),
    "a broken end": ("00:01.000 --> 00:0x.000\na", [(1, None)]),
}  # fmt: skip


@pytest.mark.parametrize("name", TIMES)
def test_a_time_that_cannot_be_is_mended_or_unknown(name: str) -> None:
    text, expected = TIMES[name]
    got = read((HEAD + text).encode())["segments"]
    assert [(s[0], s[1]) for s in got] == expected


def test_json_with_nan_negative_and_missing_times_is_read() -> None:
    rows = '{"segments": [{"start": NaN, "end": 1, "text": "a\\u0000b"}, {"start": -3, "end": "2", "text": "c\\ud800"}, {"start": 1e999, "text": "d"}, {"text": 5}, 7, {"start": 4, "text": "e"}]}'
    assert read(rows.encode())["segments"] == [
        [None, None, None, "ab"],
        [0, 2, None, "c"],
        [None, None, None, "d"],
        [4, None, None, "e"],
    ]


MOJIBAKE = {
    "windows-1252": "Zürich “was” here".encode("cp1252"),
    "utf-8 with one broken byte": "Zürich “was” h".encode() + b"\xff" + b"ere",
    "utf-8 cut within a character": "Zürich “was” here – ".encode()[:-2],
}


@pytest.mark.parametrize("name", MOJIBAKE)
def test_letters_survive_another_or_a_broken_encoding(name: str) -> None:
    assert "Zürich “was” h" in read(MOJIBAKE[name], "text/plain")["segments"][0][3]


def test_hostile_xml_costs_no_more_than_its_bytes() -> None:
    bomb = '<!DOCTYPE tt [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><tt><body><p begin="1s">&b;</p></body></tt>'
    assert read(bomb.encode())["segments"][0][3].endswith("&b;")
    segments_or_one_error(b"<tt>" + b"<div>" * 200_000 + b'<p begin="1s">a</p>')
    segments_or_one_error(b"<tt><p>" + b"<!--" * 200_000)
    segments_or_one_error(b"<p>" + b"<a b='" * 200_000)
    segments_or_one_error(b"<tt>" + b"<![CDATA[" * 100_000)


def test_a_document_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(TranscriptError, match="is larger than 1,000 bytes"):
        transcripts.parse_transcript(b"WEBVTT" + b" " * 1000, limit=1000)
    with pytest.raises(TranscriptError, match="has more than 2,000,000 lines"):
        transcripts.parse_transcript(b"a\n" * 2_000_001, "text/plain")


def test_runs_of_marks_that_feed_on_patterns_are_read_in_no_time() -> None:
    for hostile in (b"*", b"[a](", b"_a ", b"[", b"(a)"):
        segments_or_one_error(b"**A:** x\n**B:** y\n" + hostile * 200_000)
    for hostile in (b"<", b"<v ", b"-->", b"<00:01.000>", b"{\\", b"&#", b": "):
        segments_or_one_error(b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + hostile * 100_000 + b"a")


def test_a_million_words_in_one_segment_are_folded_as_a_few_are() -> None:
    t = transcripts.parse_transcript(b"hello  there\n" * 200_000, "text/plain")[1]
    t.texts = ["".join(f"{s}\n" for s in t.texts)]
    t.starts, t.ends, t.speakers = [0.0], [1.0], [None]
    assert t.transcript().text == " ".join(["hello there"] * 200_000)


def test_a_second_is_the_words_own_where_the_source_has_it_and_a_marked_guess_elsewhere() -> None:
    words = transcripts.parse_transcript((DATA / "whisper.json").read_bytes())[1].transcript()
    at = words.text.index("called")
    assert (words.seconds_at(at), words.is_exact_at(at)) == (2.7, True)
    assert (words.seconds_at(at + 3), words.is_exact_at(at + 3)) == (2.7, True)
    blocks = transcripts.parse_transcript((DATA / "page.txt").read_bytes())[1].transcript()
    assert blocks.is_exact_at(blocks.text.index("Good"))
    at = blocks.text.index("naval")
    assert not blocks.is_exact_at(at)
    assert 20 < blocks.seconds_at(at) < 40
    gap = transcripts.parse_transcript((DATA / "whisperx.json").read_bytes())[1].transcript()
    at = gap.text.index("1962")
    assert not gap.is_exact_at(at)
    assert 0.1 < gap.seconds_at(at) < 1.2


def test_a_text_without_any_time_has_no_second() -> None:
    t = transcripts.parse_transcript(b"One.\n\nTwo.", "text/plain")[1].transcript()
    assert math.isnan(t.seconds_at(0))
    assert not t.is_exact_at(0)


def test_the_finest_times_are_preferred_and_a_charset_does_not_matter() -> None:
    order = ["application/json", "application/srt", "text/vtt; charset=utf-8", "text/html", "text/plain", "image/png"]
    assert sorted(order, key=transcripts.media_type_rank) == order


changes = st.lists(st.tuples(st.integers(0, 5000), st.sampled_from(["cut", "drop", "twice", "byte"]), st.binary(max_size=6)), max_size=6)  # fmt: skip


def spoiled(data: bytes, edits: list[tuple[int, str, bytes]]) -> bytes:
    for place, how, new in edits:
        at = place % (len(data) + 1)
        if how == "cut":
            data = data[:at]
        elif how == "drop":
            data = data[:at] + data[at + 9 :]
        elif how == "twice":
            data = data[:at] + data[at // 2 : at] + data[at:]
        else:
            data = data[:at] + new + data[at + 1 :]
    return data


@settings(max_examples=examples(400))
@given(
    st.sampled_from(SAMPLES), changes, st.sampled_from(["", "text/vtt", "text/plain", "text/html", "application/json"])
)
def test_a_spoiled_file_gives_segments_or_one_error(
    data: bytes, edits: list[tuple[int, str, bytes]], declared: str
) -> None:
    segments_or_one_error(spoiled(data, edits), declared)


@given(st.binary(max_size=500), st.sampled_from(list(FORMATS)))
def test_any_bytes_declared_as_any_format_give_segments_or_one_error(data: bytes, name: str) -> None:
    for media_type in FORMATS[name].media_types:
        segments_or_one_error(data, media_type)


REAL = os.environ.get("PODWATCH_REAL_TRANSCRIPTS", "")


@pytest.mark.skipif(not REAL, reason="PODWATCH_REAL_TRANSCRIPTS names no folder of other people's transcripts")
def test_real_files_give_segments_or_one_error() -> None:
    for file in sorted(Path(REAL).rglob("*")):
        if file.is_file():
            try:
                fmt, columns = transcripts.parse_transcript(file.read_bytes(), name=file.name)
            except TranscriptError as e:
                print(f"{file.name[:60]:60} {e.line}")
                continue
            t = columns.transcript()
            sound(t)
            last = max((s for s in t.starts if not math.isnan(s)), default=math.nan)
            words = len(t.words.columns[0]) if t.words else 0
            who = len({s for s in t.speakers if s})
            print(
                f"{file.name[:60]:60} {fmt:13} {len(t):5} segments {len(t.text.split()):6} words ({words} timed) {who} speakers, last {last:.0f} s"
            )


WRAPS = {
    "paragraphs": "<p>{}</p>",
    "one preformatted text": "{}\n",
    "divisions and spans": "<div><span>{}</span></div>",
}


@pytest.mark.parametrize("wrap", WRAPS, ids=str)
def test_a_transcript_page_is_read_in_whatever_html_its_lines_stand(wrap: str) -> None:
    lines = (Path(__file__).parents[2] / "seeds/sample/missile-crisis.txt").read_text(encoding="utf-8").splitlines()
    body = "".join(WRAPS[wrap].format(html.escape(line)) for line in lines)
    body = f"<pre>{body}</pre>" if wrap == "one preformatted text" else body
    page = f"<!DOCTYPE html><html><head><title>x</title></head><body>{body}</body></html>"
    plain = transcripts.parse_transcript("\n".join(lines).encode())[1].transcript()
    found = transcripts.parse_transcript(page.encode(), "text/html")[1].transcript()
    assert found.text == plain.text
    assert list(found.starts) == list(plain.starts)
