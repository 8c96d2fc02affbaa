"""Measures name matching beside exact match, Double Metaphone, Jaro-Winkler and `~2`, on held-out names.

    python -m benchmarks.sounds_like [--split test] [--talk DIR] [--hours 100] [--picture FILE] [--misses] [--said]

prints recall and precision, writes the precision-recall curves, and with a folder of unrelated talk (plain text files,
see talk_corpus.py) false alarms and cost. Ends with ok or MISS for each figure.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import mean, median

from benchmarks.harness import check_figure, print_table
from benchmarks.sounds_like import cost, curve_plot, dataset, matchers, talk_corpus
from benchmarks.sounds_like.accuracy import (
    ALARMS_PER_NAME,
    TOPICAL,
    UNRELATED,
    BuildMatcher,
    choose_names,
    count_alarms,
    find_hits,
    find_threshold_at_alarms,
    full_names_of_type,
    is_full_name,
    is_misspelt,
    is_misspelt_surname,
    spoken_subjects,
)
from benchmarks.sounds_like.breakdowns import print_default_recall, print_misses, print_split
from benchmarks.sounds_like.dataset import Episode, HeardPassage
from benchmarks.sounds_like.names import SPLITS, Subject
from benchmarks.sounds_like.scoring import Judgement

PRECISION = 0.95
MIN_SCORE = 0.02  # podwatch reports all matches down to this score, so that its curve can be drawn
PODWATCH = "podwatch"
FULL, SURNAME = frozenset({"full"}), frozenset({"surname"})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=SPLITS, default="test")
    parser.add_argument("--talk", type=Path, help="a folder of unrelated talk")
    parser.add_argument("--hours", type=float, default=100, help="how much of it; 0 for all")
    parser.add_argument("--picture", type=Path, help="where the curves go (SVG or PNG)")
    parser.add_argument("--misses", action="store_true", help="what was missed; not for the test split")
    parser.add_argument("--said", action="store_true", help="podwatch gets the respelling of each name as an alias")
    parser.add_argument("--data", type=Path, default=dataset.DATA, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.misses and options.split == "test":
        parser.error("the names of the test are not to be looked at: take --split tune")
    passages = dataset.load_split(options.split, options.data)
    episodes = dataset.build_episodes(passages)
    print_split(options.split, passages)
    good = bench_surnames(passages, episodes, options)
    if options.talk:
        good &= bench_full_names(passages, episodes, talk_corpus.load_corpus(options.talk, options.hours), options.said)
    return 0 if good else 1


def bench_surnames(passages: Sequence[HeardPassage], episodes: Sequence[Episode], options: argparse.Namespace) -> bool:
    """Bare misspelt surnames: recall at a precision, and the curves."""
    judged: dict[str, Judgement] = {}
    everything: dict[str, Judgement] = {}
    for title, build in matcher_builders(SURNAME, options.said).items():
        found = find_hits(build, passages, episodes)
        judged[title] = found.judge(episodes, is_misspelt_surname)
        everything[title] = found.judge(episodes, is_misspelt)
        if title == PODWATCH and options.misses:
            print_misses(found, episodes)
    rows, recalls = [], {}
    for title, result in judged.items():
        recalls[title], threshold = result.recall_at_precision(PRECISION)
        best = max(((2 * r * p / (r + p), r, p) for r, p in result.curve() if r), default=(0.0, 0.0, 0.0))
        whole, _ = everything[title].recall_at_precision(PRECISION)
        rows.append(
            (title, f"{recalls[title]:.3f}", f"{threshold:.2f}", f"{best[1]:.2f} / {best[2]:.2f}", f"{whole:.3f}")
        )
    print_table(f"Bare misspelt surnames ({len(judged[PODWATCH].mention_scores)} mentions)",
         ("method", f"recall at precision {PRECISION}", "threshold", "recall / precision where F1 is best",
          "recall of all misspelt mentions, same precision"), rows)  # fmt: skip
    print_default_recall(passages, episodes, options.said)
    if options.picture:
        curves = {title: judgement.curve() for title, judgement in judged.items()}
        curve_plot.draw_curves(curves, f"Bare misspelt surnames, {options.split} names", options.picture)
    good = check_figure(f"recall of bare misspelt surnames at precision {PRECISION}", recalls[PODWATCH], 0.85)
    best_other = max(recall for title, recall in recalls.items() if title != PODWATCH)
    return check_figure("more than the best of the others", recalls[PODWATCH] - best_other, 0.20) and good


def bench_full_names(
    passages: Sequence[HeardPassage], episodes: Sequence[Episode], spoken: talk_corpus.TalkCorpus, said: bool
) -> bool:
    """Full names at few false alarms, the false alarms of two lists, and the cost."""
    watched = talk_corpus.filter_unmentioned(list(spoken_subjects(passages).values()), spoken)
    left_out = len(spoken_subjects(passages)) - len(watched)
    kinds = [is_full_name, *(full_names_of_type(kind, passages) for kind in ("person", "company", "place"))]
    rows, recalls = [], {}
    for title, build in matcher_builders(FULL, said).items():
        threshold = find_threshold_at_alarms(build(watched), len(watched), spoken)
        found = find_hits(build, passages, episodes)
        each = [found.judge(episodes, counts).recall(threshold) for counts in kinds]
        recalls[title] = each[0]
        rows.append((title, *(f"{recall:.3f}" for recall in each), f"{threshold:.2f}"))
    print_table(f"Full names in sentences, at {ALARMS_PER_NAME} false alarms per 100 hours and name "
         f"({spoken.hours:.0f} hours of unrelated talk, {len(watched)} names watched; {left_out} left out, whom the "
         "talk speaks of)", ("method", "recall", "persons", "companies", "places", "threshold"), rows)  # fmt: skip
    good = check_figure("recall of full names", recalls[PODWATCH], 0.97)
    best_other = max(recall for title, recall in recalls.items() if title != PODWATCH)
    good &= check_figure("more than the best of the others", recalls[PODWATCH] - best_other, 0.20)
    persons = choose_names([s for s in watched if s.type == "person"], len(watched))
    ours = partial(matchers.podwatch_matcher, said=said)
    lists = [count_alarms(ours, persons[at : at + TOPICAL], spoken) for at in range(0, len(persons), TOPICAL)
             if at + TOPICAL <= len(persons) or not at]  # fmt: skip
    each_list = ", ".join(f"{number:.1f}" for number in lists)
    print_table(f"False alarms in 100 hours of lists of {TOPICAL} persons, one list after another",
         ("lists", "mean", "median", "each"),
         [(len(lists), f"{mean(lists):.1f}", f"{median(lists):.1f}", each_list)])  # fmt: skip
    names = choose_names(watched, UNRELATED)
    many = count_alarms(ours, names, spoken)
    for what, alarms, most in [
        (f"{TOPICAL} persons in 100 hours, the first list", lists[0], 5),
        (f"{UNRELATED} names in 100 hours, whole list ({len(names)})", many, 30),
    ]:
        good &= check_figure(f"false alarms of {what}", alarms, most, least=False)
    return bench_cost(spoken) and good


def bench_cost(spoken: talk_corpus.TalkCorpus) -> bool:
    """CPU time of podwatch beside that of exact match of full names, with invented names."""
    some_talk = talk_corpus.take_hours(spoken, 5)
    rows, good = [], True
    for number, most in ((1_000, 3.0), (10_000, 22.0)):
        ours, exact = (
            cost.measure_cost(build, number, some_talk.texts, some_talk.hours)
            for build in (matchers.podwatch_matcher, match_exactly)
        )
        rows += [(title, c.names, f"{c.build:.2f}", f"{c.hour:.3f}", c.hits)
                 for title, c in ((PODWATCH, ours), ("exact", exact))]  # fmt: skip
        what = f"CPU beside exact match, {number} names"
        good &= check_figure(what, ours.hour / max(exact.hour, 1e-9), most, least=False)
    columns = ("matcher", "names", "CPU s to build", "CPU s an hour", "hits")
    print_table(f"Cost on {some_talk.hours:.1f} hours of talk", columns, rows)
    return good


def match_exactly(subjects: Sequence[Subject]) -> matchers.Matcher:
    return matchers.WindowMatcher("exact", tuple(subjects), FULL, matchers.match_exact)


def matcher_builders(forms: frozenset[str], said: bool) -> dict[str, BuildMatcher]:
    """title -> builder. forms: what the others search for; podwatch is always given full names."""

    def other(subjects: Sequence[Subject], at: int) -> matchers.Matcher:
        return matchers.other_matchers(subjects, forms)[at]

    titles = [matcher.title for matcher in matchers.other_matchers((), forms)]
    found: dict[str, BuildMatcher] = {PODWATCH: partial(matchers.podwatch_matcher, min_score=MIN_SCORE, said=said)}
    return found | {title: partial(other, at=at) for at, title in enumerate(titles)}


if __name__ == "__main__":
    sys.exit(main())
