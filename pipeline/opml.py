"""Reads and writes lists of feeds as podcast apps exchange them (OPML 2.0); the folders of a list are its tags."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import listparser

from pipeline.errors import FeedError, PodwatchError
from pipeline.model import Feed

MAX_BYTES = 64 * 1024 * 1024


def read(path: Path) -> list[Feed]:
    """The feeds of an OPML file, each once; raises PodwatchError when there is none in it."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PodwatchError(f"is larger than {MAX_BYTES:,} bytes", where=str(path))
        data = path.read_bytes()
    except OSError as e:
        raise PodwatchError(e.strerror or str(e), where=str(path), todo="check the path") from None
    listed = listparser.parse(data)
    feeds: dict[str, Feed] = {}
    for entry in listed.feeds:
        feed = Feed(url=address(entry.url), title=entry.title or "", tags=tuple(entry.tags))
        known = feeds.get(feed.url)
        if known is not None:
            feed = Feed(url=feed.url, title=known.title, tags=tuple(dict.fromkeys(known.tags + feed.tags)))
        feeds[feed.url] = feed
    if not feeds:
        raise FeedError(
            "has no feed in it", where=str(path), todo="export it from the podcast app as OPML", retryable=False
        )
    return list(feeds.values())


def write(feeds: Sequence[Feed], title: str = "podwatch") -> str:
    """The feeds as OPML, each once; tags as its category (OPML 2.0, "category"), so that reading gives them back."""
    root = Element("opml", version="2.0")
    SubElement(SubElement(root, "head"), "title").text = title
    body = SubElement(root, "body")
    for feed in feeds:
        outline = SubElement(body, "outline", type="rss", text=_xml(feed.title or feed.url), xmlUrl=_xml(feed.url))
        if feed.tags:
            outline.set("category", ",".join(_xml(tag).replace(",", " ") for tag in feed.tags))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _xml(text: str) -> str:
    """Without the characters that XML 1.0 (2.2) has no way to write."""
    return "".join(c for c in text if c in "\t\n" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff")


def address(url: str) -> str:
    """A feed's address as it is kept; raises FeedError for what is none."""
    url = url.strip()
    for scheme in ("feed://", "itpc://", "pcast://", "podcast://"):
        if url.lower().startswith(scheme):
            url = "https://" + url[len(scheme) :]
    if url.lower().startswith("feed:http"):
        url = url[5:]
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in url
    except ValueError:
        usable = False
    if not usable:
        raise FeedError("is not the address of a feed", where=url, todo="give an http(s) address", retryable=False)
    return url
