"""HTML transcripts: the podcast namespace's cite, time and p, and pages of paragraphs that carry times or speakers.

Source: the transcript chapter of the podcast namespace. Many feeds give a whole web page instead: it is read when its
paragraphs bear times, and refused as a web page otherwise, so that no error page ever becomes a transcript.
"""

from __future__ import annotations

import math
import re

from podwatch.errors import TranscriptError
from podwatch.transcripts.formats import plain_text as plain
from podwatch.transcripts.formats import transcript_site as page
from podwatch.transcripts.formats.markup import remove_between
from podwatch.transcripts.formats.markup import unescape as unescaped
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.timestamps import parse_clock

ROOTS = {"html", "head", "body", "cite", "time", "p", "div", "article", "section", "main", "span", "h1", "h2", "h3"}
_SKIP = {"script", "style", "head", "title", "nav", "footer", "aside", "noscript", "svg", "form", "select", "button"}
_BLOCKS = {
    "p", "div", "li", "ul", "ol", "tr", "td", "table", "section", "article", "main", "blockquote", "header", "dl",
    "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "body", "html", "figure", "pre",
}  # fmt: skip
_TITLE = re.compile(r"<title[^<>]*>([^<]{0,300})", re.IGNORECASE)
MARKS = 3


def looks_like(doc: SourceDocument) -> bool:
    return doc.root_element in ROOTS or doc.head[:14].lower() == "<!doctype html"


def parse(doc: SourceDocument) -> Columns:
    columns, paragraphs = read_flow(doc.tags)
    if columns:
        return columns
    text = "\n\n".join(paragraphs)
    # A transcript page in HTML of no known form: its lines are what stands between the tags, or lines of a <pre>.
    if page.BLOCK_START in doc.text and page.has_blocks(lines := unescaped("\n".join(doc.tags[0::3]))):
        columns = page.read_blocks(lines)
        columns.ends = [*columns.starts[1:], math.nan][: len(columns)]
        return columns
    whole = doc.root_element in ("html", "head", "body") or doc.head[:14].lower() == "<!doctype html"
    if whole and sum(plain.parse_mark(line) is not None for p in paragraphs for line in p.split("\n")) < MARKS:
        raise TranscriptError(f"is a web page, not a transcript{_visible_text(doc)}")
    return plain.read_paragraphs(text)


def _visible_text(doc: SourceDocument) -> str:
    found = _TITLE.search(remove_between(doc.head, "<!--", "-->"))
    title = " ".join(unescaped(found[1]).split()) if found else ""
    return f": {title[:80]!r}" if title else ""


def read_flow(tags: list[str]) -> tuple[Columns, list[str]]:
    """(segments, []) of a page that has cite or time elements, ([], its paragraphs) of another."""
    columns = Columns()
    paragraphs: list[str] = []
    last = {tags[i]: i for i in range(1, len(tags), 3) if tags[i][0] == "/"}
    marked = "/cite" in last or "/time" in last
    parts, skip = [tags[0]], ""
    start, who = math.nan, None

    def flush() -> str:
        nonlocal parts
        text = unescaped("".join(parts)).strip()
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
        if tag in _SKIP and last.get(f"/{tag}", -1) > at:
            skip = f"/{tag}"
        elif marked and tag in ("cite", "time", "/cite", "/time"):
            words = flush()
            if tag == "/cite":
                who = words.rstrip(" :") or None
                start = math.nan
            elif tag == "/time":
                start = parse_clock(words.strip("[]() \t"))
            elif words:
                columns.add(words, start, math.nan, who)
                start = math.nan
            parts.append(text)
        elif tag.lstrip("/") in _BLOCKS:
            words = flush()
            if words and marked:
                columns.add(words, start, math.nan, who)
                start = math.nan
            elif words:
                paragraphs.append(words)
            parts.append(text)
        else:
            parts.append(f"\n{text}" if tag in ("br", "br/") else text)
    words = flush()
    if words and marked:
        columns.add(words, start, math.nan, who)
    elif words:
        paragraphs.append(words)
    return columns, paragraphs
