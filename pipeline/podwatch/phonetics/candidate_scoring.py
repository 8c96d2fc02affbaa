"""From evidence to a score: how often such a spot is right.

trees.py for spots that only sound alike, and a short list of cases for names spelt right, where the only question is
whose name it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from podwatch.phonetics.boosted_trees import load_trees
from podwatch.phonetics.features import LIST_PRESENT, EpisodeContext
from podwatch.phonetics.lexicon import EVERYDAY, GIVEN, SURNAME, Entry

EVERYDAY_COST = 13.0  # -log P of a word that is read as the everyday word it also is
POPULAR_COST = 10.3  # -log P of a first name (James, Jordan) that is somebody else's, far more often
DEFAULT_THRESHOLD = 0.55  # the least score that is reported, where the watch does not say


def score_similar(features: Sequence[Sequence[float]]) -> list[float]:
    """The scores of spots that are not spelt as the name, by the numbers of evidence.FEATURES of each."""
    import numpy as np

    if not features:
        return []
    weight = np.clip(load_trees().log_odds(np.array(features)), -30, 30)
    scores: list[float] = (1 / (1 + np.exp(-weight))).tolist()
    return scores


def score_exact(
    entries: Sequence[Entry], company: EpisodeContext, *, conflict: float, role: bool, is_capitalised: bool | None
) -> float:
    """The score of a form spelt right; ``large``: a capital within a sentence, None where that says nothing."""
    known = company.has_full_name or company.is_in_notes or role or company.list_presence >= LIST_PRESENT
    if len(entries) > 1:
        return 0.99
    entry = entries[0]
    if conflict >= 0.6 and not company.has_full_name:
        return 0.2
    if conflict >= 1.0:
        return 0.4
    if entry.flags & EVERYDAY and entry.cost < EVERYDAY_COST:
        score = 0.85 if is_capitalised else 0.3 if is_capitalised is None else 0.1
        if known:
            score = 0.95 if is_capitalised else 0.75 if is_capitalised is None else 0.15
        return score
    if conflict >= 0.6:
        return 0.4
    if known:
        return 0.98
    if entry.flags & GIVEN and entry.cost < POPULAR_COST:
        return 0.4
    return 0.8 if entry.flags & (SURNAME | GIVEN) else 0.95
