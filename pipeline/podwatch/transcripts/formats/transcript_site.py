"""A page of a transcript site: a title, ``Episode Date:``, then blocks of words under ``Starting point is HH:MM:SS``.

Two forms: saved as text, and as HTML (h1.page-heading, .episode_date, .single-sentence with .pod_timestamp_indicator
and .pod_text). Only what stands in a block is the transcript: not the description with its shortened words, nor the
advertisements between blocks, nor the titles of other episodes beside it. A block that comes twice counts once.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from podwatch.errors import TranscriptError
from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.markup import class_names, unescape
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.timestamps import parse_clock

BLOCK_START = "Starting point is "
_BLOCK = lazy_pattern(rf"{BLOCK_START}\d{{1,3}}:\d{{2}}:\d{{2}}(?!\d)")
_CLOCK_AND_WORDS = lazy_pattern(r"([\d:]*)(.*)", re.DOTALL)  # with or without a blank between them
_CLOSING = lazy_pattern(r"^[ \t]*There aren't comments yet for this episode\.", re.MULTILINE)
_DATE = lazy_pattern(r"Episode Date:[ \t]*([A-Z][a-z]+ \d{1,2}, \d{4})")
_SIGNS = ("pod_timestamp_indicator", "podcast-transcript", "single-sentence", "page-heading", "episode_date")
_MEMBERS_ONLY = lazy_pattern(r"premium (?:subscribers|members|users)|(?:subscribers|members) only", re.IGNORECASE)


def looks_like(doc: SourceDocument) -> bool:
    if doc.root_element:
        return any(sign in doc.text for sign in _SIGNS)
    return has_blocks(doc.text)


def parse(doc: SourceDocument) -> Columns:
    """A segment for each block; a block ends where the next one begins, the last one at an unknown time (nan)."""
    return _parse_html(doc) if doc.root_element else read_blocks(doc.text)


def has_blocks(text: str) -> bool:
    """Whether there are blocks in a text: the page may also come in other HTML than its own, a line a paragraph."""
    starts = (m.start() for m in _BLOCK.finditer(text))  # fast, since it begins with a literal
    return any(
        not text[text.rfind("\n", max(0, at - 99), at) + 1 or max(0, at - 99) : at].strip(" \t") for at in starts
    )


def read_blocks(text: str) -> Columns:
    """The blocks of a page that is text, or the text of HTML."""
    columns = Columns()
    head, *pieces = re.split(rf"(?:^|\n)[ \t]*{BLOCK_START}(?=\d)", text)
    columns.title, columns.published = read_head(head)
    if pieces:
        closing = _CLOSING.search(pieces[-1])
        pieces[-1] = pieces[-1][: closing.start()] if closing else pieces[-1]
    seen: set[tuple[float, str]] = set()
    for piece in pieces:
        clock, words = _CLOCK_AND_WORDS.fullmatch(piece).groups()  # type: ignore[union-attr] # it matches any text
        _add_block(columns, parse_clock(clock), words.strip(), seen)
    return _end_blocks(columns)


def read_head(head: str) -> tuple[str, datetime | None]:
    """(title, date) of the page's first lines; the title is "" when the first line is a block already."""
    first = head.lstrip("\ufeff \r\n").partition("\n")[0].strip()
    found = _DATE.search(head[:8192])
    return ("" if first.startswith(BLOCK_START) else first), _parse_date(found[1] if found else "")


def _parse_date(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%B %d, %Y").replace(tzinfo=UTC)
    except ValueError:
        return None


def _end_blocks(columns: Columns) -> Columns:
    """The columns with each block's end at the start of the next one."""
    columns.ends = [*columns.starts[1:], math.nan][: len(columns)]
    return columns


def _add_block(columns: Columns, start: float, words: str, seen: set[tuple[float, str]]) -> None:
    if words and (start, words) not in seen:
        seen.add((start, words))
        columns.add(words, start)


def _parse_html(doc: SourceDocument) -> Columns:
    columns = Columns()
    seen: set[tuple[float, str]] = set()
    start, inside = math.nan, ""
    parts: list[str] = []
    head = {"page-heading": "", "episode_date": ""}
    tags = doc.tags
    for at in range(1, len(tags), 3):
        tag, attributes, text = tags[at], tags[at + 1], tags[at + 2]
        names = class_names(attributes)
        if "single-sentence" in names:
            _add_block(columns, start, unescape(" ".join(parts)).strip(), seen)
            start, parts, inside = math.nan, [], ""
        elif "pod_timestamp_indicator" in names:
            if parts:
                _add_block(columns, start, unescape(" ".join(parts)).strip(), seen)
                parts = []
            start, inside = parse_clock(text.strip().removeprefix(BLOCK_START).strip()), ""
        elif "pod_text" in names or "transcript-text" in names:
            inside = "words"
            parts.append(text)
        elif names and names[0] in head:
            inside = names[0]
            head[inside] += text
        elif inside == "words":
            is_dots = tag == "span" and "dots" in names
            if tag in ("/div", "aside", "footer"):
                inside = ""
            elif not is_dots and (tag != "/span" or text.strip()):
                parts[-1] += text
        elif inside in head:
            inside = ""
    _add_block(columns, start, unescape(" ".join(parts)).strip(), seen)
    if not columns:
        members_only = _MEMBERS_ONLY.search(doc.text)
        raise TranscriptError(
            "is for paying members of the site only" if members_only else "is a page without a transcript"
        )
    columns.title = " ".join(unescape(head["page-heading"]).split())
    found = _DATE.search(head["episode_date"])
    columns.published = _parse_date(found[1] if found else "")
    return _end_blocks(columns)
