"""The compiled form of a query: a tree of nodes that are evaluated over one transcript.

A node gives the spans at which it is true, an empty list when it is true without a place (NOT, a field), and None when
it is not true. A watch is evaluated only where an atom that it needs is in the transcript.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from podwatch.query.clauses import Clause
from podwatch.query.context import EvaluationContext
from podwatch.query.intervals import (
    Spans,
    intervals_within,
    longest_intervals,
    minimal_intervals,
    not_near_intervals,
)
from podwatch.query.literals import Literal

Atoms = frozenset[int]
Frequency = Callable[[Atoms], float]  # how often one of some atoms is likely to be found


@dataclass(frozen=True, slots=True, eq=False)
class Node(ABC):
    """A part of a query, compiled."""

    clause: Clause
    parts: tuple[Node, ...] = field(default=(), kw_only=True)

    @property
    def needed_atoms(self) -> Atoms:
        """Atoms of which one has to be found for this to be true; empty when it can be true without any."""
        return frozenset()

    @property
    def required_atoms(self) -> list[Atoms]:
        """Sets of atoms of each of which one has to be found for this to be true."""
        return [atoms] if (atoms := self.needed_atoms) else []

    @abstractmethod
    def find(self, context: EvaluationContext, /) -> Spans | None: ...

    def find_within(self, context: EvaluationContext, regions: Sequence[tuple[int, int]], /) -> Spans | None:
        """The same, where spans outside of all the regions need not be found."""
        return self.find(context)

    def holds(self, context: EvaluationContext, /) -> bool:
        """Whether it is true."""
        return self.find(context) is not None


def atoms_within(node: Node) -> set[int]:
    """All atoms of a node and of what is within it."""
    if isinstance(node, AtomNode):
        return {atom for atom, _ in node.atoms}
    return {atom for part in node.parts for atom in atoms_within(part)}


FREQUENT = 5e-4  # of all words: five in an hour of talk


@dataclass(frozen=True, slots=True)
class Plan:
    """In which order the parts of a node are best evaluated, and where.

    words: so many words around the spans of the first part the others are looked for; 0: in the whole text. wanted: of
    each part that is still to be looked for what it begins with. atoms: of the first part, with all its spans.
    """

    order: tuple[Node, ...]
    words: int = 0
    wanted: tuple[tuple[str, ...], ...] = ()
    atoms: tuple[int, ...] = ()


def plan_evaluation(
    node: Node, deferred: Mapping[int, Sequence[Literal]], frequency: Frequency
) -> Iterator[tuple[Node, Plan]]:
    """The plans of a node and of those within it; deferred: the literals that are still to be looked for."""
    for part in node.parts:
        yield from plan_evaluation(part, deferred, frequency)
    if not isinstance(node, AndNode | ProximityNode):
        return
    atoms = {part: atoms_within(part) for part in node.parts}
    known = [part for part in node.parts if deferred.keys().isdisjoint(atoms[part])]
    if not known or len(known) == len(node.parts):
        return
    others = [part for part in node.parts if part not in known]
    if isinstance(node, AndNode):
        # What must not be said is looked for first where it is said often, and so found soon; the rarest of the others,
        # as it is likely absent.
        others.sort(key=lambda p: frequency(frozenset(atoms[p])))
        soon = [p for p in others if isinstance(p, NotNode) and frequency(frozenset(atoms[p])) > FREQUENT]
        rest = [p for p in others if p not in soon]
        yield node, Plan((*reversed(soon), *known, *rest))
    elif node.reach is not None:
        literals = {part: [literal for atom in atoms[part] for literal in deferred.get(atom, ())] for part in others}
        longest = max(literal.text.count(" ") for some in literals.values() for literal in some) + 1
        known.sort(key=lambda p: frequency(p.needed_atoms))
        wanted = tuple(
            tuple({f" {literal.text}" for literal in literals[part]})
            for part in others
            if isinstance(part, AtomNode | OrNode) and all(atom in deferred for atom in atoms[part])
        )
        anchor = tuple(atoms[known[0]]) if isinstance(known[0], AtomNode | OrNode) else ()
        yield node, Plan((*known, *others), node.reach + longest + 1, wanted, anchor)


def _rarest_atoms(parts: Sequence[Node], frequency: Frequency) -> Atoms:
    """Of parts that all have to be true, the needed atoms that are likely the rarest."""
    return min((atoms for p in parts if (atoms := p.needed_atoms)), key=frequency, default=frozenset())


@dataclass(frozen=True, slots=True, eq=False)
class AtomNode(Node):
    """Something that is found in the text itself, as one or more atoms.

    atoms: (atom, detail), the detail an index into EvaluationContext.details; where it is 0, that of the span counts.
    accept: says whether the stored text of a span will do. longest: of spans that overlap the longest counts.
    """

    atoms: tuple[tuple[int, int], ...]
    accept: Callable[[str], bool] | None = None
    longest: bool = False

    @property
    def needed_atoms(self) -> Atoms:
        return frozenset(atom for atom, _ in self.atoms)

    def find(self, context: EvaluationContext) -> Spans | None:
        if len(self.atoms) == 1:
            spans = context.spans_of(self.atoms[0][0])
            return self._select(context, [spans]) if spans else None
        return self._select(context, [context.spans_of(atom) for atom, _ in self.atoms])

    def find_within(self, context: EvaluationContext, regions: Sequence[tuple[int, int]]) -> Spans | None:
        if len(self.atoms) == 1:
            spans = context.spans_within(self.atoms[0][0], regions)
            return self._select(context, [spans]) if spans else None
        return self._select(context, [context.spans_within(atom, regions) for atom, _ in self.atoms])

    def holds(self, context: EvaluationContext) -> bool:
        if self.accept is not None:
            return self.find(context) is not None
        return any(context.has_atom(atom) for atom, _ in self.atoms)

    def _select(self, context: EvaluationContext, given: list[Spans]) -> Spans | None:
        """given: the spans of each atom."""
        found: Spans = []
        for (_, detail), spans in zip(self.atoms, given, strict=True):
            if spans:
                found += [(start, end, detail) for start, end, _ in spans] if detail else spans
        if not found:
            return None
        if self.accept is not None:
            found = [s for s in found if self.accept(context.stored_text(s[0], s[1]))]
        if len(found) > 1:
            found = sorted(set(found))
            if self.longest:
                return longest_intervals(found)
        return found or None


@dataclass(frozen=True, slots=True, eq=False)
class OrNode(Node):
    """At least one of the parts; of spans that overlap the minimal ones, or the longest."""

    longest: bool = False

    @property
    def needed_atoms(self) -> Atoms:
        each = [p.needed_atoms for p in self.parts]
        return frozenset().union(*each) if all(each) else frozenset()

    def find(self, context: EvaluationContext) -> Spans | None:
        return self._select([spans for p in self.parts if (spans := p.find(context)) is not None])

    def find_within(self, context: EvaluationContext, regions: Sequence[tuple[int, int]]) -> Spans | None:
        return self._select([spans for p in self.parts if (spans := p.find_within(context, regions)) is not None])

    def holds(self, context: EvaluationContext) -> bool:
        return any(p.holds(context) for p in self.parts)

    def _select(self, given: list[Spans]) -> Spans | None:
        """given: the spans of the parts that are true."""
        if not given:
            return None
        found = [span for spans in given for span in spans]
        if self.longest:
            return longest_intervals(found)
        return minimal_intervals(found) if len(given) > 1 else found


@dataclass(frozen=True, slots=True, eq=False)
class AndNode(Node):
    """Every part. A speaker among them restricts the spans of the others to what he says."""

    frequency: Frequency

    @property
    def needed_atoms(self) -> Atoms:
        return _rarest_atoms(self.parts, self.frequency)

    @property
    def required_atoms(self) -> list[Atoms]:
        return [atoms for part in self.parts for atoms in part.required_atoms]

    def find(self, context: EvaluationContext) -> Spans | None:
        found: Spans = []
        plan = context.plans.get(self)
        for part in self.parts if plan is None else plan.order:
            spans = part.find(context)
            if spans is None:
                return None
            found += spans
        for part in self.parts:
            if isinstance(part, SpeakerNode):
                found = intervals_within(sorted(found), part.regions(context))
                if not found:
                    return None
        return minimal_intervals(found)


@dataclass(frozen=True, slots=True, eq=False)
class NotNode(Node):
    """The part is nowhere."""

    def find(self, context: EvaluationContext) -> Spans | None:
        return None if self.parts[0].holds(context) else []


@dataclass(frozen=True, slots=True, eq=False)
class ProximityNode(Node):
    """Parts that stand near each other. join: their spans, a list for each part, joined where they do.

    reach: so many words may lie between two parts, at most, with what stands there; None: seconds count, not words.
    """

    frequency: Frequency
    join: Callable[[list[Spans], EvaluationContext], Spans]
    reach: int | None = None

    @property
    def needed_atoms(self) -> Atoms:
        return _rarest_atoms(self.parts, self.frequency)

    @property
    def required_atoms(self) -> list[Atoms]:
        return [atoms for part in self.parts for atoms in part.required_atoms]

    def find(self, context: EvaluationContext) -> Spans | None:
        plan = context.plans.get(self)
        if plan is not None and plan.words:
            return self._find_around(context, plan)
        given: list[Spans] = []
        for part in self.parts:
            spans = part.find(context)
            if not spans:
                return None
            given.append(spans)
        return self.join(given, context) or None

    def _find_around(self, context: EvaluationContext, plan: Plan) -> Spans | None:
        """The same, looking for the other parts only around the spans of the first one."""
        first, *others = plan.order
        around = context.spans_of_any(plan.atoms) if plan.atoms else first.find(context)
        regions = context.regions_around(around or [], plan.words, plan.wanted)
        if not regions:
            return None  # as of most that are far more often said than what they are to stand near
        if plan.atoms:
            around = first.find(context)
        if not around:
            return None
        found = {first: around}
        for part in others:
            spans = part.find_within(context, regions)
            if not spans:
                return None
            found[part] = spans
        return self.join([found[part] for part in self.parts], context) or None


@dataclass(frozen=True, slots=True, eq=False)
class NotNearNode(Node):
    """The first part where the second one is not within ``words`` words."""

    words: int

    @property
    def needed_atoms(self) -> Atoms:
        return self.parts[0].needed_atoms

    def find(self, context: EvaluationContext) -> Spans | None:
        left = self.parts[0].find(context)
        if not left:
            return None
        right = self.parts[1].find(context) or []
        return not_near_intervals(left, right, self.words, context.word_at) or None


@dataclass(frozen=True, slots=True, eq=False)
class CountNode(Node):
    """The part, if it is found often enough and not too often."""

    least: int
    most: int | None

    @property
    def needed_atoms(self) -> Atoms:
        return self.parts[0].needed_atoms if self.least else frozenset()

    def find(self, context: EvaluationContext) -> Spans | None:
        found = self.parts[0].find(context) or []
        enough = self.least <= len(found) and (self.most is None or len(found) <= self.most)
        return found if enough else None


@dataclass(frozen=True, slots=True, eq=False)
class FieldNode(Node):
    """A condition on a field of the episode; true without a place in the text."""

    is_true: Callable[[EvaluationContext], bool]

    def find(self, context: EvaluationContext) -> Spans | None:
        return [] if self.is_true(context) else None


@dataclass(frozen=True, slots=True, eq=False)
class SpeakerNode(Node):
    """What is said by a speaker whose name matches, or, when ``by`` is False, by anybody else."""

    matches: Callable[[str], bool]
    by: bool = True

    def find(self, context: EvaluationContext) -> Spans | None:
        return [] if self.regions(context) else None

    def regions(self, context: EvaluationContext) -> list[tuple[int, int]]:
        return context.regions_by_speaker(self.matches, self.by)
