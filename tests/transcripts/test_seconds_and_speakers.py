"""Every transcript format gives the words, the seconds and the speakers; every bad file one clear error."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.errors import TranscriptError
from podwatch.model import Segment, Transcript, join_segments
from podwatch.transcripts import formats as transcripts

SEEDS = Path(__file__).parents[2] / "seeds/sample"

PAGE = """The Show - An episode

Episode Date: April 4, 2025

A teaser ...

Transcript
Discussion (0)
Starting point is 00:00:00 Good morning. The naval
Starting point is 00:00:40 quarantine began.
Starting point is 01:02:03 Take care.

There aren't comments yet for this episode. Click on any sentence in the transcript to leave a comment."""

# name: (text, [(start, end, speaker, words)])
CASES: dict[str, tuple[str, list[tuple[float, float, str | None, str]]]] = {
    "vtt": ("WEBVTT\n\n00:01.000 --> 00:02.500\nHello there\n", [(1, 2.5, None, "Hello there")]),
    "vtt with hours, names and settings": (
        "WEBVTT - title\nKind: captions\n\nNOTE a\nnote\n\nintro\n01:00:01.000 --> 01:00:02.000 align:start line:0\nOne\ntwo\n",
        [(3601, 3602, None, "One two")],
    ),
    "vtt voices": (
        "WEBVTT\n\n00:00.000 --> 00:04.000\n<v Ann Lee>Hi &amp; hello</v>\n<v.loud Bob>No!\n",
        [(0, 4, "Ann Lee", "Hi & hello"), (0, 4, "Bob", "No!")],
    ),
    "vtt with tags": (
        "WEBVTT\n\n00:00.000 --> 00:01.000\n<c.yellow><i>so</i></c> <00:00.500>it is\n",
        [(0, 1, None, "so it is")],
    ),
    "vtt with comma times and no blank lines": (
        "WEBVTT\n00:00,000 --> 00:01,000\na b\n00:01,000 --> 00:02,000\nc d\n",
        [(0, 1, None, "a b"), (1, 2, None, "c d")],
    ),
    "srt": (
        "1\r\n00:00:01,000 --> 00:00:02,000\r\nHello\r\n\r\n2\r\n00:00:02,000 --> 00:00:03,500\r\nthere\r\n",
        [(1, 2, None, "Hello"), (2, 3.5, None, "there")],
    ),
    "srt with a byte order mark and speakers": (
        "\ufeff1\n00:00:00,000 --> 00:00:01,000\nMarta: So <b>what</b>?\n\n2\n00:00:01,000 --> 00:00:02,000\nMarta: Yes.\n",
        [(0, 1, "Marta", "So what?"), (1, 2, "Marta", "Yes.")],
    ),
    "srt without blank lines": (
        "1\n00:00:00,000 --> 00:00:01,000\none\n2\n00:00:01,000 --> 00:00:02,000\ntwo\n",
        [(0, 1, None, "one"), (1, 2, None, "two")],
    ),
    "srt whose words are a number": (
        "1\n00:00:00,000 --> 00:00:01,000\n1962\n\n2\n00:00:01,000 --> 00:00:02,000\nyes\n",
        [(0, 1, None, "1962"), (1, 2, None, "yes")],
    ),
    "page": (
        PAGE,
        [
            (0, 40, None, "Good morning. The naval"),
            (40, 3723, None, "quarantine began."),
            (3723, math.nan, None, "Take care."),
        ],
    ),
}


def shape(segments: Iterable[Segment]) -> list[tuple[float, float, str | None, str]]:
    t = join_segments(segments)
    return [(s.start, s.end, s.speaker, s.text) for s in t.segments()]


@pytest.mark.parametrize("name", CASES, ids=str)
def test_a_format_gives_its_words_seconds_and_speakers(name: str) -> None:
    text, expected = CASES[name]
    assert repr(shape(transcripts.parse_transcript(text.encode())[1])) == repr(
        [(float(a), float(b), s, w) for a, b, s, w in expected]
    )


def test_the_content_decides_when_the_declared_type_lies() -> None:
    for name, media_type in (("vtt", "application/srt"), ("srt", "text/html"), ("page", "text/plain")):
        assert transcripts.parse_transcript(CASES[name][0].encode(), media_type)[0] == name


def test_plain_text_is_read_by_paragraphs_without_times_when_its_type_or_name_says_so() -> None:
    text = "First paragraph,\nstill the first.\n\nThe second."
    for media_type, file in (("text/plain", ""), ("", "talk.TXT")):
        name, segments = transcripts.parse_transcript(text.encode(), media_type, name=file)
        assert name == "plain"
        assert [s.text for s in join_segments(segments).segments()] == [
            "First paragraph, still the first.",
            "The second.",
        ]
        assert all(math.isnan(s.start) for s in segments)


def test_the_page_says_its_title_and_its_date() -> None:
    title, date = transcripts.transcript_site.read_head(PAGE)
    assert title == "The Show - An episode"
    assert f"{date:%Y-%m-%d %Z}" == "2025-04-04 UTC"


def test_the_two_forms_of_the_sample_hold_the_same_words() -> None:
    page = join_segments(transcripts.parse_transcript((SEEDS / "missile-crisis.txt").read_bytes())[1])
    vtt = join_segments(transcripts.parse_transcript((SEEDS / "missile-crisis.vtt").read_bytes())[1])
    assert page.text.split() == vtt.text.split()
    for word in ("Dobrinin", "Bolshekov"):
        at = page.seconds_at(page.text.index(word))
        assert at == pytest.approx(vtt.seconds_at(vtt.text.index(word)), abs=6)


@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda s: s.encode("utf-8", "replace")))
def test_any_bytes_end_in_segments_or_in_one_transcript_error(data: bytes) -> None:
    for declared in ("", "text/vtt", "text/plain"):
        try:
            _, segments = transcripts.parse_transcript(data, declared)
        except TranscriptError:
            continue
        assert join_segments(segments).text.isprintable() or segments


words = st.text(st.characters(codec="utf-8"), max_size=12)
segments_of = st.lists(
    st.builds(
        Segment, st.floats(0, 1e5) | st.just(math.nan), st.floats(0, 1e5) | st.just(math.nan), words, words | st.none()
    ),
    max_size=12,
)


@given(segments_of)
def test_every_character_belongs_to_its_segment_and_no_text_is_lost(segments: list[Segment]) -> None:
    t: Transcript = join_segments(segments)
    kept = [" ".join(s.text.replace("\0", "").split()) for s in segments]
    assert t.text == " ".join(k for k in kept if k)
    for i, segment in enumerate(t.segments()):
        assert segment.text == t.text[t.offsets[i] : t.offsets[i] + len(segment.text)]
        assert t.index_at(t.offsets[i]) == i
        assert t.index_at(t.offsets[i] + len(segment.text) - 1) == i


@given(segments_of.filter(bool))
def test_a_second_lies_within_its_segment(segments: list[Segment]) -> None:
    t = join_segments(segments)
    for offset in range(0, len(t.text), 3):
        s = t.segment(t.index_at(offset))
        at = t.seconds_at(offset)
        if math.isnan(s.start):
            assert not t.is_exact_at(offset)
        elif s.end > s.start:
            assert s.start - 0.01 <= at <= s.end + 0.01
