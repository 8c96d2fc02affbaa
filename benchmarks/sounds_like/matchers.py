"""What finds names in text: the ear of podwatch, and what others do, behind one shape.

The others look for windows of as many words as the name has, one more (a name that was split) and one less (two that
were fused), their letters joined. Each may look for the full name, the bare surname, or both, whichever is better for
it in a measurement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from benchmarks.sounds_like.names import Subject, fold

_WORD = re.compile(r"[^\W_]+(?:['’ʻ][^\W_]+)*")
_STOP = re.compile(r"[.?!\n]")
_BATCH = 50  # texts whose windows are compared together
_CHUNK = 10_000  # windows in one table


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where a method says that a name was meant; ``name`` is the whole name, ``exact``: spelt right."""

    name: str
    start: int
    end: int
    score: float
    exact: bool = False


class Method(Protocol):
    """Finds the names it was made for; one hit for each place and name, with a score from 0 to 1."""

    @property
    def title(self) -> str: ...

    def hear(self, texts: Sequence[str]) -> Iterator[list[Hit]]:
        """The hits of each text, one text after the other."""
        ...


# What is alike among some forms and some windows, both as letters: (form's index, window's index, 0 to 1).
Alike = Callable[[Sequence[str], Sequence[str]], Iterable[tuple[int, int, float]]]


@dataclass(frozen=True, slots=True)
class Windows:
    """Any measure of likeness between a name's letters and a window's, run over all windows."""

    title: str
    subjects: tuple[Subject, ...]
    forms: frozenset[str]  # full | surname
    alike: Alike

    def hear(self, texts: Sequence[str]) -> Iterator[list[Hit]]:
        wanted = self._forms()
        seen: dict[int, dict[str, list[tuple[str, float]]]] = {size: {} for size in wanted}
        for at in range(0, len(texts), _BATCH):
            batch = [_windows(text, max(wanted)) for text in texts[at : at + _BATCH]]
            for size, forms in wanted.items():
                known = seen[size]
                new = sorted({letters for places in batch for letters, _, _ in places[size]} - known.keys())
                known.update((letters, []) for letters in new)
                for form, window, score in self.alike([letters for letters, _ in forms], new) if new else ():
                    known[new[window]].append((forms[form][1], score))
            for places in batch:
                yield best(
                    [
                        Hit(name, start, end, score)
                        for size in wanted
                        for letters, start, end in places[size]
                        for name, score in seen[size][letters]
                    ]
                )

    def _forms(self) -> dict[int, list[tuple[str, str]]]:
        """By the words of a window: (letters of a form, name)."""
        wanted: dict[int, list[tuple[str, str]]] = {}
        for subject in self.subjects:
            forms = {subject.name} if "full" in self.forms else set()
            if "surname" in self.forms:
                forms.add(subject.surname)
            for form in sorted(fold(form) for form in forms):
                words = len(form.split())
                for size in range(max(1, words - 1), words + 2):
                    wanted.setdefault(size, []).append((form.replace(" ", ""), subject.name))
        return wanted


def _windows(text: str, most: int) -> dict[int, list[tuple[str, int, int]]]:
    """Windows by their number of words, never across the end of a sentence: (letters, start, end)."""
    words = [(m.start(), m.end(), fold(m.group()).replace(" ", "")) for m in _WORD.finditer(text)]
    found: dict[int, list[tuple[str, int, int]]] = {size: [] for size in range(1, most + 1)}
    for i in range(len(words)):
        letters = ""
        for size in range(1, min(most, len(words) - i) + 1):
            start, end, word = words[i + size - 1]
            if size > 1 and _STOP.search(text, words[i + size - 2][1], start):
                break
            letters += word
            found[size].append((letters, words[i][0], end))
    return found


def best(hits: Sequence[Hit]) -> list[Hit]:
    """One hit where a name's hits overlap, the highest; in the order of the text."""
    kept: dict[str, list[Hit]] = {}
    for hit in sorted(hits, key=lambda hit: (-hit.score, hit.end - hit.start, hit.start)):
        mine = kept.setdefault(hit.name, [])
        if all(hit.end <= other.start or other.end <= hit.start for other in mine):
            mine.append(hit)
    return sorted((hit for mine in kept.values() for hit in mine), key=lambda hit: (hit.start, hit.name))


