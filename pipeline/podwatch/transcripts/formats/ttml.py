"""TTML, also as Apple Podcasts writes it, and two small XML formats of timed speech.

Sources: W3C TTML2 (p and span with begin, end or dur; agents with names; clock, offset, frame and tick times) and
Apple's extension, whose spans are single words without blanks between them; Podlove's simple-transcripts (speech,
speaker, item with start and end); lists of segment elements with start, end, speaker and text children.
"""

from __future__ import annotations

import math
import re

from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.markup import attribute, split_tags, unescape
from podwatch.transcripts.formats.rolling_captions import unroll_captions
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.timestamps import ClockReader, parse_seconds
from podwatch.transcripts.formats.ttml_times import CONTAINERS, Timeline, TtmlClock, counts_from_parent

# The usual order and quotes of times: a p, and a word, are read twice as fast; other attributes take the longer way.
_INTERVAL = lazy_pattern(r'(?:[ \t\n]|^)begin="([^"&]*)"[ \t\n]+end="([^"&]*)"')
_BEGIN = lazy_pattern(r'(?:[ \t\n]|^)begin="([^"&]*)"')
_USUAL_CLOCKS = lazy_pattern(r'[ ]start="(\d\d:\d\d:\d\d\.\d{3})"[ ]end="(\d\d:\d\d:\d\d\.\d{3})"', re.ASCII)
_SPAN_END = lazy_pattern(r"</(?:\w{1,20}:)?span[ \t\n]*>")


def looks_like(doc: SourceDocument) -> bool:
    return doc.root_element == "tt"


def parse(doc: SourceDocument) -> Columns:
    """A segment for each p; the spans in it that have a time of their own are its words."""
    clock = TtmlClock(doc.head)
    # Without the end tags of spans half the tags are left; a word ends where the next one begins.
    columns, tags = Columns(), split_tags(_SPAN_END.sub("", doc.text))
    timeline = Timeline(clock, doc.text, tags)
    is_plain, parse_time = timeline.is_plain, clock.parse
    search_begin, search_interval = _BEGIN.search, _INTERVAL.search
    names: dict[str, str] = {}
    columns.language = attribute(tags[2] if len(tags) > 2 else "", "xml:lang") or None
    agent = ""
    texts: list[str] | None = None
    words: list[tuple[str, float]] = []
    start = end = math.nan
    speaker: str | None = None
    is_timed = True
    spanned: dict[int, float] = {}  # segments whose p has no time of its own -> the last end of its spans
    last = math.nan

    def add() -> None:
        nonlocal texts
        columns.add(unescape("".join(texts or ())), start, end, names.get(speaker or "", speaker), words)
        if words and not is_timed:
            spanned[len(columns) - 1] = last
        texts = None

    for tag, attributes, text in zip(tags[1::3], tags[2::3], tags[3::3], strict=True):
        if ":" in tag:
            tag = tag[: tag[0] == "/"] + tag.rpartition(":")[2].lstrip("/")
        if texts is not None and tag == "span":
            if "begin" in attributes:
                if text and not text.isspace():
                    begin = m[1] if (m := search_begin(attributes)) else attribute(attributes, "begin")
                    words.append((unescape(text) if "&" in text else text, parse_time(begin)))
                    if not is_timed:
                        last = clock.read(attributes, "end")
                if "unit=" in attributes:
                    texts.append(" ")
            texts.append(text)
        elif tag == "p":
            if is_plain:
                if m := search_interval(attributes):
                    start, end = parse_time(m[1]), parse_time(m[2])
                else:
                    start, end = parse_time(attribute(attributes, "begin")), parse_time(attribute(attributes, "end"))
                if end != end and "dur" in attributes:
                    end = start + clock.read(attributes, "dur")
            else:
                start, end = timeline.place(attributes)
            speaker = (attribute(attributes, "ttm:agent") or None) if "ttm:agent" in attributes else None
            texts, words = [text], []
            is_timed = "begin" in attributes
        elif tag == "/p" and texts is not None:
            add()
        elif texts is not None:
            texts.append(f" {text}" if tag in ("br", "br/") else text)
        elif tag in CONTAINERS and not attributes.endswith("/"):
            timeline.open(attributes)
        elif tag in ("/div", "/body"):
            timeline.close()
        elif tag == "agent":
            agent = attribute(attributes, "xml:id")
        elif tag == "name" and agent:
            names[agent] = unescape(text).strip() or agent
    if texts is not None:
        add()
    _place_words(columns, spanned)
    return unroll_captions(columns)


def _place_words(columns: Columns, spanned: dict[int, float]) -> None:
    """Makes the times of spans count from the start of the media, where the document counts them from their p.

    spanned: the p without a time, which begin with their first span and end with the last: its end.
    """
    pairs = (
        (columns.starts[i], columns.ends[i], w[1]) for i, words in columns.words.items() for w in (words[0], words[-1])
    )
    is_relative = bool(columns.words) and counts_from_parent(pairs)
    for i, words in columns.words.items():
        base = columns.starts[i] if is_relative and columns.starts[i] > 0 else 0.0
        if base:
            columns.words[i] = [(word, second + base) for word, second in words]
        if i in spanned:
            columns.starts[i], columns.ends[i] = columns.words[i][0][1], spanned[i] + base


def looks_like_speech(doc: SourceDocument) -> bool:
    if doc.root_element == "transcripts":
        return True
    return bool(doc.root_element) and "<segment>" in doc.head and "<text>" in doc.head and "<start>" in doc.head


def parse_speech(doc: SourceDocument) -> Columns:
    return _parse_podlove(doc.tags) if doc.root_element == "transcripts" else _parse_segments(doc.tags)


def _parse_podlove(tags: list[str]) -> Columns:
    columns, clocks = Columns(), ClockReader()
    speaker: str | None = None
    for tag, attributes, text in zip(tags[1::3], tags[2::3], tags[3::3], strict=True):
        if tag[0] == "/":
            continue
        name = tag.rpartition(":")[2].rstrip("/")
        if name == "speaker":
            speaker = unescape(text).strip() or None
        elif name == "item":
            if usual := _USUAL_CLOCKS.match(attributes):
                start, end = clocks(usual[1]), clocks(usual[2])
            else:
                start, end = (parse_seconds(attribute(attributes, key)) for key in ("start", "end"))
            columns.add(unescape(text), start, end, speaker)
    return columns


def _parse_segments(tags: list[str]) -> Columns:
    columns = Columns()
    found: dict[str, str] = {}
    for at in range(1, len(tags), 3):
        tag = tags[at]
        if tag == "/segment":
            start, end = parse_seconds(found.get("start")), parse_seconds(found.get("end"))
            columns.add(unescape(found.get("text", "")), start, end, unescape(found.get("speaker", "")).strip() or None)
            found = {}
        elif not tag.startswith("/"):
            found[tag] = tags[at + 2]
    return columns
