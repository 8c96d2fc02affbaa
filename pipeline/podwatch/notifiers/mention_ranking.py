"""Decides which of an alert's mentions are shown first. Pure.

A sure mention comes before one that may be a sponsor's or only sounds alike; among equals the choice is spread over the
episode, because three sentences of one minute tell less than one each of its beginning, middle and end.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from podwatch.model import Kind, Mention

MENTIONS_PER_CARD = 3
MAX_MARKS = 10  # characters by which two sentences of the same words differ: stops and commas
_WORD, _PART = re.compile(r"\w+"), re.compile(r"\S+")


def best_mentions(mentions: Sequence[Mention], count: int = MENTIONS_PER_CARD) -> list[Mention]:
    """The ``count`` best, the best first: by rank, then far apart. Of one sentence, or of the same again, only one."""
    left, chosen = list(mentions), list[Mention]()
    while left and len(chosen) < count:
        top = min(map(_rank, left))
        equals = [m for m in left if _rank(m) == top]
        best = min(equals, key=lambda m: (-_distance(m, chosen), m.start))
        chosen.append(best)
        left = [m for m in left if m is not best and not _shows_same(m, best)]
    return chosen


def _shows_same(a: Mention, b: Mention) -> bool:
    """Whether their snippets are the same to a reader: equal words, or most of them from one place in the transcript.

    Without stops a snippet is what stands around its mention, so that those of neighbours are one shifted a little.
    """
    if a.snippet == b.snippet:
        return True
    if abs(len(a.snippet) - len(b.snippet)) <= MAX_MARKS and have_same_words(a.snippet, b.snippet):
        return True
    first, second = sorted((a, b), key=lambda m: m.start - m.snippet_start)
    shift = (second.start - second.snippet_start) - (first.start - first.snippet_start)
    overlap = min(len(first.snippet) - shift, len(second.snippet))
    if 2 * overlap <= min(len(a.snippet), len(b.snippet)):
        return False
    return first.snippet.startswith(second.snippet[:overlap], shift)


def have_same_words(a: str, b: str) -> bool:
    """Whether both have words, and the same ones, whatever their case and the stops between them.

    Read to the first that differs: a sentence may be a hundred thousand characters, and an alert have fifty of them.
    """
    any_word = False
    for one, other in zip_longest(_iterate_words(a), _iterate_words(b)):
        if one != other:
            return False
        any_word = True
    return any_word


def _iterate_words(text: str) -> Iterator[str]:
    for part in _PART.finditer(text):
        yield from _WORD.findall(part[0].casefold())


def _rank(m: Mention) -> tuple[bool, bool, float]:
    """Smaller is better; scores that differ by less than a tenth count as equal."""
    return m.label is not None, m.kind is Kind.SOUNDS_LIKE, -round(m.score, 1) if math.isfinite(m.score) else math.inf


def _distance(m: Mention, chosen: Sequence[Mention]) -> float:
    """Characters of the transcript to the nearest mention that is chosen already."""
    return min((abs(m.start - other.start) for other in chosen), default=0)
