"""The compiled form of a query: a tree of nodes that are evaluated over one transcript.

A node gives the spans at which it is true, an empty list when it is true without a place (NOT, a field), and None when
it is not true. A watch is evaluated only where an atom that it needs is in the transcript.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
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

    @abstractmethod
    def find(self, context: EvaluationContext, /) -> Spans | None: ...


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
        found: Spans = []
        for atom, detail in self.atoms:
            spans = context.spans_of(atom)
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
        given = [spans for p in self.parts if (spans := p.find(context)) is not None]
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

    def find(self, context: EvaluationContext) -> Spans | None:
        found: Spans = []
        for part in self.parts:
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
        return [] if self.parts[0].find(context) is None else None


@dataclass(frozen=True, slots=True, eq=False)
class ProximityNode(Node):
    """Parts that stand near each other. join: their spans, a list for each part, joined where they do."""

    frequency: Frequency
    join: Callable[[list[Spans], EvaluationContext], Spans]

    @property
    def needed_atoms(self) -> Atoms:
        return _rarest_atoms(self.parts, self.frequency)

    def find(self, context: EvaluationContext) -> Spans | None:
        given: list[Spans] = []
        for part in self.parts:
            spans = part.find(context)
            if not spans:
                return None
            given.append(spans)
        return self.join(given, context) or None


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
