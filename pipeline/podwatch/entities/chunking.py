"""Cuts a long text into chunks at the ends of sentences and segments: a model's memory grows with its input."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Sequence

MAX_CHARACTERS = 5000  # of a chunk: some 900 words, about 5 MB of the model's memory
_STOPS = ".?!"


def cut_chunks(text: str, offsets: Sequence[int] = array("I"), longest: int = MAX_CHARACTERS) -> list[tuple[int, int]]:
    """Half-open spans that cover the text in order, each of ``longest`` characters at most.

    offsets: where segments begin. A chunk ends, in the second half of what it may hold, after the last segment that
    ends a sentence, else after the last sentence, else segment, else word, else in the middle of a word.
    """
    chunks: list[tuple[int, int]] = []
    start = 0
    while len(text) - start > longest:
        end = _cut_at(text, offsets, start + longest // 2, start + longest)
        chunks.append((start, end))
        start = end
    if start < len(text):
        chunks.append((start, len(text)))
    return chunks


def _cut_at(text: str, offsets: Sequence[int], earliest: int, latest: int) -> int:
    """Where to cut within (earliest, latest]; the chunk before it keeps the blank at which it is cut."""
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
