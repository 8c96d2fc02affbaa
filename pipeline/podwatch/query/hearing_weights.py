"""The weights of the second hearing, as data/hearing.json has them (``python -m benchmarks.listen.second_hearing``)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Weights:
    """Of log-odds, or of a log-likelihood ratio. names: of what is weighed. least: of each that counts.
    before: how much the log-odds count that there were before."""

    constant: float
    least: float
    names: tuple[str, ...]
    values: tuple[float, ...]
    before: float = 1.0

    def sum(self, numbers: Sequence[float]) -> float:
        """constant and the weighed numbers, in the order of ``names``."""
        return self.constant + sum(c * max(x, self.least) for c, x in zip(self.values, numbers, strict=True))


@dataclass(frozen=True, slots=True)
class HearingWeights:
    """text: of the audio's likelihoods, where the text has proposed a name; wide: where the wider net has. places: of
    the wider net's features of a place, that a name is said there, before anybody has listened."""

    text: Weights
    wide: Weights
    places: Weights


@lru_cache(maxsize=1)
def load_weights() -> HearingWeights:
    """The weights in force."""
    data = json.loads((resources.files(__package__) / "data" / "hearing.json").read_text("utf-8"))
    return HearingWeights(*(_weights(data[name]) for name in ("text", "wide", "places")))


def _weights(data: Mapping[str, Any]) -> Weights:
    rows: Mapping[str, float] = data["weights"]
    return Weights(data["constant"], data["least"], tuple(rows), tuple(rows.values()), data["before"])
