"""Grows the trees of pipeline/podwatch/phonetics/data/score.json from examples, with scikit-learn.

The learner stores trees in another way than we do: ``grow`` gives the JSON that phonetics/boosted_trees.py reads,
every tree filled up to one depth. It needs scikit-learn (``uv sync --group learn``); what is learned does not.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from podwatch.phonetics.features import FEATURES

DEPTH = 4
LEARNING_RATE = 0.06
L2_REGULARISATION = 20.0  # of the values of the leaves
MIN_SAMPLES_LEAF = 40
# Monotonic constraints: a feature that may only raise the score (1), or only lower it (-1); all others may do both.
SIGNS = {
    "phone": -1, "letter": -1, "near": -1, "onset": 1, "ordinary": 1, "rarest": 1, "likelihood": 1, "rest_ordinary": 1,
    "rest_likelihood": 1, "everyday": -1, "unknown": 1, "other_name": -1, "capital": 1, "small": -1, "given": -1,
    "comma": -1, "conflict": -1, "elsewhere": -1, "first_within": -1, "beside": 1, "frame": 1, "prefix": -1, "echo": 1,
    "given_tame": -1, "first_name": -1, "shout": -1, "others": 1, "whole": 1, "notes": 1, "spellings": 1, "kin": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TreeOptions:
    """What differs between the models: features left out, features that may only lower the score, number of trees."""

    without: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    rounds: int = 250


# Their scores are averaged, so that an oddity of the pages that one of them learns weighs less.
ENSEMBLE = (
    TreeOptions(),
    TreeOptions(against=("again",)),
    TreeOptions(without=("longer", "ending", "more_words"), rounds=120),
)


def grow_trees(x: np.ndarray, y: np.ndarray, weight: np.ndarray, options: TreeOptions, seed: int = 0) -> dict[str, Any]:
    """Gradient-boosted trees for right (1) and wrong (0) in ``y``, as JSON; ``x`` has the columns of FEATURES."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    signs = SIGNS | dict.fromkeys(options.against, -1)
    model = HistGradientBoostingClassifier(
        max_depth=DEPTH, max_leaf_nodes=None, max_iter=options.rounds, learning_rate=LEARNING_RATE,
        l2_regularization=L2_REGULARISATION, min_samples_leaf=MIN_SAMPLES_LEAF, early_stopping=False, random_state=seed,
        monotonic_cst=[signs.get(name, 0) for name in FEATURES],
    )  # fmt: skip
    x = x.copy()
    x[:, [FEATURES.index(name) for name in options.without]] = 0.0
    model.fit(x, y, sample_weight=weight)
    trees = [_complete_tree(round_[0].nodes) for round_ in model._predictors]
    return {"constant": round(float(model._baseline_prediction[0, 0]), 4), "trees": trees}


def _complete_tree(nodes: Any) -> dict[str, list[Any]]:
    """The tree filled up to the full depth: a leaf above it is repeated."""
    asks: list[Any] = [None] * (2**DEPTH - 1)
    worth: list[float] = [0.0] * 2**DEPTH

    def fill(place: int, at: int, level: int) -> None:
        node = nodes[at]
        if level == DEPTH:
            worth[place - len(asks)] = round(float(node["value"]), 4)
            return
        below = (at, at)
        asks[place] = [FEATURES[0], None]
        if not node["is_leaf"]:
            asks[place] = [FEATURES[node["feature_idx"]], round(float(node["num_threshold"]), 4)]
            below = (int(node["left"]), int(node["right"]))
        fill(2 * place + 1, below[0], level + 1)
        fill(2 * place + 2, below[1], level + 1)

    fill(0, 0, 0)
    return {"asks": asks, "worth": worth}


def calibrate_trees(data: dict[str, Any], scale: float, shift: float) -> dict[str, Any]:
    """The same trees with their log odds scaled and shifted."""
    trees = [{"asks": t["asks"], "worth": [round(v * scale, 4) for v in t["worth"]]} for t in data["trees"]]
    return {"constant": round(data["constant"] * scale + shift, 4), "trees": trees}


def average_trees(models: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One model that gives the mean of their log odds."""
    shares = [calibrate_trees(model, 1 / len(models), 0.0) for model in models]
    return {
        "constant": round(sum(share["constant"] for share in shares), 4),
        "trees": [tree for share in shares for tree in share["trees"]],
    }


def dump_trees(data: dict[str, Any]) -> str:
    """JSON with one tree a line."""
    lines = ",\n  ".join(json.dumps(tree) for tree in data["trees"])
    return f'{{\n "constant": {data["constant"]},\n "trees": [\n  {lines}\n ]\n}}\n'
