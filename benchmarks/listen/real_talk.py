"""What podwatch tells of real talk: false names and found ones, by the text, the second hearing and the wider net.

    python -m benchmarks.listen.real_talk FOLDER [--model base] [--lists 3] [--told FILE]

FOLDER has audio files, any that podwatch reads; the spoken test set is of machines' voices, and whoever has hours of
real recordings measures here what those are worth. Beside talk.mp3 may stand talk.txt, .vtt or .srt with what was
really said: then the names in it are looked for, too, or those that talk.names has, one a line. All goes the way of
`podwatch scan FILE --again`, with watchlists of twelve names, and one of more than a thousand (talk_lists.py). What was
recognised and told is kept in FOLDER, so that a run goes on where it was cut.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.harness import print_table
from benchmarks.listen.talk_lists import INVENTED, PUBLIC, SAID, TWIN
from benchmarks.listen.talk_searches import WAYS, Search, Told, search_folder
from scripts.speech_models import fetch_model

ROOT = Path(__file__).resolve().parents[2]
RESAMPLES = 1000


def false_ones(search: Search, way: str) -> list[Told]:
    """What is told by its sound of names that are not said, or oftener than they are."""
    left, false = Counter(search.said or {}), []
    for t in sorted((t for t in search.told if t.way == way), key=lambda t: (t.how != "exact", -t.score)):
        if left[t.name] > 0:
            left[t.name] -= 1
        elif t.how == "sounds_like":
            false.append(t)
    return false


def found_mentions(search: Search, way: str) -> int:
    """How many of the mentions of names that are said are told."""
    counts = Counter(t.name for t in search.told if t.way == way)
    return sum(min(counts[name], times) for name, times in (search.said or {}).items())


def measure(searches: Sequence[Search]) -> str:
    """Prints the tables; the last line of the figures."""
    unsaid = [s for s in searches if s.kind != SAID]
    lines = []
    for kind in sorted({s.kind for s in unsaid}):
        mine = [s for s in unsaid if s.kind == kind]
        hours = sum(s.hours * len(s.names) for s in mine)
        rates = [_rate(mine, way) for way in WAYS]
        heard = [[a for s in mine for a in s.asked if a.likelihoods and a.is_wide == w] for w in (False, True)]
        lines.append([kind, f"{hours:,.0f}", *rates, *map(str, map(len, heard))])
    head = ["names that nobody says", "hours x names", *WAYS, "asked, doubtful", "asked, wider net"]
    print_table("False ones in 100 hours and name, with how many there are", head, lines)
    _print_files(unsaid)
    said = [s for s in searches if s.kind == SAID]
    if said:
        _print_said(said)
    return _print_cost(searches)


def _print_files(searches: Sequence[Search]) -> None:
    """By file, of lists of twelve: which recordings mislead, and how sure the recogniser was of them."""
    lines = []
    for file in sorted({s.file for s in searches}):
        mine = [s for s in searches if s.file == file and s.kind in (PUBLIC, INVENTED)]
        sure = "-" if mine[0].sure is None else f"{mine[0].sure:.2f}"
        heard = [str(sum(bool(a.likelihoods) and a.is_wide == w for s in mine for a in s.asked)) for w in (False, True)]
        false = [str(sum(len(false_ones(s, way)) for s in mine)) for way in WAYS]
        lines.append([file, f"{mine[0].hours * 60:.0f}", sure, *false, *heard])
    head = ["file", "minutes", "sure of words", *WAYS, "asked, doubtful", "asked, wider net"]
    print_table("False ones by file, of public and invented names, twelve at a time", head, lines)


def _rate(searches: Sequence[Search], way: str) -> str:
    hours = sum(s.hours * len(s.names) for s in searches)
    false = sum(len(false_ones(s, way)) for s in searches)
    return f"{false / max(hours, 1e-9) * 100:.2f} ({false})"


def _print_said(searches: Sequence[Search]) -> None:
    """Of what is really said: mentions found, and how much of what is told by its sound is right."""
    lines = []
    for way in WAYS:
        told = sum(t.way == way for s in searches for t in s.told)
        wrong = sum(len(false_ones(s, way)) for s in searches)
        recall = bootstrap(searches, lambda some, w=way: _recall(some, w))  # type: ignore[misc]
        lines.append([way, f"{recall[0]:.3f} ({recall[1]:.3f}-{recall[2]:.3f})", f"{1 - wrong / max(1, told):.3f}"])
    mentions = sum(sum((s.said or {}).values()) for s in searches)
    print_table(f"{mentions} mentions of names that are said", ["", "found (over files)", "precision"], lines)


def _recall(searches: Sequence[Search], way: str) -> float:
    mentions = sum(sum((s.said or {}).values()) for s in searches)
    return sum(found_mentions(s, way) for s in searches) / max(1, mentions)


def bootstrap(searches: Sequence[Search], figure: Callable[[Sequence[Search]], float]) -> tuple[float, float, float]:
    """(the figure, its 95% interval), files drawn with all their lists."""
    files = sorted({s.file for s in searches})
    by_file = {f: [s for s in searches if s.file == f] for f in files}
    dice = random.Random(1)
    values = [figure([s for f in dice.choices(files, k=len(files)) for s in by_file[f]]) for _ in range(RESAMPLES)]
    cuts = statistics.quantiles(values, n=40)
    return figure(searches), cuts[0], cuts[-1]


def _print_cost(searches: Sequence[Search]) -> str:
    hours = sum(s.hours for s in searches)
    asked = [a for s in searches for a in s.asked]
    heard = sum(bool(a.likelihoods) for a in asked)
    lines = [
        ["files, hours", f"{len({s.file for s in searches})}, {sum({s.file: s.hours for s in searches}.values()):.1f}"],
        ["lists of names in a file", str(len(searches))],
        ["asked, and heard", f"{len(asked)}, {heard}"],
        ["seconds heard again an hour and list", f"{sum(s.seconds for s in searches) / max(hours, 1e-9):.0f}"],
        ["CPU seconds a candidate", f"{sum(s.cpu for s in searches) / max(1, heard):.2f}"],
    ]
    print_table("What it was measured on, and cost", ["", ""], lines)
    false = {way: sum(len(false_ones(s, way)) for s in searches if s.kind not in (SAID, TWIN)) for way in WAYS}
    return ", ".join(f"{way} {n}" for way, n in false.items())


def write_told(path: Path, searches: Sequence[Search]) -> None:
    """A line for each false one, to look it over."""
    rows = []
    for s in searches:
        for way in WAYS:
            for t in false_ones(s, way):
                rows.append(f"{s.kind}\t{way}\t{s.file}\t{t.name}\t{t.surface}\t{t.score:.2f}\t{t.around}\t{t.reason}")
    path.write_text("".join(row + "\n" for row in rows))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", choices=("tiny.en", "base"), default="base")
    parser.add_argument("--lists", type=int, default=3, help="of twelve public and of twelve invented names, each")
    parser.add_argument("--told", type=Path, help="where to write what is false, to look it over")
    chosen = parser.parse_args()
    if not chosen.folder.is_dir():
        parser.error(f"{chosen.folder} is no folder: name one with audio files in it")
    searches = list(search_folder(chosen.folder, fetch_model(chosen.model, ROOT / ".cache/models"), chosen.lists))
    if not searches:
        print(f"{chosen.folder}: no audio file is in it", file=sys.stderr)
        return 1
    print(f"real talk: false ones of names that nobody says: {measure(searches)}")
    if chosen.told:
        write_told(chosen.told, searches)
    return 0


if __name__ == "__main__":
    sys.exit(main())
