"""Watches and mentions: what is looked for, and where it was found."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from podwatch.model.entities import EntityType

_SOUNDS_LIKE = re.compile(r"""~~\s*=?(?:"([^"]*)"|([^\s()"{}\[\]~^:=|]+))""")  # as podwatch.query reads it
_QUOTES = str.maketrans("“”„«»", '"""""')


class Kind(StrEnum):
    """How a mention was recognised."""

    EXACT = "exact"
    ALIAS = "alias"
    SOUNDS_LIKE = "sounds_like"
    ENTITY = "entity"


class DeliverMode(StrEnum):
    """How a watch's alerts are delivered: each on its own, in a digest, or never."""

    EACH = "each"
    DIGEST = "digest"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The feeds in which a watch is looked for: all, unless it names tags, addresses or languages."""

    tags: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    not_tags: tuple[str, ...] = ()
    not_urls: tuple[str, ...] = ()
    not_languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One thing to look for: a query, an entity or a surge.

    was: names that it had before. key_name: of which its alerts' keys are made, the name it had first; "": its name.
    line, column: where its entry stands in the watchlist file; value_at: the line and column of the value of its query
    or entity. They count from 1; 0 when not known.
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
    silent_after: float = 0.0  # seconds without a mention after which its channel is told so; 0: never
    id: int = 0
    revision: int = 0
    revised_at: datetime | None = None
    was: tuple[str, ...] = field(default=(), compare=False)
    key_name: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)
    column: int = field(default=0, compare=False)
    value_at: tuple[int, int] = field(default=(0, 0), compare=False)

    @property
    def kind(self) -> str:
        if self.surge is not None:
            return "surge"
        return "entity" if self.entity is not None else "query"

    @property
    def alert_name(self) -> str:
        """What stands for the watch in the keys of its alerts: a renamed watch keeps it."""
        return self.key_name or self.name

    @property
    def target(self) -> str:
        """What is looked for, as people read it."""
        if self.surge is not None:
            return f"surges of {', '.join(self.surge)}"
        return (self.query if self.query is not None else self.entity) or ""

    @property
    def names_by_sound(self) -> tuple[str, ...]:
        """The names that are also looked for by their sound: of an entity, and each ``~~name`` of a query."""
        if self.entity is not None:
            return (self.entity,) if self.sounds_like else ()
        found = _SOUNDS_LIKE.finditer((self.query or "").translate(_QUOTES))
        return tuple(dict.fromkeys((m[1] or m[2] or "").strip() for m in found))

    @property
    def fingerprint(self) -> str:
        """Equal for watches that find the same: another channel makes no new revision, another alias does."""
        parts: tuple[object, ...] = (self.query, self.entity, self.type, self.aliases, self.sounds_like, self.scope)
        parts += (self.exclude,) if self.exclude else ()
        parts += (self.threshold,) if self.threshold is not None else ()
        parts += ("surge", *map(str, self.surge)) if self.surge is not None else ()
        return hashlib.blake2b(repr(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One occurrence of a watch in a transcript: half-open character span, second, and why it was found."""

    watch: str
    kind: Kind
    score: float  # 0..1
    surface: str
    start: int
    end: int
    seconds: float  # nan when the transcript has no times
    approximate: bool = False  # seconds is interpolated, not the word's own time
    segment: int
    speaker: str | None
    snippet: str
    snippet_start: int  # where the surface begins within the snippet
    reason: str = ""
    label: str | None = None  # of the boilerplate it stands in: sponsor, promotion, repeated
