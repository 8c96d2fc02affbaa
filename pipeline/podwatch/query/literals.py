"""Finds the words and phrases of all watches in one pass over the text (Aho and Corasick, 1975).

A pattern begins with the blank before its first word, so that the automaton itself refuses "start" for art; how the
word may go on is looked at here, once a hit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import ahocorasick_rs

from podwatch.query.intervals import Spans
from podwatch.query.postings import WordPostings


class Ending(IntEnum):
    """How a word may go on behind a pattern. A possessive always may: Putin's."""

    WHOLE = 0  # not at all
    PLURAL = 1  # sanctions for sanction, taxes for tax
    ANY = 2  # sanctioning for sanction*


@dataclass(frozen=True, slots=True)
class Literal:
    """A normalised word or phrase, and the atom that is found when it is."""

    text: str
    atom: int
    ending: Ending


# Up to so many patterns the automaton is a table of all transitions: a third faster, at 2.5 kB a pattern.
TABLE = 4000


class LiteralAutomaton:
    """The automaton of some literals."""

    def __init__(self, literals: Sequence[Literal]) -> None:
        by_text: dict[str, list[list[int]]] = {}
        for literal in literals:
            if literal.text:
                by_text.setdefault(literal.text, [[], [], []])[literal.ending].append(literal.atom)
        # For each pattern the atoms found by the word alone, with 's, with a plural s, with es, with any ending.
        self._atoms = [(w + p + a, w + p, p, p if text.endswith(_ES) else [], a) for text, (w, p, a) in by_text.items()]
        table = ahocorasick_rs.Implementation.DFA if len(by_text) <= TABLE else None
        patterns = [f" {text}" for text in by_text]
        self._automaton = ahocorasick_rs.AhoCorasick(patterns, implementation=table) if by_text else None

    def find(self, text: str, hits: dict[int, Spans]) -> None:
        """Adds to ``hits`` what stands in a normalised text: for each atom its spans, in their order."""
        if self._automaton is None:
            return
        atoms = self._atoms
        for pattern, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            after = text[end]
            alone, whole, plural, es, anything = atoms[pattern]
            stop = end
            if after == " ":
                found = alone
            elif after == "'":
                found = whole if text[end + 1] != "t" else []  # don't is not a Don
            elif after == "s" and plural and text[end + 1] in " '":
                found, stop = plural, end + 1
            elif after == "e" and es and text[end + 1] == "s" and text[end + 2] in " '":
                found, stop = es, end + 2
            else:
                found = []
            for atom in found:
                if atom in hits:
                    hits[atom].append((start + 1, stop, 0))
                else:
                    hits[atom] = [(start + 1, stop, 0)]
            if anything and after != " ":
                stop = end + len(text[end : text.index(" ", end)].partition("'")[0])
                for atom in anything:
                    hits.setdefault(atom, []).append((start + 1, stop, 0))


def find_literals(text: str, literals: Sequence[Literal], words: WordPostings | None = None) -> Spans:
    """What an automaton would find of the literals of one atom: for those that few watches ask for in few texts.

    words: those of the text; without them it is searched.
    """
    found: Spans = []
    for literal in literals:
        wanted = literal.text
        es = wanted.endswith(_ES)
        for start in _starts(text, literal, words):
            end = start + len(wanted)
            after = text[end]
            if after == " " or (after == "'" and text[end + 1] != "t" and literal.ending is not Ending.ANY):
                found.append((start, end, 0))
            elif literal.ending is Ending.ANY:
                found.append((start, end + len(text[end : text.index(" ", end)].partition("'")[0]), 0))
            elif literal.ending is Ending.PLURAL:
                if after == "s" and text[end + 1] in " '":
                    found.append((start, end + 1, 0))
                elif es and after == "e" and text[end + 1] == "s" and text[end + 2] in " '":
                    found.append((start, end + 2, 0))
    return found


def _starts(text: str, literal: Literal, words: WordPostings | None) -> Iterator[int]:
    wanted = f" {literal.text}"
    if words is None or literal.ending is Ending.ANY or "'" in literal.text.partition(" ")[0]:
        at = text.find(wanted)
        while at >= 0:
            yield at + 1
            at = text.find(wanted, at + 1)
        return
    first, _, rest = literal.text.partition(" ")
    forms = [first]
    if not rest and literal.ending is Ending.PLURAL:
        forms += [f"{first}s", f"{first}es"] if first.endswith(_ES) else [f"{first}s"]
    for form in forms:
        for start in words.starts(form):
            if text.startswith(wanted, start - 1):
                yield start


_ES = ("s", "x", "z", "ch", "sh", "o")


def takes_plural(text: str) -> bool:
    """Whether a plain plural is looked for: not of short words, where it is another one (it, its)."""
    last = text.rpartition(" ")[2]
    return len(last) >= 3 and last[-1].isalpha()


def other_plural(text: str) -> str | None:
    """The plural that is not the word with something behind it: parties for party."""
    last = text.rpartition(" ")[2]
    if len(last) > 3 and last[-1] == "y" and last[-2].isalpha() and last[-2] not in "aeiou":
        return f"{text[:-1]}ies"
    return None
