"""The oracle of podwatch.feeds: feedparser on the whole document, with which every reading in parts must agree."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import feedparser

from podwatch.feeds import FeedReading, KnownItems, WholeReason, read_feed
from podwatch.feeds.document_repair import mend_encoding, repair_document
from podwatch.feeds.feedparser_adapter import parse_with_feedparser
from podwatch.feeds.item_scanner import hash_items, scan_items
from podwatch.feeds.parsed_document import ParsedDocument, Part
from tests.support.feed_parsers import InProcessParser

URL = "http://show.example/feed.xml"
CONTENT_TYPE = "application/rss+xml"


class RecordingParser(InProcessParser):
    """Parses in this process, and records each document."""

    def __init__(self) -> None:
        self.documents: list[bytes] = []

    def parse(self, parts: Sequence[Part], url: str, content_type: str, cpu: float) -> ParsedDocument:
        self.documents.append(b"".join(parts))
        return super().parse(parts, url, content_type, cpu)

    @property
    def size(self) -> int:
        return sum(map(len, self.documents))


def read_naively(body: bytes, kind: str = CONTENT_TYPE) -> Any:
    body, kind = mend_encoding(body, kind)
    return feedparser.parse(repair_document(body), response_headers={"content-type": kind, "content-location": URL})


def known_items_of(body: bytes, kind: str = CONTENT_TYPE) -> KnownItems:
    """What the next reading needs of this body, as it comes back from the store."""
    known = read_feed(body, URL, kind, None, InProcessParser()).known
    again = KnownItems.from_bytes(known.to_bytes())
    assert again == known
    return again


def check_against_feedparser(
    old: bytes, new: bytes, kind: str = CONTENT_TYPE, whole: Any = None
) -> tuple[FeedReading, RecordingParser]:
    """Reads ``new`` after ``old``; every entry and the feed must be what feedparser gives of the whole of ``new``.

    whole: feedparser's result where it is known already. Three differences are allowed. The feed's own image, when an
    item's <image> is written over it: it is never read. The feed's ``bozo`` flag and its encoding, which depend on
    bytes that were left out. And blanks before the XML declaration, for which feedparser takes its loose parser: they
    are removed before anything is read. feedparser, too, is given the document as document_repair.py mends it.
    """
    if new.lstrip().startswith(b"<?xml"):
        new = new.lstrip()
    new, kind = mend_encoding(new, kind)
    parser = RecordingParser()
    known = known_items_of(old, kind)
    reading = read_feed(new, URL, kind, known, parser)
    whole = whole or read_naively(new, kind)
    everything = read_feed(new, URL, kind, None, InProcessParser())
    if reading.is_whole:
        assert parser.documents[-1] == new or reading.reason is WholeReason.CONTEXT
        assert reading.episodes == everything.episodes
        assert reading.facts == everything.facts
        return reading, parser
    spans = scan_items(new)
    assert not isinstance(spans, WholeReason), spans
    seen: list[Any] = []
    blank = b"<%s></%s>" % (spans.tag, spans.tag)
    for document in parser.documents:
        raw = parse_with_feedparser(repair_document(document), URL, kind).raw
        has_blank_item = document != new and document[spans.first_item :].startswith(blank)
        own = raw.entries[1:] if has_blank_item and not new[spans.first_item :].startswith(blank) else raw.entries
        rest = iter(whole.entries)
        assert all(any(e == w for w in rest) for e in own), "an entry is not as feedparser reads it in the whole"
        seen += own
        assert _without_image(raw.feed) == _without_image(whole.feed)
        assert raw.version == whole.version
    unseen = [e for h, e in zip(hash_items(new, spans), whole.entries, strict=True) if h not in set(known.hashes)]
    rest = iter(seen)
    assert all(any(e == w for w in rest) for e in unseen), "an entry is missing"
    assert reading.facts == everything.facts
    assert reading.guid_keys == everything.guid_keys
    assert set(reading.episodes) <= set(everything.episodes)
    old_episodes = {e.guid: e for e in read_feed(old, URL, kind, None, InProcessParser()).episodes}
    for episode in everything.episodes:
        assert episode in reading.episodes or old_episodes.get(episode.guid) == episode, f"{episode.guid} is lost"
    return reading, parser


def _without_image(feed: Any) -> dict[str, Any]:
    return {k: v for k, v in feed.items() if k != "image"}
