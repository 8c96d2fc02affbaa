"""Turns the bytes of a feed into its facts and its episodes: the only package that knows feedparser and lxml.

    reading = feeds.read_feed(body, url, content_type, known)     # known: reading.known of the last body, or None

incremental.py decides which items have to be parsed and item_scanner.py cuts them out; a worker of podwatch.sandbox
parses them within limits: document_parser.py, feedparser_adapter.py and podcast_namespace.py run there.
"""

from __future__ import annotations

from podwatch.feeds.discovery import apple_podcast_id, feed_in_lookup, find_feed_link, is_page
from podwatch.feeds.incremental import FeedReading, read_feed
from podwatch.feeds.item_scanner import WholeReason
from podwatch.feeds.known_items import KnownItems, guid_key
from podwatch.feeds.parsed_document import Parser
from podwatch.feeds.sandboxed import SandboxedParser, was_saturated

__all__ = [
    "FeedReading",
    "KnownItems",
    "Parser",
    "SandboxedParser",
    "WholeReason",
    "apple_podcast_id",
    "feed_in_lookup",
    "find_feed_link",
    "guid_key",
    "is_page",
    "read_feed",
    "was_saturated",
]
