"""What the search index holds of a transcript, and what a query asks of it: tokens, and which of them are needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class SearchTokens:
    """The different tokens of a transcript, a blank between them.

    is_whole: all of them; otherwise it has too many, nothing of it is indexed and every search reads it.
    """

    tokens: str
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class NeededToken:
    """A token that has to be in a transcript. is_prefix: or one that begins so."""

    token: str
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class NeedsAll:
    """Every part has to hold."""

    parts: tuple[Needed, ...]


@dataclass(frozen=True, slots=True)
class NeedsAny:
    """One of the parts has to hold."""

    parts: tuple[Needed, ...]


Needed: TypeAlias = "NeededToken | NeedsAll | NeedsAny"
