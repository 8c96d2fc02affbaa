"""The name matchers that are compared, behind one Protocol: podwatch's, and those of other tools.

The others compare windows of as many words as the name has, one more (a name that was split) and one less (two that
were fused), their letters joined. Each may look for the full name, the bare surname, or both, whichever is better for
it in a measurement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from benchmarks.sounds_like.names import Subject, fold_name

_WORD = re.compile(r"[^\W_]+(?:['’ʻ][^\W_]+)*")
_STOP = re.compile(r"[.?!\n]")
_BATCH = 50  # texts whose windows are compared together
_CHUNK = 10_000  # windows in one table


@dataclass(frozen=True, slots=True)
class Hit:
    """A span that a matcher takes for a name; ``name`` is the full name. is_exact: spelt right."""

    name: str
    start: int
    end: int
    score: float
    is_exact: bool = False


class Matcher(Protocol):
    """Finds the names that it was built for; one hit for each span and name, with a score from 0 to 1."""

    @property
    def title(self) -> str: ...

    def find_hits(self, texts: Sequence[str]) -> Iterator[list[Hit]]:
        """The hits of each text, one text after the other."""
        ...


# Forms and windows, both as letters -> (index of the form, index of the window, similarity from 0 to 1).
Similarity = Callable[[Sequence[str], Sequence[str]], Iterable[tuple[int, int, float]]]


@dataclass(frozen=True, slots=True)
class WindowMatcher:
    """Applies a similarity of letters to every form and every window of words."""

    title: str
    subjects: tuple[Subject, ...]
    forms: frozenset[str]  # full | surname
    similarity: Similarity

    def find_hits(self, texts: Sequence[str]) -> Iterator[list[Hit]]:
        wanted = self._forms()
        seen: dict[int, dict[str, list[tuple[str, float]]]] = {size: {} for size in wanted}
        for at in range(0, len(texts), _BATCH):
            batch = [_windows(text, max(wanted)) for text in texts[at : at + _BATCH]]
            for size, forms in wanted.items():
                known = seen[size]
                new = sorted({letters for places in batch for letters, _, _ in places[size]} - known.keys())
                known.update((letters, []) for letters in new)
                for form, window, score in self.similarity([letters for letters, _ in forms], new) if new else ():
                    known[new[window]].append((forms[form][1], score))
            for places in batch:
                yield best_per_name(
                    [
                        Hit(name, start, end, score)
                        for size in wanted
                        for letters, start, end in places[size]
                        for name, score in seen[size][letters]
                    ]
                )

    def _forms(self) -> dict[int, list[tuple[str, str]]]:
        """words in a window -> (letters of a form, name)."""
        wanted: dict[int, list[tuple[str, str]]] = {}
        for subject in self.subjects:
            forms = {subject.name} if "full" in self.forms else set()
            if "surname" in self.forms:
                forms.add(subject.surname)
            for form in sorted(fold_name(form) for form in forms):
                words = len(form.split())
                for size in range(max(1, words - 1), words + 2):
                    wanted.setdefault(size, []).append((form.replace(" ", ""), subject.name))
        return wanted


def _windows(text: str, most: int) -> dict[int, list[tuple[str, int, int]]]:
    """number of words -> windows of so many words within a sentence: (letters, start, end)."""
    words = [(m.start(), m.end(), fold_name(m.group()).replace(" ", "")) for m in _WORD.finditer(text)]
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


def best_per_name(hits: Sequence[Hit]) -> list[Hit]:
    """One hit where a name's hits overlap, the highest; in the order of the text."""
    kept: dict[str, list[Hit]] = {}
    for hit in sorted(hits, key=lambda hit: (-hit.score, hit.end - hit.start, hit.start)):
        mine = kept.setdefault(hit.name, [])
        if all(hit.end <= other.start or other.end <= hit.start for other in mine):
            mine.append(hit)
    return sorted((hit for mine in kept.values() for hit in mine), key=lambda hit: (hit.start, hit.name))


def match_exact(forms: Sequence[str], windows: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """Spelt right, a possessive s aside."""
    where = {letters: i for i, letters in enumerate(windows)}
    for i, form in enumerate(forms):
        yield from ((i, where[letters], 1.0) for letters in (form, form + "s") if letters in where)


def match_double_metaphone(forms: Sequence[str], windows: Sequence[str]) -> Iterator[tuple[int, int, float]]:
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


def match_jaro_winkler(forms: Sequence[str], windows: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """Jaro-Winkler similarity, from 0.8 up."""
    from rapidfuzz.distance import JaroWinkler

    yield from _compare_all(forms, windows, JaroWinkler.similarity, 0.8)


def match_edits(forms: Sequence[str], windows: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """`~2` of a search engine: at most two letters changed, dropped or added; 1 for none, then 2/3 and 1/3."""
    from rapidfuzz.distance import Levenshtein

    for i, j, far in _compare_all(forms, windows, Levenshtein.distance, 2, most=True):
        yield i, j, (3 - far) / 3


def _compare_all(
    forms: Sequence[str], windows: Sequence[str], scorer: Any, cutoff: float, *, most: bool = False
) -> Iterator[tuple[int, int, float]]:
    from rapidfuzz import process

    for at in range(0, len(windows), _CHUNK):
        part = windows[at : at + _CHUNK]
        table = process.cdist(forms, part, scorer=scorer, score_cutoff=cutoff)
        for i, j in zip(*(table <= cutoff if most else table >= cutoff).nonzero(), strict=True):
            yield int(i), at + int(j), float(table[i, j])


def other_matchers(subjects: Sequence[Subject], forms: frozenset[str]) -> tuple[Matcher, ...]:
    """The matchers that podwatch is measured beside."""
    names = tuple(subjects)
    return (
        WindowMatcher("exact", names, forms, match_exact),
        WindowMatcher("Double Metaphone", names, forms, match_double_metaphone),
        WindowMatcher("Jaro-Winkler", names, forms, match_jaro_winkler),
        WindowMatcher("`~2`", names, forms, match_edits),
    )


@dataclass(frozen=True, slots=True)
class PodwatchMatcher:
    """podwatch's name matcher, which is given full names and finds bare surnames by itself."""

    title: str
    subjects: tuple[Subject, ...]
    matcher: FindsMatches

    def find_hits(self, texts: Sequence[str]) -> Iterator[list[Hit]]:
        for text in texts:
            yield [
                Hit(self.subjects[h.name].name, h.start, h.end, h.score, h.kind != "sounds_like")
                for h in self.matcher.find_matches(text)
            ]


class MatchLike(Protocol):
    """The fields of podwatch's matches that are read here."""

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


class FindsMatches(Protocol):
    def find_matches(self, text: str, title: str = "", notes: str = "") -> Sequence[MatchLike]: ...


def podwatch_matcher(
    subjects: Sequence[Subject], min_score: float | None = None, *, said: bool = False
) -> PodwatchMatcher:
    """podwatch's matcher for some names. min_score: report all down to this score instead of the default threshold.

    said: names that English spelling rules misread get their respelling as an alias, as a user may write one.
    """
    from podwatch.phonetics import NameMatcher, WatchedName

    names = [
        WatchedName(full=s.name, aliases=(s.respelling.replace("-", ""),) if said and s.respelling != s.name else (),
             type=s.type, threshold=min_score)
        for s in subjects
    ]  # fmt: skip
    return PodwatchMatcher("podwatch", tuple(subjects), NameMatcher(names))
