"""Cues as tools and people write them: markup, sloppy timing lines, older formats. No word that is shown is lost."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from podwatch.transcripts.formats import parse_transcript

VTT = "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\n"
SRT = "1\n00:00:01,000 --> 00:00:03,000\n"


def rows(text: str, name: str = "") -> list[tuple[float, float, str | None, str]]:
    t = parse_transcript(text.encode(), name=name)[1].transcript()
    return [(round(s.start, 3), round(s.end, 3), s.speaker, s.text) for s in t.segments()]


MARKUP = {
    "a break": ("The black<br>sea, the<br />grain<BR/>deal", None, "The black sea, the grain deal"),
    "tags of looks": ("<i>The</i> <b.loud>black</b> <u>sea</u>", None, "The black sea"),
    "a tag within a word": ("un<i>believ</i>able", None, "unbelievable"),
    "a font": ('<font color="#ff0000">The black</font> sea', None, "The black sea"),
    "a class": ("<c.yellow.bg_blue>The black</c> sea", None, "The black sea"),
    "a language": ("The <lang fr>mer noire</lang> is it", None, "The mer noire is it"),
    "a voice": ("<v Ann Lee>The black sea", "Ann Lee", "The black sea"),
    "a voice with a class": ("<v.first.loud Ann Lee>The <i>black</i> sea</v>", "Ann Lee", "The black sea"),
    "ruby": ("<ruby>漢<rt>かん</rt>字<rt>じ</rt></ruby>です", None, "漢字 (かんじ) です"),
    "SubStation's breaks": (r"The black\Nsea,\hthe\ngrain", None, "The black sea, the grain"),
    "a path": (r"It is C:\news now", None, r"It is C:\news now"),
    "SubStation's codes": (r"{\an8}{\fad(200,200)\pos(1,2)}The black sea", None, "The black sea"),
    "character references": ("AT&amp;T &#39;caf&eacute;&#x27; &lt;3&nbsp;it", None, "AT&T 'café' <3 it"),
    "references twice": ("O&amp;#39;Brien &amp;quot;live&amp;quot;", None, 'O\'Brien "live"'),
    "what only looks like a reference": ("R&notes and Q&A; AT&T", None, "R&notes and Q&A; AT&T"),
    "a comparison": ("if a < b and b > c", None, "if a < b and b > c"),
}


@pytest.mark.parametrize("head", [VTT, SRT])
@pytest.mark.parametrize("case", MARKUP)
def test_markup_becomes_the_words_that_are_shown(case: str, head: str) -> None:
    body, speaker, right = MARKUP[case]
    assert rows(f"{head}{body}\n\n") == [(1.0, 3.0, speaker, right)]


def test_positions_behind_the_times_are_no_words() -> None:
    assert rows("WEBVTT\n\n00:01.000 --> 00:03.000 line:0 position:20% align:start\nThe sea") == [
        (1, 3, None, "The sea")
    ]
    assert rows("1\n00:00:01,000 --> 00:00:03,000 X1:10 X2:99 Y1:5 Y2:9\nThe sea") == [(1, 3, None, "The sea")]


STAMPS = {
    "blanks within": ("00: 00: 01,000 --> 00: 00: 03,000", 1.0, 3.0),
    "blanks around all": ("00 : 00 : 01 , 500 --> 00 : 00 : 03 , 000", 1.5, 3.0),
    "a short arrow": ("00:00:01,000 -> 00:00:03,000", 1.0, 3.0),
    "a drawn arrow": ("00:00:01,000 → 00:00:03,000", 1.0, 3.0),
    "an arrow of a word processor": ("00:00:01,000 –> 00:00:03,000", 1.0, 3.0),
    "an arrow in two": ("00:00:01,000 -- > 00:00:03,000", 1.0, 3.0),
    "no blank": ("00:00:01,000-->00:00:03,000", 1.0, 3.0),
    "points": ("00.00.01.000 --> 00.00.03.000", 1.0, 3.0),
    "a colon before the fraction": ("00:00:01:500 --> 00:00:03:000", 1.5, 3.0),
    "frames": ("00:00:01:15 --> 00:00:03:00", 1.5, 3.0),
    "dropped frames": ("00:10:00;00 --> 00:10:02;00", 599.999, 602.001),
    "a semicolon before the fraction": ("00:00:01;500 --> 00:00:03;000", 1.5, 3.0),
    "wide characters": ("00：00：01，500 --> 00：00：03，000", 1.5, 3.0),
    "few digits": ("0:0:1.5 --> 0:0:3", 1.5, 3.0),
    "a fraction of one digit": ("00:00:01,5 --> 00:00:03,0", 1.5, 3.0),
}  # fmt: skip


@pytest.mark.parametrize("case", STAMPS)
def test_sloppy_timing_lines_are_read(case: str) -> None:
    line, start, end = STAMPS[case]
    got = rows(f"1\n{line}\nThe sea\n\n2\n01:00:00,000 --> 01:00:02,000\nGrain\n")
    assert got == [(start, pytest.approx(end, abs=0.002), None, "The sea"), (3600, 3602, None, "Grain")]


ASS = r"""[Script Info]
Title: The Harbour
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname
Style: Default,Arial

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:05.00,Default,,0,0,0,,Not shown
Dialogue: 0,0:00:03.00,0:00:04.50,Default,Bo,0,0,0,,{\i1}Grain{\i0}, and\Nships
Dialogue: 0,0:00:01.00,0:00:02.50,Default,Ann Lee,0,0,0,,{\k20}The {\k30}black\hsea
Dialogue: 0,0:00:02.00,0:00:02.50,Sign,,0,0,0,,{\p1}m 0 0 l 100 0{\p0}
"""
SAMI = """<SAMI><HEAD><TITLE>The Harbour</TITLE><STYLE TYPE="text/css"><!-- P { margin: 1pt }
.ENCC { Name: English; lang: en-US; } .KRCC { Name: Korean; lang: ko-KR; } --></STYLE></HEAD><BODY>
<SYNC Start=1000><P Class=ENCC>The black<br>sea &amp; grain
<SYNC Start=1000><P Class=KRCC>흑해
<SYNC Start="2500"><P Class=ENCC>&nbsp;
<SYNC Start=3000><P Class=ENCC>Ships came in</P></SYNC>
<SYNC Start=4000><P Class=ENCC>&nbsp;</BODY></SAMI>"""
LRC = """[ti:The Harbour]
[la:en]
[offset:+500]
[00:01.50]The black sea
[00:04.50][00:10.50]We sail
[00:06.50]<00:06.50>Ships <00:07.00>came
"""
OTHERS = {
    "x.ass": (ASS, [(1.0, 2.5, "Ann Lee", "The black sea"), (3.0, 4.5, "Bo", "Grain, and ships")]),
    "x.ssa": (
        "[Script Info]\n[Events]\nFormat: Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: Marked=0,0:00:01.00,0:00:02.00,Default,NTP,0000,0000,0000,,The sea, and more\n",
        [(1.0, 2.0, "NTP", "The sea, and more")],
    ),
    "x.smi": (SAMI, [(1.0, 2.5, None, "The black sea & grain"), (3.0, 4.0, None, "Ships came in")]),
    "x.lrc": (
        LRC,
        [(1.0, 4.0, None, "The black sea"), (4.0, 6.0, None, "We sail"), (6.0, 10.0, None, "Ships came"), (10.0, float("nan"), None, "We sail")],
    ),
    "x.sbv": ("0:00:01.000,0:00:03.000\nThe black[br]sea\n\n", [(1.0, 3.0, None, "The black sea")]),
    "x.srv1": ('<transcript><text start="600.5" dur="2">O&amp;#39;Brien</text></transcript>', [(600.5, 602.5, None, "O'Brien")]),
    "x.srv2": ('<timedtext><text t="600500" d="2000">O&amp;#39;Brien</text></timedtext>', [(600.5, 602.5, None, "O'Brien")]),
    "x.srv3": ('<timedtext format="3"><body><p t="600500" d="2000">Sea</p></body></timedtext>', [(600.5, 602.5, None, "Sea")]),
}  # fmt: skip


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("name", OTHERS)
def test_older_and_other_formats_of_cues(name: str, named: bool) -> None:
    text, right = OTHERS[name]
    assert str(rows(text, name if named else "")) == str(right)


def test_a_file_of_two_languages_is_read_in_the_one_with_more_words() -> None:
    assert parse_transcript(SAMI.encode())[1].language == "en-US"
    assert parse_transcript(ASS.encode())[1].title == "The Harbour"


WORDS = st.lists(
    st.text("abcäß漢字мо01'", min_size=1, max_size=8)
    | st.sampled_from(["->", "1", "<3", "AT&T", "x;", "{so}", "C:\\n"]),
    min_size=1,
    max_size=6,
)


def count_repeats(lines: list[str]) -> int:
    """How many lines begin with the one before, or with two or more of the words that end it."""
    words = [line.split() for line in lines]
    return sum(
        after[: len(before)] == before or any(before[-n:] == after[:n] for n in range(2, len(before)))
        for before, after in pairwise(words)
    )


@given(st.lists(WORDS, min_size=1, max_size=6), st.sampled_from(["srt", "vtt", "ass", "lrc", "sbv"]))
@example([["0"], ["0"], ["0", "0"]], "srt")
def test_every_word_of_a_visible_cue_is_in_the_transcript(cues: list[list[str]], form: str) -> None:
    lines = ["x " + " ".join(words) for words in cues]
    clock = [f"00:{i:02}:00" for i in range(10)]
    if form == "ass":
        lines = [re.sub(r"[{}\\]", "", line) for line in lines]
        body = "".join(f"Dialogue: 0,{clock[i]}.00,{clock[i]}.90,D,,0,0,0,,{line}\n" for i, line in enumerate(lines))
        text = f"[Script Info]\n[Events]\n{body}"
    elif form == "lrc":
        text = "[ti:a]\n" + "".join(f"[0{i}:00.00]{line}\n" for i, line in enumerate(lines))
    elif form == "sbv":
        text = "".join(f"{clock[i]}.000,{clock[i]}.900\n{line}\n\n" for i, line in enumerate(lines))
    else:
        mark = "," if form == "srt" else "."
        text = "WEBVTT\n\n" if form == "vtt" else ""
        text += "".join(f"{clock[i]}{mark}000 --> {clock[i]}{mark}900\n{line}\n\n" for i, line in enumerate(lines))
    name, columns = parse_transcript(text.encode())
    assert name == form
    got, right = columns.transcript().text.split(), " ".join(lines).split()
    assert set(got) == set(right)
    if count_repeats(lines) < 2:  # what rolling captions and loops repeat is said once: see test_repetition
        assert got == right
