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
    Ranks = NDArray[np.uint16]
    Answers = NDArray[np.bool_]


_BLOCK_ROWS = 128  # rows: more would not stay in the processor's cache


@dataclass(frozen=True, slots=True)
class BoostedTrees:
    """``asks``, ``least``: by tree, the feature of each inner node and what it must not be over to go left; node i has
    the children 2i+1 and 2i+2. ``worth``: by tree, nats for over against, of each leaf from left to right.

    ``borders``: by feature, all that it is asked against, in order; ``ranks``: by tree, where in these a node's is.
    """

    features: Numbers
    thresholds: Floats
    leaf_values: Floats
    constant: float
    cut_points: tuple[Floats, ...]
    threshold_ranks: Ranks

    def log_odds(self, features: Floats) -> Floats:
        """Nats for over against of each row of ``features``."""
        import numpy as np

        # How many borders a number is over says all that any tree wants to know of it, in two bytes.
        ranks = np.empty((len(self.cut_points), len(features)), dtype=np.uint16)
        for rank, borders, column in zip(ranks, self.cut_points, features.T, strict=True):
            rank[:] = borders.searchsorted(column)
        cuts = range(0, len(features), _BLOCK_ROWS)
        parts = [self._block_log_odds(np.ascontiguousarray(ranks[:, at : at + _BLOCK_ROWS])) for at in cuts]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _block_log_odds(self, ranks: Ranks) -> Floats:
        """All questions of all trees at once, then level by level the half of them that is still open."""
        import numpy as np

        trees, leaves = self.leaf_values.shape
        over = ranks[self.features] > self.threshold_ranks[:, :, None]
        leaf = np.repeat(np.arange(trees, dtype=np.int32)[:, None], ranks.shape[1], axis=1)
        first = 0
        went: list[Answers] = []
        while first < leaves - 1:
            asked = over[:, first : 2 * first + 1]
            for right in went:
                half = asked.shape[1] // 2
                asked = asked[:, :half] ^ ((asked[:, :half] ^ asked[:, half:]) & right)
            went.append(asked)
            leaf = 2 * leaf + asked[:, 0]
            first = 2 * first + 1
        result: Floats = self.constant + self.leaf_values.ravel().take(leaf).sum(axis=0)
        return result


def parse_trees(data: dict[str, object], names: Sequence[str]) -> BoostedTrees:
    """From the JSON of score.json; ``names`` of the features in their order. Raises ValueError for any other name."""
    import numpy as np

    order = {name: i for i, name in enumerate(names)}
    trees = data["trees"]
    assert isinstance(trees, list)
    asked = {name for tree in trees for name, _ in tree["asks"]}
    if strange := asked - set(order):
        raise ValueError(f"score.json asks for {', '.join(sorted(strange))}: no such evidence")
    asks = np.array([[order[name] for name, _ in tree["asks"]] for tree in trees], dtype=np.intp)
    least = np.array(
        [[np.inf if most is None else most for _, most in tree["asks"]] for tree in trees], dtype=np.float64
    )
    worth = np.array([tree["worth"] for tree in trees], dtype=np.float64)
    borders = tuple(np.unique(least[asks == i]) for i in range(len(names)))
    ranks = np.zeros(asks.shape, dtype=np.uint16)
    for i, mine in enumerate(borders):
        ranks[asks == i] = mine.searchsorted(least[asks == i])
    return BoostedTrees(asks, least, worth, float(str(data["constant"])), borders, ranks)


@lru_cache(maxsize=1)
def load_trees() -> BoostedTrees:
    """The ones in force."""
    from podwatch.phonetics.features import FEATURES

    return parse_trees(json.loads((resources.files(__package__) / "data" / "score.json").read_text("utf-8")), FEATURES)
