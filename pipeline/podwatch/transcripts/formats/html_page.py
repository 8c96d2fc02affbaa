"""HTML transcripts: the podcast namespace's cite, time and p, and pages whose paragraphs have times or speakers.

Source: the transcript chapter of the podcast namespace. Many feeds give a whole web page instead: it is read when its
paragraphs have times, and refused as a web page otherwise, so that no error page ever becomes a transcript.
"""

from __future__ import annotations

import math
import re

from podwatch.errors import TranscriptError
from podwatch.transcripts.formats.line_heads import parse_mark
from podwatch.transcripts.formats.markup import remove_between, unescape
from podwatch.transcripts.formats.plain_text import MIN_MARKS, read_paragraphs
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.timestamps import parse_clock
from podwatch.transcripts.formats.transcript_site import BLOCK_START, has_blocks, read_blocks

ROOTS = {"html", "head", "body", "cite", "time", "p", "div", "article", "section", "main", "span", "h1", "h2", "h3"}
_SKIP = {"script", "style", "head", "title", "nav", "footer", "aside", "noscript", "svg", "form", "select", "button"}
_BLOCKS = {
    "p", "div", "li", "ul", "ol", "tr", "td", "table", "section", "article", "main", "blockquote", "header", "dl",
    "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "body", "html", "figure", "pre",
}  # fmt: skip
_TITLE = re.compile(r"<title[^<>]*>([^<]{0,300})", re.IGNORECASE)


def looks_like(doc: SourceDocument) -> bool:
    return doc.root_element in ROOTS or _has_doctype(doc)


def _has_doctype(doc: SourceDocument) -> bool:
    return doc.head[:14].lower() == "<!doctype html"


def parse(doc: SourceDocument) -> Columns:
    columns, paragraphs = read_flow(doc.tags)
    if columns:
        return columns
    # The page of a transcript site in other HTML than its own: its lines stand between tags, or in a <pre>.
    if BLOCK_START in doc.text and has_blocks(lines := unescape("\n".join(doc.tags[0::3]))):
        return read_blocks(lines)
    is_page = doc.root_element in ("html", "head", "body") or _has_doctype(doc)
    if is_page and sum(parse_mark(line) is not None for p in paragraphs for line in p.split("\n")) < MIN_MARKS:
        m = _TITLE.search(remove_between(doc.head, "<!--", "-->"))
        title = " ".join(unescape(m[1]).split())[:80] if m else ""
        raise TranscriptError("is a web page, not a transcript" + (f": {title!r}" if title else ""))
    return read_paragraphs("\n\n".join(paragraphs))


def read_flow(tags: list[str]) -> tuple[Columns, list[str]]:
    """(segments, []) of a page with cite or time elements, (empty, its paragraphs) of another."""
    columns = Columns()
    paragraphs: list[str] = []
    last_end = {tags[i]: i for i in range(1, len(tags), 3) if tags[i][0] == "/"}
    has_marks = "/cite" in last_end or "/time" in last_end
    parts, skip = [tags[0]], ""
    start, speaker = math.nan, None

    def flush() -> str:
        nonlocal parts
        text = unescape("".join(parts)).strip()
        parts = []
        return text

    for at in range(1, len(tags), 3):
        tag, text = tags[at].lower(), tags[at + 2]
        if skip:
            if tag == skip:
                skip = ""
                parts.append(text)
            continue
        if "\n" in text:
            text = text.replace("\n", " ")
        if tag in _SKIP and last_end.get(f"/{tag}", -1) > at:
            skip = f"/{tag}"
        elif has_marks and tag in ("cite", "time", "/cite", "/time"):
            words = flush()
            if tag == "/cite":
                speaker = words.rstrip(" :") or None
                start = math.nan
            elif tag == "/time":
                start = parse_clock(words.strip("[]() \t"))
            elif words:
                columns.add(words, start, math.nan, speaker)
                start = math.nan
            parts.append(text)
        elif tag.lstrip("/") in _BLOCKS:
            words = flush()
            if words and has_marks:
                columns.add(words, start, math.nan, speaker)
                start = math.nan
            elif words:
                paragraphs.append(words)
            parts.append(text)
        else:
            parts.append(f"\n{text}" if tag in ("br", "br/") else text)
    words = flush()
    if words and has_marks:
        columns.add(words, start, math.nan, speaker)
    elif words:
        paragraphs.append(words)
    return columns, paragraphs