def exact(forms: Sequence[str], windows: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """Spelt right, a possessive s aside."""
    where = {letters: i for i, letters in enumerate(windows)}
    for i, form in enumerate(forms):
        yield from ((i, where[letters], 1.0) for letters in (form, form + "s") if letters in where)


def double_metaphone(forms: Sequence[str], windows: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """The same code by Philips' Double Metaphone (2000): 1 for the primary ones, 0.5 where an alternative is one."""
    coded: dict[str, list[int]] = {}
    for i, window in enumerate(windows):
        for code in _codes(window):
            coded.setdefault(code, []).append(i)
    for i, form in enumerate(forms):
        mine = _codes(form)
        for j in sorted({j for code in mine for j in coded.get(code, ())}):
            yield i, j, 1.0 if mine[0] == _codes(windows[j])[0] else 0.5


@cache
def _codes(letters: str) -> tuple[str, ...]:
    from doublemetaphone import doublemetaphone

    return tuple(code for code in doublemetaphone(letters) if code)


def jaro_winkler(forms: Sequence[str], windows: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """Jaro-Winkler similarity, from 0.8 up."""
    from rapidfuzz.distance import JaroWinkler

    yield from _all_pairs(forms, windows, JaroWinkler.similarity, 0.8)


def edits(forms: Sequence[str], windows: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """`~2` of a search engine: at most two letters changed, dropped or added; 1 for none, then 2/3 and 1/3."""
    from rapidfuzz.distance import Levenshtein

    for i, j, far in _all_pairs(forms, windows, Levenshtein.distance, 2, most=True):
        yield i, j, (3 - far) / 3


def _all_pairs(
    forms: Sequence[str], windows: Sequence[str], scorer: Any, cutoff: float, *, most: bool = False
) -> Iterator[tuple[int, int, float]]:
    from rapidfuzz import process

    for at in range(0, len(windows), _CHUNK):
        part = windows[at : at + _CHUNK]
        table = process.cdist(forms, part, scorer=scorer, score_cutoff=cutoff)
        for i, j in zip(*(table <= cutoff if most else table >= cutoff).nonzero(), strict=True):
            yield int(i), at + int(j), float(table[i, j])


def others(subjects: Sequence[Subject], forms: frozenset[str]) -> tuple[Method, ...]:
    """What podwatch is measured beside."""
    names = tuple(subjects)
    return (
        Windows("exact", names, forms, exact),
        Windows("Double Metaphone", names, forms, double_metaphone),
        Windows("Jaro-Winkler", names, forms, jaro_winkler),
        Windows("`~2`", names, forms, edits),
    )


@dataclass(frozen=True, slots=True)
class Ear:
    """podwatch's own: full names are given, the rest is its business."""

    title: str
    subjects: tuple[Subject, ...]
    ear: HasEar

    def hear(self, texts: Sequence[str]) -> Iterator[list[Hit]]:
        for text in texts:
            yield [
                Hit(self.subjects[h.name].name, h.start, h.end, h.score, h.kind != "sounds_like")
                for h in self.ear.find_matches(text)
            ]


class HeardLike(Protocol):
    """What this reads of `podwatch.phonetics.Heard`."""

    @property
    def name(self) -> int: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def score(self) -> float: ...
    @property
    def kind(self) -> str: ...


class HasEar(Protocol):
    def find_matches(self, text: str, title: str = "", notes: str = "") -> Sequence[HeardLike]: ...


def ear(subjects: Sequence[Subject], least: float | None = None, *, said: bool = False) -> Ear:
    """podwatch's ear for some names; ``least``: also what it would not report by itself, down to this score.

    ``said``: told how English spelling rules lead astray, as by users who write it as an alias.
    """
    from podwatch.phonetics import NameMatcher, WatchedName

    names = [
        WatchedName(full=s.name, aliases=(s.say.replace("-", ""),) if said and s.say != s.name else (),
             type=s.type, threshold=least)
        for s in subjects
    ]  # fmt: skip
    return Ear("podwatch", tuple(subjects), NameMatcher(names))
