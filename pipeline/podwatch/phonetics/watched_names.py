"""What a name matcher takes and gives: the names to look for, and the places where one of them was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MatchKind = Literal["exact", "alias", "sounds_like"]


@dataclass(frozen=True, slots=True)
class WatchedName:
    """One name to look for.

    ``full``: the whole name as people write it ("Steve Witkoff"). ``aliases``: other spellings and names, confirmed
    misspellings among them; they are found as they are spelt, and by sound. ``type``: person, company (or
    organisation), place or anything else; a person's first name and surname are told apart. ``threshold``: the lowest
    score that is reported, 0 to 1; None for the default, which is set for high precision. ``excluded``: spellings
    that people said are somebody else: they never count as this name, whatever they sound like.
    """

    full: str
    aliases: tuple[str, ...] = ()
    type: str | None = None
    threshold: float | None = None
    excluded: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """The type in lower case: person, company, place or another; empty where it is not known."""
        kind = (self.type or "").lower()
        return "company" if kind == "organisation" else kind

    @property
    def may_be_person(self) -> bool:
        return self.kind in ("", "person")


@dataclass(frozen=True, slots=True)
class NameMatch:
    """One place of a text where a name was found.

    ``name``: its index in the names that the matcher was built from. ``start``, ``end``: half-open, in characters of
    the text. ``score``: the probability that the name is meant, 0 to 1. ``kind``: spelt as the name, as one of its
    aliases, or only similar in sound. ``reason``: one line for people. ``distance``: of the sounds, 0 (the same) to 1.
    ``threshold``: the lowest score that is reported of this name.
    """

    name: int
    start: int
    end: int
    score: float
    kind: MatchKind
    reason: str
    distance: float
    threshold: float = 0.0
