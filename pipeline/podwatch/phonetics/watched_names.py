"""What the ear is given and what it answers: names to listen for, and the places where one of them was heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MatchKind = Literal["exact", "alias", "sounds_like"]


@dataclass(frozen=True, slots=True)
class WatchedName:
    """One name to listen for.

    ``key``: what the caller calls it. ``full``: the whole name as people write it ("Steve Witkoff"). ``aliases``:
    other spellings and names, confirmed misspellings among them; they are found as they are spelt, and by sound.
    ``type``: person, company, place or anything else (a person's surname and first name are told apart).
    ``threshold``: the least score that is reported, 0..1; None for the default, which is made for high precision.
    ``refused``: spellings that were said to be somebody else: they never count as this name, whatever their sound.
    """

    key: str
    full: str
    aliases: tuple[str, ...] = ()
    type: str | None = None
    threshold: float | None = None
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NameMatch:
    """One place where a name was heard.

    ``name``: its index in the names that the ear was built from. ``start``, ``end``: half-open, in characters of the
    text. ``score``: how sure, 0..1; 0.8 means right four times in five. ``kind``: spelt right (exact), spelt as one
    of the aliases, or alike in sound. ``reason``: one line for people. ``distance``: of the sounds, 0 for the same.
    """

    name: int
    start: int
    end: int
    score: float
    kind: MatchKind
    reason: str
    distance: float


def word_set(words: str) -> frozenset[str]:
    """The words of a line, as a set."""
    return frozenset(words.split())
