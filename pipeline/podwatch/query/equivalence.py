"""Says which clauses look for the same: two watches with equal keys find the same, however they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypeAlias

from podwatch.query import clauses as c
from podwatch.query.compiler import acronym_forms, letters
from podwatch.query.literals import takes_plural
from podwatch.query.normaliser import normalise, normalise_wild

Key: TypeAlias = tuple[Any, ...]


def equivalence_key(clause: c.Clause) -> Key:
    """Equal for clauses that find the same: of OR and AND the order does not count, nor what is said twice."""
    match clause:
        case c.Term():
            text = folded(clause.text)
            plural = clause.inflected and not clause.case and takes_plural(text)
            return (
                "term",
                tuple(acronym_forms(text, clause.text)),
                letters(clause.text) if clause.case else None,
                plural,
            )
        case c.Wildcard():
            return ("wild", normalise_wild(clause.text))
        case c.Fuzzy():
            return ("fuzzy", folded(clause.text), clause.distance)
        case c.Regex():
            return ("pattern", clause.text)
        case c.EntityClause():
            return ("named", folded(clause.text))
        case c.SoundsLike():
            names = (frozenset(map(folded, clause.aliases)), frozenset(map(folded, clause.refused)))
            return ("sounds", folded(clause.text), *names, clause.type, clause.threshold)
        case c.Or() | c.And():
            return _several(clause, equivalence_key)
    parts = [field_key(p) if isinstance(clause, c.Field) else equivalence_key(p) for p in clause.parts]
    match clause:
        case c.Not():
            return ("not", *parts)
        case c.Near():
            return ("near", clause.words, clause.ordered, *(parts if clause.ordered else _sorted(parts)))
        case c.NotNear():
            return ("apart", clause.words, *parts)
        case c.Within():
            return ("together", clause.seconds, *_sorted(parts))
        case c.SloppyPhrase():
            return ("loose", clause.words, *_sorted(parts))
        case c.Count():
            return ("counted", clause.least, clause.most, *parts)
        case c.Field():
            return ("field", clause.name, *parts)
    raise AssertionError(type(clause))


def field_key(clause: c.Clause) -> Key:
    """The same of what stands in a field, where neither case nor the dots of an acronym count: see facts.py."""
    match clause:
        case c.Term():
            text = folded(clause.text)
            return ("term", text, clause.inflected and takes_plural(text))
        case c.Or() | c.And():
            return _several(clause, field_key)
        case c.Not():
            return ("not", field_key(clause.of[0]))
    return equivalence_key(clause)


@lru_cache(maxsize=65536)
def folded(text: str) -> str:
    """A term as it is compared, without the blanks around it."""
    return normalise(text).text.strip()


def _several(clause: c.Or | c.And, of: Callable[[c.Clause], Key]) -> Key:
    name: tuple[Any, ...] = ("and",) if isinstance(clause, c.And) else ("or", clause.longest)
    parts: list[Key] = []
    for part in clause.of:
        inner = of(part)
        # The one in the other, as written with or without parentheses: a OR (b OR c).
        parts += inner[len(name) :] if inner[: len(name)] == name else [inner]
    distinct = _sorted(set(parts))
    return (*name, *distinct) if len(distinct) > 1 else distinct[0]


def _sorted(parts: Iterable[Key]) -> list[Key]:
    return sorted(parts, key=repr)
