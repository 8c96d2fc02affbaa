"""Finds many words and phrases in one pass over the text (Aho-Corasick, 1975), whole words only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import ahocorasick_rs

from pipeline.detectors.folding import fold, is_word


class Literals:
    """The automaton of some phrases; a phrase is named by its index."""

    def __init__(self, phrases: Sequence[str]) -> None:
        self._phrases = [" ".join(fold(p).split()) for p in phrases]
        patterns = list(dict.fromkeys(p for p in self._phrases if p))
        self._who: list[list[int]] = [[] for _ in patterns]
        index = {p: i for i, p in enumerate(patterns)}
        for i, phrase in enumerate(self._phrases):
            if phrase:
                self._who[index[phrase]].append(i)
        self._automaton = ahocorasick_rs.AhoCorasick(patterns) if patterns else None

    def find(self, text: str) -> Iterator[tuple[int, int, int]]:
        """(phrase index, start, end) of each occurrence, half-open, in characters of ``text``."""
        if self._automaton is None:
            return
        folded = fold(text)
        for pattern, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            if start and is_word(folded[start - 1]) and is_word(folded[start]):
                continue
            if end < len(folded) and is_word(folded[end]) and is_word(folded[end - 1]):
                continue
            for i in self._who[pattern]:
                yield i, start, end
