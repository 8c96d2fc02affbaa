"""What watches exclude: spellings that people said are something else, and longer phrases that a name is a part of."""

from __future__ import annotations

from collections.abc import Iterable

from podwatch.lazy_patterns import lazy_pattern
from podwatch.model import Kind, Watch, fold_spelling
from podwatch.query.normaliser import NormalisedText, normalise

_SENTENCE_END = lazy_pattern(r"[^\W_]{4,}[.?!…]\s")  # behind a word of four letters: St. Mary goes on


class Exclusions:
    """The exclusions of some watches, by the names of these."""

    def __init__(self, watches: Iterable[Watch]) -> None:
        excluding = [w for w in watches if w.exclude]
        self._spellings = {w.name: [f" {fold_spelling(s)} " for s in w.exclude] for w in excluding}
        self._phrases = {w.name: [f" {normalise(s).text.strip()} " for s in w.exclude] for w in excluding}

    def __bool__(self) -> bool:
        """Whether any watch excludes anything."""
        return bool(self._spellings)

    def is_excluded(self, watch: str, kind: Kind, normalised: NormalisedText, start: int, end: int) -> bool:
        """Whether what a watch found at [start, end) of a normalised text is something that it excludes.

        Of a name that was found by its sound any part of the surface may be the excluded spelling.
        """
        if watch not in self._spellings:
            return False
        left, right = normalised.stored_span(start, end)
        surface = f" {fold_spelling(normalised.stored[left:right])} "
        spellings = self._spellings[watch]
        if any(s in surface for s in spellings) if kind is Kind.SOUNDS_LIKE else surface in spellings:
            return True
        return any(_is_part_of(phrase, normalised, start, end) for phrase in self._phrases[watch])


def _is_part_of(phrase: str, normalised: NormalisedText, start: int, end: int) -> bool:
    """Whether [start, end) is a part of an occurrence of a longer phrase: Dobrynin, of Dobrynin Street.

    Not over the end of a sentence: Dobrynin. Street.
    """
    if len(phrase) <= end - start + 2:
        return False
    first, last = end + 1 - len(phrase), start - 1 + len(phrase)
    at = normalised.text.find(phrase, max(0, first), last)
    if at < 0:
        return False
    left, right = normalised.stored_span(at + 1, at + len(phrase) - 1)
    return not _SENTENCE_END.search(normalised.stored, left, right)
