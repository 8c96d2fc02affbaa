"""Plain text: paragraphs, with the times and the speakers that people write into them.

Forms: [00:12:34] words; (12:34) words; 12:34 words; "Ann Lee  00:12:34" or "12:34 Ann Lee" above the words;
Ann Lee (00:12): words; Ann Lee: words; [00:01.000 --> 00:03.000] words, as Whisper prints them.
Clocks in brackets always count; bare ones only when the file has several that ascend, since people also say "12:30".
"""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import NamedTuple

from podwatch.errors import TranscriptError
from podwatch.transcripts.formats.segment_columns import MAX_SEGMENTS, Columns
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.speaker_prefixes import MAX_NAME_LENGTH, NAME_PATTERN, extract_speakers, is_name
from podwatch.transcripts.formats.timestamps import CLOCK_PATTERN, parse_clock

_SPAN = rf"({CLOCK_PATTERN})(?:[ \t]*(?:-->|[-–—])[ \t]*({CLOCK_PATTERN}))?"
_LEADING = re.compile(rf"[ \t]*(?:([\[(])[ \t]*)?{_SPAN}[ \t]*[\])]?(?:[ \t]*[-–—|:](?=[ \t]))?(?:[ \t]+|$)(.*)")
_NAMED = re.compile(rf"[ \t]*({NAME_PATTERN})[ \t]*[:,|–—-]?[ \t]*([\[(])?[ \t]*{_SPAN}[ \t]*[\])]?[ \t]*:?[ \t]*(.*)")
_INLINE = re.compile(r"(?<=[.?!,…])[ \t]+(\[\d{1,2}:\d{2}(?::\d{2})?\][ \t]+(?=\S))")
_DIGITS = re.compile(r"\d:\d")
_ERROR = re.compile(
    r"\W{0,3}(?:error|(?:http )?[45]\d\d\b|not found|forbidden|access denied|unauthorized|too many requests|"
    r"rate limit|internal server error|bad gateway|service unavailable|gateway time)",
    re.IGNORECASE,
)
MAX_ERROR_LENGTH = 200  # characters: a text that is not longer and begins like an error message is one
MIN_MARKS = 3  # marked lines in its head make a text a transcript, whatever type is declared
MAX_MARK_LENGTH = MAX_NAME_LENGTH + 20  # characters


class TimeMark(NamedTuple):
    """A time, and perhaps a speaker, at the beginning of a line; words: the rest of it. is_bare: without brackets."""

    start: float
    end: float
    speaker: str | None
    words: str
    is_bare: bool


def looks_like(doc: SourceDocument) -> bool:
    if doc.root_element or doc.json is not None:
        return False
    marks = [m for line in doc.head.split("\n") if (m := parse_mark(line))]
    return len(marks) >= MIN_MARKS and is_ascending(marks)


def parse(doc: SourceDocument) -> Columns:
    text = doc.text
    if doc.root_element in ("html", "body", "head", "error", "rss", "svg"):
        raise TranscriptError("is markup, not plain text")
    if len(text) < MAX_ERROR_LENGTH and _ERROR.match(text.strip()):
        raise TranscriptError(f"is an error message: {text.strip()[:80]}")
    return read_paragraphs(text)


def read_paragraphs(text: str, names: set[str] | None = None) -> Columns:
    """A segment for each paragraph or time mark; a speaker holds until the next one. names: see extract_speakers."""
    if "[" in text and len(_INLINE.findall(text, 0, 200_000)) > 1:
        text = _INLINE.sub(r"\n\1", text)
    lines = text.split("\n")
    if len(lines) > MAX_SEGMENTS:
        raise TranscriptError(f"has more than {MAX_SEGMENTS:,} lines")
    marks = {i: m for i, line in enumerate(lines) if line and (m := parse_mark(line))}
    for is_above in (True, False):  # the words, on a line of its own, or at the beginning of a line of words
        bare = [m for m in marks.values() if m.is_bare and is_above != bool(m.words)]
        if bare and (len(bare) < 2 or not is_ascending(bare)):
            marks = {i: m for i, m in marks.items() if not (m.is_bare and is_above != bool(m.words))}
    is_one_a_line = not marks and "\n\n" not in text
    columns = Columns()
    parts: list[str] = []
    start = end = math.nan
    speaker: str | None = None
    for i, line in enumerate(lines):
        mark = marks.get(i)
        if parts and (mark or is_one_a_line or not line or line.isspace()):
            columns.add("\n".join(parts), start, end, speaker)
            parts, start, end, speaker = [], math.nan, math.nan, None
        if mark:
            start, end, speaker, line = mark.start, mark.end, mark.speaker, mark.words
        if line and not line.isspace():
            parts.append(line)
    if parts:
        columns.add("\n".join(parts), start, end, speaker)
    return extract_speakers(columns, names, known=True)


def parse_mark(line: str) -> TimeMark | None:
    """The time and the speaker that a line begins with; None when it begins with no time."""
    if line.find(":", 0, MAX_MARK_LENGTH) < 0:
        return None
    m = _LEADING.match(line) if line[0] in " \t[(0123456789" else None
    if m is not None:
        start, words = parse_clock(m[2]), m[4].strip()
        speaker = words.rstrip(":") if m[1] is None and is_name(words.rstrip(":")) else None
        return TimeMark(start, _parse_end(m[3]), speaker, "" if speaker else words, m[1] is None)
    m = _NAMED.match(line) if _DIGITS.search(line, 0, MAX_MARK_LENGTH) else None
    if m is None or not is_name(m[1].strip()) or (m[2] is None and m[5].strip()):
        return None
    return TimeMark(parse_clock(m[3]), _parse_end(m[4]), m[1].strip(), m[5].strip(), m[2] is None)


def _parse_end(clock: str | None) -> float:
    return parse_clock(clock) if clock else math.nan


def is_ascending(marks: list[TimeMark]) -> bool:
    """Whether nearly all starts are at or after the one before."""
    pairs = list(pairwise(marks))
    return sum(a.start <= b.start for a, b in pairs) >= 0.9 * len(pairs)
