"""Measures what sounds_like watches tell of real news talk: all of it, what is spelt right, too.

    python -m benchmarks.sounds_like.news REPOSITORY [--half tune|test|fresh] [--told FILE] [--unmarked FILE]

REPOSITORY: a bare clone of the transcripts (corpus.py says of which). All names of the half are watched as a user would
watch them, an entity each, in every episode of the half, with its title and its description as notes.

Of half "test" nothing may be tuned. Of "fresh" only what is told for its sound is marked and counted. --unmarked writes
the places that no mark is at, for a reader; they count as wrong until they are marked. --told writes all that was told.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import print_table
from benchmarks.sounds_like.cost import invent_names
from benchmarks.sounds_like.names import fold_name
from benchmarks.sounds_like.news.corpus import NewsName, NewsText, load_episodes, load_names, read_episode
from benchmarks.sounds_like.news.marks import RIGHT, UNCLEAR, form_of, is_spelt_right, load_marks
from podwatch.model import Watch
from podwatch.query import EpisodeFields, build_engine

FORMS = ("full", "bare", "company")
BANDS = ((0.4, 0.65), (0.65, 0.8), (0.8, 0.9), (0.9, 0.97), (0.97, 1.01))
UNMARKED = "unmarked"


@dataclass(frozen=True, slots=True)
class Told:
    """A mention and what the marks say of it: a verdict, or UNMARKED."""

    key: str
    start: int
    end: int
    name: NewsName
    kind: str
    score: float
    surface: str
    verdict: str

    @property
    def is_right(self) -> bool:
        return self.verdict == RIGHT

    @property
    def form(self) -> str:
        return form_of(self.name, self.surface)


def watch_names(names: Sequence[NewsName], threshold: float | None = None) -> list[Watch]:
    return [
        Watch(name=n.name, entity=n.name, type=n.type, aliases=n.aliases, sounds_like=True, threshold=threshold)
        for n in names
    ]


def find_mentions(
    texts: Sequence[tuple[str, NewsText]], names: Sequence[NewsName], half: str, threshold: float | None = None
) -> tuple[list[Told], float]:
    """All that is told, and the CPU seconds that it took."""
    engine = build_engine(watch_names(names, threshold))
    by_name, marks, told = {n.name: n for n in names}, load_marks(half), []
    engine(texts[0][1].transcript)  # so that all data is loaded
    began = time.process_time()
    found = [(key, engine(t.transcript, EpisodeFields(title=t.title, notes=t.notes)).mentions) for key, t in texts]
    taken = time.process_time() - began
    for key, mentions in found:
        for m in mentions:
            verdict = next((k.verdict for k in marks.get((key, m.watch), ()) if k.overlaps(m.start, m.end)), UNMARKED)
            name = by_name[m.watch]
            if verdict == UNMARKED and fold_name(m.surface) == fold_name(name.name):
                verdict = RIGHT
            told.append(Told(key, m.start, m.end, name, str(m.kind), m.score, m.surface, verdict))
    return told, taken


def share(values: Sequence[bool]) -> str:
    return f"{sum(values) / len(values):.3f} of {len(values)}" if values else "-"


def precision_rows(told: Sequence[Told]) -> list[tuple[str, ...]]:
    groups: dict[str, Callable[[Told], bool]] = {
        "all": lambda _: True,
        "spelt right": lambda t: is_spelt_right(t.name, t.surface),
        "misspelt": lambda t: not is_spelt_right(t.name, t.surface),
        **{form: lambda t, form=form: t.form == form for form in FORMS},  # type: ignore[misc]
    }
    return [(title, share([t.is_right for t in told if counts(t)])) for title, counts in groups.items()]


def recall_rows(told: Sequence[Told], names: Sequence[NewsName], half: str) -> list[tuple[str, ...]]:
    by_name = {n.name: n for n in names}
    found: dict[str, list[bool]] = {}
    for (key, watched), marks in load_marks(half).items():
        here = [t for t in told if t.key == key and t.name.name == watched]
        last = -1
        for mark in sorted((m for m in marks if m.verdict == RIGHT), key=lambda m: (m.start, -m.end)):
            if mark.start < last:
                continue  # a part of the one before
            last = mark.end
            name = by_name[watched]
            spelling = "spelt right" if is_spelt_right(name, mark.surface) else "misspelt"
            is_found = any(mark.overlaps(t.start, t.end) for t in here)
            for title in (f"{form_of(name, mark.surface)}, {spelling}", f"all, {spelling}"):
                found.setdefault(title, []).append(is_found)
    return [(title, share(values)) for title, values in sorted(found.items())]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--half", choices=("tune", "test", "fresh"), default="test")
    parser.add_argument("--threshold", type=float)
    parser.add_argument("--told", type=Path)
    parser.add_argument("--unmarked", type=Path)
    parser.add_argument("--many", action="store_true", help="also what 1,000 invented names cost")
    options = parser.parse_args()
    episodes, names = load_episodes(options.half), load_names(options.half)
    texts = [(e.key, read_episode(options.repository, e)) for e in episodes]
    hours = sum(e.seconds for e in episodes) / 3600
    told, taken = find_mentions(texts, names, options.half, options.threshold)
    if options.half == "fresh":
        told = [t for t in told if t.kind == "sounds_like"]
    judged = [t for t in told if t.verdict != UNCLEAR]
    wrong = sum(not t.is_right for t in judged)
    title = f"{options.half}: {hours:.0f} hours, {len({e.show for e in episodes})} shows, {len(names)} names"
    print_table(f"Precision of what is told; {title}", ("what", "right"), precision_rows(judged))
    print_table("Recall of what is marked", ("what", "found"), recall_rows(told, names, options.half))
    heard = [t for t in judged if not is_spelt_right(t.name, t.surface)]
    bands = [
        (f"{low:.2f}-{min(high, 1):.2f}", *(share([t.is_right for t in some if low <= t.score < high])
          for some in (judged, *([t for t in heard if t.form == form] for form in FORMS))))
        for low, high in BANDS
    ]  # fmt: skip
    print_table("Right among scores", ("score", "all told", *(f"misspelt, {form}" for form in FORMS)), bands)
    rows = [
        ("false in 100 hours, whole list", f"{wrong / hours * 100:.1f}"),
        ("false in 100 hours and name", f"{wrong / hours * 100 / len(names):.3f}"),
        ("CPU s an hour", f"{taken / hours:.3f}"),
        ("not marked (counted as wrong)", str(sum(t.verdict == UNMARKED for t in told))),
    ]
    if options.many:
        many = [NewsName("", s.type, s.name, ()) for s in invent_names(1000 - len(names))]
        more, taken = find_mentions(texts, [*names, *many], options.half, options.threshold)
        alarms = sum(not t.name.half for t in more)
        rows.append(("CPU s an hour, 1,000 names", f"{taken / hours:.3f}"))
        rows.append(("false in 100 hours and name, invented ones of 1,000", f"{alarms / hours * 100 / len(many):.4f}"))
    print_table("Alarms and cost", ("what", "value"), rows)
    by_key = dict(texts)
    if options.told:
        options.told.write_text("".join(json.dumps(_row(t)) + "\n" for t in told), "utf-8")
    if options.unmarked:
        left = [t for t in told if t.verdict == UNMARKED]
        options.unmarked.write_text("".join(_context(t, by_key[t.key].text) + "\n" for t in left), "utf-8")
    return 0


def _row(told: Told) -> list[object]:
    return [told.key, told.start, told.end, told.name.name, told.kind, told.score, told.surface, told.verdict]


def _context(told: Told, text: str) -> str:
    before, after = text[max(0, told.start - 60) : told.start], text[told.end : told.end + 40]
    place = f"{told.key}\t{told.start}\t{told.end}\t{told.name.name}\t{told.score:.2f}"
    return f"{place}\t{before}[{text[told.start : told.end]}]{after}"


if __name__ == "__main__":
    sys.exit(main())
