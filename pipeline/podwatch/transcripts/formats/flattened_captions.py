"""Rolling captions saved as text: each line repeats the end of the one before, and is said once.

A text is treated so only where most neighbouring lines do it, since people do repeat themselves.
"""

from __future__ import annotations

from itertools import pairwise

from podwatch.lazy_patterns import lazy_pattern
from podwatch.transcripts.formats.segment_columns import Columns

SAMPLE_LINES = 120
MIN_PAIRS, MIN_SHARE = 3, 0.6  # of neighbouring lines that repeat each other
MIN_WORDS = 2  # that two lines share, unless they are a whole line
MAX_WORDS = 40  # of a line
_WORD = lazy_pattern(r"\S+")


def remove_overlaps(columns: Columns) -> None:
    """Takes from each text the words that it begins with and the one before it ended with."""
    texts = columns.texts
    if len(texts) <= MIN_PAIRS:
        return
    repeats, pairs = count_repeats(texts[:SAMPLE_LINES])
    if repeats < MIN_PAIRS or repeats < MIN_SHARE * pairs:
        return
    before: list[str] = []
    for i, text in enumerate(texts):
        words = _words(text)
        if before and words and (shared := count_shared(before, words)):
            found = list(_WORD.finditer(text))
            texts[i] = text[found[shared].start() :] if shared < len(found) else ""
        before = words or before
    columns.notes.append(f"{repeats} of {pairs} lines repeat the end of the line before: what they repeat is said once")


def count_repeats(sample: list[str]) -> tuple[int, int]:
    """(neighbouring lines that repeat each other, neighbouring lines); (0, 0) as soon as they are too few."""
    repeats = pairs = 0
    left = len(sample) - 1
    for before, words in pairwise(map(_words, sample)):
        left -= 1
        if before and words and before != words:
            pairs += 1
            repeats += count_shared(before, words) > 0
            if repeats + left < MIN_SHARE * (pairs + left):
                return 0, 0
    return repeats, pairs


def count_shared(before: list[str], words: list[str]) -> int:
    """How many words end one line and begin the next."""
    if words[0] not in before:
        return 0
    for n in range(min(len(before), len(words)), 0, -1):
        if before[-n:] == words[:n] and (n >= MIN_WORDS or n == len(before)):
            return n
    return 0


def _words(text: str) -> list[str]:
    words = text.split(None, MAX_WORDS)
    return list(map(str.lower, words)) if len(words) <= MAX_WORDS else []
