"""Scores of doubtful places from the text, the audio, and both: fitted, cross-validated by name, with intervals.

A logistic regression (Newton's method, ridge), since there are few right places in doubt. What the audio says is fitted
with as many right ones as wrong ones: a likelihood ratio, which the text's odds are multiplied with (Bayes). Of the
wider net the odds before listening are fitted as well, as if a right one were RARER times as rare as in the set, where
every name is said within a minute and a half; then how much they count beside the audio, by odds that were fitted
without the names in question (stacking, Wolpert 1992).
"""

from __future__ import annotations

import math
import random
import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.listen.hearing_rows import Row
from podwatch.query.second_hearing import sounds_like_another
from podwatch.speech.forced_decoding import LIKELIHOODS

RATIO = ("plain_ratio",)
USED = ("prompted", "plain", "plain_ratio")
LEAST = -8.0  # nats per token: what is less likely is all alike
RARER = 2.0
WRONG_PASS = 0.05
FOLDS = 10
RESAMPLES = 500
RIDGE = 1.0
INNER_FOLDS = 5
NEVER = -30.0
# Nats that the audio counts less than by the spoken set: in real talk more of the doubtful places are other names that
# were misspelt, too, than there. Chosen by what real_talk told of names that nobody says, and of those that are said.
REAL_TEXT, REAL_WIDE = 1.0, 0.5
Matrix = NDArray[np.float64]


class Scores(NamedTuple):
    """Log-odds of a row by the text (of the wider net: by the place), by the audio, by both, and by the text with the
    plain ratio alone."""

    text: float
    audio: float
    both: float
    ratio: float


Scored = Sequence[tuple[Row, Scores]]


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights, a constant first. text: of the audio where the text proposes; wide: of the odds before listening, and of
    the audio, where the net does; places: of the net's features, for those odds; ratio: of the plain ratio alone, what
    the audio would say without the rest."""

    text: Matrix
    wide: Matrix
    places: Matrix
    ratio: Matrix


def is_wide(row: Row) -> bool:
    """Whether the wider net proposes it."""
    return row.match == "none"


def text_odds(row: Row) -> float:
    score = min(max(row.score, 0.001), 0.999)
    return math.log(score / (1 - score))


def audio_numbers(row: Row, used: Sequence[str] = USED) -> list[float]:
    known = dict(zip(LIKELIHOODS, row.likelihoods, strict=True))
    return [max(known[name], LEAST) for name in used]


def fit_logistic(x: Sequence[Sequence[float]], y: Matrix, share: Matrix, *, rising: bool = False) -> Matrix:
    """The weights, the constant first, that make the log-odds of y. share: how much each row counts; rising: none of
    the numbers may speak against a name by being larger."""
    columns = np.column_stack([np.ones(len(y)), np.array(x)])
    w = np.zeros(columns.shape[1])
    ridge = np.diag([0.01 * RIDGE] + [RIDGE] * (columns.shape[1] - 1))
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(columns @ w, -30, 30)))
        slope = columns.T @ (share * (y - p)) - ridge @ w
        curve = (columns * (share * p * (1 - p))[:, None]).T @ columns + ridge + 1e-9 * np.eye(len(w))
        w += np.clip(np.linalg.solve(curve, slope), -2.0, 2.0)
        if rising:
            w[1:] = np.maximum(w[1:], 0.0)
    return np.asarray(w, dtype=np.float64)


def fit(rows: Sequence[Row]) -> Fitted:
    """The weights by the rows of a set, and for real talk; a twin is nothing to learn from: it sounds as the name."""
    asked = [r for r in rows if r.likelihoods and r.kind != "twin"]
    y = np.array([float(r.kind == "right") for r in asked])
    even = np.where(y > 0, 0.5 / max(1.0, y.sum()), 0.5 / max(1.0, (1 - y).sum())) * len(y)
    text = fit_logistic([audio_numbers(r) for r in asked], y, even, rising=True)
    ratio = fit_logistic([audio_numbers(r, RATIO) for r in asked], y, even, rising=True)
    places = [r for r in rows if is_wide(r)]
    wide = [r for r in places if r.likelihoods]
    before = np.zeros(len(wide))
    fold = split_names(places, INNER_FOLDS)
    for i in range(INNER_FOLDS):
        others = fit_places([r for r in places if fold[r.name] != i])
        mine = [k for k, r in enumerate(wide) if fold[r.name] == i]
        before[mine] = [places_odds(others, wide[k]) for k in mine]
    x = [[odds, *audio_numbers(r)] for odds, r in zip(before, wide, strict=True)]
    audio = fit_logistic(x, *targets(wide), rising=True)
    text[0] -= REAL_TEXT
    audio[0] -= REAL_WIDE
    return Fitted(text, audio, fit_places(places), ratio)


def fit_places(wide: Sequence[Row]) -> Matrix:
    """The weights of the net's features; a more distant sound never makes a name likelier."""
    places = fit_logistic([r.features for r in wide], *targets(wide))
    places[1:4] = np.minimum(places[1:4], 0.0)
    return places


