"""Measures sounds-like matching beside exact match, Double Metaphone, Jaro-Winkler and `~2`, on names nobody saw.

    python -m benchmarks.sounds_like [--split test] [--talk DIR] [--hours 100] [--picture FILE] [--misses]

prints recall and precision, writes the precision-recall curves, and with a folder of unrelated talk (plain text files,
see talk.py) false alarms and cost. Ends with ok or MISS for each number of the issue; its exit status is theirs.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.sounds_like import cost, data, methods, picture, talk
from benchmarks.sounds_like.align import distance
from benchmarks.sounds_like.data import Episode, Line, Mention
from benchmarks.sounds_like.measure import (
    ALARMS_A_NAME,
    TOPICAL,
    UNRELATED,
    Build,
    Found,
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
from benchmarks.sounds_like.names import SPLITS, Subject, fold
from benchmarks.sounds_like.scoring import Counts, Judged
from benchmarks.table import show, verdict

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
    parser.add_argument("--data", type=Path, default=data.DATA, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.misses and options.split == "test":
        parser.error("the names of the test are not to be looked at: take --split tune")
    lines = data.load(options.split, options.data)
    episodes = data.episodes(lines)
    describe(options.split, lines)
    good = found_and_precise(lines, episodes, options)
    if options.talk:
        good &= unrelated(lines, episodes, talk.load(options.talk, options.hours))
    return 0 if good else 1


def describe(split: str, lines: Sequence[Line]) -> None:
    """What the split holds, and how much of it the recognisers misspelt."""
    known, rows = named(lines), []
    for recogniser in sorted({line.recogniser for line in lines}):
        mentions = [(line, m) for line in lines if line.recogniser == recogniser for m in line.mentions]
        for title, form, kind in [
            ("full names of persons", "full", "person"),
            ("bare surnames", "surname", "person"),
            ("companies", "full", "company"),
            ("places", "full", "place"),
        ]:
            mine = [m for line, m in mentions if m.form == form and line.type == kind]
            wrong, lost = sum(not m.exact for m in mine), sum(beyond(m, known[m.name]) for m in mine)
            rows.append((recogniser, title, len(mine), share(wrong, len(mine)), share(lost, len(mine))))
    names = Counter(subject.type for subject in known.values())
    languages = {line.language for line in lines}
    said = ", ".join(f"{number} {kind}" for kind, number in sorted(names.items()))
    show(f"{split}: {sum(names.values())} names ({said}) of {len(languages)} languages, {len(lines)} passages",
         ("recogniser", "mentions of", "number", "misspelt", "half of the letters wrong"), rows)  # fmt: skip


def beyond(mention: Mention, subject: Subject) -> bool:
    """Whether half of the letters or more came out wrong: few of these can be told from the text alone."""
    said = fold(subject.name if mention.form == "full" else subject.surname).replace(" ", "")
    return 2 * distance(said, fold(mention.heard).replace(" ", "")) >= len(said)


def found_and_precise(lines: Sequence[Line], episodes: Sequence[Episode], options: argparse.Namespace) -> bool:
    """(b) of the issue: bare misspelt surnames; and the curves."""
    judged: dict[str, Judged] = {}
    everything: dict[str, Judged] = {}
    for title, build in builds(SURNAME).items():
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
    by_default(lines, episodes)
    if options.picture:
        picture.draw({t: j.curve() for t, j in judged.items()}, f"Bare misspelt surnames, {options.split} names",
                     options.picture)  # fmt: skip
    good = verdict(f"recall of bare misspelt surnames at precision {PRECISION}", recalls[OURS], 0.85)
    best_other = max(recall for title, recall in recalls.items() if title != OURS)
    return verdict("more than the best of the others", recalls[OURS] - best_other, 0.20) and good


def by_default(lines: Sequence[Line], episodes: Sequence[Episode]) -> None:
    """What a user gets who sets nothing, by recogniser and kind of mention."""
    found = find(methods.ear, lines, episodes)
    kinds: list[tuple[str, Counts]] = [
        ("full names", full),
        ("misspelt full names", lambda m: full(m) and not m.exact),
        ("misspelt bare surnames, full name said before", lambda m: misspelt_surname(m) and m.introduced),
        ("misspelt bare surnames, no full name", lambda m: misspelt_surname(m) and not m.introduced),
        ("all misspelt", misspelt),
    ]
    rows = []
    for title, counts in kinds:
        cells: list[str] = []
        for recogniser in sorted({episode.recogniser for episode in episodes}):
            result = found.judged(episodes, _heard_by(recogniser, episodes, counts))
            cells.append(f"{result.recall(0):.3f} of {len(result.found)}")
        # A wrong hit is of no kind, so only all kinds together have a precision.
        rows.append((title, *cells, f"{found.judged(episodes, counts).precision(0):.3f}" if counts is misspelt else ""))
    show("podwatch at its default threshold: recall by recogniser, precision",
         ("mentions", *sorted({episode.recogniser for episode in episodes}), "precision"), rows)  # fmt: skip

    known = named(lines)
    told = found.judged(episodes, lambda m: full(m) and not beyond(m, known[m.name]))
    bare = found.judged(episodes, lambda m: misspelt_surname(m) and not beyond(m, known[m.name]))
    got, number = found.introduced(episodes, full)
    near, near_number = found.introduced(episodes, lambda m: not beyond(m, known[m.name]))
    show("By what can be told from the text, and by passages that introduce a name",
         ("what", "found", "of"),
         [("full names, less than half of the letters wrong", f"{told.recall(0):.3f}", len(told.found)),
          ("misspelt bare surnames, less than half wrong", f"{bare.recall(0):.3f}", len(bare.found)),
          ("passages with a full name: found anywhere in them", share(got, number), number),
          ("the same, less than half of its letters wrong", share(near, near_number), near_number)])  # fmt: skip
    by_voice(found, lines, episodes)


def by_voice(found: Found, lines: Sequence[Line], episodes: Sequence[Episode]) -> None:
    """The same by engine: how much a clear voice is worth."""
    known, rows = named(lines), []
    for engine in sorted({m.engine for line in lines for m in line.mentions}):
        mine = partial(_said_by, engine)
        surnames = [m for line in lines for m in line.mentions if misspelt_surname(m) and mine(m)]
        names = found.judged(episodes, lambda m, mine=mine: full(m) and mine(m)).recall(0)
        bare = found.judged(episodes, lambda m, mine=mine: misspelt_surname(m) and mine(m)).recall(0)
        lost = share(sum(beyond(m, known[m.name]) for m in surnames), len(surnames))
        rows.append((engine, f"{names:.3f}", f"{bare:.3f}", len(surnames), lost))
    show("The same by the engine that spoke: recall", ("engine", "full names", "misspelt bare surnames", "of",
         "half of their letters wrong"), rows)  # fmt: skip


def _said_by(engine: str, mention: Mention) -> bool:
    return mention.engine == engine


def _heard_by(recogniser: str, episodes: Sequence[Episode], counts: Counts) -> Counts:
    mine = {id(m) for episode in episodes if episode.recogniser == recogniser for m in episode.mentions}

    def counted(mention: Mention) -> bool:
        return id(mention) in mine and counts(mention)

    return counted


def unrelated(lines: Sequence[Line], episodes: Sequence[Episode], spoken: talk.Talk) -> bool:
    """(a) of the issue: full names at few false alarms; the two lists; and the cost."""
    watched = talk.strangers(list(named(lines).values()), spoken)
    left_out = len(named(lines)) - len(watched)
    kinds = [full, *(full_of(kind, lines) for kind in ("person", "company", "place"))]
    rows, recalls = [], {}
    for title, build in builds(FULL).items():
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
    persons = [s for s in watched if s.type == "person"]
    for what, names, most in [
        (f"{TOPICAL} persons", some(persons, TOPICAL), 5),
        (f"{UNRELATED} names", some(watched, UNRELATED), 30),
    ]:
        alarms = alarms_of_list(methods.ear, names, spoken)
        good &= verdict(f"false alarms of {what} in 100 hours, whole list ({len(names)})", alarms, most, least=False)
    return costs(spoken) and good


def costs(spoken: talk.Talk) -> bool:
    some_talk = talk.first_hours(spoken, 5)
    measured = [cost.measure(number, some_talk.texts, some_talk.hours) for number in (1_000, 10_000)]
    rows = [(c.names, f"{c.build:.2f}", f"{c.hour:.3f}", c.hits) for c in measured]
    show(f"Cost on {some_talk.hours:.1f} hours of talk", ("names", "CPU s to build", "CPU s an hour", "hits"), rows)
    good = True
    for one, most in zip(measured, (0.3, 3.0), strict=True):
        good &= verdict(f"CPU s an hour, {one.names} names", one.hour, most, least=False)
    return good


def builds(forms: frozenset[str]) -> dict[str, Build]:
    """By title. ``forms``: what the others look for; the ear is always given full names."""

    def other(subjects: Sequence[Subject], at: int) -> methods.Method:
        return methods.others(subjects, forms)[at]

    titles = [method.title for method in methods.others((), forms)]
    found: dict[str, Build] = {OURS: partial(methods.ear, least=LEAST)}
    return found | {title: partial(other, at=at) for at, title in enumerate(titles)}


def misses(found: Found, episodes: Sequence[Episode]) -> None:
    for names, hits in zip(found.watched, found.hits, strict=True):
        for episode, heard in zip(episodes, hits, strict=True):
            for m in episode.mentions:
                on = [h.score for h in heard if h.name == m.name and h.start < m.end and m.start < h.end]
                if m.name in names and not m.exact and max(on, default=0) < 0.5:
                    context = episode.text[max(0, m.start - 30) : m.end + 20].replace("\n", " ")
                    print(f"{max(on, default=0):.2f}\t{fold(m.name)}\t{m.heard}\t{context}")


def share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "-"


if __name__ == "__main__":
    sys.exit(main())
