"""What is looked for before the slow expressions are tried says nothing else than they do.

Each fast path of plain text and Markdown is held equal to the naive way: the expression over the whole text, or each
line parsed. The texts are put together from what the expressions ask for, in any order.
"""

from __future__ import annotations

import re
import sys
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from podwatch.transcripts.formats import flattened_captions, line_heads, line_shapes, markdown, written_times
from podwatch.transcripts.formats.segment_columns import ALL_OTHER_BLANKS, Columns, fold_blanks
from podwatch.transcripts.formats.speaker_names import NAME_PATTERN, UNCASED_PATTERN, is_name, is_uncased_name
from podwatch.transcripts.formats.speaker_prefixes import parse_prefix, parse_uncased_prefix
from podwatch.transcripts.formats.timestamps import ClockReader, parse_seconds
from tests.support.hypothesis_profiles import examples

PIECES = (
    "Ann", "Ann Lee", "Kim Lee (she: her)", "主持人", "host", "so", "We met at", "\u0663", "\u0967", "é", "’", "Ⅻ", "²",
    "1", "12", "007", "3.5", "12:34", "1:02:03", "00:01:02:05", "1h2m", "5m3s", "5 min 3s", "2 hours", "1 minute",
    "30 seconds", "0 h", ":", "：", ": ", ":\t", " ", "  ", "\t", "\n", "\n", "\n\n", "\n \n", "[", "]", "(", ")", "<", ">",
    "-", " - ", "–", "|", "@", "(at ", "-->", "→", "s", ".", ". ", ")", "*", "**", "_", "__", "***", "#", "# ", "> ", "+ ",
    "---", "* * *", "Transcript", "\\", "\\u0000", "\\uD", "\u2028", "\x0c", "\x1c", "\x85", "\xa0",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
LINES = TEXTS.map(lambda text: text.replace("\n", " "))
UNITS = re.compile(r"\d(?:[hm](?:in)?[ ]?\d{1,2}(?:\.\d{1,6})?[ms]|[ ](?:hour|minute|second))")


@given(TEXTS)
@example("I’m 5m3s")
@example("\u0663 hours")
@settings(max_examples=examples(300))
def test_times_with_units_are_where_the_expression_finds_them(text: str) -> None:
    assert written_times.may_hold_units(text) == (UNITS.search(text) is not None)
    lines = text.split("\n")
    assert written_times.find_units(lines) == {i for i, line in enumerate(lines) if UNITS.search(line)}


@given(TEXTS, st.none() | st.integers(0, 30))
@settings(max_examples=examples(300))
def test_a_clock_is_where_a_colon_stands_between_digits(text: str, end: int | None) -> None:
    naive = re.search(r"\d:\d", text if end is None else text[:end]) is not None
    assert written_times.may_hold_clock(text, end) == naive


@given(TEXTS)
@settings(max_examples=examples(300))
def test_marks_are_those_of_each_line_parsed(text: str) -> None:
    lines = text.split("\n")
    naive = {
        i: mark
        for i, line in enumerate(lines)
        if line
        and (
            mark := line_heads.parse_mark(line, has_units=UNITS.search(line[: line_heads.MAX_MARK_LENGTH]) is not None)
        )
    }
    assert repr(line_heads.parse_marks(lines, text)) == repr(naive)  # nan is not equal to itself


@given(LINES)
@example("words [00:12] more")
@settings(max_examples=examples(300))
def test_a_line_without_a_bracketed_number_is_not_cut_at_times(line: str) -> None:
    if not line_heads.may_hold_inner(line):
        assert len(line_heads.split_at_times(line)) == 1


@given(TEXTS)
@settings(max_examples=examples(500))
def test_a_shape_is_in_the_head_where_the_expression_finds_it(text: str) -> None:
    head = line_shapes.HeadLines(text)
    for shape in line_shapes.SHAPES:
        assert head.holds(shape) == (shape.search(text, 0, line_shapes.HEAD_CHARACTERS) is not None)


@given(
    LINES, st.sampled_from(("", "Ann: words", "Kim Lee (she/her): so", ">> Bob: x", "- host: y", "主持人：好", "Ann:x"))
)
@example("", "a" * 130 + ": words")
@settings(max_examples=examples(500))
def test_a_remembered_prefix_is_the_one_that_the_expression_finds(line: str, before: str) -> None:
    text = before + line
    for parse, pattern, is_right in (
        (parse_prefix, NAME_PATTERN, lambda name: len(name) <= 60 and is_name(name)),
        (parse_uncased_prefix, UNCASED_PATTERN, is_uncased_name),
    ):
        m = re.match(rf"(?:>>[ \t]*|-[ \t]?)?({pattern})[ \t]?(?::(?:[ \t\n]+|$)|：[ \t\n]*)", text)
        is_near = parse is parse_uncased_prefix or re.search("[:：]", text[:64])
        assert parse(text) == ((m[1], m.end()) if m and is_near and is_right(m[1]) else ("", 0))


WORDS = st.lists(st.sampled_from(("so", "So", "it", "is", "here.", "ΟΔΟΣ", "\u2028", "x " * 41)), max_size=5).map(
    " ".join
)


@given(st.lists(WORDS, max_size=12))
@example(["a b", "b c", "c d", "d e", "e f"])
@settings(max_examples=examples(300))
def test_overlaps_are_found_where_most_neighbours_repeat_each_other(lines: list[str]) -> None:
    words = [w if len(w := line.lower().split()) <= flattened_captions.MAX_WORDS else [] for line in lines]
    pairs = [(a, b) for a, b in pairwise(words) if a and b and a != b]
    repeats = sum(flattened_captions.count_shared(a, b) > 0 for a, b in pairs)
    found, of = flattened_captions.count_repeats(lines)
    if (found, of) != (repeats, len(pairs)):  # given up
        assert (found, of) == (0, 0)
        assert repeats < flattened_captions.MIN_SHARE * len(pairs)


BOLD = re.compile(
    rf"^(?:[-*>][ \t]+)?((?:[\[(]?{written_times.CLOCK}[\])]?[ \t]+)?)"
    rf"(?:\*\*([^*\n]{{1,80}}?)\*\*|__((?:[^_\n]|_(?!_)){{1,80}}?)__)(:?)(?=[ \t\n]|$)",
    re.MULTILINE,
)
EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3}|_{1,3})(?=[^\s*_])([^*_\n]{1,500}?)(?<=\S)\1(?![\w*])")
MARK = re.compile(
    r"^[ \t]{0,3}(?:#{1,6}[ \t]+|>[ \t]?|(?:[-*_][ \t]*){3,100}$|[-*+][ \t]+|\d{1,3}\.[ \t]+(?=\*\*))", re.MULTILINE
)


