"""Watches of one term or phrase, or of several with OR: what is found of them are the hits themselves.

Most watches of a long list are such. They need no evaluation: the pass over the text that finds the words tells at once
whose they are. What they find is what their nodes would.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from podwatch.query.evaluation import AtomNode, Node, OrNode, atoms_within
from podwatch.query.intervals import Spans
from podwatch.query.literals import Ending, LiteralAutomaton, match_end
from podwatch.query.short_texts import is_short

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

# What an occurrence of a pattern is a find of, where it goes on as its ending says: the watches of which every hit is a
# mention, as (watch, detail); those with OR, of whose parts the shortest count, as (watch, part, detail); the atoms
# that the other watches are evaluated with.
Target = tuple[Ending, tuple[tuple[int, int], ...], tuple[tuple[int, int, int], ...], tuple[int, ...]]

COLUMNS = 5  # of a find of a watch with OR: start, end, watch, detail, part


class DirectWatches:
    """The direct ones among some watches. nodes: of all watches, by their index; literals: the atoms that have one."""

    def __init__(self, nodes: Sequence[Node], literals: frozenset[int]) -> None:
        self._single: dict[int, list[tuple[int, int]]] = {}
        self._parts: dict[int, list[tuple[int, int, int]]] = {}
        self.others: list[int] = []
        self._evaluated: set[int] = set()
        for i, node in enumerate(nodes):
            if (term := _plain_term(node, literals)) is not None:
                for atom, detail in term:
                    self._single.setdefault(atom, []).append((i, detail))
            elif (terms := _plain_terms(node, literals)) is not None:
                for part, term in enumerate(terms):
                    for atom, detail in term:
                        self._parts.setdefault(atom, []).append((i, part, detail))
            else:
                self.others.append(i)
                self._evaluated.update(atoms_within(node))
        self._targets: list[list[Target]] = []
        self._automaton = LiteralAutomaton([])

    def search_with(self, automaton: LiteralAutomaton) -> None:
        """Takes the automaton that finds the words of all watches."""
        self._automaton = automaton
        single, parts, evaluated = self._single, self._parts, self._evaluated
        self._targets = [
            [
                (
                    ending,
                    tuple(target for atom in atoms for target in single.get(atom, ())),
                    tuple(target for atom in atoms for target in parts.get(atom, ())),
                    tuple(atom for atom in atoms if atom in evaluated),
                )
                for ending, atoms in endings
            ]
            for endings in automaton.atoms
        ]

    def find(self, text: str, hits: dict[int, Spans]) -> list[int]:
        """The finds in a normalised text: of each its start, end, watch (an index) and detail, one after the other.

        Adds to ``hits`` the spans of the atoms that other watches ask for.
        """
        found: list[int] = []
        joined: list[int] = []  # of watches with OR: the same, and the part
        targets, any_ending = self._targets, Ending.ANY
        for pattern, blank, end in self._automaton.find_patterns(text):
            start, after = blank + 1, text[end]
            for ending, single, parts, atoms in targets[pattern]:
                stop = end
                if after != " ":
                    if after not in "'se" and ending is not any_ending:
                        continue
                    reached = match_end(text, start, end, ending)
                    if reached is None:
                        continue
                    stop = reached
                for i, detail in single:
                    found += (start, stop, i, detail)
                for i, part, detail in parts:
                    joined += (start, stop, i, detail, part)
                for atom in atoms:
                    spans = hits.get(atom)
                    if spans is None:
                        hits[atom] = [(start, stop, 0)]
                    else:
                        spans.append((start, stop, 0))
        if joined:
            found += _select_minimal_short(joined) if is_short(text) else _select_minimal(joined)
        return found


def _plain_term(node: Node, literals: frozenset[int]) -> tuple[tuple[int, int], ...] | None:
    """The (atom, detail) of a node whose every hit is a find of it; None for any other."""
    if not isinstance(node, AtomNode) or node.accept is not None or node.longest:
        return None
    return node.atoms if all(atom in literals for atom, _ in node.atoms) else None


def _plain_terms(node: Node, literals: frozenset[int]) -> list[tuple[tuple[int, int], ...]] | None:
    """The same of each part of an OR; None when one is something else."""
    if not isinstance(node, OrNode) or node.longest:
        return None
    terms = [_plain_term(part, literals) for part in node.parts]
    return [term for term in terms if term is not None] if None not in terms else None


def _select_minimal_short(joined: list[int]) -> list[int]:
    """As _select_minimal, without arrays."""
    kept: list[int] = []
    rows = sorted(zip(*[iter(joined)] * COLUMNS, strict=True), key=lambda row: (row[2], -row[0], row[1], row[3]))
    for _, of_watch in groupby(rows, key=itemgetter(2)):
        group = list(of_watch)
        has_several = len({row[4] for row in group}) > 1
        least = group[0][1] + 1
        for row in group:
            if not has_several or row[1] < least:
                kept += row[:4]
            least = min(least, row[1])
    return kept


def _select_minimal(joined: list[int]) -> list[int]:
    """Of the finds of watches with OR those that OrNode would give: the minimal ones where several parts are found.

    joined: five numbers a find, the last its part; given back are four.
    """
    if len(joined) == COLUMNS:
        return joined[:4]
    import numpy as np

    rows = np.array(joined).reshape(-1, COLUMNS)
    start, end, watch, detail, part = rows.T
    order = np.lexsort((detail, end, -start, watch))
    start, end, watch, part = start[order], end[order], watch[order], part[order]
    first = np.flatnonzero(np.diff(watch, prepend=-1))  # of each watch
    count = np.diff(first, append=len(watch))
    has_several = np.repeat(np.minimum.reduceat(part, first) != np.maximum.reduceat(part, first), count)
    # Of a watch's spans, from the last to the first, one stays if it ends before all that begin behind it do. The next
    # watch's ends are put below those of the one before.
    below = end - np.repeat(np.arange(len(first)), count) * (int(end.max()) + 1)
    is_minimal = np.diff(np.minimum.accumulate(below), prepend=int(below[0]) + 1) < 0
    kept: list[int] = rows[order[is_minimal | ~has_several], :4].ravel().tolist()
    return kept
