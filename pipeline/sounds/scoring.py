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

from pipeline.sounds.evidence import KIN, OF_EPISODE, OF_SPOT, Company
from pipeline.sounds.lexicon import EVERYDAY, GIVEN, SURNAME, Entry

COMMON = 13.0  # -log P of a word that is read as the everyday word it also is
POPULAR = 10.3  # -log P of a first name (James, Jordan) that is somebody else's, far more often
DEFAULT = 0.67  # the least score that is reported, where the watch does not say


@lru_cache(maxsize=1)
def weights() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The weight of each feature of a spot, and of each of its episode."""
    data = json.loads((resources.files(__package__) / "data" / "score.json").read_text("utf-8"))["weights"]
    return tuple(float(data[n]) for n in OF_SPOT), tuple(float(data[n]) for n in OF_EPISODE)


def of_spot(features: Sequence[float]) -> float:
    """What the evidence of a spot itself comes to, in nats for over against."""
    return sum(w * x for w, x in zip(weights()[0], features, strict=True))


def of_episode(features: Sequence[float]) -> float:
    """What the rest of the episode adds to it."""
    return sum(w * x for w, x in zip(weights()[1], features, strict=True))


def alike(weight: float) -> float:
    """The score of a spot that is not spelt as the name."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, weight))))


def spelt(entries: Sequence[Entry], company: Company, *, conflict: float, role: bool, large: bool | None) -> float:
    """The score of a form spelt right; ``large``: a capital within a sentence, None where that says nothing."""
    known = company.whole or company.notes or role or company.kin >= KIN
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
    if entry.flags & GIVEN and entry.cost < POPULAR:
        return 0.5
    return 0.8 if entry.flags & (SURNAME | GIVEN) else 0.95
