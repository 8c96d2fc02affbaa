"""Finds the seconds of audio in which a place of a transcript is said, with the words that are said around it.

A transcript that podwatch made of the same audio has the time of each word. One that was published has times of
segments, of a recording that often had other advertisements in it: there what is said around that time is recognised,
and the place looked for by the words beside it. Where they are not said, the audio does not fit the transcript.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from podwatch.model import Doubt, RecognisedWord, Transcript
from podwatch.speech.forced_decoding import Place
from podwatch.speech.recognisers import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BEFORE_SECONDS, AFTER_SECONDS = 2.0, 1.5  # of the window around a place: more of what is written there misleads
EDGES = (0.1, 0.2)  # seconds before the first and after the last word
CONTEXT_WORDS = 8  # on either side by which a place is looked for
MIN_ALIKE = 0.6  # share of them that has to be said on both sides ...
ALIKE_ALONE, FEWEST_ALONE = 0.85, 6  # ... or on one, of so many, where an advertisement begins or ends beside the place
MOST_EXTRA_WORDS = 3  # that a place may have more, or fewer, where it is heard again
_WORD = re.compile(r"\S+")
_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class AudioPlace:
    """A place, and its window in seconds from the start of the audio."""

    start: float
    end: float
    place: Place


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word of a transcript: characters from offset on. start, end: seconds."""

    offset: int
    text: str
    start: float
    end: float


def place_by_words(transcript: Transcript, doubt: Doubt) -> AudioPlace | None:
    """The window by the transcript's own times of words; None where it has none there."""
    words = _timed_words(transcript, doubt)
    if not words:
        return None
    first = max(0, _index_at(words, doubt.start))
    last = max(first, _index_at(words, doubt.end - 1))
    return _window(words, first, last, doubt.surface)


def place_by_recognition(
    heard: Sequence[RecognisedWord], transcript: Transcript, doubt: Doubt, shift: float = 0.0
) -> AudioPlace | None:
    """The window by what a recogniser heard around a place: where the words beside it are said; None when nowhere.

    shift: seconds to add to the times of ``heard``.
    """
    before = _folded(_WORD.findall(transcript.text[max(0, doubt.start - 120) : doubt.start]))[-CONTEXT_WORDS:]
    after = _folded(_WORD.findall(transcript.text[doubt.end : doubt.end + 120]))[:CONTEXT_WORDS]
    count = max(1, len(doubt.surface.split()))
    said = _folded([w.text for w in heard])
    best: tuple[float, int, int] | None = None
    for first in range(len(said) + 1):
        alike = _alike(said[max(0, first - len(before)) : first], before)
        for length in range(max(0, count - MOST_EXTRA_WORDS), count + MOST_EXTRA_WORDS + 1):
            behind = _alike(said[first + length : first + length + len(after)], after)
            score = alike + behind - 0.01 * abs(length - count)
            is_there = min(alike, behind) >= MIN_ALIKE or any(
                share >= ALIKE_ALONE and len(words) >= FEWEST_ALONE
                for share, words in ((alike, before), (behind, after))
            )
            if is_there and length and (best is None or score > best[0]):
                best = (score, first, first + length - 1)
    if best is None or best[2] >= len(heard) or not (before or after):
        return None
    words = [TimedWord(i, w.text.strip(), w.start + shift, w.end + shift) for i, w in enumerate(heard)]
    return _window(words, best[1], best[2], doubt.surface)


def read_windows(
    blocks: Iterable[NDArray[np.float32]], spans: Sequence[tuple[float, float]]
) -> Mapping[tuple[float, float], NDArray[np.float32]]:
    """The samples of some spans (seconds) of audio that is read once; shorter where it ends before them."""
    import numpy as np

    wanted = {span: (int(max(0.0, span[0]) * SAMPLE_RATE), int(span[1] * SAMPLE_RATE)) for span in spans}
    parts: dict[tuple[float, float], list[NDArray[np.float32]]] = {span: [] for span in spans}
    last = max((end for _, end in wanted.values()), default=0)
    at = 0
    for block in blocks:
        for span, (first, end) in wanted.items():
            if first < at + len(block) and at < end:
                parts[span].append(block[max(0, first - at) : end - at].copy())
        at += len(block)
        if at >= last:
            break
    return {span: np.concatenate(p) if p else np.empty(0, np.float32) for span, p in parts.items()}


def _window(words: Sequence[TimedWord], first: int, last: int, surface: str) -> AudioPlace:
    low, high = first, last
    while low > 0 and words[first].start - words[low - 1].start < BEFORE_SECONDS:
        low -= 1
    while high + 1 < len(words) and words[high + 1].end - words[last].end < AFTER_SECONDS:
        high += 1
    before = " ".join(w.text for w in words[low:first])
    after = " ".join(w.text for w in words[last + 1 : high + 1])
    start, end = max(0.0, words[low].start - EDGES[0]), words[high].end + EDGES[1]
    return AudioPlace(start, end, Place(before, surface, after))


def _timed_words(transcript: Transcript, doubt: Doubt) -> list[TimedWord]:
    """The words around a doubt with the transcript's own times; a word ends where the next one begins."""
    if transcript.words is None:
        return []
    offsets, starts = transcript.words.columns
    low = max(0, bisect_right(offsets, doubt.start) - 40)
    high = min(len(offsets), bisect_right(offsets, doubt.end) + 40)
    words = []
    for i in range(low, high):
        end_of_text = offsets[i + 1] if i + 1 < len(offsets) else len(transcript.text)
        text = transcript.text[offsets[i] : end_of_text].strip()
        end = starts[i + 1] if i + 1 < len(starts) else starts[i] + 0.5
        if not math.isnan(starts[i]):
            words.append(TimedWord(offsets[i], text, starts[i], min(end, starts[i] + 1.5)))
    return words


def _index_at(words: Sequence[TimedWord], offset: int) -> int:
    return bisect_right(words, offset, key=lambda w: w.offset) - 1


def _folded(words: Sequence[str]) -> list[str]:
    return [_LETTERS.sub("", w).casefold() for w in words]


def _alike(said: Sequence[str], written: Sequence[str]) -> float:
    """The share of the written words that are said, in order; 1 where there are none: the text begins or ends there."""
    if not written:
        return 1.0
    blocks = SequenceMatcher(None, said, written, autojunk=False).get_matching_blocks()
    return sum(b.size for b in blocks) / len(written)
