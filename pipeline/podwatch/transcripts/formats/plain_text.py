"""Plain text: paragraphs, with the times and the speakers that people write into them.

Forms: [00:12:34] words; (12:34) words; 12:34 words; words [00:12:34]; words [00:12:34] words; "Ann Lee  00:12:34" or
"12:34 Ann Lee" above the words; the name and the time on two lines above them; Ann Lee (00:12): words; [Ann Lee]
[00:12] words; Ann Lee (host): words; [00:01.000 --> 00:03.000] words, as Whisper prints them. A time may have frames
(00:00:01:05), or units (0h00m43s, 1 minute 5 seconds).
Clocks in brackets always count; bare ones only when the file has several that ascend, since people also say "12:30".
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from podwatch.errors import TranscriptError
from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.flattened_captions import remove_overlaps
from podwatch.transcripts.formats.front_matter import split_fenced
from podwatch.transcripts.formats.line_heads import (
    Heads,
    TimeMark,
    find_heads,
    is_ascending,
    may_hold_inner,
    parse_marks,
    split_at_times,
)
from podwatch.transcripts.formats.line_shapes import name_speakers, rewrite_shapes
from podwatch.transcripts.formats.markup import unescape_terminated as unescape
from podwatch.transcripts.formats.segment_columns import MAX_SEGMENTS, Columns
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.speaker_prefixes import extract_speakers, parse_prefix, parse_uncased_prefix
from podwatch.transcripts.formats.written_times import CLOCK

_LINKED_TIME = lazy_pattern(rf"\[\[?[ \t]*({CLOCK})[ \t]*\]\([^()\s]{{1,500}}\)\]?")
_ERROR = lazy_pattern(
    r"\W{0,3}(?:error|(?:http )?[45]\d\d\b|not found|forbidden|access denied|unauthorized|too many requests|"
    r"rate limit|internal server error|bad gateway|service unavailable|gateway time)",
    re.IGNORECASE,
)
MAX_ERROR_LENGTH = 200  # characters: a text that is not longer and begins like an error message is one
MIN_MARKS = 3  # marked lines in its head make a text a transcript, whatever type is declared


def looks_like(doc: SourceDocument) -> bool:
    if doc.root_element or doc.json is not None:
        return False
    marks = parse_marks(doc.head.split("\n"), doc.head)
    return len(marks) >= MIN_MARKS and is_ascending(marks.values())


def parse(doc: SourceDocument) -> Columns:
    text = doc.text
    if doc.root_element in ("html", "body", "head", "error", "rss", "svg"):
        raise TranscriptError("is markup, not plain text")
    if len(text) < MAX_ERROR_LENGTH and _ERROR.match(text.strip()):
        raise TranscriptError(f"is an error message: {text.strip()[:80]}")
    title, text, notes = split_fenced(text) if text.lstrip("\ufeff\n")[:3] in ("---", "+++") else ("", text, [])
    columns = read_paragraphs(unescape(unlink_times(text) if "]" in text and "](" in text else text))
    columns.title = columns.title or title
    columns.notes[:0] = notes
    return columns


def unlink_times(text: str) -> str:
    """The text with [00:01:22](address) as [00:01:22]."""
    return _LINKED_TIME.sub(r"[\1]", text)


def read_paragraphs(text: str, names: set[str] | None = None) -> Columns:
    """A segment for each paragraph or time mark; a speaker holds until the next one. names: see extract_speakers."""
    text = rewrite_shapes(text)
    lines = text.split("\n")
    if len(lines) > MAX_SEGMENTS:
        raise TranscriptError(f"has more than {MAX_SEGMENTS:,} lines")
    heads = find_heads(lines, text)
    marks = heads.marks
    if not names and len(marks) * 10 < len(lines) and (renamed := name_speakers(lines)):
        lines, text = renamed, "\n".join(renamed)
        heads.notes.append("names in brackets, before dashes or on lines of their own: speakers")
        heads = find_heads(lines, text)
        marks = heads.marks
    breaks = lines[1:-1].count("")
    is_one_a_line = not (marks or breaks)
    turns = set() if is_one_a_line else find_turns(lines, marks, 0 if breaks and "\n\n\n" in text else breaks)
    columns = Columns(notes=heads.notes)
    in_heads = len(marks) if heads.are_uniform else sum(not m.is_bare for m in marks.values())
    if text.count("[") + text.count("(") > in_heads:
        lines = [line.strip() if "[" in line or "(" in line else line for line in lines]
        has_inner = may_hold_inner(text)
    else:
        has_inner = False
    if not marks and not has_inner:
        columns.add_texts(join_paragraphs(lines, turns, is_one_a_line=is_one_a_line))
    else:
        _add_timed(columns, lines, heads, turns, is_one_a_line=is_one_a_line, has_inner=has_inner)
    if not marks or len(marks) * 2 > len(columns):
        remove_overlaps(columns)
    return extract_speakers(columns, names, known=True)


def join_paragraphs(lines: Sequence[str], turns: set[int], *, is_one_a_line: bool) -> list[str]:
    """The paragraphs of lines without times: between blank lines, and where a turn begins."""
    if is_one_a_line:
        return [line for line in lines if line and not line.isspace()]
    paragraphs: list[str] = []
    parts: list[str] = []
    for i, line in enumerate(lines):
        is_blank = not line or line.isspace()
        if parts and (is_blank or i in turns):
            paragraphs.append("\n".join(parts))
            parts = []
        if not is_blank:
            parts.append(line)
    return [*paragraphs, "\n".join(parts)] if parts else paragraphs


def _add_timed(
    columns: Columns, lines: Sequence[str], heads: Heads, turns: set[int], *, is_one_a_line: bool, has_inner: bool
) -> None:
    """Adds a segment for each paragraph, time mark or time between words."""
    marks = heads.marks
    parts: list[str] = []
    start = end = math.nan
    speaker: str | None = None

    for i, line in enumerate(lines):
        mark = marks.get(i)
        if mark or (parts and (not line or is_one_a_line or i in turns or i in heads.names or line.isspace())):
            if parts or speaker is not None:  # a name that nobody's words follow is kept as words
                columns.add("\n".join(parts) or speaker or "", start, end, speaker if parts else None)
            parts, start, end, speaker = [], math.nan, math.nan, None
        if mark:
            start, end, speaker, line, _ = mark
        if not line or i in heads.names or line.isspace():
            continue
        if not (has_inner and ("[" in line or "(" in line) and may_hold_inner(line)):
            parts.append(line)
            continue
        first, *others = split_at_times(line)
        if first[1]:
            parts.append(first[1])
        for second, words in others:
            if parts or speaker is not None:
                columns.add("\n".join(parts) or speaker or "", start, end, speaker if parts else None)
            parts, start, end, speaker = [words] if words else [], second, math.nan, None
    if parts or speaker is not None:
        columns.add("\n".join(parts) or speaker or "", start, end, speaker if parts else None)


def find_turns(lines: Sequence[str], marks: Mapping[int, TimeMark], breaks: int) -> set[int]:
    """The lines without a time that begin with a name that recurs before a colon. breaks: between paragraphs."""
    said = len(lines) - lines.count("")
    if said == len(marks) or said <= breaks + 1:
        return set()  # each begins a paragraph anyhow
    found = {
        i: name
        for i, line in enumerate(lines)
        if (":" in line or "：" in line) and i not in marks and (name := _turn_name(line.lstrip()))
    }
    counts = Counter(found.values())
    return {i for i, name in found.items() if counts[name] > 1}


def _turn_name(line: str) -> str:
    return parse_prefix(line)[0] or parse_uncased_prefix(line)[0]
