"""One parsed document as it travels back from the worker: values only, no parser of any kind.

A document is a whole feed, or the head and the end of one with some of its items between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import orjson

from podwatch.model import Episode, FeedFacts, Person, Soundbite, TranscriptRef

Part = bytes | memoryview


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedDocument:
    """What a document says.

    found: it is a feed at all. strict, leaks, context: see watched.py. encoding: in which its bytes were read.
    episodes: one for each item, repeated guids too.
    """

    is_feed: bool
    is_well_formed: bool
    has_leaks: bool
    context_hash: int
    encoding: str
    facts: FeedFacts
    episodes: tuple[Episode, ...]
    cpu_seconds: float = 0.0  # seconds that it took


class Parser(Protocol):
    """Whoever turns bytes into a Document: a pool of workers, or this very process in a test.

    Raises FeedError when the document takes too much time or memory; cpu: the seconds it may take.
    """

    def parse(self, parts: Sequence[Part], url: str, content_type: str, cpu: float) -> ParsedDocument: ...


def to_json(document: ParsedDocument, cpu: float) -> bytes:
    return orjson.dumps(replace(document, cpu_seconds=cpu))


def from_json(data: bytes) -> ParsedDocument:
    fields: dict[str, Any] = orjson.loads(data)
    facts, episodes = fields["facts"], fields["episodes"]
    return ParsedDocument(
        **fields
        | {
            "facts": FeedFacts(
                **facts
                | {
                    "hubs": tuple(facts["hubs"]),
                    "skip_hours": tuple(facts["skip_hours"]),
                    "persons": _persons(facts["persons"]),
                }
            ),
            "episodes": tuple(map(_episode, episodes)),
        }
    )


def episodes_to_json(episodes: Sequence[Episode]) -> bytes:
    return orjson.dumps(episodes)


def episodes_from_json(data: bytes) -> tuple[Episode, ...]:
    return tuple(map(_episode, orjson.loads(data)))


def _episode(fields: dict[str, Any]) -> Episode:
    at = fields["published_at"]
    return Episode(
        **fields
        | {
            "published_at": datetime.fromisoformat(at) if at else None,
            "transcripts": tuple(TranscriptRef(**t) for t in fields["transcripts"]),
            "persons": _persons(fields["persons"]),
            "soundbites": tuple(Soundbite(**s) for s in fields["soundbites"]),
            "other_audio": tuple(fields["other_audio"]),
            "note_links": tuple(fields["note_links"]),
        }
    )


def _persons(found: list[dict[str, Any]]) -> tuple[Person, ...]:
    return tuple(Person(**p) for p in found)


class InProcessParser:
    """Parses in this process, without any limit: for tests and measurements, never for a stranger's bytes."""

    def parse(self, parts: Sequence[Part], url: str, content_type: str, cpu: float) -> ParsedDocument:
        from podwatch.feeds import document_parser as build

        return replace(build.parse_document(b"".join(parts), url, content_type), cpu_seconds=0.0)
