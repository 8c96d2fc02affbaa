"""From evidence to a score: how often such a spot is right.

A logistic regression over evidence.FEATURES for spots that only sound alike, learned and calibrated by
``python -m benchmarks.sounds_like.learn`` (data/score.json), and a short list of cases for names spelt right, where
the only question is whose name it is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources

from pipeline.sounds.evidence import FEATURES, Company
from pipeline.sounds.lexicon import EVERYDAY, GIVEN, SURNAME, Entry

COMMON = 13.0  # -log P of a word that is read as the everyday word it also is
DEFAULT = 0.7  # the least score that is reported, where the watch does not say


@lru_cache(maxsize=1)
def weights() -> tuple[float, ...]:
    """The weight of each feature."""
    data = json.loads((resources.files(__package__) / "data" / "score.json").read_text("utf-8"))
    return tuple(float(data["weights"].get(name, 0.0)) for name in FEATURES)


def alike(features: Sequence[float]) -> float:
    """The score of a spot that is not spelt as the name."""
    sum_ = sum(w * x for w, x in zip(weights(), features, strict=True))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, sum_))))


def spelt(entries: Sequence[Entry], company: Company, *, conflict: float, role: bool, large: bool | None) -> float:
    """The score of a form spelt right; ``large``: a capital within a sentence, None where that says nothing."""
    known = company.whole or company.notes or role
    if len(entries) > 1:
        return 0.99
    entry = entries[0]
    if conflict >= 0.6 and not company.whole:
        return 0.2
    if entry.flags & EVERYDAY and entry.cost < COMMON:
        score = 0.85 if large else 0.3 if large is None else 0.1
        if known:
            score = 0.95 if large else 0.75 if large is None else 0.15
        return score
    if conflict >= 0.6:
        return 0.5
    if known:
        return 0.98
    if entry.flags & GIVEN and entry.cost < 13:  # somebody's first name, far more often
        return 0.5
    return 0.8 if entry.flags & (SURNAME | GIVEN) else 0.95
