"""What the second hearing is worth: right and wrong places told apart by the text, by the audio, and by both.

    python -m benchmarks.listen.second_hearing FOLDER [--names 130] [--model base] [--files N] [--learn]

FOLDER keeps the spoken test set, what was recognised in it and what was asked, so that a run goes on where it was cut.
--learn writes the weights that podwatch uses, fitted on all rows; the tables are cross-validated by name, their
intervals bootstrapped over names. `make listen-test` has it as a part.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.harness import check_figure, print_table
from benchmarks.listen.doubts import Row, collect_rows
from benchmarks.listen.hearing_scores import (
    LEAST,
    USED,
    WRONG_PASS,
    Fitted,
    Matrix,
    Scored,
    auc,
    bootstrap,
    cross_validate,
    fit,
    is_wide,
    share_passed,
)
from benchmarks.listen.spoken_set import SpokenFile, load_set, make_set
from podwatch.phonetics.candidate_scoring import DEFAULT_THRESHOLD
from podwatch.query.place_proposals import FEATURES
from podwatch.query.second_hearing import SURE, combine, sounds_like_another
from podwatch.query.wide_doubts import place_score
from podwatch.settings import from_environment
from podwatch.speech.forced_decoding import LIKELIHOODS
from podwatch.speech.recognisers import build_recogniser
from scripts.speech_models import fetch_model

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = ROOT / "pipeline/podwatch/query/data/hearing.json"
WAYS = ("text", "audio", "text and audio")
LEAST_PRECISION = 0.95  # at the threshold that watches have by default
MOST_CPU = 0.5  # seconds a candidate
PLACES_FLOOR = -99.0  # of the net's features: no bound


def is_told(score: float) -> bool:
    return score >= DEFAULT_THRESHOLD


def final_score(row: Row) -> float:
    """What podwatch makes of a row, with the weights that it ships."""
    if is_wide(row) and sounds_like_another(row.surface, row.name):
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


def measure(rows: Sequence[Row], *, is_short: bool = False) -> Worth:
    """Prints the tables. is_short: with the weights that podwatch ships, since there are too few rows to fit any."""
    asked = [r for r in rows if r.likelihoods]
    scored: Scored = [(r, _shipped(r)) for r in asked] if is_short else cross_validate(asked)
    doubts = [(r, s) for r, s in scored if r.source == "text" and r.score < SURE]
    _print_doubts(scored)
    gain = bootstrap(doubts, lambda some: _passed(some, 2) - _passed(some, 0))
    net, precision = _print_wide(rows, scored)
    _print_sure(rows, scored)
    _print_all(rows, scored)
    cpu = _print_cost(rows)
    holds = check_figure("precision of what the wider net tells", precision, LEAST_PRECISION)
    holds = check_figure("CPU seconds a candidate", cpu, MOST_CPU, least=False) and holds
    if not is_short:
        holds = check_figure("found by the wider net, lower end of its interval", net[1], 0.0) and holds
    return Worth(gain, net, precision, cpu, holds)


def _shipped(row: Row) -> tuple[float, float, float]:
    before = place_score(row.features) if is_wide(row) else row.score
    final = _odds(final_score(row))
    return _odds(before), final, final


def _odds(score: float) -> float:
    score = min(max(score, 1e-9), 1 - 1e-9)
    return math.log(score / (1 - score))


def _passed(some: Scored, way: int) -> float:
    return share_passed([(s[way], r.kind == "right") for r, s in some])


def _interval(v: tuple[float, float, float]) -> str:
    return "-" if v[0] != v[0] else f"{v[0]:.2f} ({v[1]:.2f}-{v[2]:.2f})"


def _print_doubts(scored: Scored) -> None:
    """By kind of wrong one, by form, by condition: the doubtful, and the wider net's, told apart."""

    def line(title: str, some: Scored) -> list[str]:
        right = sum(r.kind == "right" for r, _ in some)
        figures = [_interval(bootstrap(some, lambda s, i=i: _passed(s, i))) for i in range(len(WAYS))]  # type: ignore[misc]
        area = [f"{auc([(s[i], r.kind == 'right') for r, s in some]):.2f}" for i in (0, 2)]
        return [title, str(right), str(len(some) - right), *figures, " / ".join(area)]

    def of(some: Scored, keep: Callable[[Row], bool]) -> Scored:
        return [(r, s) for r, s in some if keep(r)]

    doubts = [(r, s) for r, s in scored if r.source == "text" and r.score < SURE]
    twins = [(r, s) for r, s in scored if r.source == "twin" and r.score < SURE]
    for title, some in (("Proposed by the text, not surely", doubts), ("Proposed by the wider net", _wide(scored))):
        lines = [line("all", some)]
        for kind, what in (("name", "another name was said"), ("plain", "no name was said")):
            lines.append(line(what, of(some, lambda r, k=kind: r.kind in ("right", k))))  # type: ignore[misc]
        for form, what in (("full", "right ones in full"), ("surname", "right ones bare")):
            lines.append(line(what, of(some, lambda r, f=form: r.kind != "right" or r.form == f)))  # type: ignore[misc]
        lines += [line(c, of(some, lambda r, c=c: r.condition == c)) for c in sorted({r.condition for r, _ in some})]  # type: ignore[misc]
        if some is doubts:
            lines.append(
                line("a name one sound away was said", [*((r, s) for r, s in some if r.kind == "right"), *twins])
            )
        head = ["", "right", "wrong", *WAYS, "AUC, text / both"]
        print_table(f"{title}: right ones let through where {WRONG_PASS:.0%} of the wrong pass", head, lines)


