"""Measures sounds-like matching on a folder of real pages: transcripts of which a second, better one exists.

    python -m benchmarks.sounds_like.pages DIR [--every N] [--misses] [--ours]

A page is a JSON file: ``text`` (the worse recognition), ``names`` (full names said in it), ``seconds``, ``mentions``
(name, start, end, kind) and ``unclear`` (name or "*", start, end): places of which the better text does not say who was
meant. Kinds: exact; surname (a full name whose surname alone came out right); misspelt; lost (nothing like it is in the
text, so it does not count). Where ``mentions`` is null it is only known that the names are said somewhere, and the page
counts for "pages". All names of the folder are watched on every page, by full name, without an alias.

Such pages hold other people's words: none is part of the project, and how they are made is told in LEARNING.md.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import show
from benchmarks.sounds_like import matchers
from benchmarks.sounds_like.matchers import Hit, Method
from benchmarks.sounds_like.names import Subject, same
from benchmarks.sounds_like.scoring import least_for_alarms

EVERYBODY = "*"
LEAST = 0.02  # the ear is asked for all down to this score, so that methods can be compared at the same false alarms
FORMS = frozenset({"full", "surname"})
OURS = "podwatch"


@dataclass(frozen=True, slots=True)
class Said:
    """A place in the text, half-open; ``kind``: exact | surname | misspelt | lost | unclear."""

    name: str
    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    text: str
    names: tuple[str, ...]
    said: tuple[Said, ...] | None  # None: not known where
    hours: float


@dataclass(frozen=True, slots=True)
class Tally:
    """What a method made of some pages. ``found``: of each mention, its kind and the best score of a hit on it.

    ``told``: of each page and name said there, the best score that name got anywhere on it. ``wrong``: the hits on
    nobody or somebody else, with their page, the surest first; those spelt right are never wrong.
    """

    found: tuple[tuple[str, float], ...]
    told: tuple[float, ...]
    wrong: tuple[tuple[float, int, Hit], ...]

    def recall(self, threshold: float, *kinds: str) -> tuple[float, int]:
        """The share of mentions of these kinds found, and how many there are."""
        scores = [score for kind, score in self.found if kind in kinds]
        return share(scores, threshold), len(scores)

    def alarms(self, threshold: float) -> int:
        return sum(score >= threshold for score, _, _ in self.wrong)


def share(scores: Sequence[float], threshold: float) -> float:
    return sum(score >= threshold and score > 0 for score in scores) / max(1, len(scores))


def load(folder: Path, every: int = 1) -> tuple[Page, ...]:
    """The pages of a folder, or each ``every``-th by file name. Raises FileNotFoundError where there is none."""
    paths = sorted(folder.glob("*.json"))[::every]
    if not paths:
        raise FileNotFoundError(f"{folder}: no pages (*.json)")
    return tuple(_page(path) for path in paths)


def _page(path: Path) -> Page:
    row = json.loads(path.read_text(encoding="utf-8"))
    said = None
    if row["mentions"] is not None:
        places = [*row["mentions"], *({**spot, "kind": "unclear"} for spot in row["unclear"])]
        said = tuple(Said(p["name"], p["start"], p["end"], p["kind"]) for p in places)
    return Page(path.stem, row["text"], tuple(row["names"]), said, row["seconds"] / 3600)


def watched(pages: Sequence[Page]) -> tuple[Subject, ...]:
    return tuple(Subject(name, "person", "-", "en", name) for name in sorted({n for p in pages for n in p.names}))


def judge(pages: Sequence[Page], heard: Iterator[Sequence[Hit]], subjects: Sequence[Subject]) -> Tally:
    """Holds the hits of each page against what was said there."""
    forms = {subject.name: (subject.name, subject.surname) for subject in subjects}
    found: list[tuple[str, float]] = []
    told: list[float] = []
    wrong: list[tuple[float, int, Hit]] = []
    for number, (page, hits) in enumerate(zip(pages, heard, strict=True)):
        told += [max((h.score for h in hits if h.name == name), default=0.0) for name in page.names]
        for said in page.said or ():
            if said.kind not in ("lost", "unclear"):
                found.append((said.kind, max((h.score for h in hits if _on(h, said)), default=0.0)))
        for hit in hits:
            surface = page.text[hit.start : hit.end]
            right = any(same(form, surface) or same(form.replace(" ", ""), surface) for form in forms[hit.name])
            meant = any(_on(hit, said) for said in page.said) if page.said is not None else hit.name in page.names
            if not right and not meant:
                wrong.append((hit.score, number, hit))
    return Tally(tuple(found), tuple(told), tuple(sorted(wrong, key=lambda w: (-w[0], w[1], w[2].start))))


def _on(hit: Hit, said: Said) -> bool:
    return said.name in (hit.name, EVERYBODY) and hit.start < said.end and said.start < hit.end


def listen(method: Method, pages: Sequence[Page]) -> Iterator[Sequence[Hit]]:
    for page in pages:  # page by page: the windows of a thousand hours would not fit
        yield from method.hear([page.text])


def row(title: str, tally: Tally, threshold: float, hours: float, names: int) -> tuple[object, ...]:
    cells: list[object] = [f"{title}, from {threshold:.2f}"]
    for kinds in (("misspelt",), ("surname",), ("exact", "surname", "misspelt")):
        recall, number = tally.recall(threshold, *kinds)
        cells.append(f"{recall:.3f} of {number}")
    alarms = tally.alarms(threshold)
    cells += [f"{share(tally.told, threshold):.3f} of {len(tally.told)}", alarms]
    return (*cells, f"{alarms / max(hours, 1e-9) * 100 / max(names, 1):.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1, help="each N-th page only")
    parser.add_argument("--ours", action="store_true", help="podwatch alone")
    parser.add_argument("--misses", action="store_true", help="what was missed and what was wrong; not of held pages")
    options = parser.parse_args()
    pages = load(options.folder, options.every)
    subjects = watched(pages)
    hours = sum(page.hours for page in pages)

    from podwatch.phonetics.candidate_scoring import DEFAULT_THRESHOLD

    ours = judge(pages, listen(matchers.ear(subjects, LEAST), pages), subjects)
    rows = [row(OURS, ours, t, hours, len(subjects)) for t in sorted({DEFAULT_THRESHOLD, 0.3, 0.5, 0.8}, reverse=True)]
    for method in () if options.ours else matchers.others(subjects, FORMS):
        tally = judge(pages, listen(method, pages), subjects)
        # As strict as podwatch is by default, and all that the method has.
        alike = least_for_alarms([score for score, _, _ in tally.wrong], ours.alarms(DEFAULT_THRESHOLD))
        rows += [row(method.title, tally, t, hours, len(subjects)) for t in sorted({alike, 0.0}, reverse=True)]
    columns = ("method", "misspelt", "surname right", "all mentions", "pages", "false", "per 100 h and name")
    show(f"{options.folder.name}: {len(pages)} pages, {hours:.0f} hours, {len(subjects)} names", columns, rows)
    if options.misses:
        misses(pages, ours, DEFAULT_THRESHOLD)


def misses(pages: Sequence[Page], tally: Tally, threshold: float) -> None:
    spots = [(p, s) for p in pages for s in p.said or () if s.kind not in ("lost", "unclear")]
    for (page, said), (kind, score) in zip(spots, tally.found, strict=True):
        if kind == "misspelt" and score < threshold:
            print(f"missed  {said.name} <- {_around(page, said.start, said.end)} ({score:.2f})")
    for score, number, hit in tally.wrong:
        if score >= threshold:
            print(f"wrong   {hit.name} <- {_around(pages[number], hit.start, hit.end)} ({score:.2f})")


def _around(page: Page, start: int, end: int) -> str:
    before, after = page.text[max(0, start - 25) : start], page.text[end : end + 25]
    return f"{before}[{page.text[start:end]}]{after}, {page.title}".replace("\n", " ")


if __name__ == "__main__":
    main()
