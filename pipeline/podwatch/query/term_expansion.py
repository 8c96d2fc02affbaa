"""Finds words by their spelling: terms with wildcards, and terms within an edit distance.

A transcript of an hour has 10,000 words but 1,800 different ones, and the next has most of them again. So each
different word is compared with every such term once, and the result is cached: the first transcripts pay for
thousands of terms.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from podwatch.query.intervals import Spans

MAX_WORDS = 200_000  # different words in the cache; then it is emptied, so that memory stays bounded
BATCH = 500  # words compared in one matrix


class TermDictionary:
    """Which terms each word matches.

    wildcards: normalised words with * and ?, fuzzy: (normalised word, distance); each with its atom.
    """

    def __init__(self, wildcards: Mapping[str, int], fuzzy: Mapping[tuple[str, int], int]) -> None:
        self._wildcard_atoms = list(wildcards.values())
        self._wildcards = _compile_set(wildcards) if wildcards else None
        self._fuzzy_atoms = list(fuzzy.values())
        self._fuzzy_words = [word for word, _ in fuzzy]
        self._distances = [distance for _, distance in fuzzy]
        self._known: set[str] = set()
        self._atoms: dict[str, tuple[int, ...]] = {}  # of the known words that match a term

    def find(self, text: str, hits: dict[int, Spans]) -> None:
        """Adds to ``hits`` the spans of each atom in a normalised text."""
        if self._wildcards is None and not self._fuzzy_words:
            return
        words = set(text.split())
        new = words - self._known
        if new:
            if len(self._known) > MAX_WORDS:
                self._known, self._atoms, new = set(), {}, words
            self._add_words(sorted(new))
        for word in sorted(words & self._atoms.keys()):
            base = len(word.partition("'")[0])
            at = text.find(f" {word} ")
            while at >= 0:
                for atom in self._atoms[word]:
                    hits.setdefault(atom, []).append((at + 1, at + 1 + base, 0))
                at = text.find(f" {word} ", at + 1)

    def _add_words(self, words: list[str]) -> None:
        self._known.update(words)
        bases = [w.partition("'")[0] if not w.endswith("n't") else w for w in words]
        found: dict[str, set[int]] = {}
        if self._wildcards is not None:
            for word, base in zip(words, bases, strict=True):
                if matching := self._wildcards.Match(base):
                    found[word] = {self._wildcard_atoms[i] for i in matching}
        if self._fuzzy_words:
            self._compare(words, bases, found)
        for word, atoms in found.items():
            self._atoms[word] = tuple(sorted(atoms))

    def _compare(self, words: list[str], bases: list[str], found: dict[str, set[int]]) -> None:
        """Adds to ``found`` the atoms of the terms within their distance of each word."""
        import numpy as np
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import cdist

        limits = np.array(self._distances, dtype=np.uint8)
        most = int(limits.max())
        for i in range(0, len(words), BATCH):
            matrix = cdist(
                bases[i : i + BATCH], self._fuzzy_words, scorer=OSA.distance, score_cutoff=most, dtype=np.uint8
            )
            for row, column in zip(*np.nonzero(matrix <= limits), strict=True):
                found.setdefault(words[i + int(row)], set()).add(self._fuzzy_atoms[int(column)])


def _compile_set(wildcards: Mapping[str, int]) -> Any:
    import re2

    options = re2.Options()
    options.max_mem = 256 << 20
    compiled = re2.Set.FullMatchSet(options)
    for text in wildcards:
        parts = re.sub(r"\*+", "*", text)
        compiled.Add("".join("[^ ]*" if c == "*" else "[^ ]" if c == "?" else re.escape(c) for c in parts))
    compiled.Compile()
    return compiled
