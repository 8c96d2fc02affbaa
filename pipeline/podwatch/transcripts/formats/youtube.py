"""YouTube's timed text: json3, and the XML of srv1 (text start dur), srv2 (text t d) and srv3 (p t d, s for each word).

Source: the responses of its timedtext endpoint, as the well-known download tools save them. Automatic captions come as
words with offsets, and with an event for each line feed, which has no words and is left out.
"""

from __future__ import annotations

import math
from typing import Any

from podwatch.transcripts.formats.markup import attribute, split_tags, strip_markup, unescape
from podwatch.transcripts.formats.rolling_captions import unroll_captions
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.timestamps import parse_seconds


def looks_like_json3(doc: SourceDocument) -> bool:
    events = doc.json.get("events") if isinstance(doc.json, dict) else None
    return isinstance(events, list) and any(isinstance(e, dict) and "tStartMs" in e for e in events[:50])


def parse_json3(doc: SourceDocument) -> Columns:
    columns = Columns()
    for event in doc.json["events"]:
        parts = event.get("segs") if isinstance(event, dict) else None
        if not isinstance(parts, list):
            continue
        start = _parse_milliseconds(event.get("tStartMs"))
        words: list[tuple[str, float]] = []
        try:
            if len(parts) == 1:
                text = "" + parts[0]["utf8"]  # TypeError for what is no text
            else:
                words = [(part["utf8"], start + part.get("tOffsetMs", 0) / 1000) for part in parts]
                text = "".join([word for word, _ in words])
        except (AttributeError, KeyError, TypeError, OverflowError):  # a part without words, or not a mapping
            words = []
            texts = (part.get("utf8") for part in parts if isinstance(part, dict))
            text = "".join(t for t in texts if isinstance(t, str))
        if text and not text.isspace():
            columns.add(text, start, start + _parse_milliseconds(event.get("dDurationMs")), None, words)
    return unroll_captions(columns)


def looks_like_srv(doc: SourceDocument) -> bool:
    return doc.root_element == "timedtext" or (doc.root_element == "transcript" and "<text " in doc.head)


def parse_srv(doc: SourceDocument) -> Columns:
    """srv1 has seconds, the others milliseconds; srv1 and srv2 escape words twice, srv3's include their blanks."""
    columns = Columns()
    tags = split_tags(doc.text.replace("</s>", ""))  # halves the tags, and a word ends where the next one begins
    texts: list[str] | None = None
    start = end = math.nan
    words: list[tuple[str, float]] = []
    offsets: dict[str, float] = {}  # by the attributes of s, which repeat
    for tag, attributes, text in zip(tags[1::3], tags[2::3], tags[3::3], strict=True):
        if texts is None:
            if tag in ("p", "text"):
                is_short = tag == "p" or " t=" in attributes
                unit, begin, length = (1000, "t", "d") if is_short else (1, "start", "dur")
                start = parse_seconds(attribute(attributes, begin)) / unit
                end = start + parse_seconds(attribute(attributes, length)) / unit
                texts, words = [text], []
        elif tag == "s":
            if attributes not in offsets:
                offsets[attributes] = parse_seconds(attribute(attributes, "t") or 0) / 1000
            words.append((unescape(text) if "&" in text else text, start + offsets[attributes]))
            texts.append(text)
        elif tag in ("/p", "/text"):
            caption = unescape("".join(texts))
            if tag == "/text":
                caption = strip_markup(caption)
            columns.add(caption, start, end, None, words if len(words) > 1 else ())
            texts = None
        elif text:
            texts.append(text)
    return unroll_captions(columns)


def _parse_milliseconds(value: Any) -> float:
    return parse_seconds(value) / 1000
