"""The syntax tree of a query: the parser makes it, the compiler, the warnings and the explanation read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

FIELDS = ("title", "notes", "speaker", "feed", "lang")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A part of a query, and the parts that it is made of.

    column: where it begins in the query, from 1; source: its text there.
    """

    parts: tuple[Clause, ...] = ()
    source: str = ""
    column: int = 1

    def walk(self) -> Iterator[Clause]:
        """This clause and all within it, in the order in which they are written."""
        pending: list[Clause] = [self]
        while pending:
            clause = pending.pop()
            yield clause
            pending += reversed(clause.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf(Clause):
    """A clause that is looked up in the text itself. It has no parts."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Term(Leaf):
    """A word or a phrase.

    case: only with the same capitals. inflected: its possessive and its plain plural match too.
    alias_of: the entity that this is another name of. brand: a name that may have an apostrophe before its last s.
    signs: only with the * and ? that it has.
    """

    case: bool = False
    inflected: bool = True
    alias_of: str | None = None
    brand: bool = False
    signs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wildcard(Leaf):
    """A word with * (any number of letters, also none) or ? (one letter) in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fuzzy(Leaf):
    """A word within an edit distance: up to ``distance`` letters added, left out, changed or swapped with the next."""

    distance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Regex(Leaf):
    """A regular expression in the syntax of RE2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundsLike(Leaf):
    """A name, also where speech recognition misspelt it. The fields are those of phonetics.WatchedName."""

    aliases: tuple[str, ...] = ()
    type: str | None = None
    threshold: float | None = None
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityClause(Leaf):
    """An entity that was recognised in the transcript, under any of its names there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Or(Clause):
    """At least one part. longest: of overlapping matches the longest counts (names of one entity), not the shortest."""

    longest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class And(Clause):
    """Every part, anywhere in the transcript."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(Clause):
    """Its part matches nowhere in the transcript."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Near(Clause):
    """Two parts with at most ``words`` words between them. ordered: the first one first."""

    words: int
    ordered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NotNear(Clause):
    """The first part where the second is not within ``words`` words of it."""

    words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Within(Clause):
    """All parts within ``seconds`` of each other; None: within one segment."""

    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SloppyPhrase(Clause):
    """The words of a phrase in any order, with at most ``words`` others among them."""

    words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Clause):
    """A part that matches at least ``least`` and at most ``most`` times; most None: no upper limit."""

    least: int
    most: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Clause):
    """A part that is matched against a field of the episode, not against what is said. name: one of FIELDS."""

    name: str
