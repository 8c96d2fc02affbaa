"""SAMI (.smi), the captions of older players: HTML-like, with a start in milliseconds at each <SYNC>.

Source: "Understanding SAMI 1.0" (Microsoft). A caption ends where the next one begins, an empty one ends the one
before. A file may hold several languages, a class of P each, that say the same: the one with the most words is read.
"""

from __future__ import annotations

import math
import re
from collections import Counter

from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.json_segments import parse_language_tag
from podwatch.transcripts.formats.markup import unescape
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.speaker_prefixes import extract_speakers

_START = lazy_pattern(r"""\bstart\s*=\s*["']?\s*(-?\d{1,12})""", re.IGNORECASE)
_CLASS = lazy_pattern(r"""\bclass\s*=\s*["']?([\w-]{1,40})""", re.IGNORECASE)
_ID = lazy_pattern(r"""\bid\s*=\s*["']?source\b""", re.IGNORECASE)
_LANGUAGE = lazy_pattern(r"\.([\w-]{1,40})\s*\{[^{}]{0,400}?lang\s*:\s*([A-Za-z-]{2,12})", re.IGNORECASE)
_TITLE = lazy_pattern(r"<title[^<>]{0,100}>([^<]{1,300})", re.IGNORECASE)


def looks_like(doc: SourceDocument) -> bool:
    return doc.root_element == "sami" or (doc.root_element == "sync" and _START.search(doc.head) is not None)


def parse(doc: SourceDocument) -> Columns:
    rows = _read_rows(doc.tags)
    counts: Counter[str] = Counter()
    for _, name, text in rows:
        counts[name] += len(text.split())
    chosen = counts.most_common(1)[0][0] if counts else ""
    rows = [row for row in rows if row[1] in (chosen, "")]
    columns = Columns(
        language=next((parse_language_tag(t) for c, t in _LANGUAGE.findall(doc.head) if c.lower() == chosen), None)
    )
    m = _TITLE.search(doc.head)
    columns.title = " ".join(unescape(m[1]).split()) if m else ""
    for i, (start, _, text) in enumerate(rows):
        if text and not text.isspace():
            end = next((s for s, _, _ in rows[i + 1 : i + 2]), math.nan)
            columns.add(text, start, end)
    return extract_speakers(columns)


def _read_rows(tags: list[str]) -> list[tuple[float, str, str]]:
    """(second, class in lower case, words) of each P; words of a SYNC without one have the last class."""
    rows: list[tuple[float, str, str]] = []
    parts: list[str] = []
    start, name, is_source, is_open = math.nan, "", False, False

    def flush() -> None:
        nonlocal parts
        if is_open:
            text = unescape("".join(parts)).replace("\xa0", " ").strip()
            rows.append((start, name, f"{text}:" if is_source and text and not text.endswith(":") else text))
        parts = []

    for tag, attributes, text in zip(tags[1::3], tags[2::3], tags[3::3], strict=True):
        lower = tag.lower()
        if lower == "sync":
            flush()
            m = _START.search(attributes)
            start, is_open, is_source = int(m[1]) / 1000 if m else math.nan, True, False
        elif lower == "p" and is_open:
            if "".join(parts).strip():
                flush()
            parts = []
            m = _CLASS.search(attributes)
            name, is_source = m[1].lower() if m else name, _ID.search(attributes) is not None
        elif lower in ("/body", "/sami"):
            flush()
            is_open = False
        elif lower.rstrip("/") == "br":
            parts.append("\n")
        parts.append(text)
    flush()
    return rows
