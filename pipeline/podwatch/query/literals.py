"""Finds words and phrases in a normalised text: those of all watches in one pass (Aho and Corasick, 1975), or one.

A pattern begins with the blank before its first word, so that the automaton itself refuses "start" for art; how the
word may go on is checked here, once a hit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import ahocorasick_rs

from podwatch.query.intervals import Spans
from podwatch.query.postings import WordPostings
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


# Up to so many patterns the automaton is a table of all transitions: a third faster, at 2.5 kB a pattern.
MAX_DFA_PATTERNS = 4000


class LiteralAutomaton:
    """Finds all of its literals in one pass over a text."""

    def __init__(self, literals: Sequence[Literal]) -> None:
        by_text: dict[str, tuple[list[int], list[int], list[int]]] = {}
        for literal in literals:
            if literal.text:
                by_text.setdefault(literal.text, ([], [], []))[literal.ending].append(literal.atom)
        # For each pattern the atoms found by the word alone, with 's, with a plural s, with es, with any ending.
        self._atoms = [
            (whole + plural + any_, whole + plural, plural, plural if text.endswith(ES_ENDINGS) else [], any_)
            for text, (whole, plural, any_) in by_text.items()
        ]
        implementation = ahocorasick_rs.Implementation.DFA if len(by_text) <= MAX_DFA_PATTERNS else None
        patterns = [f" {text}" for text in by_text]
        self._automaton = ahocorasick_rs.AhoCorasick(patterns, implementation=implementation) if by_text else None

    def find(self, text: str, hits: dict[int, Spans]) -> None:
        """Adds to ``hits`` the spans of each atom in a normalised text, ascending by pattern end."""
        if self._automaton is None:
            return
        atoms = self._atoms
        for pattern, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            after = text[end]
            alone, possessive, plural, es_plural, any_ending = atoms[pattern]
            stop = end
            if after == " ":
                found = alone
            elif after == "'":
                found = possessive if text[end + 1] != "t" else []  # don't is not a Don
            elif after == "s" and plural and text[end + 1] in " '":
                found, stop = plural, end + 1
            elif after == "e" and es_plural and text[end + 1] == "s" and text[end + 2] in " '":
                found, stop = es_plural, end + 2
            else:
                found = []
            for atom in found:
                if atom in hits:
                    hits[atom].append((start + 1, stop, 0))
                else:
                    hits[atom] = [(start + 1, stop, 0)]
            if any_ending and after != " ":
                stop = _word_end(text, end)
                for atom in any_ending:
                    hits.setdefault(atom, []).append((start + 1, stop, 0))


def find_literals(text: str, literals: Sequence[Literal], postings: WordPostings | None = None) -> Spans:
    """What an automaton would find of the literals of one atom: for those that few watches need in few texts.

    postings: those of the text; without them the text is searched.
    """
    found: Spans = []
    for literal in literals:
        wanted = literal.text
        may_end_in_es = wanted.endswith(ES_ENDINGS)
        for start in _find_starts(text, literal, postings):
            end = start + len(wanted)
            after = text[end]
            if after == " " or (after == "'" and text[end + 1] != "t" and literal.ending is not Ending.ANY):
                found.append((start, end, 0))
            elif literal.ending is Ending.ANY:
                found.append((start, _word_end(text, end), 0))
            elif literal.ending is Ending.PLURAL:
                if after == "s" and text[end + 1] in " '":
                    found.append((start, end + 1, 0))
                elif may_end_in_es and after == "e" and text[end + 1] == "s" and text[end + 2] in " '":
                    found.append((start, end + 2, 0))
    return found


def _word_end(text: str, at: int) -> int:
    """Where the word that goes on at ``at`` ends, its possessive left out."""
    return at + len(text[at : text.index(" ", at)].partition("'")[0])


def _find_starts(text: str, literal: Literal, postings: WordPostings | None) -> Iterator[int]:
    """Where the literal begins, whatever follows it."""
    wanted = f" {literal.text}"
    first, _, rest = literal.text.partition(" ")
    if postings is None or literal.ending is Ending.ANY or "'" in first:
        at = text.find(wanted)
        while at >= 0:
            yield at + 1
            at = text.find(wanted, at + 1)
        return
    forms = [first]
    if not rest and literal.ending is Ending.PLURAL:
        forms += [f"{first}s", f"{first}es"] if first.endswith(ES_ENDINGS) else [f"{first}s"]
    for form in forms:
        for start in postings.starts_of(form):
            if text.startswith(wanted, start - 1):
                yield start
