"""Measures name matching on a folder of real pages: transcripts of which a second, better one exists.

    python -m benchmarks.sounds_like.pages DIR [--every N] [--misses] [--ours]

A page is a JSON file: ``text`` (the worse recognition), ``names`` (full names said in it), ``seconds``, ``mentions``
(name, start, end, kind) and ``unclear`` (name or "*", start, end): places of which the better text does not say who was
meant. Kinds: exact; surname (a full name whose surname alone came out right); misspelt; lost (nothing like it is in the
text, so it does not count). Where ``mentions`` is null it is only known that the names are said somewhere, and the page
counts for "pages". All names of the folder are watched on every page, by full name, without an alias.

Such pages hold other people's words: none is part of the project, and LEARNING.md says how they are made.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness import print_table
from benchmarks.sounds_like import matchers
from benchmarks.sounds_like.matchers import Hit, Matcher
from benchmarks.sounds_like.names import Subject, is_same_name
from benchmarks.sounds_like.scoring import lowest_threshold

EVERYBODY = "*"
MIN_SCORE = 0.02  # podwatch reports all matches down to this, to be compared at the same number of false alarms
FORMS = frozenset({"full", "surname"})
PODWATCH = "podwatch"


@dataclass(frozen=True, slots=True)
class MarkedMention:
    """A span of the text, half-open; ``kind``: exact | surname | misspelt | lost | unclear."""

    name: str
    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class Page:
    title: str
    text: str
    names: tuple[str, ...]
    mentions: tuple[MarkedMention, ...] | None  # None: it is not known where they are
    hours: float


@dataclass(frozen=True, slots=True)
class Tally:
    """The hits of a matcher on some pages. mention_scores: of each mention, its kind and the best score of a hit on it.

    page_scores: of each page and name said there, the best score of that name anywhere on it. wrong: the hits on nobody
    or somebody else, with their page, the highest score first; a right spelling is never wrong.
    """

    mention_scores: tuple[tuple[str, float], ...]
    page_scores: tuple[float, ...]
    wrong: tuple[tuple[float, int, Hit], ...]

    def recall(self, threshold: float, *kinds: str) -> tuple[float, int]:
        """(share of the mentions of these kinds that are found, how many there are)."""
        scores = [score for kind, score in self.mention_scores if kind in kinds]
        return share_above(scores, threshold), len(scores)

    def alarms(self, threshold: float) -> int:
        return sum(score >= threshold for score, _, _ in self.wrong)


def share_above(scores: Sequence[float], threshold: float) -> float:
    return sum(score >= threshold and score > 0 for score in scores) / max(1, len(scores))


def load_pages(folder: Path, every: int = 1) -> tuple[Page, ...]:
    """The pages of a folder, or each ``every``-th by file name. Raises FileNotFoundError where there is none."""
    paths = sorted(folder.glob("*.json"))[::every]
    if not paths:
        raise FileNotFoundError(f"{folder}: no pages (*.json)")
    return tuple(_page(path) for path in paths)


def _page(path: Path) -> Page:
    row = json.loads(path.read_text(encoding="utf-8"))
    said = None
    if row["mentions"] is not None:
        places = [*row["mentions"], *({**place, "kind": "unclear"} for place in row["unclear"])]
        said = tuple(MarkedMention(p["name"], p["start"], p["end"], p["kind"]) for p in places)
    return Page(path.stem, row["text"], tuple(row["names"]), said, row["seconds"] / 3600)


def watched_subjects(pages: Sequence[Page]) -> tuple[Subject, ...]:
    return tuple(Subject(name, "person", "-", "en", name) for name in sorted({n for p in pages for n in p.names}))


def judge_pages(pages: Sequence[Page], heard: Iterator[Sequence[Hit]], subjects: Sequence[Subject]) -> Tally:
    """Compares the hits of each page with what was said there."""
    forms = {subject.name: (subject.name, subject.surname) for subject in subjects}
    found: list[tuple[str, float]] = []
    page_scores: list[float] = []
    wrong: list[tuple[float, int, Hit]] = []
    for number, (page, hits) in enumerate(zip(pages, heard, strict=True)):
        page_scores += [max((h.score for h in hits if h.name == name), default=0.0) for name in page.names]
        for said in page.mentions or ():
            if said.kind not in ("lost", "unclear"):
                found.append((said.kind, max((h.score for h in hits if _overlaps(h, said)), default=0.0)))
        for hit in hits:
            surface = page.text[hit.start : hit.end]
            right = any(
                is_same_name(form, surface) or is_same_name(form.replace(" ", ""), surface) for form in forms[hit.name]
            )
            meant = (
                any(_overlaps(hit, said) for said in page.mentions)
                if page.mentions is not None
                else hit.name in page.names
            )
            if not right and not meant:
                wrong.append((hit.score, number, hit))
    return Tally(tuple(found), tuple(page_scores), tuple(sorted(wrong, key=lambda w: (-w[0], w[1], w[2].start))))


def _overlaps(hit: Hit, said: MarkedMention) -> bool:
    return said.name in (hit.name, EVERYBODY) and hit.start < said.end and said.start < hit.end


def find_page_hits(method: Matcher, pages: Sequence[Page]) -> Iterator[Sequence[Hit]]:
    for page in pages:  # page by page: the windows of a thousand hours would not fit
        yield from method.find_hits([page.text])


def table_row(title: str, tally: Tally, threshold: float, hours: float, names: int) -> tuple[object, ...]:
    cells: list[object] = [f"{title}, from {threshold:.2f}"]
    for kinds in (("misspelt",), ("surname",), ("exact", "surname", "misspelt")):
        recall, number = tally.recall(threshold, *kinds)
        cells.append(f"{recall:.3f} of {number}")
    alarms = tally.alarms(threshold)
    cells += [f"{share_above(tally.page_scores, threshold):.3f} of {len(tally.page_scores)}", alarms]
    return (*cells, f"{alarms / max(hours, 1e-9) * 100 / max(names, 1):.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=1, help="each N-th page only")
    parser.add_argument("--ours", action="store_true", help="podwatch alone")
    parser.add_argument("--misses", action="store_true", help="print what was missed or wrong; not for held pages")
    options = parser.parse_args()
    pages = load_pages(options.folder, options.every)
    subjects = watched_subjects(pages)
    hours = sum(page.hours for page in pages)

    from podwatch.phonetics.candidate_scoring import DEFAULT_THRESHOLD

    ours = judge_pages(pages, find_page_hits(matchers.podwatch_matcher(subjects, MIN_SCORE), pages), subjects)
    rows = [
        table_row(PODWATCH, ours, t, hours, len(subjects))
        for t in sorted({DEFAULT_THRESHOLD, 0.3, 0.5, 0.8}, reverse=True)
    ]
    for method in () if options.ours else matchers.other_matchers(subjects, FORMS):
        tally = judge_pages(pages, find_page_hits(method, pages), subjects)
        # At as many false alarms as podwatch has by default, and without a threshold.
        alike = lowest_threshold([score for score, _, _ in tally.wrong], ours.alarms(DEFAULT_THRESHOLD))
        rows += [table_row(method.title, tally, t, hours, len(subjects)) for t in sorted({alike, 0.0}, reverse=True)]
    columns = ("method", "misspelt", "surname right", "all mentions", "pages", "false", "per 100 h and name")
    print_table(f"{options.folder.name}: {len(pages)} pages, {hours:.0f} hours, {len(subjects)} names", columns, rows)
    if options.misses:
        print_misses(pages, ours, DEFAULT_THRESHOLD)


def print_misses(pages: Sequence[Page], tally: Tally, threshold: float) -> None:
    known = [(p, s) for p in pages for s in p.mentions or () if s.kind not in ("lost", "unclear")]
    for (page, said), (kind, score) in zip(known, tally.mention_scores, strict=True):
        if kind == "misspelt" and score < threshold:
            print(f"missed  {said.name} <- {_excerpt(page, said.start, said.end)} ({score:.2f})")
    for score, number, hit in tally.wrong:
        if score >= threshold:
            print(f"wrong   {hit.name} <- {_excerpt(pages[number], hit.start, hit.end)} ({score:.2f})")


def _excerpt(page: Page, start: int, end: int) -> str:
    before, after = page.text[max(0, start - 25) : start], page.text[end : end + 25]
    return f"{before}[{page.text[start:end]}]{after}, {page.title}".replace("\n", " ")


if __name__ == "__main__":
    main()