def targets(wide: Sequence[Row]) -> tuple[Matrix, Matrix]:
    """(1 for a right one and 0 for a wrong one, how much it counts)"""
    y = np.array([float(r.kind == "right") for r in wide])
    return y, np.where(y > 0, 1.0, RARER)


def split_names(rows: Sequence[Row], folds: int) -> dict[str, int]:
    """The fold of each name."""
    every = sorted({r.name for r in rows})
    random.Random(1).shuffle(every)
    return {name: i % folds for i, name in enumerate(every)}


def places_odds(places: Matrix, row: Row) -> float:
    return float(places[0] + np.dot(row.features, places[1:]))


def scores(fitted: Fitted, row: Row) -> Scores:
    """Log-odds of a row."""
    known = audio_numbers(row) if row.likelihoods else None
    if is_wide(row):
        before = places_odds(fitted.places, row)
        if known is None:
            return Scores(before, NEVER, NEVER, NEVER)
        audio = float(fitted.wide[0] + np.dot(known, fitted.wide[2:]))
        both = float(fitted.wide[1]) * before + audio
        return Scores(before, audio, NEVER if sounds_like_another(row.surface, row.name) else both, NEVER)
    before = text_odds(row)
    if known is None:
        return Scores(before, 0.0, before, before)
    audio = float(fitted.text[0] + np.dot(known, fitted.text[1:]))
    ratio = float(fitted.ratio[0] + np.dot(audio_numbers(row, RATIO), fitted.ratio[1:]))
    if sounds_like_another(row.surface, row.name):
        audio, ratio = min(audio, 0.0), min(ratio, 0.0)
    return Scores(before, audio, before + audio, before + ratio)


def cross_validate(rows: Sequence[Row]) -> list[tuple[Row, Scores]]:
    """Each row with its scores, by weights that were fitted without the rows of its name."""
    fold = split_names(rows, FOLDS)
    found = []
    for i in range(FOLDS):
        fitted = fit([r for r in rows if fold[r.name] != i])
        found += [(r, scores(fitted, r)) for r in rows if fold[r.name] == i]
    return found


def share_passed(rows: Sequence[tuple[float, bool]]) -> float:
    """The share of right ones above the score that lets WRONG_PASS of the wrong ones through."""
    wrong = sorted((s for s, is_right in rows if not is_right), reverse=True)
    right = [s for s, is_right in rows if is_right]
    if not wrong or not right:
        return math.nan
    cut = wrong[min(len(wrong) - 1, int(WRONG_PASS * len(wrong)))]
    return sum(s > cut for s in right) / len(right)


def auc(rows: Sequence[tuple[float, bool]]) -> float:
    """How often a right one is above a wrong one."""
    right = np.array([s for s, is_right in rows if is_right])
    wrong = np.array([s for s, is_right in rows if not is_right])
    if not len(right) or not len(wrong):
        return math.nan
    return float((right[:, None] > wrong[None]).mean() + 0.5 * (right[:, None] == wrong[None]).mean())


def bootstrap(scored: Scored, figure: Callable[[Scored], float]) -> tuple[float, float, float]:
    """(the figure, its 95% interval), names drawn with their rows."""
    by_name: dict[str, list[tuple[Row, Scores]]] = defaultdict(list)
    for row, numbers in scored:
        by_name[row.name].append((row, numbers))
    dice, groups = random.Random(1), list(by_name.values())
    drawn = ([r for group in dice.choices(groups, k=len(groups)) for r in group] for _ in range(RESAMPLES))
    values = [v for v in map(figure, drawn) if not math.isnan(v)]
    if len(values) < 2:
        return math.nan, math.nan, math.nan
    cuts = statistics.quantiles(values, n=40)
    return figure(scored), cuts[0], cuts[-1]
