"""One parsed document as values, and as the JSON in which it comes back from the worker; no parser of any kind.

A document is a whole feed, or the head and the end of a feed with some of its items between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from sys import intern
from typing import Any, Protocol

import orjson

from podwatch.model import Chapter, Episode, FeedFacts, Person, Soundbite, TranscriptRef

# Texts that most episodes of a feed have in common, and which are kept once: a large feed is held whole.
_OF_MANY = ("language", "author", "episode_type")
Part = bytes | memoryview


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedDocument:
    """What a document says.

    is_feed: it is RSS or Atom at all. is_well_formed, has_leaks, context_hash: see FeedparserResult. encoding: in
    which its bytes were decoded, in lower case. episodes: one for each item, repeated guids too.
    """

    is_feed: bool
    is_well_formed: bool
    has_leaks: bool
    context_hash: int
    encoding: str
    facts: FeedFacts
    episodes: tuple[Episode, ...]
    cpu_seconds: float = 0.0  # spent on it


class Parser(Protocol):
    """Parses the bytes of a document, given in parts.

    url: against which relative addresses are resolved. cpu: the CPU seconds that it may take. Raises FeedError when
    the document takes more, or too much memory.
    """

    def parse(self, parts: Sequence[Part], url: str, content_type: str, cpu: float) -> ParsedDocument: ...


def to_json(document: ParsedDocument, cpu_seconds: float) -> bytes:
    return orjson.dumps(replace(document, cpu_seconds=cpu_seconds))


def from_json(data: bytes) -> ParsedDocument:
    fields: dict[str, Any] = orjson.loads(data)
    facts = fields["facts"]
    facts |= {name: tuple(facts[name]) for name in ("hubs", "skip_hours")} | {"persons": _persons(facts["persons"])}
    episodes = tuple(map(_episode, fields["episodes"]))
    return ParsedDocument(**fields | {"facts": FeedFacts(**facts), "episodes": episodes})


def episodes_to_json(episodes: Sequence[Episode]) -> bytes:
    return orjson.dumps(episodes)


def episodes_from_json(data: bytes) -> tuple[Episode, ...]:
    return tuple(map(_episode, orjson.loads(data)))


def _episode(fields: dict[str, Any]) -> Episode:
    published = fields["published_at"]
    for name in _OF_MANY:
        if (text := fields[name]) is not None:
            fields[name] = intern(text)
    return Episode(
        **fields
        | {
            "published_at": datetime.fromisoformat(published) if published else None,
            "transcripts": tuple(
                TranscriptRef(**t | {"media_type": intern(t["media_type"])}) for t in fields["transcripts"]
            ),
            "persons": _persons(fields["persons"]),
            "soundbites": tuple(Soundbite(**s) for s in fields["soundbites"]),
            "chapters": tuple(Chapter(**c) for c in fields["chapters"]),
            "other_audio": tuple(fields["other_audio"]),
            "note_links": tuple(fields["note_links"]),
        }
    )


def _persons(rows: list[dict[str, Any]]) -> tuple[Person, ...]:
    return tuple(Person(**row | {"role": intern(row["role"]), "group": intern(row["group"])}) for row in rows)
