"""Times as people and editing programs write them in text: clocks, clocks with frames, 0h00m43s, 1 minute 5 seconds."""

from __future__ import annotations

import math

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
_FRAMES = lazy_pattern(r"(\d{1,4}:\d{1,2}:\d{1,2})[:;](\d{1,3})")
_PART = lazy_pattern(r"(\d{1,3}(?:\.\d{1,6})?)[ ]?([hms])")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0}


def may_hold_units(text: str) -> bool:
    """Whether a text can have times with units: most have none, and are read without looking for them."""
    return _ANY_UNITS.search(text, 0, UNITS_HEAD) is not None


def parse_written(text: str) -> float:
    """The seconds of a time that CLOCK or UNITS found; nan for anything else."""
    if (seconds := parse_clock(text)) == seconds:
        return seconds
    if (framed := _FRAMES.fullmatch(text)) is not None:
        return parse_clock(framed[1]) + int(framed[2]) / FRAME_RATE
    parts = _PART.findall(text)
    return sum(float(number) * _SECONDS[unit] for number, unit in parts) if parts else math.nan
