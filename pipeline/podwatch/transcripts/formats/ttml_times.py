"""The times of TTML: its clocks with frames and ticks, and what a time on body, div, p and span counts from.

Source: W3C TTML2 (8.3 timing, 12.3.1 time expressions, appendix H: the time of a SMPTE code). A time counts from the
begin of the element around it, or in a sequence (timeContainer="seq") from the end of the one before. Many tools write
times from the start of the media at every level, Apple among them; which of the two a document does shows in where the
times of inner elements lie.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.markup import attribute
from podwatch.transcripts.formats.timestamps import ClockReader, FrameRate, parse_time_expression

_PARAMETER = lazy_pattern(
    r"""\b(frameRate|tickRate|frameRateMultiplier|subFrameRate|timeBase|dropMode)\s*=\s*["']([\w :]{1,24})["']"""
)
CONTAINERS = frozenset(("body", "div"))
NEAR = 0.05  # seconds: times that are rounded differently


class TtmlClock:
    """The seconds of a document's time expressions."""

    def __init__(self, head: str) -> None:
        found = dict(_PARAMETER.findall(head))
        rate = _number(found.get("frameRate")) or 30.0
        above, below = [*_numbers(found.get("frameRateMultiplier", "")), 1.0, 1.0][:2]
        self.frames = FrameRate(
            rate,
            multiplier=above / below if above and below else 1.0,
            is_smpte=found.get("timeBase") == "smpte",
            is_drop=found.get("dropMode") == "dropNTSC",
        )
        frame_ticks = rate * (_number(found.get("subFrameRate")) or 1.0) if "frameRate" in found else 1.0
        self.ticks = _number(found.get("tickRate")) or frame_ticks
        self._clocks = ClockReader()

    def parse(self, text: str) -> float:
        if ":" in text:
            seconds = math.nan if self.frames.is_smpte else self._clocks(text)
            return (
                seconds
                if seconds == seconds
                else parse_time_expression(text, frame_rate=self.frames, tick_rate=self.ticks)
            )
        try:
            return float(text)
        except ValueError:
            return parse_time_expression(text, frame_rate=self.frames, tick_rate=self.ticks)

    def read(self, attributes: str, name: str) -> float:
        return self.parse(attribute(attributes, name)) if name in attributes else math.nan


def _numbers(text: str) -> list[float]:
    return [float(n) for n in re.findall(r"\d{1,9}", text)]


def _number(text: str | None) -> float:
    return next(iter(_numbers(text or "")), 0.0)


@dataclass(slots=True)
class Interval:
    """Where an element's times count from, and where it ends. cursor: where the next child of a sequence begins."""

    start: float
    end: float = math.nan
    is_sequence: bool = False
    cursor: float = 0.0


class Timeline:
    """The begin and end of elements inside the open body and divs."""

    def __init__(self, clock: TtmlClock, text: str, tags: list[str]) -> None:
        self._clock = clock
        self.is_plain = not _has_container_times(text)
        self._is_relative = self.is_plain or counts_from_parent(self._pairs(tags))
        self._open = [Interval(0.0)]

    def open(self, attributes: str) -> None:
        """Begins a body or a div."""
        start, end = self.place(attributes)
        is_sequence = attribute(attributes, "timeContainer") == "seq"
        self._open.append(Interval(start if start == start else self._open[-1].start, end, is_sequence, start))

    def close(self) -> None:
        if len(self._open) > 1:
            self._open.pop()

    def place(self, attributes: str) -> tuple[float, float]:
        """(begin, end) of an element in the innermost open one, which begins with that unless it says otherwise."""
        clock = self._clock
        begin, end = clock.parse(attribute(attributes, "begin")), clock.parse(attribute(attributes, "end"))
        if self.is_plain:
            return begin, end if end == end or "dur" not in attributes else begin + clock.read(attributes, "dur")
        length = self._clock.read(attributes, "dur") if "dur" in attributes else math.nan
        around = self._open[-1]
        within = around.cursor if around.is_sequence else around.start
        base = within if around.is_sequence or self._is_relative else 0.0
        end = base + end
        if begin == begin:
            begin += base
        else:  # without a time of its own it takes that of what is around it
            begin = within
            end = end if end == end or length == length or around.is_sequence else around.end
        if end != end:
            end = begin + length
        if around.is_sequence and end == end:
            around.cursor = end
        return begin, end

    def _pairs(self, tags: list[str]) -> Iterator[tuple[float, float, float]]:
        """(begin of a body or div, its end, begin of a div or p within)."""
        stack = [(0.0, math.nan)]
        for tag, attributes in zip(tags[1::3], tags[2::3], strict=True):
            name = tag.rpartition(":")[2].lstrip("/")
            if name not in CONTAINERS and name != "p":
                continue
            if tag[0] == "/":
                if name in CONTAINERS and len(stack) > 1:
                    stack.pop()
                continue
            begin = self._clock.read(attributes, "begin")
            if begin == begin:
                yield (*stack[-1], begin)
            if name in CONTAINERS and not attributes.endswith("/"):
                stack.append((begin, self._clock.read(attributes, "end")) if begin == begin else stack[-1])


def _has_container_times(text: str) -> bool:
    """Whether a body or a div has a time, or makes a sequence; found without looking at every tag."""
    for name in CONTAINERS:
        at = text.find(name)
        while at >= 0:
            end = text.find(">", at)
            if text[at - 1 : at] in ("<", ":") and ("begin" in text[at:end] or "timeContainer" in text[at:end]):
                return True
            at = text.find(name, at + 1)
    return False


def counts_from_parent(pairs: Iterable[tuple[float, float, float]]) -> bool:
    """Whether the begins of inner elements count from those around them: (outer begin, outer end, inner begin)."""
    relative = absolute = 0
    for start, end, inner in pairs:
        if not start > NEAR:
            continue
        if inner < start - NEAR:
            relative += 1
        elif inner > end - start + NEAR or abs(inner - start) < NEAR / 10:
            absolute += 1  # it would lie behind the end of what it is in; or both have the same time
    return relative >= absolute
