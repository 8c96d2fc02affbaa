"""Tables with start, end, speaker and text columns: tab-separated, as Whisper writes them, and comma-separated (CSV).

Source: RFC 4180 for quotes; openai-whisper's writer of TSV (milliseconds). Others name their columns as they like.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from podwatch.errors import TranscriptError
from podwatch.transcripts.formats.segment_columns import MAX_SEGMENTS, Columns
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.written_times import parse_written

MAX_FIELD, MAX_HEADER = 1_000_000, 300  # characters
MAX_WORDS_A_SECOND = 20  # nobody speaks so fast
_DELIMITERS = ("\t", ",", ";")
_STARTS = {
    "start", "starttime", "starts", "startms", "startseconds", "starttimecode", "begin", "from", "time", "timestamp",
    "timestamps", "timecode", "timein", "in", "offset", "ts",
}  # fmt: skip
_ENDS = {"end", "endtime", "ends", "endms", "endseconds", "endtimecode", "to", "until", "timeout", "out", "stop"}
_SPEAKERS = {"speaker", "speakername", "speakerlabel", "speakerid", "name", "who", "role"}
_TEXTS = {
    "text", "transcript", "transcription", "words", "content", "caption", "sentence", "line", "utterance", "dialogue",
    "speech", "body", "subtitle",
}  # fmt: skip


class Roles(NamedTuple):
    """The index of the column of each kind, -1 for none."""

    start: int
    end: int
    speaker: int
    text: int


def looks_like(doc: SourceDocument) -> bool:
    return doc.head[:1] not in ("{", "[", "<") and _delimiter(doc.head) != ""


def _delimiter(text: str) -> str:
    line = text.partition("\n")[0]
    if len(line) > MAX_HEADER:
        return ""
    for delimiter in _DELIMITERS:
        if delimiter in line and (roles := find_roles(line.split(delimiter))) and roles.start >= 0:
            return delimiter
    return ""


def find_roles(header: Sequence[str]) -> Roles | None:
    """What the columns hold, by their names; None when none is said to hold the words."""
    names = [re.sub(r"[^a-z]", "", cell.split("(")[0].lower()) for cell in header]
    start, end, speaker, text = (
        next((i for i, name in enumerate(names) if name in known), -1) for known in (_STARTS, _ENDS, _SPEAKERS, _TEXTS)
    )
    return Roles(start, end, speaker, text) if text >= 0 else None


def parse(doc: SourceDocument) -> Columns:
    """Whole numbers in a tab-separated table are milliseconds, as in Whisper's own; with a point they are seconds."""
    text = doc.text.lstrip("\ufeff \n")
    delimiter = _delimiter(text)
    if text.count("\n") > MAX_SEGMENTS:
        raise TranscriptError(f"has more than {MAX_SEGMENTS:,} lines")
    header, _, body = text.partition("\n")
    names = header.split(delimiter)
    roles = find_roles(names)
    if roles is None:
        raise TranscriptError("is a table without a column of words")
    rows: Iterable[list[str]]
    if delimiter == "\t":
        rows = (line.split("\t", len(names) - 1) for line in body.split("\n"))
    else:
        csv.field_size_limit(MAX_FIELD)
        rows = csv.reader(body.split("\n"), delimiter=delimiter)
    try:
        columns = read_rows(rows, roles)
    except csv.Error as e:
        raise TranscriptError(f"is no valid table: {e}") from None
    return columns if delimiter == "\t" else _mend_unit(columns)


def read_rows(rows: Iterable[list[str]], roles: Roles) -> Columns:
    columns = Columns()
    for cells in rows:
        start, end, speaker, words = (cells[i].strip() if 0 <= i < len(cells) else "" for i in roles)
        if words:
            columns.add(words, _parse_cell(start), _parse_cell(end), speaker or None)
    return columns


def _parse_cell(cell: str) -> float:
    try:
        return int(cell) / 1000 if cell.isdecimal() and len(cell) < 13 else float(cell)
    except ValueError:
        return parse_written(cell) if cell else math.nan


def _mend_unit(columns: Columns) -> Columns:
    """Whole numbers were taken for milliseconds: they are seconds where there would be too many words for them."""
    known = [s for s in columns.starts if s == s]
    words = sum(len(t.split()) for t in columns.texts)
    if known and 0 < max(known) < words / MAX_WORDS_A_SECOND and all((s * 1000).is_integer() for s in known):
        columns.starts = [s * 1000 for s in columns.starts]
        columns.ends = [s * 1000 for s in columns.ends]
    return columns
