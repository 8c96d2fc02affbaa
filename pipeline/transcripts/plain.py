"""Plain text: paragraphs without times. Better than nothing: the words are found, only the second is not."""

from __future__ import annotations

import math
import re

from pipeline.model import Segment


def looks_like(start: str) -> bool:
    return False  # anything might be plain text: only the declared type says so


def parse(text: str) -> list[Segment]:
    """One segment a paragraph, without times."""
    paragraphs = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n"))
    return [Segment(math.nan, math.nan, p.strip()) for p in paragraphs if p.strip()]
