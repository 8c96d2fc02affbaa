"""What a query says, as a tree: the parser makes it, the compiler and `explain` read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A part of a query. column: where it begins in the query, from 1; source: how it is written there."""

    source: str = ""
    column: int = 1

    @property
    def parts(self) -> tuple[Clause, ...]:
        return ()

    def walk(self) -> Iterator[Clause]:
        """This clause and all in it, in the order in which they are written."""
        waiting: list[Clause] = [self]
        while waiting:
            clause = waiting.pop()
            yield clause
            waiting += reversed(clause.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf(Clause):
    """A clause that looks for something itself."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Term(Leaf):
    """A word or a phrase. case: written exactly so. inflected: its possessive and its plain plural count too."""

    case: bool = False
    inflected: bool = True
    alias_of: str | None = None  # the entity that goes by this name too


@dataclass(frozen=True, slots=True, kw_only=True)
class Wildcard(Leaf):
    """A word with * (any letters, also none) or ? (one letter) in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fuzzy(Leaf):
    """A word of which up to ``distance`` letters are added, left out, changed, or swapped with their neighbour."""

    distance: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Regex(Leaf):
    """A regular expression in the syntax of RE2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundsLike(Leaf):
    """A name, also where speech recognition misspelt it."""

    aliases: tuple[str, ...] = ()
    type: str | None = None
    threshold: float | None = None
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityClause(Leaf):
    """An entity that was recognised in the transcript, under any of its names there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Clause):
    """A clause made of others."""

    of: tuple[Clause, ...]

    @property
    def parts(self) -> tuple[Clause, ...]:
        return self.of


@dataclass(frozen=True, slots=True, kw_only=True)
class Or(Group):
    """OR. longest: of overlapping finds the longest counts (the names of one entity), not the shortest."""

    longest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class And(Group):
    """AND: all of them, anywhere in the transcript."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(Group):
    """NOT: nowhere in the transcript."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Near(Group):
    """Two parts with at most ``words`` words between them. ordered: the first one first."""

    words: int
    ordered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NotNear(Group):
    """The first part where the second is not within ``words`` words of it."""

    words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Within(Group):
    """All parts within ``seconds``, or, when that is None, within one segment."""

    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SloppyPhrase(Group):
    """The words of a phrase in any order, with at most ``words`` others among them."""

    words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Count(Group):
    """A part that is found at least ``least`` and at most ``most`` times."""

    least: int
    most: int | None


FIELDS = ("title", "notes", "speaker", "feed", "lang")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Group):
    """A part that is looked for in a fact of the episode (one of FIELDS), not in what is said."""

    name: str
