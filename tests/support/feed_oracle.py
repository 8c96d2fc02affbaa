"""The naive reader that the clever one is held against: feedparser on the whole document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import feedparser

from podwatch.feeds import FeedReading, KnownItems, WholeReason
from podwatch.feeds import feedparser_adapter as watched
from podwatch.feeds import item_scanner as scanner
from podwatch.feeds.incremental import read_feed
from podwatch.feeds.parsed_document import ParsedDocument, Part
from tests.support.feed_parsers import InProcessParser

URL = "http://show.example/feed.xml"
CONTENT_TYPE = "application/rss+xml"


class Recorder(InProcessParser):
    """Parses here, and keeps what feedparser said of each document."""

    def __init__(self) -> None:
        self.documents: list[bytes] = []

    def parse(self, parts: Sequence[Part], url: str, content_type: str, cpu: float) -> ParsedDocument:
        self.documents.append(b"".join(parts))
        return super().parse(parts, url, content_type, cpu)

    @property
    def size(self) -> int:
        return sum(map(len, self.documents))


def read_naively(body: bytes, kind: str = CONTENT_TYPE) -> Any:
    return feedparser.parse(body, response_headers={"content-type": kind, "content-location": URL})


def known_items_of(body: bytes, kind: str = CONTENT_TYPE) -> KnownItems:
    known = read_feed(body, URL, kind, None, InProcessParser()).known
    again = KnownItems.from_bytes(known.to_bytes())
    assert again == known
    return again


def check_against_feedparser(
    old: bytes, new: bytes, kind: str = CONTENT_TYPE, whole: Any = None
) -> tuple[FeedReading, Recorder]:
    """Reads ``new`` after ``old`` and holds every entry and the feed against feedparser on the whole of ``new``.

    Three differences are let pass. The feed's own image, when an item's <image> is written over it: it is never read.
    The feed's ``bozo`` flag and its encoding, which tell of bytes that were left out. And blanks before the XML
    declaration, for which feedparser takes its loose parser: they are taken off before anything is read.
    """
    if new.lstrip().startswith(b"<?xml"):
        new = new.lstrip()
    parser = Recorder()
    known = known_items_of(old, kind)
    reading = read_feed(new, URL, kind, known, parser)
    whole = whole or read_naively(new, kind)
    everything = read_feed(new, URL, kind, None, InProcessParser())
    if reading.is_whole:
        assert parser.documents[-1] == new or reading.reason is WholeReason.CONTEXT
        assert reading.episodes == everything.episodes
        assert reading.facts == everything.facts
        return reading, parser
    cut = scanner.scan_items(new)
    assert not isinstance(cut, WholeReason), cut
    seen: list[Any] = []
    blank = b"<%s></%s>" % (cut.tag, cut.tag)
    for document in parser.documents:
        raw = watched.parse_with_feedparser(document, URL, kind).raw
        put_in = document != new and document[cut.first_item :].startswith(blank)
        some = raw.entries[1:] if put_in and not new[cut.first_item :].startswith(blank) else raw.entries
        rest = iter(whole.entries)
        assert all(any(e == w for w in rest) for e in some), "an entry is not what feedparser says of the whole"
        seen += some
        assert _but_image(raw.feed) == _but_image(whole.feed)
        assert raw.version == whole.version
    unseen = [e for h, e in zip(scanner.hash_items(new, cut), whole.entries, strict=True) if h not in set(known.hashes)]
    rest = iter(seen)
    assert all(any(e == w for w in rest) for e in unseen), "an entry is missing"
    assert reading.facts == everything.facts
    assert reading.guid_keys == everything.guid_keys
    assert set(reading.episodes) <= set(everything.episodes)
    old_episodes = {e.guid: e for e in read_feed(old, URL, kind, None, InProcessParser()).episodes}
    for episode in everything.episodes:
        assert episode in reading.episodes or old_episodes.get(episode.guid) == episode, f"{episode.guid} is lost"
    return reading, parser


def _but_image(feed: Any) -> dict[str, Any]:
    return {k: v for k, v in feed.items() if k != "image"}
