"""Cuts a long text where a sentence and a segment end: a model's memory grows with what it gets at once."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

LONGEST = 5000  # characters of a piece: some 900 words, about 5 MB of the model's memory
_STOPS = ".?!"


class Span(NamedTuple):
    """A named span as the model has it: half-open, in characters of the transcript, and the model's own label."""

    start: int
    end: int
    label: str


def cut_chunks(text: str, offsets: Sequence[int] = array("I"), longest: int = LONGEST) -> list[tuple[int, int]]:
    """Half-open spans that cover the text in order, each of ``longest`` characters at most.

    offsets: where segments begin. A piece ends, in the second half of what it may hold, after the last segment that
    ends a sentence, else after the last sentence, else segment, else word, else in the middle of what has no blank.
    """
    found: list[tuple[int, int]] = []
    start = 0
    while len(text) - start > longest:
        end = _end(text, offsets, start + longest // 2, start + longest)
        found.append((start, end))
        start = end
    if start < len(text):
        found.append((start, len(text)))
    return found


def _end(text: str, offsets: Sequence[int], earliest: int, latest: int) -> int:
    """Where to cut within (earliest, latest]; the piece before it keeps the blank at which it is cut."""
    first = last = bisect_right(offsets, latest)
    while first and offsets[first - 1] > earliest:
        first -= 1
    for i in range(last - 1, first - 1, -1):
        if text[offsets[i] - 2] in _STOPS:
            return offsets[i]
    sentence = max(text.rfind(f"{stop} ", earliest, latest) for stop in _STOPS)
    if sentence >= 0:
        return sentence + 2
    if last > first:
        return offsets[last - 1]
    blank = text.rfind(" ", earliest, latest)
    return blank + 1 if blank >= 0 else latest