@given(TEXTS)
@settings(max_examples=examples(500))
def test_what_is_bold_is_what_the_expression_finds(text: str) -> None:
    found = [m.groups() for line in text.split("\n") if (m := markdown.match_bold(line))]
    assert found == [m.groups() for m in BOLD.finditer(text)]


@given(TEXTS)
@example("**a** *b* _c_ ***d*** __e__ f_g_h *i_ *j*k")
@settings(max_examples=examples(500))
def test_emphasis_and_marks_are_stripped_where_the_expressions_find_them(text: str) -> None:
    assert markdown.strip_emphasis(text) == EMPHASIS.sub(r"\2", text)
    stripped = "\n".join(markdown.strip_mark(line, has_headings=False) for line in text.split("\n"))
    assert stripped == MARK.sub("", text)


@given(st.lists(TEXTS, max_size=4))
@example(["a", "b\nc"])
@example([" a"])
@example(["a", "", "b "])
@settings(max_examples=examples(500))
def test_blanks_are_folded_as_if_each_text_were_split(texts: list[str]) -> None:
    assert fold_blanks(texts) == [" ".join(text.split()) for text in texts]


def test_all_blanks_are_known() -> None:
    assert {c for c in map(chr, range(sys.maxunicode + 1)) if c.isspace()} == {" ", "\n", *ALL_OTHER_BLANKS}


@given(st.from_regex(r"\A[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}\Z"))
def test_usual_clocks_are_read_to_the_last_bit(clock: str) -> None:
    assert ClockReader()(clock) == parse_seconds(clock)


def test_texts_without_times_are_added_as_if_one_by_one() -> None:
    at_once, one_by_one = Columns(), Columns()
    at_once.add_texts(["a", "b"])
    for text in ("a", "b"):
        one_by_one.add(text)
    assert repr(at_once) == repr(one_by_one)
