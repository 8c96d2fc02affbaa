"""The diarisation error rate, as the field counts it.

Seconds that were missed, that nobody speaks, and that are another speaker's, as a share of all seconds of talk; who is
who is decided as suits best. A quarter of a second on both sides of a turn's ends counts for nothing (the collar):
nobody can say more exactly when a word begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.listen.dialogues import Turn

STEP = 0.01  # seconds that are counted at once
COLLAR = 0.25
Frames = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Errors:
    """Seconds. talk: of all speakers, so that two at once count twice."""

    missed: float = 0.0
    invented: float = 0.0
    confused: float = 0.0
    talk: float = 0.0

    def __add__(self, other: Errors) -> Errors:
        return Errors(
            self.missed + other.missed,
            self.invented + other.invented,
            self.confused + other.confused,
            self.talk + other.talk,
        )

    @property
    def rate(self) -> float:
        return (self.missed + self.invented + self.confused) / self.talk if self.talk else 0.0


def diarisation_errors(reference: Sequence[Turn], found: Sequence[Turn], collar: float = COLLAR) -> Errors:
    """Of one file."""
    length = round(max((t.end for t in (*reference, *found)), default=0.0) / STEP) + 1
    said, heard = _frames(reference, length), _frames(found, length)
    counted = np.ones(length, bool)
    for at in (e for t in reference for e in (t.start, t.end)):
        counted[max(0, round((at - collar) / STEP)) : round((at + collar) / STEP)] = False
    said, heard = said[:, counted], heard[:, counted]
    speaking, claimed = said.sum(0), heard.sum(0)
    right = best_match(said.astype(float) @ heard.T.astype(float))
    return Errors(
        missed=float(np.maximum(speaking - claimed, 0).sum()) * STEP,
        invented=float(np.maximum(claimed - speaking, 0).sum()) * STEP,
        confused=(float(np.minimum(speaking, claimed).sum()) - right) * STEP,
        talk=float(speaking.sum()) * STEP,
    )


def best_match(together: NDArray[np.float64]) -> float:
    """The largest sum of entries of which no two share a row or a column. Rows: at most a dozen."""
    best = {0: 0.0}
    for column in together.T:
        longer = dict(best)
        for taken, total in best.items():
            for row, value in enumerate(column):
                if not taken >> row & 1:
                    now = taken | 1 << row
                    longer[now] = max(longer.get(now, 0.0), total + float(value))
        best = longer
    return max(best.values())


def _frames(turns: Sequence[Turn], length: int) -> Frames:
    """(speakers, length): whether each speaks in each step."""
    speakers = sorted({t.speaker for t in turns})
    frames = np.zeros((len(speakers), length), bool)
    for t in turns:
        frames[speakers.index(t.speaker), round(t.start / STEP) : round(t.end / STEP)] = True
    return frames
