"""Aligns what was said with what was recognised, and gives the recognised words for each name.

Recognition splits, merges, drops and invents words, most of all at names. So a name is one unit that may match several
heard words; an ordinary word may match up to two, or share one with its neighbour; the cheapest path by letters wins
(the dynamic programming of Wagner and Fischer, 1974, over such blocks). Ordinary words are mostly right and hold the
names in place between them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from benchmarks.sounds_like.names import fold_name

_WORD = re.compile(r"[^\W_]+(?:['’ʻ][^\W_]+)*")
_JOIN = 0.15  # cost of each further word in a block: of two equal alignments the one with fewer words wins
_EXTRA_WORDS = 3  # a name of one word may be heard as four
_BAND = 30  # how many words the two texts may differ in position


@dataclass(frozen=True, slots=True)
class HeardSpan:
    """The words heard for a span: characters of the heard text, half-open; ``start == end`` when nothing was."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Alignment:
    spans: tuple[HeardSpan, ...]  # one for each span that was given
    word_errors: float  # share of wrong letters outside the spans: 0 is perfect, above 0.4 is another text
    words: tuple[tuple[int, int], ...]  # (offset in the said text, offset in the heard text) of ordinary words


@dataclass(frozen=True, slots=True)
class _Unit:
    start: int
    end: int
    letters: str
    words: int
    span: int  # index of its span; -1: an ordinary word


def align(said: str, heard: str, spans: Sequence[tuple[int, int]]) -> Alignment:
    """Where each span of ``said`` (characters, ascending, apart) is in ``heard``."""
    units = _split_units(said, spans)
    words = [(m.start(), m.end()) for m in _WORD.finditer(heard)]
    letters = [fold_name(heard[a:b]).replace(" ", "") for a, b in words]
    found = [HeardSpan(0, 0)] * len(spans)
    wrong = total = 0.0
    starts: list[tuple[int, int]] = []
    for first, last, begin, end, cost in _cheapest_path(units, letters):
        unit = units[first]
        if unit.span >= 0:
            place = words[begin][0] if begin < len(words) else len(heard)
            found[unit.span] = HeardSpan(place, words[end - 1][1]) if end > begin else HeardSpan(place, place)
            continue
        wrong += cost
        total += sum(len(u.letters) for u in units[first:last])
        if last > first and end > begin:
            starts.append((unit.start, words[begin][0]))
    return Alignment(tuple(found), wrong / max(total, 1.0), tuple(starts))


def _split_units(said: str, spans: Sequence[tuple[int, int]]) -> list[_Unit]:
    units: list[_Unit] = []
    edges = [(a, b, i) for i, (a, b) in enumerate(spans)]
    at = 0
    for start, end, index in [*edges, (len(said), len(said), -1)]:
        for word in _WORD.finditer(said[at:start]):
            units.append(_Unit(at + word.start(), at + word.end(), fold_name(word.group()).replace(" ", ""), 1, -1))
        if index >= 0:
            name = fold_name(said[start:end])
            units.append(_Unit(start, end, name.replace(" ", ""), len(name.split()), index))
        at = end
    return units


def _cheapest_path(units: list[_Unit], letters: list[str]) -> list[tuple[int, int, int, int, float]]:
    """The cheapest cover: blocks (first unit, past the last unit, first heard word, past the last one, cost)."""
    far = float("inf")
    drift = abs(len(units) - len(letters)) + _BAND
    best = [[far] * (len(letters) + 1) for _ in range(len(units) + 1)]
    back: dict[tuple[int, int], tuple[int, int, float]] = {}
    best[0][0] = 0.0
    for i in range(len(units) + 1):
        for j in range(max(0, i - drift), min(len(letters), i + drift) + 1):
            here = best[i][j]
            if here == far:
                continue
            for di, dj, cost in _next_steps(units, letters, i, j):
                if here + cost < best[i + di][j + dj]:
                    best[i + di][j + dj] = here + cost
                    back[i + di, j + dj] = (i, j, cost)
    blocks: list[tuple[int, int, int, int, float]] = []
    i, j = len(units), len(letters)
    while (i, j) != (0, 0):
        a, b, cost = back[i, j]
        if a < i:
            blocks.append((a, i, b, j, cost))
        i, j = a, b
    return blocks[::-1]


def _next_steps(units: list[_Unit], letters: list[str], i: int, j: int) -> list[tuple[int, int, float]]:
    """(units taken, heard words taken, cost) of each block that may come next."""
    steps: list[tuple[int, int, float]] = []
    if j < len(letters):
        steps.append((0, 1, float(len(letters[j]))))  # a word that was not said
    if i == len(units):
        return steps
    unit = units[i]
    most = unit.words + _EXTRA_WORDS if unit.span >= 0 else 2
    for k in range(min(most, len(letters) - j) + 1):
        steps.append((1, k, edit_distance(unit.letters, "".join(letters[j : j + k])) + _JOIN * max(0, k - 1)))
    if unit.span < 0 and i + 1 < len(units) and units[i + 1].span < 0 and j < len(letters):
        steps.append((2, 1, edit_distance(unit.letters + units[i + 1].letters, letters[j]) + _JOIN))
    return steps


@lru_cache(maxsize=1 << 18)
def edit_distance(a: str, b: str) -> int:
    """Letters to change, drop or add (Levenshtein distance)."""
    if a == b or not a or not b:
        return 0 if a == b else len(a) + len(b)
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        corner, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (x != y))
    return row[-1]
