"""Entities: who and what a transcript names, whether anybody watches it or not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EntityType(StrEnum):
    """What an entity is: the words that a watchlist uses. Peoples, languages, laws and works are OTHER."""

    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"
    PRODUCT = "product"
    EVENT = "event"
    OTHER = "other"


class UnreadReason(StrEnum):
    """Why a transcript's entities are not looked for."""

    EMPTY = "it has no words"
    LANGUAGE = "it is not in English"
    UNCASED = "it has no capital letters to tell names by"
    CAPITALS = "it is all in capital letters"


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which an entity is named in a transcript, and how often."""

    text: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """Somebody or something named in a transcript, all its forms together.

    key: its name folded, equal in every transcript that has this name.
    name: its fullest form, or the one that the watchlist has. forms: the most frequent first.
    votes: how often each type was recognised in it; the type need not be the first of them, see entities/votes.py.
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
        """What it is called: its name, its forms, and the surname of a person."""
        parts = [p for p in self.name.split() if p.rstrip(".").lower() not in ("jr", "sr")]
        surname = parts[-1:] if self.type is EntityType.PERSON else []
        return tuple(dict.fromkeys((self.name, *(f.text for f in self.forms), *surname)))

    @property
    def count(self) -> int:
        return len(self.spans)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownName:
    """A name that somebody wrote down, with what it stands for: it is right where recognition is not sure."""

    name: str
    type: EntityType | None = None
    aliases: tuple[str, ...] = ()
