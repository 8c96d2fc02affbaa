"""Reads and writes OPML 2.0, in which podcast apps exchange lists of feeds; its folders and categories are tags."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from podwatch import files
from podwatch.errors import FeedError, PodwatchError
from podwatch.feeds.document_repair import declared_encoding, is_utf8, mend_encoding, repair_document
from podwatch.logins import check_login
from podwatch.model import Feed
from podwatch.redaction import display_address, redact_text, split_login

MAX_BYTES = 64 * 1024 * 1024
MAX_ADDRESS_LENGTH = 4096  # characters
MAX_TITLE_LENGTH = 500
MAX_TAG_LENGTH = 200  # characters

_ONE_BYTE = ("iso-8859", "windows-125", "cp125", "latin", "us-ascii", "ascii")
_END = re.compile(rb"</opml\s{0,9}>", re.IGNORECASE)
# Some programs write a feed's address as that of a link.
_RSS_OUTLINE = re.compile(
    rb"<outline(?=[^<>]{0,9000}\stype=[\"']rss[\"'])(?![^<>]{0,9000}\sxmlurl=)[^<>]{0,9000}>", re.I
)
_URL = re.compile(rb"(?<=\s)url(?==)", re.IGNORECASE)


def _name_address(outline: re.Match[bytes]) -> bytes:
    return _URL.sub(b"xmlUrl", outline[0], count=1)


class FeedList(NamedTuple):
    """The feeds of a list, each once, with all its tags; and a line for each entry that is none."""

    feeds: tuple[Feed, ...]
    errors: tuple[str, ...]


def read_opml(path: Path) -> FeedList:
    """The feeds of an OPML file; raises FeedError when there is none in it, and no entry that should be one.

    Each folder around a feed is a tag of it, and so is each part of a category.
    """
    import listparser  # it loads requests, which no other command about feeds needs

    data = _as_ascii(files.read(path, MAX_BYTES))
    document = listparser.parse(_RSS_OUTLINE.sub(_name_address, data))
    feeds: dict[str, Feed] = {}
    errors: list[str] = []
    for entry in document.feeds:
        # A feed without a title is written with its address for one, as OPML demands some text.
        title = "" if entry.title in (None, entry.url) else redact_text(entry.title)
        tags = tuple(dict.fromkeys(tag for names in entry.categories for tag in names if tag))
        try:
            feed = feed_at(entry.url, title=title, tags=tags)
        except PodwatchError as e:
            errors.append(f"{title}: {e.line}" if title else e.line)
            continue
        feeds[feed.url] = merge_feeds(feeds.get(feed.url, feed), feed)
    if feeds and not _END.search(data):
        errors.append(f"{path}: ends early, so that feeds may be missing - export it again")
    if not feeds and not errors:
        raise FeedError(
            "has no feed in it", where=str(path), todo="export it from the podcast app as OPML", retryable=False
        )
    return FeedList(tuple(feeds.values()), tuple(errors))


def _as_ascii(data: bytes) -> bytes:
    """The list in ASCII, with its other characters as references, so that no parser has to know its encoding."""
    if data.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)):
        data = data.decode("utf-16", "replace").encode()
    elif not data.isascii():
        encoding = declared_encoding(data) or "utf-8"
        if encoding.lower().startswith(_ONE_BYTE) and is_utf8(data):  # which is no text in any of these
            encoding = "utf-8"
        try:
            data = data.decode(encoding).encode()
        except (UnicodeDecodeError, LookupError):
            data = mend_encoding(data, "charset=utf-8")[0]
            data = data.decode("utf-8" if is_utf8(data) else "windows-1252", "replace").encode()
    return repair_document(data).decode("utf-8", "replace").encode("ascii", "xmlcharrefreplace")


def feed_at(address: str, *, title: str = "", tags: tuple[str, ...] = ()) -> Feed:
    """The feed at an address as people write it, with the login that stands in it, as user:password."""
    url, login = split_login(normalize_address(address))
    return Feed(url=url, login=check_login(login) if login else None, title=title, tags=tags)


def merge_feeds(a: Feed, b: Feed) -> Feed:
    """One feed that is named twice: the title of the first, the tags of both, the last login."""
    return replace(a, title=a.title or b.title, tags=tuple(dict.fromkeys(a.tags + b.tags)), login=b.login or a.login)


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


def normalize_title(text: str) -> str:
    """A title as it is stored; raises PodwatchError for one that no line could show."""
    text = " ".join(text.split())
    if len(text) > MAX_TITLE_LENGTH or not text.isprintable():
        todo = f"use at most {MAX_TITLE_LENGTH} characters without control characters"
        raise PodwatchError("cannot be a title", where=repr(text[:MAX_TAG_LENGTH]), todo=todo)
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
        shown = display_address(url)
        shown = shown if len(shown) <= 200 else f"{shown[:200]}... ({len(url):,} characters)"
        raise FeedError("is not the address of a feed", where=shown, todo="give an http(s) address", retryable=False)
    return url
