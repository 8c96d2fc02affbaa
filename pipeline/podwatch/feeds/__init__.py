"""Turns the bytes of a feed into its facts and its episodes: the only place that knows feedparser and lxml.

    reading = feeds.read(body, url, content_type, known)     # known: reading.known of the last body, or None

reading.py decides what must be parsed, scanner.py cuts it out, a worker of podwatch.sandbox parses it within limits:
build.py, watched.py and podcasting.py run there.
"""

from __future__ import annotations

from dataclasses import dataclass

from podwatch.feeds import incremental as _reading
from podwatch.feeds.incremental import FeedReading
from podwatch.feeds.item_scanner import WholeReason
from podwatch.feeds.known_items import KnownItems, guid_key
from podwatch.feeds.parsed_document import Parser
from podwatch.feeds.sandboxed import SandboxedParser, was_saturated
from podwatch.model import Episode, FeedFacts

__all__ = [
    "FeedReading",
    "KnownItems",
    "Parsed",
    "Parser",
    "SandboxedParser",
    "WholeReason",
    "guid_key",
    "parse",
    "read",
    "was_saturated",
]


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a feed document says."""

    title: str
    language: str | None
    episodes: tuple[Episode, ...]
    facts: FeedFacts


def read(
    body: bytes, url: str, content_type: str = "", known: KnownItems | None = None, parser: Parser | None = None
) -> FeedReading:
    """What ``body`` says that the last body of this feed did not; raises FeedError when it is no feed.

    url: where it came from, against which relative addresses are resolved. known: of the last Reading.
    parser: the workers that this process shares, unless another one is given.
    """
    return _reading.read_feed(body, url, content_type, known, parser or SandboxedParser())


def parse(body: bytes, url: str, headers: dict[str, str] | None = None) -> Parsed:
    """The whole feed in ``body``; raises FeedError when it is none."""
    found = read(body, url, (headers or {}).get("content-type", ""))
    return Parsed(found.facts.title, found.facts.language, found.episodes, found.facts)
