"""Equivalence keys: two clauses with equal keys find the same, however they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import astuple
from functools import lru_cache
from typing import Any, TypeAlias

from podwatch.query import clauses
from podwatch.query.normaliser import normalise, normalise_plain, normalise_wildcard
from podwatch.query.spelling_variants import cased_letters, spell, takes_plural

Key: TypeAlias = tuple[Any, ...]


def equivalence_key(clause: clauses.Clause) -> Key:
    """Equal for clauses that find the same: in OR and AND neither order nor repetition counts."""
    match clause:
        case clauses.Term():
            return _term_key(clause.text, clause.inflected, clause.case, clause.brand, clause.signs)
        case clauses.Wildcard():
            return ("wildcard", normalise_wildcard(clause.text))
        case clauses.Fuzzy():
            return ("fuzzy", normalised_term(clause.text), clause.distance)
        case clauses.Regex():
            return ("regex", clause.text)
        case clauses.EntityClause():
            return ("entity", normalised_term(clause.text))
        case clauses.SoundsLike():
            names = [frozenset(map(normalised_term, names)) for names in (clause.aliases, clause.excluded)]
            return ("sounds like", normalised_term(clause.text), *names, clause.type, clause.threshold)
        case clauses.Or() | clauses.And():
            return _operands_key(clause, equivalence_key)
        case clauses.Field():
            return ("field", clause.name, field_key(clause.parts[0]))
    parts = [equivalence_key(p) for p in clause.parts]
    match clause:
        case clauses.Not():
            return ("not", *parts)
        case clauses.Near():
            return ("near", clause.words, clause.ordered, *(parts if clause.ordered else _sorted(parts)))
        case clauses.NotNear():
            return ("not near", clause.words, *parts)
        case clauses.Within():
            return ("within", clause.seconds, *_sorted(parts))
        case clauses.SloppyPhrase():
            return ("sloppy phrase", clause.words, *_sorted(parts))
        case clauses.Count():
            return ("count", clause.least, clause.most, *parts)
    raise AssertionError(type(clause))


@lru_cache(maxsize=65536)
def _term_key(written: str, inflected: bool, case: bool, brand: bool, signs: bool) -> Key:
    text = normalised_term(written)
    plural = inflected and not case and takes_plural(text)
    cased = cased_letters(written) if case else None
    if not text or signs:  # [Music], an emoji, E*TRADE
        return ("as written", " ".join(written.casefold().split()), cased)
    return ("term", cased, plural, *astuple(spell(text, written, inflected=inflected or brand)))


def field_key(clause: clauses.Clause) -> Key:
    """The same of a clause within a field, where neither case nor the dots of an acronym count: see fields.py."""
    match clause:
        case clauses.Term():
            text = normalised_term(clause.text)
            return ("term", text, clause.inflected and takes_plural(text))
        case clauses.Or() | clauses.And():
            return _operands_key(clause, field_key)
        case clauses.Not():
            return ("not", field_key(clause.parts[0]))
    return equivalence_key(clause)


@lru_cache(maxsize=65536)
def normalised_term(text: str) -> str:
    """A term, normalised, without the blanks around it."""
    plain = normalise_plain(text)
    return normalise(text).text.strip() if plain is None else plain


def _operands_key(clause: clauses.Or | clauses.And, key: Callable[[clauses.Clause], Key]) -> Key:
    operator: Key = ("and",) if isinstance(clause, clauses.And) else ("or", clause.longest)
    operands: list[Key] = []
    for part in clause.parts:
        inner = key(part)
        # Nested operands of the same operator are joined with the outer ones: a OR (b OR c).
        operands += inner[len(operator) :] if inner[: len(operator)] == operator else [inner]
    distinct = _sorted(set(operands))
    return (*operator, *distinct) if len(distinct) > 1 else distinct[0]


def _sorted(keys: Iterable[Key]) -> list[Key]:
    return sorted(keys, key=repr)
