"""Rewrites the many ways of naming speakers and times in lines to the few that line_heads reads.

Each shape is told by lines that are all written so: in one line alone a bracket, a dash or a number says nothing, and
the words stay as they are. What is rewritten keeps its words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property

from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.speaker_names import (
    MAX_NAME_LENGTH,
    NAME_PATTERN,
    NUMBERED,
    is_head_name,
    is_name_alone,
)
from podwatch.transcripts.formats.written_times import CLOCK, may_hold_clock

SAMPLE_CUES = SAMPLE_LINES = 400
HEAD_CHARACTERS = 20_000  # in which a document that is written in a shape has a line of it
MIN_LINES = 3  # that are written alike
MIN_SHARE = 0.25  # of the lines that are not blank
MOST = 0.6  # of them, where the shape alone is weak evidence
_SECONDS = r"\d{1,6}(?:[.,]\d{1,3})?[ ]?s?"
_ARROW = r"(?:-->|->|→|[-–—~])"
_BRACKETED_SECONDS = lazy_pattern(
    rf"^([ \t]*)\[[ \t]*(?=[^\]\n]*[.s→>])({_SECONDS})(?:[ \t]*{_ARROW}[ \t]*({_SECONDS}))?[ \t]*\]:?[ \t]+", re.M
)
_BARE_SECONDS = lazy_pattern(
    rf"^([ \t]*)(\d{{1,6}}\.\d{{1,3}})[ \t]*{_ARROW}[ \t]*(\d{{1,6}}\.\d{{1,3}}):?[ \t]+", re.M
)
_NAME = rf"(?:{NAME_PATTERN})"
_NUMBERED_NAME = lazy_pattern(rf"^[ \t]*\d{{1,4}}[.)][ \t]+({_NAME}):[ \t]+", re.M)
# (a sign that is looked for first, the shape, what it becomes, the share of the lines)
_SHAPES: tuple[tuple[str, re.Pattern[str], str, float], ...] = (
    ("[", lazy_pattern(rf"^[ \t]*\[({_NAME})[ \t,|@-]+({CLOCK})\]:?[ \t]*", re.M), r"[\1] [\2] ", MIN_SHARE),
    ("[", lazy_pattern(rf"^[ \t]*\[({CLOCK})[ \t,|-]+({_NAME})\]:?[ \t]+(?=\S)", re.M), r"[\1] \2: ", MIN_SHARE),
    ("<", lazy_pattern(rf"^([ \t]*\[?{CLOCK}\]?)[ \t]*<({_NAME})>:?[ \t]+", re.M), r"\1 \2: ", MIN_SHARE),
    ("@", lazy_pattern(rf"^[ \t]*({_NAME})[ \t]*@[ \t]*({CLOCK})[ \t]*$", re.M), r"\1 (\2)", MIN_SHARE),
    ("(at ", lazy_pattern(rf"^[ \t]*({_NAME})[ \t]*:?[ \t]*\(at[ \t]+({CLOCK})\)", re.M), r"\1 (\2)", MIN_SHARE),
    (
        "\t",
        lazy_pattern(rf"^[ \t]*\[?({CLOCK})\]?[ ]*\t[ ]*({_NAME}):?[ ]*\t[ \t]*(?=\S)", re.M),
        r"[\1] \2: ",
        MIN_SHARE,
    ),
    (
        "\t",
        lazy_pattern(rf"^[ \t]*({_NAME}):?[ ]*\t[ ]*\[?({CLOCK})\]?[ ]*\t[ \t]*(?=\S)", re.M),
        r"\1 [\2]: ",
        MIN_SHARE,
    ),
    (
        "|",
        lazy_pattern(rf"^[ \t|]*\[?({CLOCK})\]?[ \t]*\|[ \t]*({_NAME})[ \t]*\|[ \t]*(?=\S)", re.M),
        r"[\1] \2: ",
        MIN_SHARE,
    ),
    (". ", _NUMBERED_NAME, r"\1: ", MOST),
    (":", lazy_pattern(rf"^[ \t]*({_NAME})[ \t]+({CLOCK})[ \t]+(?=[^\W\d_])", re.M), r"\1 [\2]: ", MOST),
)
_SECONDS_SHAPES = (("[", _BRACKETED_SECONDS, MIN_SHARE), ("", _BARE_SECONDS, MOST))
_WITHOUT_CLOCK = (_BRACKETED_SECONDS, _BARE_SECONDS, _NUMBERED_NAME)  # these begin with a number
SHAPES = (*(shape for _, shape, _ in _SECONDS_SHAPES), *(shape for _, shape, _, _ in _SHAPES))
_BRACKETED_NAME = lazy_pattern(rf"[ \t]*(?:>>[ \t]*)?([\[(<])({NAME_PATTERN})[\])>][ \t]?(:?)[ \t\n]+(?=\S)")
_DIVIDED_NAME = lazy_pattern(rf"[ \t]*({NAME_PATTERN})(?:[ \t]+[-–—|][ \t]+|\|[ \t]*)(?=\S)")
_DIVIDERS = (" - ", " – ", " — ", "|")
_SOUNDS = lazy_pattern(
    r"(?i)\b(?:music|laugh\w*|applau\w*|inaudible|unintelligible|crosstalk|silence|noise|sounds?|cheer\w*|crowd|foreign|"
    r"chuckl\w*|sigh\w*|cough\w*|clears?|throat|gasp\w*|pause|beep\w*|bleep\w*|blank_?audio|intro|outro|advert\w*|"
    r"commercial|jingle|break|singing|playing|\w+ing)\b"
)


class HeadLines:
    """The lines of a document's head, by what the shapes cannot do without: the expressions are slow to fail."""

    def __init__(self, text: str) -> None:
        self.lines = text[:HEAD_CHARACTERS].split("\n")

    @cached_property
    def with_clock(self) -> list[str]:
        return [line for line in self.lines if ":" in line and may_hold_clock(line)]

    @cached_property
    def with_number_first(self) -> list[str]:
        return [line for line in self.lines if line and (line[0] in " \t[" or line[0].isdecimal())]

    def holds(self, shape: re.Pattern[str]) -> bool:
        """Whether a line is written in a shape."""
        return any(map(shape.match, self.with_number_first if shape in _WITHOUT_CLOCK else self.with_clock))


