"""Real pages to learn from: transcripts of which a better recognition says where persons are named.

A folder of JSON files, one a page, none of them part of the project: ``text`` (what a recogniser wrote), ``title``,
``mentions`` (``name``, ``form`` full or surname, ``start``, ``end`` in characters of the text, ``surface``, ``kind``:
exact, surname for a right surname with a wrong first name, misspelt, lost), ``unclear`` (``name`` or ``*``, ``start``,
``end``: nothing is known there).

People who talk of the news say surnames alone, and a recogniser that knows a name badly writes it in many ways.
``drop_first_names`` makes such pages of these: first names are dropped, and some mentions get another real misspelling
of the same name, from any page of the folder.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sounds_like.alignment import edit_distance
from benchmarks.sounds_like.names import fold_name

OTHER_SPELLING_SHARE = 0.35  # of the mentions whose name has other misspellings get one of those
BARE_SHARE = 0.75  # of the mentions lose the first name
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class PageMention:
    """One mention. is_right: whether the surname is spelt right."""

    name: str
    start: int
    end: int
    is_right: bool
    has_first_name: bool


@dataclass(frozen=True, slots=True)
class Page:
    key: str
    text: str
    title: str
    mentions: tuple[PageMention, ...]
    unclear: tuple[tuple[str, int, int], ...]  # name or "*", where it is not known who is meant

    @property
    def names(self) -> list[str]:
        return sorted({m.name for m in self.mentions})


def load_pages(folder: Path) -> list[Page]:
    """All pages of a folder, in the order of their files."""
    pages = []
    for path in sorted(folder.glob("*.json")):
        row = json.loads(path.read_text("utf-8"))
        said = [
            PageMention(m["name"], m["start"], m["end"], m["kind"] in ("exact", "surname"), m["form"] == "full")
            for m in row["mentions"] or ()
            if m["kind"] != "lost"
        ]
        said.sort(key=lambda m: (m.start, m.end))
        apart = [m for i, m in enumerate(said) if not i or said[i - 1].end <= m.start]
        unclear = [(u["name"], u["start"], u["end"]) for u in row["unclear"]]
        unclear += [
            (m["name"], m["start"], m["end"]) for m in row["mentions"] or () if m["kind"] == "lost" and m["end"]
        ]
        pages.append(Page(path.stem, row["text"], row.get("title") or "", tuple(apart), tuple(unclear)))
    return pages


def find_surname(surface: str, name: str) -> Span | None:
    """The span of the surname in what was heard for the full name; None where that is one word."""
    words = surface.split()
    given, surname = (fold_name(part).replace(" ", "") for part in (name.split()[0], name.split(maxsplit=1)[-1]))
    best: tuple[int, int] | None = None
    for at in range(1, len(words)):
        left, right = (fold_name(" ".join(part)).replace(" ", "") for part in (words[:at], words[at:]))
        cost = edit_distance(left, given) + edit_distance(right, surname)
        best = min(best or (99, 0), (cost, at))
    if best is None:
        return None
    start = len(surface) - len(surface.split(maxsplit=best[1])[-1])
    return start, len(surface)


def collect_misspellings(pages: Iterable[Page]) -> dict[str, list[str]]:
    """name -> each wrong spelling of its surname, as often as it occurs."""
    found: dict[str, list[str]] = {}
    for page in pages:
        for m in page.mentions:
            surface = page.text[m.start : m.end]
            span = find_surname(surface, m.name) if m.has_first_name else (0, len(surface))
            if not m.is_right and span is not None:
                found.setdefault(m.name, []).append(" ".join(surface[slice(*span)].split()))
    return found


def drop_first_names(page: Page, forms: Mapping[str, Sequence[str]], chance: random.Random) -> Page:
    """The page with surnames alone in most places, and some of them misspelt in other ways."""
    text, at, moved = "", 0, []
    shifts: list[Span] = []  # (offset in the old text, shift of everything from there on)
    for m in page.mentions:
        surface = page.text[m.start : m.end]
        span = find_surname(surface, m.name) if m.has_first_name else (0, len(surface))
        right, full = m.is_right, m.has_first_name
        if span is not None and chance.random() < BARE_SHARE:
            surface, full = surface[slice(*span)], False
            if (others := forms.get(m.name)) and chance.random() < OTHER_SPELLING_SHARE:
                surface, right = chance.choice(list(others)), False
        text += page.text[at : m.start]
        moved.append(PageMention(m.name, len(text), len(text) + len(surface), right, full))
        text += surface
        at = m.end
        shifts.append((m.end, len(text) - m.end))
    text += page.text[at:]

    def shift(place: int) -> int:
        return place + next((by for begin, by in reversed(shifts) if begin <= place), 0)

    unclear = tuple((name, shift(a), shift(b)) for name, a, b in page.unclear)
    return Page(page.key + " bare", text, page.title, tuple(moved), unclear)


def choose_watchlist(page: Page, everybody: Sequence[str], size: int, chance: random.Random) -> list[str]:
    """Names to watch on the page: its own, in no more than two thirds of the list, and others."""
    mine = page.names
    mine = chance.sample(mine, min(len(mine), size * 2 // 3))
    others = [n for n in everybody if n not in page.names]
    return mine + chance.sample(others, min(len(others), size - len(mine)))
