"""A query as it is evaluated: a tree of nodes over what was found in one transcript.

A node gives the spans at which it is true, an empty list when it is true without a place (NOT, a field), and None when
it is not true. Atoms are looked up; only what has an atom in the transcript is evaluated at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from podwatch.query import intervals
from podwatch.query.clauses import Clause
from podwatch.query.context import EvaluationContext
from podwatch.query.intervals import Spans


class Node(Protocol):
    @property
    def clause(self) -> Clause: ...

    @property
    def parts(self) -> Sequence[Node]: ...

    def find(self, context: EvaluationContext, /) -> Spans | None: ...

    @property
    def needs(self) -> frozenset[int]:
        """Atoms of which one has to be found for this to be true; empty when it can be true without any."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Atom:
    """Something that is found in the text itself, under one or more numbers.

    how: what a find of each number is, an index into the engine's list. accept: says whether stored text will do.
    longest: of finds that overlap the longest counts.
    """

    clause: Clause
    numbers: tuple[tuple[int, int], ...]  # (atom, how)
    accept: Callable[[str], bool] | None = None
    parts: tuple[Node, ...] = ()
    longest: bool = False

    @property
    def needs(self) -> frozenset[int]:
        return frozenset(number for number, _ in self.numbers)

    def find(self, context: EvaluationContext) -> Spans | None:
        found: Spans = []
        for number, how in self.numbers:
            spans = context.of(number)
            found += [(s, e, how) for s, e, _ in spans] if how else spans
        if not found:
            return None
        if self.accept is not None:
            found = [s for s in found if self.accept(context.stored(s[0], s[1]))]
        if len(found) > 1:
            found = sorted(set(found))
            if self.longest:
                return intervals.longest_intervals(found)
        return found or None


@dataclass(frozen=True, slots=True, eq=False)
class AnyOf:
    """One of the parts at least; of finds that overlap the shortest ones, or the longest."""

    clause: Clause
    parts: tuple[Node, ...]
    longest: bool = False

    @property
    def needs(self) -> frozenset[int]:
        each = [p.needs for p in self.parts]
        return frozenset().union(*each) if all(each) else frozenset()

    def find(self, context: EvaluationContext) -> Spans | None:
        given = [spans for p in self.parts if (spans := p.find(context)) is not None]
        if not given:
            return None
        found = [span for spans in given for span in spans]
        if self.longest:
            return intervals.longest_intervals(found)
        return intervals.minimal_intervals(found) if len(given) > 1 else found


@dataclass(frozen=True, slots=True, eq=False)
class AllOf:
    """Every part. Of the finds those count that a speaker's part allows."""

    clause: Clause
    parts: tuple[Node, ...]
    rarity: Callable[[frozenset[int]], float]

    @property
    def needs(self) -> frozenset[int]:
        each = [p.needs for p in self.parts]
        return min((n for n in each if n), key=self.rarity, default=frozenset())

    def find(self, context: EvaluationContext) -> Spans | None:
        found: Spans = []
        for part in self.parts:
            spans = part.find(context)
            if spans is None:
                return None
            found += spans
        for part in self.parts:
            regions = part.regions(context) if isinstance(part, SpeakerNode) else None
            if regions is not None:
                found = intervals.intervals_within(sorted(found), regions)
                if not found:
                    return None
        return intervals.minimal_intervals(found)


@dataclass(frozen=True, slots=True, eq=False)
class Without:
    clause: Clause
    parts: tuple[Node, ...]
    needs: frozenset[int] = frozenset()

    def find(self, context: EvaluationContext) -> Spans | None:
        return [] if self.parts[0].find(context) is None else None


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """What stands near something: spans of both sides joined."""

    clause: Clause
    parts: tuple[Node, ...]
    rarity: Callable[[frozenset[int]], float]
    join: Callable[[list[Spans], EvaluationContext], Spans]

    @property
    def needs(self) -> frozenset[int]:
        each = [p.needs for p in self.parts]
        return min((n for n in each if n), key=self.rarity, default=frozenset())

    def find(self, context: EvaluationContext) -> Spans | None:
        given: list[Spans] = []
        for part in self.parts:
            spans = part.find(context)
            if not spans:
                return None
            given.append(spans)
        return self.join(given, context) or None


@dataclass(frozen=True, slots=True, eq=False)
class NotNearNode:
    """The first part where the second one is not near."""

    clause: Clause
    parts: tuple[Node, ...]
    words: int

    @property
    def needs(self) -> frozenset[int]:
        return self.parts[0].needs

    def find(self, context: EvaluationContext) -> Spans | None:
        left = self.parts[0].find(context)
        if not left:
            return None
        return (
            intervals.not_near_intervals(left, self.parts[1].find(context) or [], self.words, context.word_of) or None
        )


@dataclass(frozen=True, slots=True, eq=False)
class CountNode:
    """The part, if it is found often enough and not too often."""

    clause: Clause
    parts: tuple[Node, ...]
    least: int
    most: int | None

    @property
    def needs(self) -> frozenset[int]:
        return self.parts[0].needs if self.least else frozenset()

    def find(self, context: EvaluationContext) -> Spans | None:
        found = self.parts[0].find(context) or []
        enough = self.least <= len(found) and (self.most is None or len(found) <= self.most)
        return found if enough else None


@dataclass(frozen=True, slots=True, eq=False)
class FieldNode:
    """A part that is looked for in a fact of the episode; true without a place in the text."""

    clause: Clause
    holds: Callable[[EvaluationContext], bool]
    parts: tuple[Node, ...] = ()
    needs: frozenset[int] = frozenset()

    def find(self, context: EvaluationContext) -> Spans | None:
        return [] if self.holds(context) else None


@dataclass(frozen=True, slots=True, eq=False)
class SpeakerNode:
    """What is said by a speaker, or, when ``by`` is False, by anybody else. Narrows down the parts beside it."""

    clause: Clause
    matches: Callable[[str], bool]
    by: bool = True
    parts: tuple[Node, ...] = ()
    needs: frozenset[int] = frozenset()

    def find(self, context: EvaluationContext) -> Spans | None:
        return [] if self.regions(context) else None

    def regions(self, context: EvaluationContext) -> list[tuple[int, int]]:
        return context.spoken(self.matches, self.by)
