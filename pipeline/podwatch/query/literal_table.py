"""Finds words and phrases in a normalised text by a hash table: all words of the text are looked up at once, by arrays.

A phrase is found by its first two words and then compared. What has no whole first word (sanction*) is left to an
automaton. What is found is what LiteralAutomaton would find; a text in which much is found costs little more than one
in which nothing is, and no Python runs for a word that is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from podwatch.query.literals import Ending, Literal, LiteralAutomaton, match_end
from podwatch.query.postings import APOSTROPHE, BLANK, READ, WordPostings, join_hashes
from podwatch.query.ragged_arrays import ranges
from podwatch.query.spelling_variants import ES_ENDINGS

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

T = ord("t")
WORDS, PHRASES = 1, 2  # what a bucket has: words, first words of phrases


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Where atoms were found: of each occurrence its atom, its span, and its first word's number in the postings."""

    atoms: Array
    starts: Array
    stops: Array
    words: Array

    def __len__(self) -> int:
        return len(self.atoms)

    def __add__(self, other: Occurrences) -> Occurrences:
        return _join([self, other]) if len(other) else self

    def where(self, is_wanted: Array) -> Occurrences:
        return Occurrences(self.atoms[is_wanted], self.starts[is_wanted], self.stops[is_wanted], self.words[is_wanted])


class LiteralTable:
    """Finds all of its literals in one pass over the words of a text."""

    def __init__(self, literals: Sequence[Literal]) -> None:
        import numpy as np

        words: list[str] = []
        entries: list[tuple[int, bool]] = []  # of each word: its atom, whether it is no plural
        pairs: list[str] = []
        self._phrases: list[Literal] = []  # of each pair
        kinds: list[tuple[int, bool, bool]] = []  # the same: its atom, whether it is just two words, no plural
        others: list[Literal] = []
        for literal in literals:
            pieces = whole_words(literal)
            if pieces is None:
                others.append(literal)
                continue
            plurals = _plurals(pieces[-1]) if literal.ending is Ending.PLURAL and len(pieces) < 3 else ()
            if len(pieces) == 1:
                words += (literal.text, *plurals)
                entries += ((literal.atom, True), *((literal.atom, False) for _ in plurals))
            else:
                ends = (pieces[1], *plurals)
                pairs += [f"{pieces[0]} {end}" for end in ends]
                self._phrases += [literal] * len(ends)
                is_pair = (
                    len(pieces) == 2 and " " in literal.text and all(len(w) * 4 <= READ for w in (pieces[0], *ends))
                )
                kinds += [(literal.atom, is_pair, end == ends[0]) for end in ends]
        columns = np.array(entries, dtype=np.int64).reshape(-1, 2)
        self._atoms, self._is_singular = columns[:, 0], columns[:, 1] == 1
        columns = np.array(kinds, dtype=np.int64).reshape(-1, 3)
        self._pair_atoms, self._is_pair, self._is_singular_pair = columns[:, 0], columns[:, 1] == 1, columns[:, 2] == 1
        self._long = {i: word for i, word in enumerate(words) if len(word.encode("utf-8", "surrogatepass")) > READ}
        hashes = _hash_all(words)
        self._words = _HashTable(hashes)
        of_pairs = _hash_all(pairs)
        self._pairs = _HashTable(join_hashes(of_pairs[0::2], of_pairs[1::2]))
        # Most words of a text are none of these: so all are looked up in a small array first.
        bits = max(15, (16 * (len(words) + len(pairs))).bit_length())
        self._shift = np.uint64(64 - bits)
        self._kinds = np.zeros(1 << bits, dtype=np.uint8)
        self._kinds[hashes >> self._shift] = WORDS
        self._kinds[of_pairs[0::2] >> self._shift] |= PHRASES
        self._automaton = LiteralAutomaton(others) if others else None

    def find(self, postings: WordPostings) -> Occurrences:
        """All occurrences of the literals, in no order."""
        import numpy as np

        kinds = self._kinds[(postings.hashes >> self._shift).view(np.int64)]
        at = np.flatnonzero(kinds)
        found: list[Occurrences] = []
        if len(at):
            kinds = kinds[at]
            found.append(self._find_words(postings, at[(kinds & WORDS) != 0] if self._phrases else at))
            if self._phrases:
                found.append(self._find_phrases(postings, at[(kinds & PHRASES) != 0]))
        if self._automaton is not None:
            found.append(_find_others(self._automaton, postings))
        return _join(found)

    def _find_words(self, postings: WordPostings, words: Array) -> Occurrences:
        """Those of one word. words: where there may be one."""
        which, entries = self._words.look_up(postings.hashes[words])
        if not len(which):
            return _from_rows([])
        at, codes = words[which], postings.codes
        is_right = codes[postings.first[at] - 1] == BLANK
        after = postings.last[at]
        is_right &= _may_end(codes, after, self._is_singular[entries])
        starts, stops = postings.starts[at], postings.ends[at]
        if self._long:
            for i, entry in enumerate(entries.tolist()):
                if entry in self._long and postings.text[starts[i] : stops[i]] != self._long[entry]:
                    is_right[i] = False
        return Occurrences(self._atoms[entries], starts, stops, at).where(is_right)

    def _find_phrases(self, postings: WordPostings, words: Array) -> Occurrences:
        """Those of several words. words: where there may be the first of one."""
        hashes, text = postings.hashes, postings.text
        words = words[words < len(hashes) - 1]
        which, entries = self._pairs.look_up(join_hashes(hashes[words], hashes[words + 1]))
        if not len(which):
            return _from_rows([])
        at, codes = words[which], postings.codes
        is_pair = self._is_pair[entries] & (postings.last[at] + 1 == postings.first[at + 1])
        pairs, of_pairs = at[is_pair], entries[is_pair]
        is_right = (codes[postings.first[pairs] - 1] == BLANK) & (codes[postings.last[pairs]] == BLANK)
        is_right &= _may_end(codes, postings.last[pairs + 1], self._is_singular_pair[of_pairs])
        two = Occurrences(self._pair_atoms[of_pairs], postings.starts[pairs], postings.ends[pairs + 1], pairs)
        at, entries = at[~is_pair], entries[~is_pair]
        found: list[tuple[int, int, int, int]] = []
        for word, start, entry in zip(at.tolist(), postings.starts[at].tolist(), entries.tolist(), strict=True):
            literal = self._phrases[entry]
            if text.startswith(literal.text, start) and text[start - 1] == " ":
                stop = match_end(text, start, start + len(literal.text), literal.ending)
                if stop is not None:
                    found.append((literal.atom, start, stop, word))
        return _join([two.where(is_right), _from_rows(found)])


