"""Parses times as transcripts write them (1:02:03.5, 02:03,500, 3.5s, 3500ms, 12) to seconds; nan for anything else."""

from __future__ import annotations

import math
from dataclasses import dataclass

from podwatch.lazy_patterns import lazy_pattern

CLOCK_PATTERN = r"(?:\d{1,4}:)?\d{1,3}:\d{1,2}(?:[.,]\d{1,9})?"
_CLOCK = lazy_pattern(r"(?:(\d{1,4}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,9}))?")
_FRAMES = lazy_pattern(r"(\d{1,4}):(\d{1,3}):(\d{1,2})([:;])(\d{1,3}(?:\.\d{1,3})?)")
_UNIT = lazy_pattern(r"(-?\d{1,12}(?:\.\d{1,12})?)(ms|s|m|h|f|t)?")
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


@dataclass(frozen=True, slots=True)
class FrameRate:
    """How the frames of a time code pass.

    nominal: frames that a second of the code counts. multiplier: that pass in a second, of these: 1000/1001 in NTSC.
    is_smpte: the whole code counts frames (its seconds are as long as their frames), not its last field alone. is_drop:
    the code leaves out numbers of frames, to keep to the clock; a code with a semicolon does anyhow.
    """

    nominal: float = 30.0
    multiplier: float = 1.0
    is_smpte: bool = False
    is_drop: bool = False

    def seconds(self, hours: int, minutes: int, seconds: int, frames: float, *, is_drop: bool = False) -> float:
        """The seconds of a time code (SMPTE 12M). Of 30 frames a second two numbers are dropped in each minute that is
        no multiple of ten."""
        whole = hours * 3600 + minutes * 60 + seconds
        is_drop = is_drop or self.is_drop
        if not (is_drop or self.is_smpte):
            return whole + frames / (self.nominal * self.multiplier)
        counted = whole * self.nominal + frames
        multiplier = self.multiplier
        if is_drop and self.nominal % 30 == 0:
            counted -= (hours * 54 + minutes - minutes // 10) * 2 * (self.nominal / 30)
            multiplier = 1000 / 1001
        return counted / (self.nominal * multiplier)


DEFAULT_RATE = FrameRate()


def parse_frames(text: str, rate: FrameRate = DEFAULT_RATE) -> float:
    """The seconds of hh:mm:ss:ff, or of hh:mm:ss;ff with dropped frames; nan otherwise."""
    m = _FRAMES.fullmatch(text)
    if m is None:
        return math.nan
    return rate.seconds(int(m[1]), int(m[2]), int(m[3]), float(m[5]), is_drop=m[4] == ";")


def parse_time_expression(text: str, *, frame_rate: FrameRate = DEFAULT_RATE, tick_rate: float = 1.0) -> float:
    """The seconds of a time expression of TTML2 (W3C, 12.3.1): clock, clock with frames, or a number with a unit."""
    text = text.strip()
    m = _UNIT.fullmatch(text)
    if m is not None:
        number, unit = float(m[1]), m[2]
        if unit == "f":
            return number / (frame_rate.nominal * frame_rate.multiplier)
        return number / tick_rate if unit == "t" else number * _SECONDS[unit]
    framed = parse_frames(text, frame_rate)
    return framed if framed == framed else parse_clock(text)


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