def rewrite_shapes(text: str) -> str:
    """The text with its lines as line_heads reads them."""
    signs, head = text[:HEAD_CHARACTERS], HeadLines(text)
    for sign, shape, share in _SECONDS_SHAPES:
        if sign in signs and head.holds(shape):
            text = _rewrite_seconds(text, shape, share)
            head = HeadLines(text)
    lines = 0
    for sign, shape, replacement, share in _SHAPES:
        if sign in signs and head.holds(shape):
            lines = lines or sum(map(bool, map(str.strip, text.split("\n"))))
            found = list(shape.finditer(text))
            names = [next((g for g in m.groups() if g and not g[:1].isdigit() and ":" not in g), "") for m in found]
            if len(found) >= MIN_LINES and len(found) >= share * lines and all(map(is_head_name, names)):
                text = shape.sub(replacement, text)
                head = HeadLines(text)
    return text


def _rewrite_seconds(text: str, shape: re.Pattern[str], share: float) -> str:
    found = shape.findall(text)
    lines = sum(map(bool, map(str.strip, text.split("\n")))) if found else 0
    if len(found) < MIN_LINES or len(found) < share * lines:
        return text

    def as_clock(m: re.Match[str]) -> str:
        return f"{m[1]}[{' --> '.join(_clock(s) for s in m.groups()[1:] if s)}] "

    return shape.sub(as_clock, text)


def _clock(seconds: str) -> str:
    whole = float(seconds.rstrip(" s").replace(",", "."))
    return f"{int(whole) // 3600:02}:{int(whole) // 60 % 60:02}:{whole % 60:06.3f}"


