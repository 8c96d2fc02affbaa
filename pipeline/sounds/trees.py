"""What evidence is worth: a sum over small decision trees, so that the same distance counts otherwise in other company.

Gradient-boosted trees (Friedman 2001) over evidence.FEATURES, learned and calibrated by
``python -m benchmarks.sounds_like.learn`` (data/score.json). Most features may only speak in one direction (more
distance never helps, another mention of the name never harms): the learner is held to that. All trees have the same
depth, so that many spots go through all of them at once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.intp]


_TOGETHER = 512  # rows: more would not stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Trees:
    """``asks``, ``least``: by tree, the feature of each inner node and what it must not be over to go left; node i has
    the children 2i+1 and 2i+2. ``worth``: by tree, nats for over against, of each leaf from left to right.
    """

    asks: Numbers
    least: Floats
    worth: Floats
    constant: float

    def sum(self, features: Floats) -> Floats:
        """Nats for over against of each row of ``features``."""
        import numpy as np

        parts = [self._sum(features[at : at + _TOGETHER]) for at in range(0, len(features), _TOGETHER)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _sum(self, features: Floats) -> Floats:
        import numpy as np

        tree = np.arange(len(self.asks))
        rows = np.arange(len(features))[:, None]
        node = np.zeros((len(features), len(tree)), dtype=np.intp)
        inner = self.asks.shape[1]
        while inner and node[0, 0] < inner:
            over = features[rows, self.asks[tree, node]] > self.least[tree, node]
            node = 2 * node + 1 + over
        result: Floats = self.constant + self.worth[tree, node - inner].sum(axis=1)
        return result


def parse(data: dict[str, object], names: Sequence[str]) -> Trees:
    """From the JSON of score.json; ``names`` of the features in their order. Raises ValueError for any other name."""
    import numpy as np

    order = {name: i for i, name in enumerate(names)}
    trees = data["trees"]
    assert isinstance(trees, list)
    asked = {name for tree in trees for name, _ in tree["asks"]}
    if strange := asked - set(order):
        raise ValueError(f"score.json asks for {', '.join(sorted(strange))}: no such evidence")
    return Trees(
        np.array([[order[name] for name, _ in tree["asks"]] for tree in trees], dtype=np.intp),
        np.array([[np.inf if most is None else most for _, most in tree["asks"]] for tree in trees], dtype=np.float64),
        np.array([tree["worth"] for tree in trees], dtype=np.float64),
        float(str(data["constant"])),
    )


@lru_cache(maxsize=1)
def trees() -> Trees:
    """The ones in force."""
    from pipeline.sounds.evidence import FEATURES

    return parse(json.loads((resources.files(__package__) / "data" / "score.json").read_text("utf-8")), FEATURES)
