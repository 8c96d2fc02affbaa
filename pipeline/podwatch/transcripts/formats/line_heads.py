"""Heads of lines: the times and the speakers that stand before, above or behind the words of plain text.

A line alone seldom tells whether "00:07 Marta Quill" names a speaker or says two words, so the lines of a document are
decided together: by what follows them, by how many are written alike, and by whether names recur. A line that is no
head is words, all of it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import NamedTuple

from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.speaker_names import MAX_NAME_LENGTH, NAME_PATTERN, is_head_name, is_name_alone
from podwatch.transcripts.formats.written_times import (
    CLOCK,
    UNITS,
    UNITS_HEAD,
    find_units,
    may_hold_clock,
    may_hold_units,
    parse_written,
)

MAX_MARK_LENGTH = MAX_NAME_LENGTH + 20  # characters
HEAD_LENGTH = 30_000  # characters, in which a text with times at the ends of lines has one
MIN_SHARE = 0.8  # of the times on lines of their own that have a name beside them, where such names count
_NAN = math.nan
_LEADS = " \t[(0123456789"  # what a line begins with that begins with a time
_NUMBERED = lazy_pattern(r"(?i:speaker|spk)[ _]\w{1,2}")


def _leading(time: str) -> re.Pattern[str]:
    span = rf"({time})(?:[ \t]*(?:-->|->|→|[-–—~])[ \t]*({time}))?"
    return lazy_pattern(rf"[ \t]*(?:([\[(])[ \t]*)?{span}[ \t]*[\])]?(?:[ \t]*[-–—|·•:](?=[ \t]|$))?(?:[ \t]+|$)(.*)")


def _named(name: str, time: str) -> re.Pattern[str]:
    span = rf"(?<!\d)(?<!\d:)({time})(?:[ \t]*(?:-->|->|→|[-–—~])[ \t]*({time}))?"
    return lazy_pattern(
        rf"[ \t]*\[?({name})\]?[ \t]*[:,|–—-]{{0,2}}[ \t]*([\[(])?[ \t]*{span}(?!\w|:\d)[ \t]*[\])]?"
        r"[ \t]*(:?)[ \t]*(?:[-–—][ \t]+)?(.*)"
    )


_LEADING, _NAMED = _leading(CLOCK), _named(NAME_PATTERN, CLOCK)
_LEADING_UNITS, _NAMED_UNITS = _leading(UNITS), _named(r"[^\W\d_].{0,60}?", UNITS)
_TRAILING = lazy_pattern(rf"(.*\S)[ \t]*[\[(][ \t]*({CLOCK})[ \t]*[\])][ \t]*")
_DIVIDERS = {"", "-", "–", "—", "|", "·", "•", ":"}
_CLOSING = ("]", ")", "] ", ") ")
_INNER = lazy_pattern(rf"(?:(?<=\s)|^)(?:\[({CLOCK})\]|\((\d{{1,3}}:\d\d:\d\d)\))(?=\s|$)")


class TimeMark(NamedTuple):
    """A time, and perhaps a speaker, beside the words of a line. is_bare: without brackets."""

    start: float
    end: float
    speaker: str | None
    words: str
    is_bare: bool


@dataclass(slots=True)
class Heads:
    """marks: by the number of their line. names: the lines that hold nothing but the name of a mark beside them.

    are_uniform: all are times in brackets before words.
    """

    marks: dict[int, TimeMark]
    names: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    are_uniform: bool = False


def find_heads(lines: Sequence[str], text: str) -> Heads:
    """The heads among the lines of a text."""
    marks = parse_marks(lines, text)
    heads = Heads(marks)
    kinds = {(m.speaker is None, not m.words, m.is_bare) for m in marks.values()}
    heads.are_uniform = kinds == {(True, False, False)}
    if not heads.are_uniform:
        for i in [i for i, m in marks.items() if m.speaker is not None and not m.words]:
            if (following := _next_line(lines, i)) == len(lines) or following in marks:
                del marks[i]  # "Marta Quill [00:15]" above no words is no head
    named = _find_names_behind(heads, lines)
    if not heads.are_uniform:
        _drop_scattered(heads, named if len(named) > 1 else {})
        _name_from_lines(heads, lines)
    _name_from_words(heads, named)
    if len(heads.marks) * 2 < len(lines) and ("]" in text or ")" in text):
        head = text[:HEAD_LENGTH]
        if any(line.endswith(_CLOSING) for line in lines) and any(
            f"{end}\n" in head or head.endswith(end) for end in _CLOSING
        ):
            _add_trailing(heads, lines)
    return heads


def parse_marks(lines: Sequence[str], text: str) -> dict[int, TimeMark]:
    """The times that lines of a text begin with, by the number of the line: what parse_mark finds.

    Most lines have no colon, or one behind a name, and are not parsed.
    """
    with_units = find_units([line[:MAX_MARK_LENGTH] for line in lines])
    if with_units and not may_hold_units(text[:UNITS_HEAD]):
        with_units = set()
    marks: dict[int, TimeMark] = {}
    for i, line in enumerate(lines):
        has_units = i in with_units
        if not has_units:
            colon = line.find(":", 0, MAX_MARK_LENGTH)
            if colon < 0:
                continue
            is_led = line[0] in _LEADS or line[colon + 1 : colon + 2].isdecimal()
            if not is_led and line.find(":", colon + 1, MAX_MARK_LENGTH) < 0:
                continue  # "Ann: words"
        if (mark := parse_mark(line, has_units=has_units)) is not None:
            marks[i] = mark
    return marks


def parse_mark(line: str, *, has_units: bool = False) -> TimeMark | None:
    """The time and the speaker that a line begins with; None when it begins with no time.

    has_units: whether find_units finds the line.
    """
    if line[9:11] == "] " and line[0] == "[" and line[11:12] not in _DIVIDERS:  # as most are written
        hours, minutes, seconds = line[1:3], line[4:6], line[7:9]
        if line[3] == line[6] == ":" and hours.isdecimal() and minutes.isdecimal() and seconds.isdecimal():
            start = float(int(hours) * 3600 + int(minutes) * 60 + int(seconds))
            return TimeMark(start, _NAN, None, line[11:].strip(), is_bare=False)
    if line.find(":", 0, MAX_MARK_LENGTH) >= 0:
        m = _LEADING.match(line) if line[0] in _LEADS else None
        if m is not None:
            bracket, clock, end, words = m.groups()
            return TimeMark(
                parse_written(clock), _parse_end(end) if end else _NAN, None, words.strip(), bracket is None
            )
        m = _NAMED.match(line) if may_hold_clock(line, MAX_MARK_LENGTH) else None
        if m is not None and (mark := _named_mark(m)):
            return mark
    if has_units:
        m = _LEADING_UNITS.match(line)
        if m is not None and (m[1] is not None or not m[4] or " " not in m[2]):  # "1 minute is" begins a sentence
            return TimeMark(parse_written(m[2]), _parse_end(m[3]), None, m[4].strip(), m[1] is None)
        m = _NAMED_UNITS.match(line)
        if m is not None:
            return _named_mark(m)
    return None


def _named_mark(m: re.Match[str]) -> TimeMark | None:
    name, bracket, start, end, colon, words = m.groups()
    name = name.rstrip("- ")
    if not is_head_name(name) or (bracket is None and words and not colon):
        return None
    return TimeMark(parse_written(start), _parse_end(end), name, words.strip(), bracket is None)


def _parse_end(clock: str | None) -> float:
    return parse_written(clock) if clock else math.nan


def is_ascending(marks: Iterable[TimeMark]) -> bool:
    """Whether nearly all starts are at or after the one before."""
    pairs = list(pairwise(marks))
    return sum(a.start <= b.start for a, b in pairs) >= 0.9 * len(pairs)


def _drop_scattered(heads: Heads, named: Mapping[int, str]) -> None:
    """Bare times count only where several of a kind ascend, since people also say "12:30"; one behind a name, never."""
    for is_above in (True, False):  # the words, on a line of its own, or at the beginning of a line of words
        bare = [i for i, m in heads.marks.items() if m.is_bare and is_above != (bool(m.words) and i not in named)]
        if bare and (len(bare) < 2 or not is_ascending(heads.marks[i] for i in bare)):
            heads.marks = {i: m for i, m in heads.marks.items() if i not in set(bare)}
            heads.notes.append(f"{len(bare)} times without brackets: words, since they do not ascend or stand alone")
    behind = [i for i, m in heads.marks.items() if m.speaker is not None and not m.is_bare]
    first = heads.marks[behind[0]] if behind else None
    if first and first.start > 0 and len(behind) == 1 and not _NUMBERED.fullmatch(first.speaker or ""):
        del heads.marks[behind[0]]
        heads.notes.append("1 time in brackets behind a capitalised word: words, since it stands alone")


def _next_line(lines: Sequence[str], i: int) -> int:
    """The number of the next line that is not blank; that of the end, when there is none."""
    return next((k for k in range(i + 1, min(len(lines), i + 4)) if lines[k] and not lines[k].isspace()), len(lines))


def _find_names_behind(heads: Heads, lines: Sequence[str]) -> dict[int, str]:
    """What could be a name behind a time, by line: "12:34 Ann Lee", where the next line is words."""
    found: dict[int, str] = {}
    short = [(i, m) for i, m in heads.marks.items() if 0 < len(m.words) <= MAX_NAME_LENGTH + 3 and m.speaker is None]
    for i, m in short:
        name = m.words.removesuffix(":").rstrip()
        if name[:1] == "[" and name[-1:] == "]":
            name = name[1:-1]
        if is_name_alone(name) and (following := _next_line(lines, i)) < len(lines) and following not in heads.marks:
            found[i] = name
    return found


def _name_from_words(heads: Heads, named: Mapping[int, str]) -> None:
    """ "12:34 Ann Lee" above words: a speaker, where such lines are the rule and names recur."""
    found = {i: name for i, name in named.items() if i in heads.marks}
    if not found:
        return
    total = sum(m.speaker is None and bool(m.words) for m in heads.marks.values())
    counts = Counter(found.values())
    most = max(counts.values())
    share = len(found) / total
    has_colons = all(heads.marks[i].words.endswith(":") for i in found)
    if share < (0.9 if most < 2 else 0.5) or (len(found) < 2 and not has_colons):
        heads.notes.append(
            f"{len(found)} short lines behind times ({', '.join(sorted(counts)[:3])}): words, since few are like them"
        )
        return
    for i, name in found.items():
        heads.marks[i] = heads.marks[i]._replace(speaker=name, words="")
    heads.notes.append(f"{len(found)} names behind times and above words: speakers")


def _name_from_lines(heads: Heads, lines: Sequence[str]) -> None:
    """A name on the line above or below a time that has a line of its own, and words below both."""
    marks = heads.marks
    alone = [i for i, m in marks.items() if not m.words and m.speaker is None]
    if len(alone) < 2:
        return

    def is_free(i: int) -> bool:
        return 0 <= i < len(lines) and i not in marks and bool(lines[i].strip())

    def name(i: int) -> str:
        return lines[i].strip().removesuffix(":").rstrip()

    above = [
        i for i in alone if is_free(i - 1) and is_name_alone(name(i - 1)) and is_free(i + 1) and not is_free(i - 2)
    ]
    below = [i for i in alone if is_free(i + 1) and is_name_alone(name(i + 1)) and is_free(i + 2)]
    for found, step in ((above, -1), (below, 1)):
        if len(found) < 2 or len(found) < MIN_SHARE * len(alone):
            continue
        if step == 1 and max(Counter(name(i + step) for i in found).values()) < 2:
            continue
        for i in found:
            marks[i] = marks[i]._replace(speaker=name(i + step))
            heads.names.add(i + step)
        heads.notes.append(f"{len(found)} names on the line {'below' if step > 0 else 'above'} a time: speakers")
        return


def _add_trailing(heads: Heads, lines: Sequence[str]) -> None:
    """Times at the ends of lines, where they are the rule: each is that of its own line."""
    found = {
        i: TimeMark(parse_written(m[2]), math.nan, None, m[1], is_bare=False)
        for i, line in enumerate(lines)
        if line.endswith(_CLOSING) and i not in heads.marks and (m := _TRAILING.fullmatch(line))
    }
    if len(found) < 2 or len(found) <= len(heads.marks) or not is_ascending(found.values()):
        return
    heads.marks |= found
    heads.marks = dict(sorted(heads.marks.items()))
    heads.notes.append(f"{len(found)} times at the ends of lines: each is that of its own line")


def may_hold_inner(text: str) -> bool:
    """Whether a number and a colon stand right behind a bracket, as in the times between words."""
    return any(
        piece[:1].isdecimal() and ":" in piece[1:5]
        for bracket in "[("
        if bracket in text
        for piece in islice(text.split(bracket), 1, None)
    )


def split_at_times(words: str) -> list[tuple[float, str]]:
    """The words cut at the times in brackets between them; the first has no time of its own (nan)."""
    pieces: list[tuple[float, str]] = []
    at, start = 0, math.nan
    for m in _INNER.finditer(words):
        pieces.append((start, words[at : m.start()].strip()))
        start, at = parse_written(m[1] or m[2]), m.end()
    pieces.append((start, words[at:].strip()))
    return pieces
