"""Finds words by their spelling: with wildcards, and with letters changed.

A transcript of an hour has 10,000 words but 1,800 different ones, and the next has most of them again. So each
different word is compared once with every such term, and what came of it is remembered: the cost of thousands of
terms is paid by the first transcripts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from podwatch.query.intervals import Spans

REMEMBERED = 200_000  # different words; then from the start again, so that memory stays bounded
AT_ONCE = 500  # words compared in one matrix


class TermDictionary:
    """wild: (normalised word with * and ?, atom). fuzzy: (normalised word, distance, atom)."""

    def __init__(self, wild: Sequence[tuple[str, int]], fuzzy: Sequence[tuple[str, int, int]]) -> None:
        self._wild_atoms = [atom for _, atom in wild]
        self._wild = _set([_expression(text) for text, _ in wild]) if wild else None
        self._fuzzy = fuzzy
        self._terms = [text for text, _, _ in fuzzy]
        self._seen: set[str] = set()
        self._matched: dict[str, tuple[int, ...]] = {}

    def find(self, text: str, hits: dict[int, Spans]) -> None:
        """Adds to ``hits`` what stands in a normalised text: for each atom its spans, in their order."""
        if self._wild is None and not self._terms:
            return
        words = set(text.split())
        new = words - self._seen
        if new:
            if len(self._seen) > REMEMBERED:
                self._seen, self._matched, new = set(), {}, words
            self._learn(sorted(new))
        for word in sorted(words & self._matched.keys()):
            base = len(word.partition("'")[0])
            at = text.find(f" {word} ")
            while at >= 0:
                for atom in self._matched[word]:
                    hits.setdefault(atom, []).append((at + 1, at + 1 + base, 0))
                at = text.find(f" {word} ", at + 1)

    def _learn(self, words: list[str]) -> None:
        self._seen.update(words)
        bases = [w.partition("'")[0] if not w.endswith("n't") else w for w in words]
        found: dict[str, list[int]] = {}
        if self._wild is not None:
            for word, base in zip(words, bases, strict=True):
                if which := self._wild.Match(base):
                    found[word] = [self._wild_atoms[i] for i in which]
        if self._terms:
            self._compare(words, bases, found)
        for word, atoms in found.items():
            self._matched[word] = tuple(sorted(set(atoms)))

    def _compare(self, words: list[str], bases: list[str], found: dict[str, list[int]]) -> None:
        import numpy as np
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import cdist

        limits = np.array([distance for _, distance, _ in self._fuzzy], dtype=np.uint8)
        most = int(limits.max())
        for i in range(0, len(words), AT_ONCE):
            matrix = cdist(bases[i : i + AT_ONCE], self._terms, scorer=OSA.distance, score_cutoff=most, dtype=np.uint8)
            for row, column in zip(*np.nonzero(matrix <= limits), strict=True):
                found.setdefault(words[i + int(row)], []).append(self._fuzzy[int(column)][2])


def _expression(text: str) -> str:
    return "".join("[^ ]*" if c == "*" else "[^ ]" if c == "?" else re.escape(c) for c in re.sub(r"\*+", "*", text))


def _set(expressions: Sequence[str]) -> Any:
    import re2

    options = re2.Options()
    options.max_mem = 256 << 20
    made = re2.Set.FullMatchSet(options)
    for expression in expressions:
        made.Add(expression)
    made.Compile()
    return made
