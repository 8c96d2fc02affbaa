"""Which watches are worth evaluating over a text: those of which all that they need is there, and near enough.

A watch is triggered by an atom that it needs, the one that is likely the rarest. Of a long list hundreds are triggered
by an hour of talk, and a few find something. So all that are triggered are tested at once, by arrays: whether each of
the other words that a watch needs is said, no word that it excludes is, and what is to stand near is near. The tests
let a watch pass that finds nothing, but none fails that would find something.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from podwatch.query.evaluation import AndNode, AtomNode, Atoms, Node, NotNode, OrNode, ProximityNode, atoms_within
from podwatch.query.literal_table import Occurrences
from podwatch.query.postings import WordPostings
from podwatch.query.ragged_arrays import RaggedArray, ranges

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True)
class Distance:
    """One of the first atoms has to begin at most so many words from one of the second."""

    first: Atoms
    second: Atoms
    words: int


class Triggers:
    """The watches that are to be evaluated. nodes: of all watches; needs: the needed atoms of those not direct.

    lengths: of each atom that occurrences tell all of, how many words it has, at most.
    """

    def __init__(self, nodes: Sequence[Node], needs: Mapping[int, Atoms], atoms: int, lengths: dict[int, int]) -> None:
        import numpy as np

        self._atoms = atoms
        triggers: dict[int, list[tuple[int]]] = {}
        required: dict[int, list[tuple[int, int]]] = {}  # of each watch: (number of a set within it, atom)
        excluded: dict[int, list[tuple[int]]] = {}
        distances: list[Distance] = []
        tests: dict[int, list[tuple[int]]] = {}
        needed: dict[int, list[tuple[int]]] = {}
        known = lengths.keys()
        for i, needed_atoms in needs.items():
            node = nodes[i]
            for atom in needed_atoms:
                triggers.setdefault(atom, []).append((i,))
            needed[i] = [(atom,) for atom in atoms_within(node)]
            if not isinstance(node, AndNode | ProximityNode):
                continue  # nothing but the trigger is required
            sets = [some for some in node.required_atoms if some != needed_atoms and some <= known]
            required[i] = [(number, atom) for number, some in enumerate(sets) for atom in some]
            excluded[i] = [(atom,) for atom in _excluded_atoms(node) if atom in known]
            for distance in _distances(node, needed_atoms, lengths):
                tests.setdefault(i, []).append((len(distances),))
                distances.append(distance)
        self._triggers = RaggedArray(triggers, atoms, 1)
        self._required = RaggedArray(required, len(nodes), 2)
        self._excluded = RaggedArray(excluded, len(nodes), 1)
        self._tests = RaggedArray(tests, len(nodes), 1)
        self._needed = RaggedArray(needed, len(nodes), 1)
        self._first = RaggedArray(_numbered([d.first for d in distances]), len(distances), 1)
        self._second = RaggedArray(_numbered([d.second for d in distances]), len(distances), 1)
        self._words = np.array([d.words for d in distances], dtype=np.int64)
        self._wanted_near = np.zeros(atoms, dtype=bool)
        for d in distances:
            self._wanted_near[list(d.first | d.second)] = True

    def triggered_by(self, atoms: Array, others: Collection[int] = ()) -> Array:
        """The watches that one of these atoms triggers."""
        import numpy as np

        if others:
            atoms = np.concatenate((atoms, np.array(list(others), dtype=np.int64)))
        if not len(atoms) or not len(self._triggers):
            return atoms[:0]
        return np.flatnonzero(np.bincount(self._triggers.take(atoms)[1][:, 0]))

    def select(self, watches: Array, occurrences: Occurrences, postings: WordPostings) -> Array:
        """Of the watches those that may find something. occurrences: all of the atoms of which there can be any."""
        import numpy as np

        is_there = np.zeros(self._atoms, dtype=bool)
        is_there[occurrences.atoms] = True
        which, rows = self._required.take(watches)
        if len(which):
            sets = which * (int(rows[:, 0].max()) + 1) + rows[:, 0]  # ascending
            heads = np.flatnonzero(np.diff(sets, prepend=-1))
            is_met = np.logical_or.reduceat(is_there[rows[:, 1]], heads)
            fails = np.zeros(len(watches), dtype=bool)
            fails[which[heads[~is_met]]] = True
            watches = watches[~fails]
        which, rows = self._excluded.take(watches)
        fails = np.zeros(len(watches), dtype=bool)
        fails[which[is_there[rows[:, 0]]]] = True
        watches = watches[~fails]
        which, rows = self._tests.take(watches)
        if len(which):
            fails = np.zeros(len(watches), dtype=bool)
            fails[which[~self._are_near(rows[:, 0], occurrences, postings)]] = True
            watches = watches[~fails]
        return watches

    def _are_near(self, tests: Array, occurrences: Occurrences, postings: WordPostings) -> Array:
        """Which of these distances are kept somewhere in the text."""
        import numpy as np

        near = occurrences.where(self._wanted_near[occurrences.atoms])
        most = int(min(self._words.max(), len(postings.starts) + 1))
        step = len(postings.starts) + 2 * most + 2
        # One number for each occurrence: what is near another of the same atom is near in number.
        keys = np.sort(near.atoms * step + postings.count_blanks()[near.words] + most)
        which, atoms = self._first.take(tests)
        low = keys.searchsorted(atoms[:, 0] * step)
        counts = keys.searchsorted((atoms[:, 0] + 1) * step) - low
        of_test = np.repeat(which, counts)
        places = keys[ranges(low, counts)] - np.repeat(atoms[:, 0], counts) * step
        of_place, others = self._second.take(tests[of_test])
        of_test, places = of_test[of_place], places[of_place]
        reach = np.minimum(self._words[tests[of_test]], most)
        middle = others[:, 0] * step + places
        following = keys.searchsorted(middle - reach)
        is_near = following < len(keys)
        is_near[is_near] = keys[following[is_near]] <= (middle + reach)[is_near]
        kept = np.zeros(len(tests), dtype=bool)
        kept[of_test[is_near]] = True
        return kept

    def atoms_of(self, watches: Array) -> Array:
        """Of each atom whether one of the watches asks for it."""
        import numpy as np

        wanted = np.zeros(self._atoms, dtype=bool)
        wanted[self._needed.take(watches)[1][:, 0]] = True
        return wanted


def _excluded_atoms(node: Node) -> Iterator[int]:
    """Atoms of which none may be found, when the node is to be true."""
    for part in node.parts if isinstance(node, AndNode) else ():
        if isinstance(part, NotNode):
            inner = part.parts[0]
            for term in inner.parts if isinstance(inner, OrNode) else (inner,):
                if isinstance(term, AtomNode) and term.accept is None:
                    yield from (atom for atom, _ in term.atoms)
        else:
            yield from _excluded_atoms(part)


def _distances(node: Node, rarest: Atoms, lengths: dict[int, int]) -> Iterator[Distance]:
    """What has to be near for the node to be true; the rarest atoms are the first ones, if they are among them."""
    if not isinstance(node, AndNode | ProximityNode):
        return
    for part in node.parts:
        yield from _distances(part, rarest, lengths)
    if not isinstance(node, ProximityNode) or node.reach is None:
        return
    given = [frozenset(atoms_within(part)) for part in node.parts if isinstance(part, AtomNode | OrNode)]
    if len(given) == len(node.parts) and all(atoms and atoms <= lengths.keys() for atoms in given):
        given.sort(key=lambda atoms: atoms != rarest)
        longest = max(lengths[atom] for atoms in given for atom in atoms)
        for atoms in given[1:]:
            yield Distance(given[0], atoms, node.reach + longest)


def _numbered(sets: Sequence[Atoms]) -> dict[int, list[tuple[int]]]:
    return {number: [(atom,) for atom in some] for number, some in enumerate(sets)}
