"""Gradient-boosted trees (Friedman 2001) over the features of candidates: how much they speak for the name.

The same distance is worth other things beside a first name and alone, which a weighted sum cannot say. The trees are
learned and calibrated by ``python -m benchmarks.sounds_like.learn`` (data/score.json). Most features may only speak in
one direction (more distance never helps, another mention of the name never harms): the learner is held to that. All
trees have the same depth, so that many candidates go through all of them in one pass.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.intp]
    Ranks = NDArray[np.uint16]
    Answers = NDArray[np.bool_]

_BLOCK_ROWS = 128  # candidates whose answers fit the processor's cache; all together take twice as long


@dataclass(frozen=True, slots=True)
class BoostedTrees:
    """The trees in arrays with a row for each.

    ``features``, ``thresholds``: of each inner node, the feature that it asks for and the value up to which the answer
    goes left; node i has the children 2i+1 and 2i+2. ``leaf_values``: log odds, from left to right. ``cut_points``: for
    each feature all thresholds of it, ascending; ``threshold_ranks``: of each inner node, where among these its own is.
    """

    features: Numbers
    thresholds: Floats
    leaf_values: Floats
    constant: float
    cut_points: tuple[Floats, ...]
    threshold_ranks: Ranks

    def log_odds(self, rows: Floats) -> Floats:
        """For each row of feature values the log odds, in nats, that the name is meant."""
        import numpy as np

        # How many cut points a value is over says all that any tree wants to know of it, in two bytes.
        ranks = np.empty((len(self.cut_points), len(rows)), dtype=np.uint16)
        for rank, cut_points, column in zip(ranks, self.cut_points, rows.T, strict=True):
            rank[:] = cut_points.searchsorted(column)
        blocks = range(0, len(rows), _BLOCK_ROWS)
        parts = [self._block_log_odds(np.ascontiguousarray(ranks[:, at : at + _BLOCK_ROWS])) for at in blocks]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _block_log_odds(self, ranks: Ranks) -> Floats:
        """Answers all nodes of all trees, then level by level keeps the half of the answers that is still reachable.

        Following each row from node to node (``take_along_axis``) takes 2.8 times as long.
        """
        import numpy as np

        trees, leaves = self.leaf_values.shape
        goes_right = ranks[self.features] > self.threshold_ranks[:, :, None]
        leaf = np.repeat(np.arange(trees, dtype=np.int32)[:, None], ranks.shape[1], axis=1)
        path: list[Answers] = []
        first = 0
        while first < leaves - 1:
            level = goes_right[:, first : 2 * first + 1]
            for right in path:
                half = level.shape[1] // 2
                level = level[:, :half] ^ ((level[:, :half] ^ level[:, half:]) & right)
            path.append(level)
            leaf = 2 * leaf + level[:, 0]
            first = 2 * first + 1
        result: Floats = self.constant + self.leaf_values.ravel().take(leaf).sum(axis=0)
        return result


def parse_trees(data: dict[str, Any], names: Sequence[str]) -> BoostedTrees:
    """The trees of score.json; ``names``: of the features in their order. Raises ValueError for any other name."""
    import numpy as np

    order = {name: i for i, name in enumerate(names)}
    nodes = [tree["asks"] for tree in data["trees"]]
    if unknown := {name for tree in nodes for name, _ in tree} - set(order):
        raise ValueError(f"score.json asks for {', '.join(sorted(unknown))}: no such feature")
    features = np.array([[order[name] for name, _ in tree] for tree in nodes], dtype=np.intp)
    thresholds = np.array([[np.inf if most is None else most for _, most in tree] for tree in nodes], dtype=np.float64)
    leaf_values = np.array([tree["worth"] for tree in data["trees"]], dtype=np.float64)
    cut_points = tuple(np.unique(thresholds[features == i]) for i in range(len(names)))
    ranks = np.zeros(features.shape, dtype=np.uint16)
    for i, mine in enumerate(cut_points):
        ranks[features == i] = mine.searchsorted(thresholds[features == i])
    return BoostedTrees(features, thresholds, leaf_values, float(data["constant"]), cut_points, ranks)


@lru_cache(maxsize=1)
def load_trees() -> BoostedTrees:
    """The trees in force."""
    from podwatch.phonetics.features import FEATURES

    return parse_trees(json.loads((resources.files(__package__) / "data" / "score.json").read_text("utf-8")), FEATURES)
