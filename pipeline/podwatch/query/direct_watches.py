"""Watches of one term or phrase, or of several with OR: what is found of them are the hits themselves.

Most watches of a long list are such. They need no evaluation: whose the words are that are found is taken from an
array. What they find is what their nodes would.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from podwatch.query.evaluation import AtomNode, Node, OrNode
from podwatch.query.literal_table import Occurrences
from podwatch.query.ragged_arrays import RaggedArray

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]


class DirectWatches:
    """The direct ones among some watches. nodes: of all watches, by their index; literals: the atoms that have one."""

    def __init__(self, nodes: Sequence[Node], literals: frozenset[int]) -> None:
        self._single: dict[int, list[tuple[int, int]]] = {}
        self._parts: dict[int, list[tuple[int, int, int]]] = {}
        self.others: list[int] = []
        for i, node in enumerate(nodes):
            if (term := _plain_term(node, literals)) is not None:
                for atom, detail in term:
                    self._single.setdefault(atom, []).append((i, detail))
            elif (terms := _plain_terms(node, literals)) is not None:
                for part, term in enumerate(terms):
                    for atom, detail in term:
                        self._parts.setdefault(atom, []).append((i, detail, part))
            else:
                self.others.append(i)
        self._targets: tuple[RaggedArray, RaggedArray] | None = None

    @property
    def atoms(self) -> set[int]:
        """The atoms of which every hit is a find, or may be one."""
        return self._single.keys() | self._parts.keys()

    def find(self, occurrences: Occurrences, atoms: int) -> Array:
        """The finds among the occurrences: start, end, watch and detail of each. atoms: how many there are."""
        import numpy as np

        if not len(occurrences):
            return np.zeros((0, 4), dtype=np.int64)
        if self._targets is None:
            self._targets = RaggedArray(self._single, atoms, 2), RaggedArray(self._parts, atoms, 3)
        single, parts = self._targets
        which, targets = single.take(occurrences.atoms)
        found = np.column_stack((occurrences.starts[which], occurrences.stops[which], targets))
        if not len(parts):
            return found
        which, targets = parts.take(occurrences.atoms)
        if not len(which):
            return found
        joined = _select_minimal(np.column_stack((occurrences.starts[which], occurrences.stops[which], targets)))
        return np.concatenate((found, joined)) if len(found) else joined


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


def _select_minimal(rows: Array) -> Array:
    """Of the finds of watches with OR those that OrNode would give: the minimal ones where several parts are found.

    rows: start, end, watch, detail and part of each find; given back without the part.
    """
    import numpy as np

    if len(rows) == 1:
        return rows[:, :4]
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
    kept: Array = rows[order[is_minimal | ~has_several], :4]
    return kept
