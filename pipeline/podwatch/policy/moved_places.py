"""Decides where a place of a transcript is in the text that has replaced it. Pure.

A publisher corrects some sentences, or adds some, and what was found out of a place by its sound holds on.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

CONTEXT = 60  # characters on either side that are compared
MIN_ALIKE = 0.6  # share of them that has to be the same
_MOST_TRIED = 200  # of the places with the same words


def find_moved_place(old: str, start: int, end: int, new: str) -> tuple[int, int] | None:
    """The characters of ``new`` that are those of ``old`` from ``start`` to ``end``: the same words, in like sentences.

    Of several that are as alike the one that is nearest; None where there is none.
    """
    surface = old[start:end]
    if not surface.strip():
        return None
    around = old[max(0, start - CONTEXT) : start], old[end : end + CONTEXT]
    best: tuple[float, int, int] | None = None
    found = re.finditer(rf"(?<!\w){re.escape(surface)}(?!\w)", new)
    for place, _ in zip(found, range(_MOST_TRIED), strict=False):
        first, last = place.span()
        beside = new[max(0, first - CONTEXT) : first], new[last : last + CONTEXT]
        score = (max(map(_share_alike, around, beside)), -abs(first - start), first)
        if score[0] >= MIN_ALIKE and (best is None or score > best):
            best = score
    return None if best is None else (best[2], best[2] + len(surface))


def _share_alike(old: str, new: str) -> float:
    """How much of two texts is the same; 1 of two that are empty: the transcript begins or ends there."""
    return SequenceMatcher(None, old, new, autojunk=False).ratio()
