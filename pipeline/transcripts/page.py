"""A transcript page as saved from a transcript site: a title, ``Episode Date:``, then timed blocks.

Each block is ``Starting point is HH:MM:SS`` and its words, up to the next one or to the line that asks for comments.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from pipeline.model import Segment

_BLOCK = re.compile(r"^[ \t]*Starting point is (\d{1,3}):(\d{2}):(\d{2})[ \t]*", re.MULTILINE)
_CLOSING = re.compile(r"^[ \t]*There aren't comments yet for this episode\.[^\n]*\s*\Z", re.MULTILINE)
_DATE = re.compile(r"^Episode Date:[ \t]*([A-Z][a-z]+ \d{1,2}, \d{4})", re.MULTILINE)


def looks_like(start: str) -> bool:
    return _BLOCK.search(start) is not None


def parse(text: str) -> list[Segment]:
    """One segment a block; a block ends where the next begins, the last one nobody knows when (nan)."""
    text = _CLOSING.sub("", text.replace("\r\n", "\n"))
    blocks = list(_BLOCK.finditer(text))
    segments = []
    for i, block in enumerate(blocks):
        following = blocks[i + 1] if i + 1 < len(blocks) else None
        words = text[block.end() : following.start() if following else len(text)]
        segments.append(Segment(_seconds(block), _seconds(following) if following else math.nan, words.strip()))
    return segments


def facts(text: str) -> tuple[str, datetime | None]:
    """(title, date) of the page's first lines; the title is "" when the first line is a block already."""
    first = text.lstrip("\ufeff \r\n").partition("\n")[0].strip()
    title = "" if _BLOCK.match(first) else first
    date = _DATE.search(text[:4096])
    if date is None:
        return title, None
    try:
        return title, datetime.strptime(date.group(1), "%B %d, %Y").replace(tzinfo=UTC)
    except ValueError:
        return title, None


def _seconds(block: re.Match[str]) -> float:
    return int(block.group(1)) * 3600.0 + int(block.group(2)) * 60 + int(block.group(3))
