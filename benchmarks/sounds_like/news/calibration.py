"""Measures how often a score is right in real news talk: 0.8 is to mean four in five, for each kind of find.

    python -m benchmarks.sounds_like.news.calibration REPOSITORY [--half fresh|tune|test]

prints, for each kind (full name, bare surname, company or place) and band of scores, how many finds that are not spelt
as the name are right, with an interval that holds 90 of 100 samples of the episodes drawn anew (finds of one episode
repeat each other). Then the precision and what is left of the right finds from each threshold up, and what a Platt
calibration of each kind would give on names that it was not fitted on.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.harness import print_table
from benchmarks.sounds_like.news.__main__ import FORMS, UNMARKED, Told, find_mentions
from benchmarks.sounds_like.news.corpus import load_episodes, load_names, read_episode
from benchmarks.sounds_like.news.marks import UNCLEAR

FLOOR = 0.05
BANDS = (0.05, 0.2, 0.4, 0.55, 0.7, 0.8, 0.9, 0.97, 1.01)
THRESHOLDS = (0.4, 0.55, 0.7, 0.8, 0.9)
SAMPLES, FOLDS = 1000, 5


def bootstrap_share(finds: Sequence[Told], seed: int = 0) -> tuple[float, float]:
    """The 5th and the 95th percentile of the share of right finds, over samples of the episodes."""
    by_episode: dict[str, list[bool]] = {}
    for find in finds:
        by_episode.setdefault(find.key, []).append(find.is_right)
    right = np.array([sum(v) for v in by_episode.values()])
    number = np.array([len(v) for v in by_episode.values()])
    drawn = np.random.default_rng(seed).integers(0, len(right), (SAMPLES, len(right)))
    shares = right[drawn].sum(axis=1) / number[drawn].sum(axis=1)
    low, high = np.quantile(shares, (0.05, 0.95))
    return float(low), float(high)


def describe_share(finds: Sequence[Told]) -> str:
    if not finds:
        return "-"
    low, high = bootstrap_share(finds)
    return f"{sum(f.is_right for f in finds) / len(finds):.2f} of {len(finds)} ({low:.2f}-{high:.2f})"


def group_finds(finds: Sequence[Told]) -> Mapping[str, list[Told]]:
    return {"all": list(finds), **{form: [f for f in finds if f.form == form] for form in FORMS}}


def log_odds(finds: Sequence[Told]) -> np.ndarray:
    scores = np.array([min(max(f.score, 1e-4), 1 - 1e-4) for f in finds])
    result: np.ndarray = np.log(scores / (1 - scores))
    return result


def fit_platt(nats: np.ndarray, right: np.ndarray, pull: float = 1.0) -> tuple[float, float]:
    """Slope and shift of the log odds that make them calibrated (Platt 1999), pulled a little towards 1 and 0.

    Newton's method with its step halved until the loss falls: of few finds a full step may overshoot.
    """
    x = np.stack([nats, np.ones(len(nats))], axis=1)
    start = np.array([1.0, 0.0])

    def total(beta: np.ndarray) -> float:
        return _loss(x @ beta, right) * len(right) + pull / 2 * float(((beta - start) ** 2).sum())

    beta = start
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ beta))
        curve = (x * (p * (1 - p))[:, None]).T @ x + np.eye(2) * pull
        step = np.linalg.solve(curve, x.T @ (p - right) + pull * (beta - start))
        while total(beta - step) > total(beta) and np.abs(step).max() > 1e-9:
            step = step / 2
        beta = beta - step
    return float(beta[0]), float(beta[1])


def fit_across_names(finds: Sequence[Told]) -> tuple[float, float]:
    """(loss of the scores as they are, loss calibrated), nats a find, on names that the calibration has not seen."""
    nats, right = log_odds(finds), np.array([f.is_right for f in finds], dtype=float)
    fold = np.array([zlib.crc32(f.name.name.encode()) % FOLDS for f in finds])
    fitted = np.zeros(len(finds))
    for held in range(FOLDS):
        slope, shift = fit_platt(nats[fold != held], right[fold != held])
        fitted[fold == held] = slope * nats[fold == held] + shift
    return _loss(nats, right), _loss(fitted, right)


def _loss(nats: np.ndarray, right: np.ndarray) -> float:
    return float(np.mean(np.logaddexp(0.0, -np.where(right > 0, nats, -nats))))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--half", choices=("fresh", "tune", "test"), default="fresh")
    options = parser.parse_args()
    episodes, names = load_episodes(options.half), load_names(options.half)
    texts = [(e.key, read_episode(options.repository, e)) for e in episodes]
    told, _ = find_mentions(texts, names, options.half, FLOOR)
    heard = [t for t in told if t.kind == "sounds_like" and t.verdict not in (UNCLEAR, UNMARKED)]
    left_out = sum(t.kind == "sounds_like" and t.verdict == UNMARKED for t in told)
    groups = group_finds(heard)
    hours = sum(e.seconds for e in episodes) / 3600
    bands = [
        (f"{low:.2f}-{min(high, 1):.2f}", *(describe_share([f for f in g if low <= f.score < high])
          for g in groups.values()))
        for low, high in pairwise(BANDS)
    ]  # fmt: skip
    title = f"Right among scores; {options.half}: {hours:.0f} hours, {len(names)} names, {left_out} unmarked left out"
    print_table(title, ("score", *groups), bands)
    rows = []
    for least in THRESHOLDS:
        cells = []
        for group in groups.values():
            kept = [f for f in group if f.score >= least]
            right, all_right = sum(f.is_right for f in kept), sum(f.is_right for f in group)
            cells.append(f"{right / max(1, len(kept)):.3f}; {right / max(1, all_right):.3f}")
        wrong = sum(not f.is_right for f in heard if f.score >= least)
        rows.append((f"{least:.2f}", *cells, f"{wrong / hours * 100:.1f}"))
    print_table("From a threshold up: right of the finds; found of the right ones marked", ("from", *groups,
                 "false in 100 hours"), rows)  # fmt: skip
    fits = []
    for form, group in groups.items():
        if len({f.is_right for f in group}) == 2:
            slope, shift = fit_platt(log_odds(group), np.array([f.is_right for f in group], dtype=float))
            before, after = fit_across_names(group)
            fits.append((form, f"{slope:.2f}", f"{shift:.2f}", f"{before:.3f}", f"{after:.3f}"))
    columns = ("kind", "slope", "shift", "nats a find as it is", "fitted on other names")
    print_table("Platt calibration of the log odds", columns, fits)
    return 0


if __name__ == "__main__":
    sys.exit(main())
