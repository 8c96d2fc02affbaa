"""Tab-separated tables with start, end and text columns, as Whisper writes them (in milliseconds)."""

from __future__ import annotations

import math

from podwatch.errors import TranscriptError
from podwatch.transcripts.formats.json_segments import END_KEYS, SPEAKER_KEYS, START_KEYS, TEXT_KEYS
from podwatch.transcripts.formats.segment_columns import MAX_SEGMENTS, Columns
from podwatch.transcripts.formats.source_document import SourceDocument


def looks_like(doc: SourceDocument) -> bool:
    names = _column_names(doc.head)
    return any(n in START_KEYS for n in names) and any(n in TEXT_KEYS for n in names)


def parse(doc: SourceDocument) -> Columns:
    """Whole numbers are milliseconds, as in Whisper's own table; numbers with a point are seconds."""
    text = doc.text.lstrip("\ufeff \n")
    header = _column_names(text)
    at = [
        next((i for i, c in enumerate(header) if c in names), -1)
        for names in (START_KEYS, END_KEYS, TEXT_KEYS, SPEAKER_KEYS)
    ]
    columns = Columns()
    if text.count("\n") > MAX_SEGMENTS:
        raise TranscriptError(f"has more than {MAX_SEGMENTS:,} lines")
    for line in text.split("\n")[1:]:
        cells = line.split("\t", len(header) - 1)
        start, end, words, speaker = (cells[i].strip() if 0 <= i < len(cells) else "" for i in at)
        if words:
            columns.add(words, _parse_cell(start), _parse_cell(end), speaker or None)
    return columns


def _column_names(text: str) -> list[str]:
    line = text.partition("\n")[0]
    return [c.strip().lower() for c in line.split("\t")] if "\t" in line else []


def _parse_cell(cell: str) -> float:
    try:
        return int(cell) / 1000 if cell.isdecimal() and len(cell) < 13 else float(cell)
    except ValueError:
        return math.nan
