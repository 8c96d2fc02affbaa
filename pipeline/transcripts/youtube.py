"""YouTube's timed text: json3, and the XML of srv1 (text start dur) and srv3 (p t d, with s for each word).

Source: the answers of its timedtext endpoint, as the well-known download tools save them. Automatic captions come as
words with offsets, and with an event for each line feed, which says nothing and is left out.
"""

from __future__ import annotations

import math
from typing import Any

from pipeline.transcripts.clock import seconds
from pipeline.transcripts.columns import Columns
from pipeline.transcripts.document import Document
from pipeline.transcripts.markup import attribute, plain


def looks_like_json3(doc: Document) -> bool:
    events = doc.json.get("events") if isinstance(doc.json, dict) else None
    return isinstance(events, list) and any(isinstance(e, dict) and "tStartMs" in e for e in events[:50])


def parse_json3(doc: Document) -> Columns:
    columns = Columns()
    for event in doc.json["events"]:
        parts = event.get("segs") if isinstance(event, dict) else None
        if not isinstance(parts, list):
            continue
        start = _millis(event.get("tStartMs"))
        texts: list[str] = []
        words: list[tuple[str, float]] = []
        for part in parts:
            if isinstance(part, dict) and isinstance(part.get("utf8"), str):
                texts.append(part["utf8"])
                after = part.get("tOffsetMs", 0)
                words.append((part["utf8"], start + after / 1000 if type(after) is int else math.nan))
        text = "".join(texts)
        if text and not text.isspace():
            columns.add(text, start, start + _millis(event.get("dDurationMs")), None, words if len(words) > 1 else ())
    return columns


def looks_like_srv(doc: Document) -> bool:
    return doc.markup == "timedtext" or (doc.markup == "transcript" and "<text " in doc.start)


def parse_srv(doc: Document) -> Columns:
    """srv1 has seconds and escapes its words twice; srv3 has milliseconds, and its words hold their own blanks."""
    columns = Columns()
    tags = doc.tags
    texts: list[str] | None = None
    start = end = math.nan
    words: list[tuple[str, float]] = []
    once = doc.markup == "timedtext"
    for at in range(1, len(tags), 3):
        tag, attributes, text = tags[at], tags[at + 1], tags[at + 2]
        if tag in ("p", "text"):
            unit = 1000 if tag == "p" else 1
            start = seconds(attribute(attributes, "t" if tag == "p" else "start")) / unit
            end = start + seconds(attribute(attributes, "d" if tag == "p" else "dur")) / unit
            texts, words = [text], []
        elif texts is not None and tag == "s":
            after = seconds(attribute(attributes, "t") or 0) / 1000
            words.append((plain(text), start + after))
            texts.append(text)
        elif texts is not None and tag in ("/p", "/text"):
            joined = plain("".join(texts))
            columns.add(joined if once else _untagged(plain(joined)), start, end, None, words if len(words) > 1 else ())
            texts = None
        elif texts is not None:
            texts.append(text)
    return columns


def _untagged(text: str) -> str:
    for tag in ("<i>", "</i>", "<b>", "</b>", "<u>", "</u>"):
        text = text.replace(tag, "")
    return text


def _millis(value: Any) -> float:
    return seconds(value) / 1000
