"""Parses times as transcripts write them (1:02:03.5, 02:03,500, 3.5s, 3500ms, 12) to seconds; nan for anything else."""

from __future__ import annotations

import math
import re

CLOCK_PATTERN = r"(?:\d{1,4}:)?\d{1,3}:\d{1,2}(?:[.,]\d{1,9})?"
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,9}))?")
_FRAMES = re.compile(r"(\d{1,4}):(\d{1,3}):(\d{1,2}):(\d{1,3})")
_UNIT = re.compile(r"(-?\d{1,12}(?:\.\d{1,12})?)(ms|s|m|h|f|t)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


def parse_clock(text: str) -> float:
    """The seconds of hh:mm:ss.fff or mm:ss, with point or comma; nan otherwise."""
    m = _CLOCK.fullmatch(text)
    if m is None:
        return math.nan
    hours, minutes, seconds, fraction = m.groups()
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + float(f"0.{fraction}") if fraction else float(whole)


def parse_seconds(value: object) -> float:
    """The seconds of a number, a clock or a quantity like 1.5s (JSON and TTML hold any of them)."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value) if abs(value) < 1e12 else math.nan
    if not isinstance(value, str):
        return math.nan
    try:
        return float(value[:-1] if value[-1:] == "s" else value)
    except ValueError:
        return parse_time_expression(value)


def parse_time_expression(text: str, *, frame_rate: float = 30.0, tick_rate: float = 1.0) -> float:
    """The seconds of a time expression of TTML2 (W3C, 12.3.1): clock, clock with frames, or a number with a unit."""
    text = text.strip()
    m = _UNIT.fullmatch(text)
    if m is not None:
        number, unit = float(m[1]), m[2]
        if unit == "f":
            return number / frame_rate
        return number / tick_rate if unit == "t" else number * _SECONDS[unit]
    framed = _FRAMES.fullmatch(text)
    if framed is not None:
        h, minutes, s, f = map(int, framed.groups())
        return h * 3600 + minutes * 60 + s + f / frame_rate
    return parse_clock(text)


class MinutesCache(dict[str, float]):
    """The seconds of a clock's hours and minutes, computed once: "01:02:" is 3720."""

    def __missing__(self, prefix: str) -> float:
        seconds = self[prefix] = parse_clock(f"{prefix}00")
        return seconds


class ClockReader:
    """parse_clock for the many clocks of one file, up to twice as fast: hours and minutes are parsed once."""

    def __init__(self) -> None:
        self.minutes = MinutesCache()

    def __call__(self, text: str) -> float:
        try:
            if text[-4] in ".,":  # two digits of seconds and three of fraction, as nearly every file writes them
                return self.minutes[text[:-6]] + int(text[-6:-4]) + int(text[-3:]) / 1000
        except (IndexError, ValueError):
            pass
        return parse_clock(text)
