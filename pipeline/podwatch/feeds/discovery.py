"""Finds the feed behind what people have at hand instead: a show's web page, a link to Apple Podcasts."""

from __future__ import annotations

import html
import re

import orjson

from podwatch.feeds.sanitizer import clean_text, web_address

_PAGE = re.compile(rb"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,500}?-->\s*)?<(?:!doctype\s+html|html)\b", re.I | re.S)
_LINK = re.compile(r"<link\b([^<>]{1,3000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"([a-zA-Z-]{1,20})\s{0,9}=\s{0,9}(?:\"([^\"<>]{0,2000})\"|'([^'<>]{0,2000})'|([^\s\"'<>]{1,2000}))"
)
# The best first: podcasts have tags in XML that JSON Feed has not.
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_APPLE = re.compile(
    r"https?://(?:podcasts|itunes)\.apple\.com/(?:[^\s?#]{1,300}/)?id(\d{1,15})(?:[/?#]|$)", re.IGNORECASE
)
MAX_PAGE = 500_000  # bytes of a page that are looked at


def is_page(body: bytes) -> bool:
    """Whether a document is a web page, and so no feed."""
    return _PAGE.match(body, 0, 2000) is not None


def find_feed_link(page: bytes, url: str) -> str | None:
    """The first feed that a web page names (<link rel="alternate">), apart from its comments'; None of a feed.

    RSS before Atom before JSON Feed.
    """
    if not is_page(page):
        return None
    found: dict[str, str] = {}
    for link in _LINK.finditer(page[:MAX_PAGE].decode("utf-8", "replace")):
        said = {m[1].lower(): html.unescape(m[2] or m[3] or m[4] or "") for m in _ATTRIBUTE.finditer(link[1])}
        kind = said.get("type", "").partition(";")[0].strip().lower()
        if "alternate" not in said.get("rel", "").lower().split() or kind not in _FEED_TYPES:
            continue
        address = web_address(said.get("href"), url)
        if address and "comment" not in f"{said.get('title', '')} {address}".lower():
            found.setdefault(kind, address)
    return next((found[kind] for kind in _FEED_TYPES if kind in found), None)


def apple_podcast_id(address: str) -> str | None:
    """The number of a show in an address of Apple Podcasts."""
    found = _APPLE.match(address.strip())
    return found[1] if found else None


def feed_in_lookup(answer: bytes) -> str | None:
    """The feed's address in an answer of Apple's lookup; None when it has none, as of shows that are Apple's alone."""
    try:
        results = orjson.loads(answer)["results"]
        return next((clean_text(r["feedUrl"]) for r in results if isinstance(r.get("feedUrl"), str)), None)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return None