def name_speakers(lines: Sequence[str]) -> list[str] | None:
    """The lines with the names in brackets, before dashes or on lines of their own as prefixes; None without any.

    Most documents have none, or prefixes: they are not looked through.
    """
    sample = [line for line in lines[:SAMPLE_LINES] if line and not line.isspace()]
    starts = [line[: MAX_NAME_LENGTH + 4] for line in sample]
    signs = "".join(starts)  # where there are too few of them, the lines need not be looked at
    if signs.count(":") * 2 > len(sample):
        prefixed = (line[0] not in "[(<" and line.find(":", 0, MAX_NAME_LENGTH) > 0 for line in sample)
        if sum(prefixed) * 2 > len(sample):
            return None
    has_brackets = "[" in signs or "(" in signs or "<" in signs
    bracketed = name_bracketed(lines) if has_brackets and sum(line[0] in "[(<" for line in sample) > 1 else None
    if bracketed:
        return bracketed
    if sum(len(start) <= MAX_NAME_LENGTH for start in starts) > 2 and (moved := name_from_lines(lines)):
        return moved
    if sum(map(signs.count, "-–—|")) * 2 <= len(sample):
        return None
    divided = sum(any(divider in start for divider in _DIVIDERS) for start in starts)
    return name_divided(lines) if divided * 2 > len(sample) else None


def name_bracketed(texts: Sequence[str]) -> list[str] | None:
    """The texts with "[Marta Quill] words" as "Marta Quill: words", where several speakers are named so; else None."""
    return _rename(texts, _BRACKETED_NAME, _bracketed, MIN_SHARE / 2)


def name_divided(texts: Sequence[str]) -> list[str] | None:
    """The texts with "Marta Quill - words" as "Marta Quill: words", where nearly all are written so; else None."""
    return _rename(texts, _DIVIDED_NAME, lambda m: m[1] if is_name_alone(m[1]) else "", MOST)


def name_cues(columns: Columns) -> Columns:
    """The columns with such names in cues as prefixes; most files have none, and are not looked through."""
    sample = columns.texts[:SAMPLE_CUES]
    if sum(text[:1] in ("[", "(") for text in sample) > 1 or sum("|" in text for text in sample) > 1:
        columns.texts = name_bracketed(columns.texts) or name_divided(columns.texts) or columns.texts
    return columns


def _bracketed(m: re.Match[str]) -> str:
    name, is_sure = m[2], bool(m[3]) or m[1] == "<" or NUMBERED.fullmatch(m[2]) or " " in m[2] or m[2].isupper()
    return name if is_sure and is_name_alone(name) and not _SOUNDS.search(name) else ""


def _rename(
    texts: Sequence[str], shape: re.Pattern[str], name_of: Callable[[re.Match[str]], str], share: float
) -> list[str] | None:
    found = {i: (name, m.end()) for i, text in enumerate(texts) if (m := shape.match(text)) and (name := name_of(m))}
    counts = Counter(name for name, _ in found.values())
    recurring = {name for name, n in counts.items() if n > 1}
    said = sum(1 for text in texts if text and not text.isspace())
    if len(recurring) < 2 or sum(counts[n] for n in recurring) < share * said:
        return None
    return [
        f"{found[i][0]}: {text[found[i][1] :]}" if i in found and found[i][0] in recurring else text
        for i, text in enumerate(texts)
    ]


def name_from_lines(lines: Sequence[str]) -> list[str] | None:
    """The lines with a name on a line of its own moved before the words below it, where that is the rule; else None.

    MARTA QUILL above a paragraph: several names recur, each above words, and there is one for every few lines.
    """
    said = [i for i, line in enumerate(lines) if line and not line.isspace()]
    names: dict[int, tuple[int, str]] = {}  # by the line: that of the words, the name
    for at, i in enumerate(said[:-1]):
        name = lines[i].strip().removesuffix(":").rstrip()
        if len(name) > MAX_NAME_LENGTH or (at and said[at - 1] == i - 1 and said[at - 1] not in names):
            continue  # in the middle of a paragraph
        if is_name_alone(name) and not name.endswith((".", ",")) and not _SOUNDS.search(name):
            names[i] = said[at + 1], name
    counts = Counter(name for _, name in names.values())
    named = {i: found for i, found in names.items() if counts[found[1]] > 1 and found[0] not in names}
    if len(named) < 4 or len({name for _, name in named.values()}) < 2 or len(named) < MIN_SHARE * len(said) / 2:
        return None
    out = list(lines)
    for i, (words, name) in named.items():
        out[words] = f"{name}: {lines[words].lstrip()}"
        out[i] = ""
    return out