def whole_words(literal: Literal) -> list[str] | None:
    """The words of a literal that are whole in all of its occurrences; None: not all are, it has to be searched for."""
    pieces = literal.text.replace("'", " ").split(" ")
    return None if literal.ending is Ending.ANY or "" in pieces else pieces


class _HashTable:
    """The places of some 64-bit keys, of which several may be the same, by open hashing."""

    def __init__(self, keys: Array) -> None:
        import numpy as np

        bits = max(10, (8 * len(keys)).bit_length())
        self._shift = np.uint64(64 - bits)
        buckets = self._bucket(keys)
        order = np.lexsort((keys, buckets))
        keys, buckets = keys[order], buckets[order]
        first = np.flatnonzero(_is_new(keys))
        self._places, self._first = order, first
        self._counts = np.diff(first, append=len(keys))
        self._keys, buckets = keys[first], buckets[first]
        heads = np.flatnonzero(_is_new(buckets))
        self._slots = np.full(1 << bits, -1, dtype=np.int32)
        self._slots[buckets[heads]] = heads
        chains = np.diff(heads, append=len(buckets))
        self._chain = np.zeros(len(buckets), dtype=np.int64)
        self._chain[heads] = chains
        self._longest = int(chains.max()) if len(chains) else 0

    def look_up(self, keys: Array) -> tuple[Array, Array]:
        """(place in ``keys``, place among the table's) of all that are the same."""
        import numpy as np

        slots = self._slots[self._bucket(keys)]
        at = np.flatnonzero(slots >= 0)
        if not len(at):
            return at, at
        heads, keys = slots[at], keys[at]
        found: list[tuple[Array, Array]] = []
        for step in range(self._longest):
            if step:
                more = np.flatnonzero(self._chain[heads] > step)
                at, heads, keys = at[more], heads[more], keys[more]
            same = np.flatnonzero(self._keys[heads + step] == keys)
            if len(same):
                found.append((at[same], heads[same] + step))
        if not found:
            return at[:0], at[:0]
        where, which = found[0] if len(found) == 1 else map(np.concatenate, zip(*found, strict=True))
        counts = self._counts[which]
        return np.repeat(where, counts), self._places[ranges(self._first[which], counts)]

    def _bucket(self, keys: Array) -> Array:
        import numpy as np

        buckets: Array = (keys >> self._shift).view(np.int64)
        return buckets


def _find_others(automaton: LiteralAutomaton, postings: WordPostings) -> Occurrences:
    hits: dict[int, list[tuple[int, int, int]]] = {}
    automaton.find(postings.text, hits)
    rows = [(atom, start, stop, 0) for atom, spans in hits.items() for start, stop, _ in spans]
    found = _from_rows(rows)
    return Occurrences(found.atoms, found.starts, found.stops, postings.starts.searchsorted(found.starts, "right") - 1)


def _may_end(codes: Array, ends: Array, is_singular: Array) -> Array:
    """Whether words may end there: don't is not a Don."""
    import numpy as np

    answers = np.ones(len(ends), dtype=bool)
    quoted = np.flatnonzero((codes[ends] == APOSTROPHE) & is_singular)
    answers[quoted[codes[ends[quoted] + 1] == T]] = False
    return answers


def _plurals(word: str) -> tuple[str, ...]:
    return (f"{word}s", f"{word}es") if word.endswith(ES_ENDINGS) else (f"{word}s",)


def _hash_all(words: Sequence[str]) -> Array:
    return WordPostings(f" {' '.join(words)} ").hashes


def _is_new(values: Array) -> Array:
    """Whether each of some sorted values is another one than that before it."""
    import numpy as np

    new = np.ones(len(values), dtype=bool)
    np.not_equal(values[1:], values[:-1], out=new[1:])
    return new


def _from_rows(rows: Sequence[tuple[int, int, int, int]]) -> Occurrences:
    import numpy as np

    return Occurrences(*np.array(rows, dtype=np.int64).reshape(-1, 4).T)


def _join(parts: Sequence[Occurrences]) -> Occurrences:
    import numpy as np

    parts = [part for part in parts if len(part)]
    if len(parts) < 2:
        return parts[0] if parts else _from_rows([])
    return Occurrences(
        np.concatenate([p.atoms for p in parts]),
        np.concatenate([p.starts for p in parts]),
        np.concatenate([p.stops for p in parts]),
        np.concatenate([p.words for p in parts]),
    )