def _print_wide(rows: Sequence[Row], scored: Scored) -> tuple[tuple[float, float, float], float]:
    """What the wider net finds of the mentions that the text does not propose, and how often it is wrong."""
    found = {(r.file, i): s[2] for r, s in reversed(likeliest(_wide(scored))) for i in r.said}
    listens = {(r.file, i) for r, _ in _wide(scored) for i in r.said}
    missed = [(r, (found.get((r.file, r.said[0]), -99.0),)) for r in rows if r.source == "missed"]
    told = [(r, s) for r, s in likeliest(_wide(scored)) if is_told(_odds_to_score(s[2]))]
    strangers = likeliest([(r, s) for r, s in scored if r.source == "stranger"])
    invented = sum(is_told(_odds_to_score(s[2])) for _, s in strangers)
    right = sum(r.kind == "right" for r, _ in told)
    wrong = len(told) - right
    share = bootstrap(missed, lambda some: sum(is_told(_odds_to_score(s[0])) for _, s in some) / max(1, len(some)))
    reached = sum((r.file, r.said[0]) in listens for r, _ in missed)
    lines = [
        ["mentions that the text does not propose", str(len(missed))],
        ["of these where the net listens", f"{reached / max(1, len(missed)):.2f}"],
        [f"found, at the threshold {DEFAULT_THRESHOLD}", _interval(share)],
        ["told by the net: right, wrong", f"{right}, {wrong}"],
        ["told of names that nobody says, as many again", str(invented)],
    ]
    print_table("The wider net", ["", ""], lines)
    return share, right / max(1, right + wrong + invented)


def likeliest(wide: Scored) -> Scored:
    """Of what overlaps the likeliest, as podwatch has it."""
    kept: list[tuple[Row, Sequence[float]]] = []
    for r, s in sorted(wide, key=lambda x: (-x[1][2], x[0].start)):
        if not any(r.file == k.file and r.start < k.end and k.start < r.end for k, _ in kept):
            kept.append((r, s))
    return kept


def _wide(scored: Scored) -> Scored:
    return [(r, s) for r, s in scored if r.source == "wide"]


def _odds_to_score(odds: float) -> float:
    return 1 / (1 + math.exp(-min(max(odds, -30.0), 30.0)))


def _print_sure(rows: Sequence[Row], scored: Scored) -> None:
    """What hearing before telling would refuse of that which the text is sure of, and lose; and of twins."""
    lines = []
    for source in ("text", "twin"):
        for bare in (True, False):
            some = [(r, s) for r, s in scored if r.source == source and r.bare == bare and r.score >= SURE]
            for kind in ("right", "name", "plain", "twin"):
                mine = [s for r, s in some if r.kind == kind]
                if mine:
                    refused = sum(not is_told(_odds_to_score(s[2])) for s in mine)
                    lines.append([kind, "bare" if bare else "more words", len(mine), refused])
    print_table(f"Sure by the text (from {SURE}), and asked nevertheless", ["", "", "told", "then refused"], lines)


def _print_all(rows: Sequence[Row], scored: Scored) -> None:
    """Mentions found of all that are said, by form, as each part is added; and how many that is wrong."""
    by_row = {id(r): s for r, s in scored}
    kept = {id(r) for r, _ in likeliest(_wide(scored))}

    def score(r: Row, with_audio: bool) -> float:
        if r.source == "wide" or (with_audio and r.likelihoods and r.score < SURE):
            return _odds_to_score(by_row[id(r)][2])
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


def _print_cost(rows: Sequence[Row]) -> float:
    asked = [r for r in rows if r.likelihoods]
    cpu = statistics.fmean(r.cpu for r in asked)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lines = [
        ["seconds of audio a place", f"{statistics.fmean(r.seconds for r in asked):.1f}"],
        ["CPU seconds a candidate", f"{cpu:.2f}"],
        ["peak memory of this process, MB", f"{peak:,.0f}"],
    ]
    print_table(f"Cost of {len(asked)} candidates", ["", ""], lines)
    return cpu


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
    settings = from_environment({})
    speech = replace(settings.speech, models=str(model.parent), model=model.name)
    return list(collect_rows(folder, files, names, build_recogniser(replace(settings, speech=speech))))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--names", type=int, default=130)
    parser.add_argument("--model", choices=("tiny.en", "base"), default="base")
    parser.add_argument("--files", type=int, help="only so many of the set's files, its first names in each condition")
    parser.add_argument("--learn", action="store_true")
    chosen = parser.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp())
    files = load_set(folder) if (folder / "set.json").exists() else make_set(folder, chosen.names, None)
    files = sorted(files, key=lambda f: (f.path.stem.split("-")[1], f.condition))[: chosen.files]
    rows = ask(folder, files, chosen.names, fetch_model(chosen.model, ROOT / ".cache/models"))
    worth = measure(rows)
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
