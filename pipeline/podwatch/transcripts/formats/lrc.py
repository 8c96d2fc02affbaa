"""LRC, the timed lines of lyrics, which transcription tools write, too: [00:12.00]Words, one line each.

As players read it: tags of one line ([ti:Title], [offset:+500] in milliseconds), several stamps before a line that is
repeated, and stamps of words in angle brackets (<00:12.40>).
"""

from __future__ import annotations

import math
import re

from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.segment_columns import Columns
from podwatch.transcripts.formats.source_document import SourceDocument
from podwatch.transcripts.formats.timestamps import parse_clock

_STAMP = r"\d{1,3}:\d{2}(?:[.:]\d{1,3})?"
_LINE = lazy_pattern(rf"[ \t]*((?:\[{_STAMP}\])+)(.*)")
_STAMPS = lazy_pattern(rf"\[({_STAMP})\]")
_TAG = lazy_pattern(
    r"^\[(ti|ar|al|au|by|la|length|offset|re|ve|tool):[ \t]*([^\]\n]{0,300})\]", re.IGNORECASE | re.MULTILINE
)
_WORD = lazy_pattern(rf"<({_STAMP})>")
# [00:01:22](address) is a linked clock, and [00:01:22]words may be one of hours: only what has two parts counts here.
_TIGHT = lazy_pattern(r"^\[\d{1,3}:\d{2}(?:\.\d{1,3})?\](?:\[|[^\s\[(])", re.MULTILINE)
MIN_LINES = 2


def looks_like(doc: SourceDocument) -> bool:
    """Stamps with the words right behind them, or after a tag: other texts have a blank there, and speakers."""
    if not doc.head.startswith("["):
        return False
    tight = len(_TIGHT.findall(doc.head))
    has_sign = doc.name.endswith(".lrc") or _TAG.search(doc.head) is not None
    return tight >= MIN_LINES or (has_sign and len(_STAMPS.findall(doc.head)) > 0)


def parse(doc: SourceDocument) -> Columns:
    """The lines in the order of their times: one with several stamps is said several times."""
    tags = {name.lower(): value.strip() for name, value in _TAG.findall(doc.head)}
    shift = _milliseconds(tags.get("offset", "")) / 1000
    found: list[tuple[float, str]] = []
    loose: list[str] = []
    for line in doc.text.split("\n"):
        m = _LINE.match(line)
        if m is not None:
            found += [(_seconds(stamp) - shift, m[2]) for stamp in _STAMPS.findall(m[1])]
        elif line.strip() and not _TAG.match(line):
            loose.append(line)
    columns = Columns(title=tags.get("ti", ""), language=tags.get("la") or None)
    if loose:
        columns.add("\n".join(loose))
    found.sort(key=lambda row: row[0])
    for i, (start, body) in enumerate(found):
        end = found[i + 1][0] if i + 1 < len(found) else math.nan
        parts = _WORD.split(body)
        words = [(word, _seconds(stamp) - shift) for stamp, word in zip(parts[1::2], parts[2::2], strict=True)]
        columns.add("".join(parts[::2]), start, end, None, [w for w in words if w[0].strip()])
    return columns


def _seconds(stamp: str) -> float:
    minutes, _, rest = stamp.partition(":")
    return parse_clock(f"{minutes}:{rest.replace(':', '.')}")


def _milliseconds(text: str) -> float:
    return float(text) if re.fullmatch(r"[+-]?\d{1,8}", text) else 0.0
