"""Reads a short text without numpy, which takes longer to load than a short text to search.

What is found is what arrays find, and the normalised text is the same: property tests hold both. A text is left to
arrays when it has accents of its own, or characters that become several.
"""

from __future__ import annotations

import re
import sys
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from podwatch.query.annotations import blank_annotations
from podwatch.query.composition import needs_composing
from podwatch.query.folding import (
    ACCENT,
    APOSTROPHE,
    ATTACHED,
    COMMA,
    DIGIT,
    DOT,
    IDEOGRAPH,
    NOTHING,
    SYMBOL,
    WORD,
    fold_character,
)
from podwatch.query.intervals import Spans
from podwatch.query.literals import Literal, LiteralAutomaton
from podwatch.query.normaliser import CONTRACTED, PAD, NormalisedText, elided_from, is_elision, to_ascii

SHORT = 20_000  # characters: they take a Python loop 10 ms, and to load numpy takes 90
_PADDING = " " * PAD
_RUN = re.compile("[^ ]+")
_ALONE = re.compile(rb"[%c-%c]" % (SYMBOL, ATTACHED))
_MARK = re.compile(rb"[%c-%c]" % (APOSTROPHE, COMMA))
_OF_A_WORD = (WORD, DIGIT)
_LEFT_OUT = "\0"


def is_short(text: str) -> bool:
    """Whether a text is better read without arrays: it is short, and nothing has loaded numpy yet."""
    return len(text) <= SHORT and "numpy" not in sys.modules


def normalise_short(text: str) -> NormalisedText | None:
    """The normalised text; None when it takes arrays."""
    padded = f"{_PADDING}{to_ascii(blank_annotations(text))}{_PADDING}"
    kind_of: dict[int, int] = {}
    folded_to: dict[int, int] = {}
    for character in set(padded):
        (kind, code), *rest = fold_character(character)
        if rest or kind in (ACCENT, NOTHING):
            return None
        kind_of[ord(character)], folded_to[ord(character)] = kind, code
    if max(padded) >= "\u0300" and needs_composing(padded):
        return None
    kinds, folded = bytearray(padded.translate(kind_of), "latin-1"), list(padded.translate(folded_to))
    has_left_out = _resolve_marks(kinds, folded)
    whole = "".join(folded)
    positions = array("q", [0])
    for run in _RUN.finditer(whole):
        positions.extend(range(run.start(), run.end() + 1))  # with the blank behind it
    if has_left_out:
        positions = array("q", [i for i in positions if whole[i] != _LEFT_OUT])
    words = "".join([whole[i] for i in positions])
    cuts = [bisect_left(positions, i) for i in sorted(_find_gaps(kinds, whole))]
    if not cuts:
        return NormalisedText(words, positions, None, text)
    words = " ".join(words[i:j] for i, j in pairwise([0, *cuts, len(words)]))
    return NormalisedText(words, positions, array("q", [cut + i for i, cut in enumerate(cuts)]), text)


def _resolve_marks(kinds: bytearray, folded: list[str]) -> bool:
    """Decides of each apostrophe, dot and comma whether it is within a word; in place.

    The dots of an acronym and the apostrophe within a name are left out; whether there are any.
    """
    decided: list[tuple[int, str | None]] = []  # where, and None: a part of the word; or what it becomes
    for mark in _MARK.finditer(kinds):
        at = mark.start()
        left, right = kinds[at - 1], kinds[at + 1]
        becomes: str | None = " "
        if kinds[at] == APOSTROPHE:
            ahead, further = kinds[at + 2] in _OF_A_WORD, kinds[at + 3] in _OF_A_WORD
            one, two = folded[at + 1], folded[at + 1] + folded[at + 2]
            if left in _OF_A_WORD and ((one in CONTRACTED and not ahead) or (two in CONTRACTED and not further)):
                becomes = None
            elif left == right == WORD and not is_elision("".join(folded[elided_from(kinds, at) : at]), one):
                becomes = _LEFT_OUT
        elif left == right == DIGIT:
            becomes = None
        elif kinds[at] == DOT and left == right == WORD:
            is_acronym = kinds[at + 2] not in _OF_A_WORD and kinds[at - 2] not in _OF_A_WORD
            becomes = _LEFT_OUT if is_acronym else " "
        decided.append((at, becomes))
    for at, becomes in decided:
        if becomes != " ":
            kinds[at] = WORD
        if becomes is not None:
            folded[at] = becomes
    kinds[:] = kinds.replace(bytes((DIGIT,)), bytes((WORD,)))
    return any(becomes == _LEFT_OUT for _, becomes in decided)


def _find_gaps(kinds: bytearray, folded: str) -> set[int]:
    """Where a word begins without a blank before it: symbols and ideographs, and what follows them."""
    gaps: set[int] = set()
    for found in _ALONE.finditer(kinds):
        at = found.start()
        own = kinds[at]
        if folded[at - 1] != " " and own != ATTACHED and (kinds[at - 1] != own or own == IDEOGRAPH):
            gaps.add(at)
        if folded[at + 1] != " " and kinds[at + 1] == WORD:
            gaps.add(at + 1)
    return gaps


class ShortTextSearch:
    """Searches short texts for the literals of all watches. needed: of each watch the atoms of which it needs one."""

    def __init__(self, literals: Sequence[Literal], needed: Sequence[frozenset[int]]) -> None:
        self._automaton = LiteralAutomaton(literals)
        self._needed = needed

    def find(self, text: str) -> dict[int, Spans]:
        """The spans of each atom in a normalised text."""
        hits: dict[int, Spans] = {}
        self._automaton.find(text, hits)
        return hits

    def triggered_by(self, hits: dict[int, Spans]) -> list[int]:
        """The watches that may find something, where these are all hits."""
        return [i for i, atoms in enumerate(self._needed) if not atoms.isdisjoint(hits)]
