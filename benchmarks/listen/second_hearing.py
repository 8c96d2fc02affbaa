"""What the second hearing is worth: right and wrong places told apart by the text, by the audio, and by both.

    python -m benchmarks.listen.second_hearing FOLDER [--names 130] [--model base] [--files N] [--learn] [--hotwords]

FOLDER keeps the spoken test set, what was recognised in it and what was asked, so that a run goes on where it was cut.
--learn writes the weights that podwatch uses, fitted on all rows; the tables are cross-validated by name, their
intervals bootstrapped over names. --hotwords decodes everything once more, see hotwords.py. `make listen-test` has it
as a part.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.harness import check_figure, print_table
from benchmarks.listen.doubts import DoubtSet
from benchmarks.listen.hearing_figures import LEAST_ODDS, likeliest, measure_exposure
from benchmarks.listen.hearing_rows import Row, collect_rows
from benchmarks.listen.hearing_scores import (
    LEAST,
    NEVER,
    USED,
    Fitted,
    Matrix,
    Scored,
    Scores,
    bootstrap,
    cross_validate,
    fit,
    is_wide,
)
from benchmarks.listen.hearing_tables import passed, print_cost, print_misspelt, print_told_apart, put_interval
from benchmarks.listen.hotwords import Written, decode_with_hotwords
from benchmarks.listen.spoken_set import SpokenFile, load_set, make_set
from benchmarks.sounds_like.names import load_subjects
from podwatch.phonetics.candidate_scoring import DEFAULT_THRESHOLD
from podwatch.query.place_proposals import FEATURES
from podwatch.query.second_hearing import SURE, combine, sounds_like_another
from podwatch.query.wide_doubts import place_score
from podwatch.settings import from_environment
from podwatch.speech.forced_decoding import LIKELIHOODS
from podwatch.speech.recognisers import Recogniser, build_recogniser
from scripts.speech_models import fetch_model

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "pipeline/podwatch/query/data/hearing.json"
LEAST_PRECISION = 0.95  # of what the net tells at the threshold that watches have by default
MOST_CPU = 0.5  # seconds a candidate
LEAST_BY_NET, LEAST_GAIN = 0.3, 0.0  # lower ends of intervals
LEAST_BARE, LEAST_FULL = 0.65, 0.8  # shares of the misspelt names
NOT_FOUND = Scores(NEVER, NEVER, NEVER, NEVER)
PLACES_FLOOR = -99.0  # of the net's features: no bound


def is_told(score: float) -> bool:
    return score >= DEFAULT_THRESHOLD


def final_score(row: Row) -> float:
    """What podwatch makes of a row, with the weights that it ships."""
    if is_wide(row) and (not row.likelihoods or sounds_like_another(row.surface, row.name)):
        return 0.0
    if is_wide(row):
        return combine(place_score(row.features), row.likelihoods, is_wide=True)
    if not row.likelihoods or row.score >= SURE:
        return row.score
    heard = combine(row.score, row.likelihoods)
    return min(heard, row.score) if sounds_like_another(row.surface, row.name) else heard


@dataclass(frozen=True, slots=True)
class Worth:
    """gain: more right ones in doubt than by the text alone, where WRONG_PASS of the wrong pass; net: of the mentions
    that the text does not propose those that the net finds; both with an interval. precision: of what the net tells."""

    gain: tuple[float, float, float]
    net: tuple[float, float, float]
    precision: float
    cpu: float
    holds: bool


def measure(
    rows: Sequence[Row], files: Sequence[SpokenFile], hotwords: Written | None = None, *, is_short: bool = False
) -> Worth:
    """Prints the tables. is_short: with the weights that podwatch ships, since there are too few rows to fit any."""
    hours = sum(f.seconds for f in files) / 3600
    scored: Scored = [(r, _shipped(r)) for r in rows] if is_short else cross_validate(rows)
    doubts = [(r, s) for r, s in scored if r.source in ("text", "absent") and r.likelihoods and r.score < SURE]
    print_told_apart(scored)
    exposure = measure_exposure(rows, hours, len(load_subjects()))
    bare, full = print_misspelt(rows, scored, exposure, hotwords)
    gain = bootstrap(doubts, lambda some: passed(some, "both") - passed(some, "text"))
    net, precision = _print_wide(rows, scored)
    _print_sure(scored)
    _print_all(rows, scored)
    cpu = print_cost(rows, hours)
    holds = check_figure("precision of what the wider net tells", precision, LEAST_PRECISION)
    holds = check_figure("CPU seconds a candidate", cpu, MOST_CPU, least=False) and holds
    if not is_short:
        holds = check_figure("found by the wider net, lower end of its interval", net[1], LEAST_BY_NET) and holds
        holds = check_figure("more of the doubtful than by the text alone, lower end", gain[1], LEAST_GAIN) and holds
        holds = check_figure("misspelt bare names found at precision 0.95", bare, LEAST_BARE) and holds
        holds = check_figure("misspelt full names found at precision 0.95", full, LEAST_FULL) and holds
    return Worth(gain, net, precision, cpu, holds)


def _shipped(row: Row) -> Scores:
    before = place_score(row.features) if is_wide(row) else row.score
    final = _odds(final_score(row))
    return Scores(_odds(before), final, final, final)


def _odds(score: float) -> float:
    score = min(max(score, 1e-9), 1 - 1e-9)
    return math.log(score / (1 - score))


def _print_wide(rows: Sequence[Row], scored: Scored) -> tuple[tuple[float, float, float], float]:
    """What the wider net finds of the mentions that the text does not propose, and how often it is wrong."""
    found = {(r.file, i): s for r, s in reversed(likeliest(_wide(scored))) for i in r.said}
    listens = {(r.file, i) for r, _ in _wide(scored) for i in r.said}
    missed = [(r, found.get((r.file, r.said[0]), NOT_FOUND)) for r in rows if r.source == "missed"]
    told = [(r, s) for r, s in likeliest(_wide(scored)) if is_told(_odds_to_score(s.both))]
    strangers = likeliest(_wide(scored, "stranger"))
    invented = sum(is_told(_odds_to_score(s.both)) for _, s in strangers)
    right = sum(r.kind == "right" for r, _ in told)
    wrong = len(told) - right
    share = bootstrap(missed, lambda some: sum(is_told(_odds_to_score(s.both)) for _, s in some) / max(1, len(some)))
    reached = sum((r.file, r.said[0]) in listens for r, _ in missed)
    lines = [
        ["mentions that the text does not propose", str(len(missed))],
        ["of these where the net listens", f"{reached / max(1, len(missed)):.2f}"],
        [f"found, at the threshold {DEFAULT_THRESHOLD}", put_interval(share)],
        ["told by the net: right, wrong", f"{right}, {wrong}"],
        ["told of names that nobody says, as many again", str(invented)],
    ]
    print_table("The wider net", ["", ""], lines)
    return share, right / max(1, right + wrong + invented)


def _wide(scored: Scored, source: str = "wide") -> Scored:
    """What the wider net asks about."""
    return [(r, s) for r, s in scored if r.source == source and r.likelihoods and s.text >= LEAST_ODDS]


def _odds_to_score(odds: float) -> float:
    return 1 / (1 + math.exp(-min(max(odds, -30.0), 30.0)))


def _print_sure(scored: Scored) -> None:
    """What hearing before telling would refuse of that which the text is sure of, and lose; and of twins."""
    lines = []
    for source in ("text", "twin"):
        for bare in (True, False):
            some = [(r, s) for r, s in scored if r.source == source and r.bare == bare and r.likelihoods]
            some = [(r, s) for r, s in some if r.score >= SURE]
            for kind in ("right", "name", "plain", "twin"):
                mine = [s for r, s in some if r.kind == kind]
                if mine:
                    refused = sum(not is_told(_odds_to_score(s.both)) for s in mine)
                    lines.append([kind, "bare" if bare else "more words", len(mine), refused])
    print_table(f"Sure by the text (from {SURE}), and asked nevertheless", ["", "", "told", "then refused"], lines)


def _print_all(rows: Sequence[Row], scored: Scored) -> None:
    """Mentions found of all that are said, by form, as each part is added; and how many that is wrong."""
    by_row = {id(r): s for r, s in scored}
    kept = {id(r) for r, _ in likeliest(_wide(scored))}

    def score(r: Row, with_audio: bool) -> float:
        if r.source == "wide" or (with_audio and r.likelihoods and r.score < SURE):
            return _odds_to_score(by_row[id(r)].both)
        return r.score

    mentions = {
        (r.file, i): r.form for r in rows if r.kind == "right" and r.source in ("text", "missed") for i in r.said
    }
    lines = []
    for title, sources, with_audio in (
        ("the text", ("text",), False),
        ("with the second hearing", ("text",), True),
        ("with the wider net", ("text", "wide"), True),
    ):
        told = [r for r in rows if r.source in sources and (r.source == "text" or id(r) in kept)]
        told = [r for r in told if is_told(score(r, with_audio))]
        found = {(r.file, i) for r in told for i in r.said}
        shares = []
        for form in ("full", "surname"):
            of_form = [m for m, f in mentions.items() if f == form]
            shares.append(f"{sum(m in found for m in of_form) / max(1, len(of_form)):.3f}")
        wrong = sum(r.kind != "right" for r in told)
        lines.append([title, *shares, f"{1 - wrong / max(1, len(told)):.3f}"])
    title = f"All {len(mentions)} mentions, at the threshold {DEFAULT_THRESHOLD}"
    print_table(title, ["", "in full", "bare", "precision"], lines)


def learn(rows: Sequence[Row]) -> None:
    """Writes the weights, fitted on all rows."""
    fitted: Fitted = fit(rows)

    def weighed(names: Sequence[str], used: Sequence[str], w: Matrix, least: float, before: float) -> dict[str, object]:
        values = {n: round(float(w[1 + used.index(n)]), 4) if n in used else 0.0 for n in names}
        return {"constant": round(float(w[0]), 4), "before": round(before, 4), "least": least, "weights": values}

    wide, before = np.delete(fitted.wide, 1), float(fitted.wide[1])
    data = {
        "text": weighed(LIKELIHOODS, USED, fitted.text, LEAST, 1.0),
        "wide": weighed(LIKELIHOODS, USED, wide, LEAST, before),
        "places": weighed(FEATURES, FEATURES, fitted.places, PLACES_FLOOR, 1.0),
    }
    WEIGHTS.write_text(json.dumps(data, indent=1) + "\n")


def ask(folder: Path, files: Sequence[SpokenFile], names: int, model: Path) -> list[Row]:
    """The rows of a set, by this model."""
    return list(collect_rows(folder, files, names, _recogniser(model)))


def _recogniser(model: Path) -> Recogniser:
    settings = from_environment({})
    speech = replace(settings.speech, models=str(model.parent), model=model.name)
    return build_recogniser(replace(settings, speech=speech))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--names", type=int, default=130)
    parser.add_argument("--model", choices=("tiny.en", "base"), default="base")
    parser.add_argument("--files", type=int, help="only so many of the set's files, its first names in each condition")
    parser.add_argument("--learn", action="store_true")
    parser.add_argument("--hotwords", action="store_true")
    chosen = parser.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp())
    files = load_set(folder) if (folder / "set.json").exists() else make_set(folder, chosen.names, None)
    files = sorted(files, key=lambda f: (f.path.stem.split("-")[1], f.condition))[: chosen.files]
    model = fetch_model(chosen.model, ROOT / ".cache/models")
    rows = ask(folder, files, chosen.names, model)
    written = None
    if chosen.hotwords:
        written = decode_with_hotwords(files, DoubtSet(chosen.names), _recogniser(model))
    worth = measure(rows, files, written)
    if chosen.learn:
        learn(rows)
    print(f"second hearing: {describe(worth)}")
    return 0 if worth.holds else 1


def describe(worth: Worth) -> str:
    gain, low, high = worth.gain
    return (
        f"{gain:.2f} ({low:.2f}-{high:.2f}) more of the right ones in doubt than by the text alone; the wider net finds"
        f" {worth.net[0]:.2f} of what the text does not propose, at a precision of {worth.precision:.2f}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
