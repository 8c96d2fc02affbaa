"""Entities: who and what a transcript names, whether anybody watches it or not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EntityType(StrEnum):
    """The type of an entity, in the words of a watchlist. Peoples, languages, laws and works are OTHER."""

    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"
    PRODUCT = "product"
    EVENT = "event"
    OTHER = "other"


class UnreadReason(StrEnum):
    """Why a transcript is not read for names."""

    EMPTY = "it has no words"
    LANGUAGE = "it is not in English"
    UNCASED = "it has no capital letters to tell names by"
    CAPITALS = "it is all in capital letters"


@dataclass(frozen=True, slots=True)
class Form:
    """A form in which a transcript names an entity, and how often."""

    text: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """Somebody or something named in a transcript, all its forms together.

    key: its name folded, equal in every transcript that has this name.
    name: its fullest form, or the one that the watchlist has. forms: the most frequent first.
    votes: how often each type was recognised in it; the type need not be the first of them, see entities/type_votes.py.
    spans: where it is named, half-open, in characters of the text, ascending.
    """

    key: str
    name: str
    type: EntityType
    forms: tuple[Form, ...]
    spans: tuple[tuple[int, int], ...]
    votes: tuple[tuple[EntityType, int], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All names of the entity: its name, its forms, and the surname of a person."""
        parts = [p for p in self.name.split() if p.rstrip(".").lower() not in ("jr", "sr")]
        surname = parts[-1:] if self.type is EntityType.PERSON else []
        return tuple(dict.fromkeys((self.name, *(f.text for f in self.forms), *surname)))

    @property
    def count(self) -> int:
        return len(self.spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownName:
    """A name from the watchlist, with its type and aliases, which overrule what is recognised."""

    name: str
    type: EntityType | None = None
    aliases: tuple[str, ...] = ()
