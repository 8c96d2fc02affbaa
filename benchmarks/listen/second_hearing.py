"""What the second hearing is worth: right and wrong doubtful places told apart by the text, by the audio, and by both.

    python -m benchmarks.listen.second_hearing FOLDER [--names 130] [--model base] [--rows FILE] [--learn]

FOLDER keeps the spoken test set. --rows: rows of an earlier run, so that nothing is heard again. --learn writes the
weights that podwatch uses, fitted on all rows; the table is cross-validated by name, its intervals bootstrapped over
names. A logistic regression (Newton's method, ridge), since there are few right places in doubt.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import check_figure, print_table
from benchmarks.listen.doubts import Row, collect_rows, read_rows, write_rows
from benchmarks.listen.spoken_set import load_set, make_set
from podwatch.query.second_hearing import SURE
from podwatch.settings import from_environment
from podwatch.speech.forced_decoding import LIKELIHOODS
from podwatch.speech.recognisers import build_recogniser
from scripts.speech_models import fetch_model

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "pipeline/podwatch/query/data/hearing.json"
USED = ("prompted", "plain_ratio")
LEAST = -8.0  # nats per token: what is less likely is all alike
WRONG_PASS = 0.05
FOLDS = 10
RESAMPLES = 500
RIDGE = 1.0
Matrix = NDArray[np.float64]
WAYS = ("text", "audio", "text and audio", "text and plain ratio")


def text_odds(row: Row) -> float:
    score = min(max(row.score, 0.001), 0.999)
    return math.log(score / (1 - score))


def numbers(row: Row, names: Sequence[str]) -> list[float]:
    known = dict(zip(LIKELIHOODS, row.likelihoods, strict=True))
    return [max(known[name], LEAST) for name in names]


def fit(rows: Sequence[Row], names: Sequence[str]) -> Matrix:
    """The weights of the log-likelihood ratio that the audio gives, its constant first: with as many right as wrong."""
    x = np.column_stack([np.ones(len(rows)), np.array([numbers(r, names) for r in rows])])
    y = np.array([float(r.kind == "right") for r in rows])
    share = np.where(y > 0, 0.5 / max(1.0, y.sum()), 0.5 / max(1.0, (1 - y).sum())) * len(y)
    w = np.zeros(x.shape[1])
    ridge = np.diag([0.0] + [RIDGE] * (x.shape[1] - 1))
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        slope = x.T @ (share * (y - p)) - ridge @ w
        w += np.linalg.solve((x * (share * p * (1 - p))[:, None]).T @ x + ridge + 1e-9 * np.eye(len(w)), slope)
    return np.asarray(w, dtype=np.float64)


def cross_validate(rows: Sequence[Row], all_rows: Sequence[Row], names: Sequence[str]) -> Matrix:
    """What the audio says of each row, by weights that were fitted without the rows of its name."""
    every = sorted({r.name for r in all_rows})
    random.Random(1).shuffle(every)
    fold = {name: i % FOLDS for i, name in enumerate(every)}
    ratios = np.zeros(len(rows))
    for i in range(FOLDS):
        w = fit([r for r in all_rows if fold[r.name] != i], names)
        for k, r in enumerate(rows):
            if fold[r.name] == i:
                ratios[k] = w[0] + float(np.dot(numbers(r, names), w[1:]))
    return ratios


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
    above = (right[:, None] > wrong[None]).mean() + 0.5 * (right[:, None] == wrong[None]).mean()
    return float(above)


def bootstrap(
    scored: Sequence[tuple[Row, Sequence[float]]], figure: Callable[[Sequence[tuple[Row, Sequence[float]]]], float]
) -> tuple[float, float, float]:
    """(the figure, its 95% interval), names drawn with their rows."""
    by_name: dict[str, list[tuple[Row, Sequence[float]]]] = defaultdict(list)
    for row, scores in scored:
        by_name[row.name].append((row, scores))
    dice, groups = random.Random(1), list(by_name.values())
    drawn = ([r for group in dice.choices(groups, k=len(groups)) for r in group] for _ in range(RESAMPLES))
    values = [v for v in map(figure, drawn) if not math.isnan(v)]
    if len(values) < 2:
        return math.nan, math.nan, math.nan
    cuts = statistics.quantiles(values, n=40)
    return figure(scored), cuts[0], cuts[-1]


def evaluate(rows: Sequence[Row], all_rows: Sequence[Row], title: str) -> tuple[float, float, float]:
    """Prints the table of some rows; returns the gain of text and audio over the text alone, with its interval."""
    text = np.array([text_odds(r) for r in rows])
    audio, plain = cross_validate(rows, all_rows, USED), cross_validate(rows, all_rows, ("plain_ratio",))
    columns = np.column_stack([text, audio, text + audio, text + plain])
    scored = [(r, tuple(o)) for r, o in zip(rows, columns.tolist(), strict=True)]

    def of(way: int, figure: Callable[[Sequence[tuple[float, bool]]], float]) -> tuple[float, float, float]:
        return bootstrap(scored, lambda some: figure([(s[way], r.kind == "right") for r, s in some]))

    table = []
    for i, way in enumerate(WAYS):
        passed, area = of(i, share_passed), of(i, auc)
        table.append([way, *(f"{v:.2f} ({low:.2f}-{high:.2f})" for v, low, high in (passed, area))])
    right = sum(r.kind == "right" for r in rows)
    head = ["", f"right ones where {WRONG_PASS:.0%} of the wrong pass", "AUC"]
    print_table(f"{title}: {right} right, {len(rows) - right} wrong", head, table)

    def gain(some: Sequence[tuple[Row, Sequence[float]]]) -> float:
        both, alone = ([(s[i], r.kind == "right") for r, s in some] for i in (2, 0))
        return share_passed(both) - share_passed(alone)

    return bootstrap(scored, gain)


def learn(rows: Sequence[Row]) -> None:
    """Writes the weights of the audio's log-likelihood ratio, fitted on all rows."""
    w = fit(rows, USED)
    weights = {name: round(float(w[1 + USED.index(name)]), 4) if name in USED else 0.0 for name in LIKELIHOODS}
    data = {"constant": round(float(w[0]), 4), "least": LEAST, "likelihoods": weights}
    WEIGHTS.parent.mkdir(exist_ok=True)
    WEIGHTS.write_text(json.dumps(data, indent=1) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--names", type=int, default=130)
    parser.add_argument("--model", choices=("tiny.en", "base"), default="base")
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--learn", action="store_true")
    chosen = parser.parse_args()
    if chosen.rows and chosen.rows.exists():
        rows = read_rows(chosen.rows)
    else:
        folder = chosen.folder or Path(tempfile.mkdtemp())
        files = load_set(folder) if (folder / "set.json").exists() else make_set(folder, chosen.names, None)
        model = fetch_model(chosen.model, ROOT / ".cache/models")
        settings = from_environment({})
        speech = replace(settings.speech, model=str(model))
        recogniser = build_recogniser(replace(settings, speech=speech))
        rows = list(collect_rows(files, chosen.names, recogniser))
        if chosen.rows:
            write_rows(chosen.rows, rows)
    asked = [r for r in rows if r.likelihoods and r.kind != "random"]
    open_ = [r for r in asked if r.source == "text" and r.score < SURE]
    gain, low, high = evaluate(open_, asked, f"Proposed by the text, not surely (score below {SURE})")
    evaluate([r for r in open_ if r.kind != "plain"], asked, "The same, the wrong ones other names")
    for form in ("full", "surname"):
        some = [r for r in open_ if r.kind != "right" or r.form == form]
        evaluate(some, asked, f"Proposed by the text, not surely, right ones {form}")
    for condition in sorted({r.condition for r in open_}):
        evaluate(
            [r for r in open_ if r.condition == condition], asked, f"Proposed by the text, not surely, {condition}"
        )
    net = [r for r in asked if r.source == "net"]
    evaluate(net, asked, "A wider net: names the text never proposes, beside the names most like them")
    if chosen.learn:
        learn(asked)
    holds = check_figure("gain over the text alone, lower end of its interval", low, 0.0)
    print(f"second hearing: {gain:.2f} ({low:.2f}-{high:.2f}) more of the right ones in doubt than by the text alone")
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
