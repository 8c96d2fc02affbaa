"""Watches and mentions: what is looked for, and what was found."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from podwatch.model.entities import EntityType


class Kind(StrEnum):
    """How a mention was recognised."""

    EXACT = "exact"
    ALIAS = "alias"
    SOUNDS_LIKE = "sounds_like"
    ENTITY = "entity"


class DeliverMode(StrEnum):
    """When a watch's alerts leave: each on its own, collected, or never."""

    EACH = "each"
    DIGEST = "digest"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which feeds a watch looks at: all of them, unless it names tags, addresses or languages."""

    tags: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    not_tags: tuple[str, ...] = ()
    not_urls: tuple[str, ...] = ()
    not_languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One thing to look for: a query, an entity or a surge, one of the three. Line and column say where it was written,

    value_at the line and column of its query's or entity's value; all from 1, 0 when not known.
    """

    name: str
    query: str | None = None
    entity: str | None = None
    surge: tuple[EntityType, ...] | None = None  # types of names whose surge raises an alert
    type: str | None = None
    aliases: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()  # spellings that are something else
    sounds_like: bool = False
    threshold: float | None = None  # score from which something sounds like the name; None: the name matcher's default
    skip: tuple[str, ...] = ()  # labels of boilerplate in which a mention is stored, but raises no alert
    scope: Scope = field(default_factory=Scope)
    channel: str = "#podcasts"
    deliver: DeliverMode = DeliverMode.EACH
    minimum: int = 1  # fewest mentions in an episode that raise an alert
    repeat_after: float = 0.0  # seconds after an alert of this watch before the next goes out by itself
    id: int = 0
    revision: int = 0
    revised_at: datetime | None = None
    line: int = field(default=0, compare=False)
    column: int = field(default=0, compare=False)
    value_at: tuple[int, int] = field(default=(0, 0), compare=False)

    @property
    def kind(self) -> str:
        if self.surge is not None:
            return "surge"
        return "entity" if self.entity is not None else "query"

    @property
    def target(self) -> str:
        """What it looks for, to be read."""
        if self.surge is not None:
            return f"surges of {', '.join(self.surge)}"
        return (self.query if self.query is not None else self.entity) or ""

    @property
    def fingerprint(self) -> str:
        """Equal for watches that find the same: a new channel makes no new revision, a new alias does."""
        parts: tuple[object, ...] = (self.query, self.entity, self.type, self.aliases, self.sounds_like, self.scope)
        parts += (self.exclude,) if self.exclude else ()
        parts += (self.threshold,) if self.threshold is not None else ()
        parts += ("surge", *map(str, self.surge)) if self.surge is not None else ()
        return hashlib.blake2b(repr(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One occurrence of a watch in a transcript: half-open character span, second, and why it counts."""

    watch: str
    kind: Kind
    score: float  # 0..1
    surface: str
    start: int
    end: int
    seconds: float  # nan when the transcript has no times
    approximate: bool = field(default=False, kw_only=True)  # a second between two known times, not the word's own
    segment: int
    speaker: str | None
    snippet: str
    snippet_start: int  # where the surface begins within the snippet
    reason: str = ""
    label: str | None = None  # of the boilerplate it stands in: sponsor, promotion, repeated
