"""From evidence to a score: how often such a spot is right.

trees.py for spots that only sound alike, and a short list of cases for names spelt right, where the only question is
whose name it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from podwatch.phonetics.boosted_trees import trees
from podwatch.phonetics.features import KIN, Company
from podwatch.phonetics.lexicon import EVERYDAY, GIVEN, SURNAME, Entry

COMMON = 13.0  # -log P of a word that is read as the everyday word it also is
POPULAR = 10.3  # -log P of a first name (James, Jordan) that is somebody else's, far more often
DEFAULT = 0.55  # the least score that is reported, where the watch does not say


def alike(features: Sequence[Sequence[float]]) -> list[float]:
    """The scores of spots that are not spelt as the name, by the numbers of evidence.FEATURES of each."""
    import numpy as np

    if not features:
        return []
    weight = np.clip(trees().sum(np.array(features)), -30, 30)
    scores: list[float] = (1 / (1 + np.exp(-weight))).tolist()
    return scores


def spelt(entries: Sequence[Entry], company: Company, *, conflict: float, role: bool, large: bool | None) -> float:
    """The score of a form spelt right; ``large``: a capital within a sentence, None where that says nothing."""
    known = company.whole or company.notes or role or company.kin >= KIN
    if len(entries) > 1:
        return 0.99
    entry = entries[0]
    if conflict >= 0.6 and not company.whole:
        return 0.2
    if conflict >= 1.0:
        return 0.4
    if entry.flags & EVERYDAY and entry.cost < COMMON:
        score = 0.85 if large else 0.3 if large is None else 0.1
        if known:
            score = 0.95 if large else 0.75 if large is None else 0.15
        return score
    if conflict >= 0.6:
        return 0.4
    if known:
        return 0.98
    if entry.flags & GIVEN and entry.cost < POPULAR:
        return 0.4
    return 0.8 if entry.flags & (SURNAME | GIVEN) else 0.95
