"""Reads and writes OPML 2.0, in which podcast apps exchange lists of feeds; its folders and categories are tags."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import listparser

from podwatch import files
from podwatch.errors import FeedError, PodwatchError
from podwatch.model import Feed

MAX_BYTES = 64 * 1024 * 1024
MAX_ADDRESS_LENGTH = 4096  # characters
MAX_TAG_LENGTH = 200  # characters


def read_opml(path: Path) -> list[Feed]:
    """The feeds of an OPML file, each once, with all its tags; raises FeedError when there is none in it."""
    document = listparser.parse(files.read(path, MAX_BYTES))
    feeds: dict[str, Feed] = {}
    for entry in document.feeds:
        # A feed without a title is written with its address for one, as OPML demands some text.
        title = "" if entry.title in (None, entry.url) else entry.title
        feed = Feed(url=normalize_address(entry.url), title=title, tags=tuple(entry.tags))
        known = feeds.get(feed.url)
        if known is not None:
            feed = Feed(url=feed.url, title=known.title, tags=tuple(dict.fromkeys(known.tags + feed.tags)))
        feeds[feed.url] = feed
    if not feeds:
        raise FeedError(
            "has no feed in it", where=str(path), todo="export it from the podcast app as OPML", retryable=False
        )
    return list(feeds.values())


def write_opml(feeds: Sequence[Feed], title: str = "podwatch") -> str:
    """The feeds as OPML; read_opml gives back the same feeds with the same tags.

    A tag is written as a category (OPML 2.0, "category"), or as a folder when it has a comma or slash, which separate
    categories.
    """
    root = Element("opml", version="2.0")
    SubElement(SubElement(root, "head"), "title").text = title
    body = SubElement(root, "body")
    folders: dict[str, Element] = {}
    for feed in feeds:
        about = {"type": "rss", "text": _xml_text(feed.title or feed.url), "xmlUrl": _xml_text(feed.url)}
        outline = SubElement(body, "outline", about)
        tags = [t for t in map(_xml_text, feed.tags) if t.strip()]
        if categories := [t for t in tags if not {",", "/"} & set(t)]:
            outline.set("category", ",".join(categories))
        for folder in tags:
            if folder not in categories:
                if folder not in folders:
                    folders[folder] = Element("outline", text=folder)
                SubElement(folders[folder], "outline", about)
    body.extend(folders.values())  # last, so that reading keeps the order of the feeds
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def normalize_tag(text: str) -> str:
    """A tag as it is stored; raises PodwatchError for one that OPML could not give back."""
    text = " ".join(text.split())
    if not text or len(text) > MAX_TAG_LENGTH or not text.isprintable() or "," in text or "/" in text:
        todo = f"use 1 to {MAX_TAG_LENGTH} characters without comma, slash or control characters"
        raise PodwatchError("cannot be a tag", where=repr(text[:MAX_TAG_LENGTH]), todo=todo)
    return text


def _xml_text(text: str) -> str:
    """The text without the characters that XML 1.0 (2.2) cannot hold."""
    return "".join(c for c in text if c in "\t\n" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff")


def normalize_address(url: str) -> str:
    """A feed's address as it is stored, https for podcast apps' own schemes; raises FeedError for anything else."""
    url = url.strip()
    for scheme in ("feed://", "itpc://", "pcast://", "podcast://"):
        if url.lower().startswith(scheme):
            url = "https://" + url[len(scheme) :]
    if url.lower().startswith("feed:http"):
        url = url[5:]
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        usable = usable and " " not in url and url.isprintable() and len(url) <= MAX_ADDRESS_LENGTH
    except ValueError:
        usable = False
    if not usable:
        shown = url if len(url) <= 200 else f"{url[:200]}... ({len(url):,} characters)"
        raise FeedError("is not the address of a feed", where=shown, todo="give an http(s) address", retryable=False)
    return url
