"""SubStation Alpha (.ssa) and its successor (.ass): a line an event, with its actor, and codes for the look of words.

Source: the specification of SSA v4.00, and of ASS as libass reads it (https://github.com/libass/libass/wiki): [Events],
a Format line that names the columns, Dialogue lines whose last column may hold commas. Comments are not shown, and what
stands after {\\p1} is a drawing.
"""

from __future__ import annotations

import re

from podwatch.errors import TranscriptError
from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.rolling_captions import unroll_captions
from podwatch.transcripts.formats.segment_columns import MAX_SEGMENTS, Columns
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.speaker_prefixes import extract_speakers
from podwatch.transcripts.formats.timestamps import parse_clock

_USUAL = "Layer,Start,End,Style,Name,MarginL,MarginR,MarginV,Effect,Text"
_DRAWING = lazy_pattern(r"\{[^{}]{0,500}\\p[1-9][^{}]{0,500}\}[^{]*")
_CODES = lazy_pattern(r"\{[^{}]{0,2000}\}")
_BREAKS = lazy_pattern(r"\\[Nnh]")
_TITLE = lazy_pattern(r"^Title:[ \t]*([^\n]{1,300})$", re.MULTILINE)


def looks_like(doc: SourceDocument) -> bool:
    return doc.head.startswith("[Script Info]") or (
        "Dialogue:" in doc.head and re.search(r"^Dialogue:[^,\n]{0,20},\d{1,2}:\d", doc.head, re.M) is not None
    )


def parse(doc: SourceDocument) -> Columns:
    """The dialogue in the order of its starts: files list signs and songs apart from the talk."""
    if doc.text.count("\n") > MAX_SEGMENTS:
        raise TranscriptError(f"has more than {MAX_SEGMENTS:,} lines")
    columns = [c.strip().lower() for c in _USUAL.split(",")]
    rows: list[tuple[float, float, str | None, str]] = []
    in_events = "[events]" not in doc.text.lower()
    for line in doc.text.split("\n"):
        if line.startswith("["):
            in_events = line.strip().lower() == "[events]"
        elif in_events and line.startswith("Format:"):
            columns = [c.strip().lower() for c in line[7:].split(",")]
        elif in_events and line.startswith("Dialogue:"):
            cells = dict(zip(columns, line[9:].strip().split(",", len(columns) - 1), strict=False))
            text = strip_codes(cells.get("text", ""))
            actor = cells.get("name", cells.get("actor", "")).strip() or None
            if text and not text.isspace():
                rows.append(
                    (
                        parse_clock(cells.get("start", "").strip()),
                        parse_clock(cells.get("end", "").strip()),
                        actor,
                        text,
                    )
                )
    found = Columns()
    m = _TITLE.search(doc.head)
    if m is not None and m[1].strip().lower() not in ("default aegisub file", "untitled", "<untitled>"):
        found.title = m[1].strip()
    for start, end, actor, text in sorted(rows, key=lambda row: row[0] if row[0] == row[0] else 0.0):
        found.add(text, start, end, actor)
    return extract_speakers(unroll_captions(found))


def strip_codes(text: str) -> str:
    """The words that are shown, a line break as one."""
    if "{" in text:
        text = _CODES.sub("", _DRAWING.sub("", text) if "\\p" in text else text)
    return _BREAKS.sub(lambda m: "\n" if m[0] != "\\h" else " ", text) if "\\" in text else text
