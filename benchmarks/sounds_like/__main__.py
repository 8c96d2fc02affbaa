"""Measures sounds-like matching beside exact match, Double Metaphone, Jaro-Winkler and `~2`, on names nobody saw.

    python -m benchmarks.sounds_like [--split test] [--talk DIR] [--hours 100] [--picture FILE] [--misses] [--said]

prints recall and precision, writes the precision-recall curves, and with a folder of unrelated talk (plain text files,
see talk_corpus.py) false alarms and cost. Ends with ok or MISS for each number of the issue; its exit status is theirs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import mean, median

from benchmarks.harness import show, verdict
from benchmarks.sounds_like import cost, curve_plot, dataset, matchers, talk_corpus
from benchmarks.sounds_like.accuracy import (
    ALARMS_A_NAME,
    TOPICAL,
    UNRELATED,
    Build,
    alarms_of_list,
    find,
    full,
    full_of,
    misspelt,
    misspelt_surname,
    named,
    some,
    threshold_at_alarms,
)
from benchmarks.sounds_like.breakdowns import by_default, describe, misses
from benchmarks.sounds_like.dataset import Episode, Line
from benchmarks.sounds_like.names import SPLITS, Subject
from benchmarks.sounds_like.scoring import Judged

PRECISION = 0.95
LEAST = 0.02  # the ear is asked for all down to this score, so that its curve can be drawn
OURS = "podwatch"
FULL, SURNAME = frozenset({"full"}), frozenset({"surname"})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=SPLITS, default="test")
    parser.add_argument("--talk", type=Path, help="a folder of unrelated talk")
    parser.add_argument("--hours", type=float, default=100, help="how much of it; 0 for all")
    parser.add_argument("--picture", type=Path, help="where the curves go (SVG or PNG)")
    parser.add_argument("--misses", action="store_true", help="what was missed; not for the test split")
    parser.add_argument("--said", action="store_true", help="podwatch is told how names are said, each as an alias")
    parser.add_argument("--data", type=Path, default=dataset.DATA, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.misses and options.split == "test":
        parser.error("the names of the test are not to be looked at: take --split tune")
    lines = dataset.load(options.split, options.data)
    episodes = dataset.episodes(lines)
    describe(options.split, lines)
    good = found_and_precise(lines, episodes, options)
    if options.talk:
        good &= unrelated(lines, episodes, talk_corpus.load(options.talk, options.hours), options.said)
    return 0 if good else 1


def found_and_precise(lines: Sequence[Line], episodes: Sequence[Episode], options: argparse.Namespace) -> bool:
    """(b) of the issue: bare misspelt surnames; and the curves."""
    judged: dict[str, Judged] = {}
    everything: dict[str, Judged] = {}
    for title, build in builds(SURNAME, options.said).items():
        found = find(build, lines, episodes)
        judged[title] = found.judged(episodes, misspelt_surname)
        everything[title] = found.judged(episodes, misspelt)
        if title == OURS and options.misses:
            misses(found, episodes)
    rows, recalls = [], {}
    for title, result in judged.items():
        recalls[title], threshold = result.recall_at_precision(PRECISION)
        best = max(((2 * r * p / (r + p), r, p) for r, p in result.curve() if r), default=(0.0, 0.0, 0.0))
        whole, _ = everything[title].recall_at_precision(PRECISION)
        rows.append(
            (title, f"{recalls[title]:.3f}", f"{threshold:.2f}", f"{best[1]:.2f} / {best[2]:.2f}", f"{whole:.3f}")
        )
    show(f"Bare misspelt surnames ({len(judged[OURS].found)} mentions)",
         ("method", f"recall at precision {PRECISION}", "threshold", "recall / precision where F1 is best",
          "recall of all misspelt mentions, same precision"), rows)  # fmt: skip
    by_default(lines, episodes, options.said)
    if options.picture:
        curve_plot.draw({t: j.curve() for t, j in judged.items()}, f"Bare misspelt surnames, {options.split} names",
                     options.picture)  # fmt: skip
    good = verdict(f"recall of bare misspelt surnames at precision {PRECISION}", recalls[OURS], 0.85)
    best_other = max(recall for title, recall in recalls.items() if title != OURS)
    return verdict("more than the best of the others", recalls[OURS] - best_other, 0.20) and good


def unrelated(lines: Sequence[Line], episodes: Sequence[Episode], spoken: talk_corpus.Talk, said: bool) -> bool:
    """(a) of the issue: full names at few false alarms; the two lists; and the cost."""
    watched = talk_corpus.strangers(list(named(lines).values()), spoken)
    left_out = len(named(lines)) - len(watched)
    kinds = [full, *(full_of(kind, lines) for kind in ("person", "company", "place"))]
    rows, recalls = [], {}
    for title, build in builds(FULL, said).items():
        threshold = threshold_at_alarms(build(watched), len(watched), spoken)
        found = find(build, lines, episodes)
        each = [found.judged(episodes, counts).recall(threshold) for counts in kinds]
        recalls[title] = each[0]
        rows.append((title, *(f"{recall:.3f}" for recall in each), f"{threshold:.2f}"))
    show(f"Full names in sentences, at {ALARMS_A_NAME} false alarms per 100 hours and name "
         f"({spoken.hours:.0f} hours of unrelated talk, {len(watched)} names watched; {left_out} left out, whom the "
         "talk speaks of)", ("method", "recall", "persons", "companies", "places", "threshold"), rows)  # fmt: skip
    good = verdict("recall of full names", recalls[OURS], 0.97)
    best_other = max(recall for title, recall in recalls.items() if title != OURS)
    good &= verdict("more than the best of the others", recalls[OURS] - best_other, 0.20)
    persons = some([s for s in watched if s.type == "person"], len(watched))
    ours = partial(matchers.ear, said=said)
    lists = [alarms_of_list(ours, persons[at : at + TOPICAL], spoken) for at in range(0, len(persons), TOPICAL)
             if at + TOPICAL <= len(persons) or not at]  # fmt: skip
    each_list = ", ".join(f"{number:.1f}" for number in lists)
    show(f"False alarms in 100 hours of lists of {TOPICAL} persons, one list after another",
         ("lists", "mean", "median", "each"),
         [(len(lists), f"{mean(lists):.1f}", f"{median(lists):.1f}", each_list)])  # fmt: skip
    names = some(watched, UNRELATED)
    many = alarms_of_list(ours, names, spoken)
    for what, alarms, most in [
        (f"{TOPICAL} persons in 100 hours, the first list", lists[0], 5),
        (f"{UNRELATED} names in 100 hours, whole list ({len(names)})", many, 30),
    ]:
        good &= verdict(f"false alarms of {what}", alarms, most, least=False)
    return costs(spoken) and good


def costs(spoken: talk_corpus.Talk) -> bool:
    some_talk = talk_corpus.first_hours(spoken, 5)
    measured = [cost.measure(number, some_talk.texts, some_talk.hours) for number in (1_000, 10_000)]
    rows = [(c.names, f"{c.build:.2f}", f"{c.hour:.3f}", c.hits) for c in measured]
    show(f"Cost on {some_talk.hours:.1f} hours of talk", ("names", "CPU s to build", "CPU s an hour", "hits"), rows)
    good = True
    for one, most in zip(measured, (0.3, 3.0), strict=True):
        good &= verdict(f"CPU s an hour, {one.names} names", one.hour, most, least=False)
    return good


def builds(forms: frozenset[str], said: bool) -> dict[str, Build]:
    """By title. ``forms``: what the others look for; the ear is always given full names."""

    def other(subjects: Sequence[Subject], at: int) -> matchers.Method:
        return matchers.others(subjects, forms)[at]

    titles = [method.title for method in matchers.others((), forms)]
    found: dict[str, Build] = {OURS: partial(matchers.ear, least=LEAST, said=said)}
    return found | {title: partial(other, at=at) for at, title in enumerate(titles)}


if __name__ == "__main__":
    sys.exit(main())
