"""Decides which of an alert's mentions are shown first. Pure.

A sure mention comes before one that may be a sponsor's or only sounds alike; among equals the choice is spread over the
episode, because three sentences of one minute tell less than one each of its beginning, middle and end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from podwatch.model import Kind, Mention

MENTIONS_PER_CARD = 3


def best_mentions(mentions: Sequence[Mention], count: int = MENTIONS_PER_CARD) -> list[Mention]:
    """The ``count`` best, the best first: another sentence before the same again, then by rank, then far apart."""
    left, chosen = list(mentions), list[Mention]()
    while left and len(chosen) < count:
        shown = {m.snippet for m in chosen}
        top = min((m.snippet in shown, *_rank(m)) for m in left)
        equals = [m for m in left if (m.snippet in shown, *_rank(m)) == top]
        chosen.append(min(equals, key=lambda m: (-_distance(m, chosen), m.start)))
        left.remove(chosen[-1])
    return chosen


def _rank(m: Mention) -> tuple[bool, bool, float]:
    """Smaller is better; scores that differ by less than a tenth count as equal."""
    return m.label is not None, m.kind is Kind.SOUNDS_LIKE, -round(m.score, 1) if math.isfinite(m.score) else math.inf


def _distance(m: Mention, chosen: Sequence[Mention]) -> float:
    """Characters of the transcript to the nearest mention that is chosen already."""
    return min((abs(m.start - other.start) for other in chosen), default=0)
