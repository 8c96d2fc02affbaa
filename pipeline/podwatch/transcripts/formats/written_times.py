"""Times as people and editing programs write them in text: clocks, clocks with frames, 0h00m43s, 1 minute 5 seconds."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.timestamps import CLOCK_PATTERN, parse_clock

UNITS_HEAD = 30_000  # characters in which a document with such times has one
FRAME_RATE = 30.0  # text exports do not say theirs
CLOCK = rf"(?:\d{{1,4}}:\d{{1,2}}:\d{{1,2}}[:;]\d{{1,3}}(?![\d:])|{CLOCK_PATTERN})"
_COMPACT = r"\d{1,3}h[ ]?\d{1,2}m(?:in)?(?:[ ]?\d{1,2}(?:\.\d{1,6})?s)?|\d{1,3}m(?:in)?[ ]?\d{1,2}(?:\.\d{1,6})?s"
_SPOKEN = (
    r"\d{1,3}[ ]hours?(?:,?[ ](?:and[ ])?\d{1,3}[ ]minutes?)?(?:,?[ ](?:and[ ])?\d{1,2}[ ]seconds?)?"
    r"|\d{1,3}[ ]minutes?(?:,?[ ](?:and[ ])?\d{1,2}[ ]seconds?)?|\d{1,2}[ ]seconds?"
)
UNITS = rf"(?:{_COMPACT}|{_SPOKEN})(?!\w)"
_ANY_UNITS = lazy_pattern(r"\d(?:[hm](?:in)?[ ]?\d{1,2}(?:\.\d{1,6})?[ms]|[ ](?:hour|minute|second))")
# The same with all digits as 0, in bytes: what most texts are told to have none by, in a tenth of the time.
_ZEROS = bytes(ord("0") if 48 <= c <= 57 or 0x80 <= c <= 0xBF else c for c in range(256))
_SIGN_OF_UNITS = re.compile(rb"0(?:[hm](?:in)?[ ]?0|[ ](?:hour|minute|second))")
_FRAMES = lazy_pattern(r"(\d{1,4}:\d{1,2}:\d{1,2})[:;](\d{1,3})")
_PART = lazy_pattern(r"(\d{1,3}(?:\.\d{1,6})?)[ ]?([hms])")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0}


def may_hold_units(text: str) -> bool:
    """Whether a text can have times with units: most have none, and are read without looking for them.

    Digits of other scripts end with bytes that are taken for digits, and so do other letters (apart from the usual
    apostrophe): the bytes say only that there is none.
    """
    if _SIGN_OF_UNITS.search(text.replace("’", "'").encode("utf-8", "replace").translate(_ZEROS)) is None:
        return False
    return _ANY_UNITS.search(text) is not None


def find_units(lines: Sequence[str]) -> set[int]:
    """The numbers of the lines that may_hold_units, all looked through at once."""
    text = "\n".join(lines)
    found: set[int] = set()
    line = at = 0
    for m in _ANY_UNITS.finditer(text) if may_hold_units(text) else ():
        line, at = line + text.count("\n", at, m.start()), m.start()
        found.add(line)
    return found


def may_hold_clock(text: str, end: int | None = None) -> bool:
    """Whether a colon stands between two digits, all before ``end``."""
    at = text.find(":", 0, end)
    while at >= 0:
        if text[at - 1 : at].isdecimal() and text[at + 1 : at + 2].isdecimal():
            return end is None or at + 1 < end
        at = text.find(":", at + 1, end)
    return False


def parse_written(text: str) -> float:
    """The seconds of a time that CLOCK or UNITS found; nan for anything else."""
    if (seconds := parse_clock(text)) == seconds:
        return seconds
    if (framed := _FRAMES.fullmatch(text)) is not None:
        return parse_clock(framed[1]) + int(framed[2]) / FRAME_RATE
    parts = _PART.findall(text)
    return sum(float(number) * _SECONDS[unit] for number, unit in parts) if parts else math.nan
