"""Finds words and phrases in a normalised text: those of all watches in one pass (Aho and Corasick, 1975), or one.

A pattern begins with the blank before its first word, so that the automaton itself refuses "start" for art; how the
word may go on is checked here, once a hit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import ahocorasick_rs

from podwatch.query.intervals import Span, Spans
from podwatch.query.spelling_variants import ES_ENDINGS


class Ending(IntEnum):
    """How a word may go on behind a pattern. A possessive always may: Putin's."""

    WHOLE = 0  # not at all
    PLURAL = 1  # sanctions for sanction, taxes for tax
    ANY = 2  # sanctioning for sanction*


@dataclass(frozen=True, slots=True)
class Literal:
    """A normalised word or phrase, and the atom that it is an occurrence of."""

    text: str
    atom: int
    ending: Ending


class LiteralAutomaton:
    """Finds all of its literals in one pass over a text."""

    def __init__(self, literals: Sequence[Literal]) -> None:
        by_text: dict[str, dict[Ending, list[int]]] = {}
        for literal in literals:
            if literal.text:
                by_text.setdefault(literal.text, {}).setdefault(literal.ending, []).append(literal.atom)
        self._atoms = [list(endings.items()) for endings in by_text.values()]
        self._automaton = ahocorasick_rs.AhoCorasick([f" {text}" for text in by_text]) if by_text else None

    def find(self, text: str, hits: dict[int, Spans]) -> None:
        """Adds to ``hits`` the spans of each atom in a normalised text."""
        if self._automaton is None:
            return
        for pattern, blank, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            start = blank + 1
            for ending, atoms in self._atoms[pattern]:
                stop = match_end(text, start, end, ending)
                if stop is not None:
                    for atom in atoms:
                        hits.setdefault(atom, []).append((start, stop, 0))


def find_literals(text: str, literals: Sequence[Literal]) -> Spans:
    """What an automaton would find of the literals of one atom: for those that few watches need in few texts."""
    return list(iterate_literals(text, literals))


def iterate_literals(text: str, literals: Sequence[Literal]) -> Iterator[Span]:
    """The same, one after the other."""
    for literal in literals:
        wanted = f" {literal.text}"
        at = text.find(wanted)
        while at >= 0:
            stop = match_end(text, at + 1, at + len(wanted), literal.ending)
            if stop is not None:
                yield at + 1, stop, 0
            at = text.find(wanted, at + 1)


def find_literals_within(text: str, literals: Sequence[Literal], regions: Sequence[tuple[int, int]]) -> Spans:
    """The same, of those that begin and end in one of some stretches of the text."""
    found: Spans = []
    for literal in literals:
        wanted = f" {literal.text}"
        for first, last in regions:
            at = text.find(wanted, first, last)
            while at >= 0:
                stop = match_end(text, at + 1, at + len(wanted), literal.ending)
                if stop is not None:
                    found.append((at + 1, stop, 0))
                at = text.find(wanted, at + 1, last)
    return found


def match_end(text: str, start: int, end: int, ending: Ending) -> int | None:
    """Where the word ends that matches a literal at [start, end), without a possessive; None: it goes on otherwise."""
    after = text[end]
    if after == " ":
        return end
    if ending is Ending.ANY:
        return end + len(text[end : text.index(" ", end)].partition("'")[0])
    if after == "'":
        return end if text[end + 1] != "t" else None  # don't is not a Don
    if ending is Ending.PLURAL:
        if after == "s" and text[end + 1] in " '":
            return end + 1
        if after == "e" and text[end + 1] == "s" and text[end + 2] in " '" and text.endswith(ES_ENDINGS, start, end):
            return end + 2
    return None
