"""The boosted trees: read as they are written, summed as one by one, and monotonic where they must be."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.sounds_like.tree_training import SIGNS, average_trees, calibrate_trees, dump_trees
from podwatch.phonetics.boosted_trees import load_trees, parse_trees
from podwatch.phonetics.features import FEATURES
from tests.support.hypothesis_profiles import examples

NAMES = ("near", "length")
DEEP = 2
number = st.floats(-3, 3, allow_nan=False)
asks = st.lists(st.tuples(st.sampled_from(NAMES), st.none() | number).map(list), min_size=3, max_size=3)
worths = st.lists(number, min_size=4, max_size=4)
one_tree = st.fixed_dictionaries({"asks": asks, "worth": worths})
forests = st.fixed_dictionaries({"constant": number, "trees": st.lists(one_tree, min_size=1, max_size=4)})


def by_hand(data: dict[str, Any], row: dict[str, float]) -> float:
    """The sum of one tree after the other, node by node."""
    total = data["constant"]
    for tree in data["trees"]:
        node = 0
        for _ in range(DEEP):
            name, most = tree["asks"][node]
            node = 2 * node + (2 if most is not None and row[name] > most else 1)
        total += tree["worth"][node - len(tree["asks"])]
    return float(total)


@given(forests, st.lists(st.tuples(number, number), min_size=1, max_size=5))
def test_all_rows_together_sum_to_what_each_row_does_tree_by_tree(
    data: dict[str, Any], rows: list[tuple[float, ...]]
) -> None:
    together = parse_trees(data, NAMES).log_odds(np.array(rows))
    assert together == pytest.approx([by_hand(data, dict(zip(NAMES, row, strict=True))) for row in rows])


@given(forests, st.floats(0.1, 3), number)
def test_calibration_stretches_and_shifts_the_sum(data: dict[str, Any], scale: float, shift: float) -> None:
    rows = np.array([[0.0, 1.0], [2.0, -1.0]])
    stretched = parse_trees(calibrate_trees(data, scale, shift), NAMES).log_odds(rows)
    assert stretched == pytest.approx(parse_trees(data, NAMES).log_odds(rows) * scale + shift, abs=0.01)


@given(st.lists(forests, min_size=1, max_size=3))
def test_averaged_trees_give_the_mean_of_their_log_odds(some: list[dict[str, Any]]) -> None:
    rows = np.array([[0.0, 1.0], [2.0, -1.0]])
    each = [parse_trees(data, NAMES).log_odds(rows) for data in some]
    assert parse_trees(average_trees(some), NAMES).log_odds(rows) == pytest.approx(np.mean(each, axis=0), abs=0.01)


def test_no_rows_have_no_sums_and_many_rows_have_as_many() -> None:
    assert load_trees().log_odds(np.zeros((0, len(FEATURES)))).tolist() == []
    assert len(load_trees().log_odds(np.zeros((1300, len(FEATURES))))) == 1300


@given(forests)
def test_trees_are_written_as_they_are_read(data: dict[str, Any]) -> None:
    assert json.loads(dump_trees(data)) == data


def test_an_unknown_feature_is_refused() -> None:
    data = {"constant": 0.0, "trees": [{"asks": [["moon", 1.0]], "worth": [0.0, 1.0]}]}
    with pytest.raises(ValueError, match="moon: no such feature"):
        parse_trees(data, NAMES)


def rows_with(name: str, low: float, high: float, seed: int) -> np.ndarray:
    """Fifty rows of any values, twice: the one feature first low, then high; between and beyond all thresholds."""
    chance = np.random.default_rng(seed)
    borders = [
        load_trees().thresholds[(load_trees().features == i) & np.isfinite(load_trees().thresholds)]
        for i in range(len(FEATURES))
    ]
    rows = np.stack([chance.choice([*b, *(b + 0.01), 0.0], 50) for b in borders], axis=1)
    both = np.concatenate([rows, rows])
    both[:50, FEATURES.index(name)], both[50:, FEATURES.index(name)] = low, high
    return both


@pytest.mark.parametrize("name", SIGNS)
@settings(max_examples=examples(20))
@given(ends=st.tuples(st.floats(-5, 30), st.floats(-5, 30)).map(sorted), seed=st.integers(0, 1000))
def test_no_feature_speaks_in_the_wrong_direction(name: str, ends: list[float], seed: int) -> None:
    sums = load_trees().log_odds(rows_with(name, ends[0], ends[1], seed))
    assert (SIGNS[name] * (sums[50:] - sums[:50]) >= -1e-3).all()  # worths are rounded
