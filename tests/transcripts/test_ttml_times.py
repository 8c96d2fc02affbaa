"""The times of TTML at every level: nested offsets, sequences, frames, ticks, and codes that drop frames."""

from __future__ import annotations

import math

import pytest

from podwatch.transcripts.formats import parse_transcript
from podwatch.transcripts.formats.timestamps import FrameRate, parse_frames

NTSC = 1001 / 1000


def starts(body: str, parameters: str = "") -> list[tuple[float, float, str]]:
    columns = parse_transcript(f'<tt xmlns="http://www.w3.org/ns/ttml" {parameters}>{body}</tt>'.encode(), "x.ttml")[1]
    t = columns.transcript()
    return [(round(s.start, 3), round(s.end, 3), s.text) for s in t.segments()]


NESTED = {
    "of a div": ('<body><div begin="600s"><p begin="5.6s" end="7s">Sea</p></div></body>', [(605.6, 607.0, "Sea")]),
    "of the body": ('<body begin="00:10:00"><div><p begin="5.6s" dur="1s">Sea</p></div></body>', [(605.6, 606.6, "Sea")]),
    "of both": (
        '<body begin="100s"><div begin="500s"><p begin="5.6s" end="7s">Sea</p></div></body>', [(605.6, 607.0, "Sea")],
    ),
    "of a div in a div": (
        '<body><div begin="10s"><div begin="5s"><p begin="1s" end="2s">Sea</p></div><p begin="8s" end="9s">Corn</p></div>'
        '<div begin="30s"><p begin="1s" end="2s">End</p></div></body>',
        [(16.0, 17.0, "Sea"), (18.0, 19.0, "Corn"), (31.0, 32.0, "End")],
    ),
    "of a div, a p without one": (
        '<body><div begin="10s" end="12s"><p>Sea</p></div><div begin="12s"><p>Corn</p></div></body>',
        [(10.0, 12.0, "Sea"), (12.0, math.nan, "Corn")],
    ),
    "of spans alone": (
        '<body><div><p><span begin="10s" end="11s">The sea</span><br/><span begin="11s" end="12.5s">of corn</span></p>'
        '<p><span begin="20s" end="21s">End</span></p></div></body>',
        [(10.0, 12.5, "The sea of corn"), (20.0, 21.0, "End")],
    ),
    "of spans within a div": (
        '<body><div begin="600s"><p><span begin="5s" end="6s">Sea</span></p></div></body>', [(605.0, 606.0, "Sea")],
    ),
    "from the media's start at every level": (
        '<body><div begin="600s" end="660s"><p begin="600s" end="602s">Sea</p><p begin="630s" end="632s">Corn</p></div></body>',
        [(600.0, 602.0, "Sea"), (630.0, 632.0, "Corn")],
    ),
    "of a sequence": (
        '<body><div timeContainer="seq"><p dur="2s">Sea</p><p begin="1s" dur="3s">Corn</p><p dur="1s">End</p></div></body>',
        [(0.0, 2.0, "Sea"), (3.0, 6.0, "Corn"), (6.0, 7.0, "End")],
    ),
    "of a later sequence": (
        '<body><div begin="60s" timeContainer="seq"><p dur="2s">Sea</p><p dur="3s">Corn</p></div></body>',
        [(60.0, 62.0, "Sea"), (62.0, 65.0, "Corn")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NESTED)
def test_a_time_counts_from_the_element_around_it(case: str) -> None:
    body, right = NESTED[case]
    assert str(starts(body)) == str(right)


EXPRESSIONS = [
    ("00:00:10:15", 'ttp:frameRate="30"', 10.5),
    ("00:00:10:05", 'ttp:frameRate="25"', 10.2),
    ("00:00:10:15", "", 10.5),
    ("250f", 'ttp:frameRate="25"', 10.0),
    ("240f", 'ttp:frameRate="24" ttp:frameRateMultiplier="1000 1001"', 10 * NTSC),
    ("240f", 'ttp:frameRate="24" ttp:frameRateMultiplier="1000:1001"', 10 * NTSC),
    ("100000000t", 'ttp:tickRate="10000000"', 10.0),
    ("250t", 'ttp:frameRate="25"', 10.0),
    ("1500ms", "", 1.5),
    ("1.5m", "", 90.0),
    ("0.5h", "", 1800.0),
    ("12.25", "", 12.25),
    ("01:00:00.250", "", 3600.25),
    ("00:10:00;00", 'ttp:frameRate="30" ttp:frameRateMultiplier="1000 1001" ttp:timeBase="smpte"', 599.9994),
    ("01:00:00;00", "", 3599.9964),
    ("00:01:00;02", "", 1800 * NTSC / 30),
    ("00:01:00:00", 'ttp:timeBase="smpte" ttp:frameRate="30" ttp:frameRateMultiplier="1000 1001"', 60 * NTSC),
    ("00:10:00:00", 'ttp:timeBase="smpte" ttp:frameRate="30" ttp:dropMode="dropNTSC"', 599.9994),
]


@pytest.mark.parametrize(("written", "parameters", "right"), EXPRESSIONS)
def test_clocks_frames_and_ticks(written: str, parameters: str, right: float) -> None:
    [(start, _, _)] = starts(f'<body><div><p begin="{written}">Sea</p></div></body>', parameters)
    assert start == pytest.approx(right, abs=0.0011)


def test_codes_that_drop_frames_keep_to_the_clock() -> None:
    for hours in range(24):
        assert parse_frames(f"{hours:02}:00:00;00") == pytest.approx(hours * 3600, abs=0.1)
    before, after = parse_frames("00:00:59;29"), parse_frames("00:01:00;02")
    assert after - before == pytest.approx(NTSC / 30), "numbers 00 and 01 of the minute are left out"
    assert parse_frames("00:00:01:15", FrameRate(nominal=60.0)) == 1.25


def test_words_count_from_their_paragraph_or_from_the_start_of_the_media_as_the_document_does() -> None:
    def seconds(one: str, two: str) -> list[float]:
        body = (
            f'<body><div><p begin="1s" end="4s"><span begin="{one}">The</span> <span begin="1.5s">sea</span></p>'
            f'<p begin="60s" end="64s"><span begin="{two}">of</span> <span begin="{float(two[:-1]) + 1}s">corn</span></p>'
            "</div></body>"
        )
        t = parse_transcript(f"<tt>{body}</tt>".encode())[1].transcript()
        assert t.words
        return [round(s, 3) for s in t.words.columns[1]]

    assert seconds("0s", "0.5s") == [1.0, 2.5, 60.5, 61.5]
    assert seconds("1s", "60.5s") == [1.0, 1.5, 60.5, 61.5]
