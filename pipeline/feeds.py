"""Turns the bytes of a feed into its facts and its episodes: the only place that knows feedparser.

feedparser keeps one podcast:transcript of an item and forgets the rest; those tags are read from the
document itself, by namespace, and laid beside feedparser's items.
"""

from __future__ import annotations

import calendar
import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser
from lxml import etree

from pipeline.errors import FeedError
from pipeline.model import Episode, TranscriptRef

PODCAST = (
    "https://podcastindex.org/namespace/1.0",
    "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md",
)
_TAGS = re.compile(r"<[^>]{0,2000}>")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a feed document says."""

    title: str
    language: str | None
    episodes: tuple[Episode, ...]


def parse(body: bytes, url: str, headers: dict[str, str] | None = None) -> Parsed:
    """The feed in ``body``; raises FeedError when it is none.

    url: where it came from, against which relative addresses are resolved.
    """
    content_type = (headers or {}).get("content-type", "")
    d = feedparser.parse(body, response_headers={"content-type": content_type, "content-location": url})
    if not d.get("version") and not d.get("entries"):
        raise FeedError(_not_a_feed(body), where=url, todo="check the address of the feed")
    refs = _transcripts(body, url)
    language = str(d.feed.get("language") or "") or None
    found: dict[str, Episode] = {}
    for position, entry in enumerate(d.entries):
        episode = _episode(entry, url, language)
        offered = refs.get(episode.guid) or (refs.get(position) if len(refs[None]) == len(d.entries) else None)
        found.setdefault(episode.guid, _with(episode, offered or []))
    return Parsed(title=_text(d.feed.get("title")), language=language, episodes=tuple(found.values()))


def _episode(entry: Any, url: str, language: str | None) -> Episode:
    audio = next(
        (e.get("href") for e in entry.get("enclosures", ()) if not str(e.get("type", "")).startswith("image/")), None
    )
    link = _web(entry.get("link"), url)
    title = _text(entry.get("title"))
    audio = _web(audio, url)
    return Episode(
        guid=str(entry.get("id") or audio or link or _made_up(title, entry)),
        title=title,
        link=link,
        audio_url=audio,
        published_at=_time(entry.get("published_parsed") or entry.get("updated_parsed")),
        duration=_duration(str(entry.get("itunes_duration") or "")),
        notes=_text(entry.get("summary"))[:20_000],
        language=language,
    )


def _with(episode: Episode, offered: list[TranscriptRef]) -> Episode:
    fields = {name: getattr(episode, name) for name in episode.__dataclass_fields__}
    return Episode(**fields | {"transcripts": tuple(dict.fromkeys(offered))})


def _transcripts(body: bytes, url: str) -> dict[Any, list[TranscriptRef]]:
    """The podcast:transcript tags of each item, under its guid and its position; under None one entry an item."""
    refs: dict[Any, list[TranscriptRef]] = defaultdict(list)
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return refs
    if root is None:
        return refs
    items = [e for e in root.iter() if isinstance(e.tag, str) and etree.QName(e).localname in ("item", "entry")]
    for position, item in enumerate(items):
        refs[None].append(TranscriptRef(url=""))
        guid = ""
        for child in item:
            if not isinstance(child.tag, str):
                continue
            name = etree.QName(child)
            if name.localname in ("guid", "id") and name.namespace not in PODCAST:
                guid = (child.text or "").strip()
            elif name.localname == "transcript" and name.namespace in PODCAST:
                address = _web(child.get("url"), url)
                if address:
                    ref = TranscriptRef(
                        url=address,
                        media_type=str(child.get("type") or "").partition(";")[0].strip().lower(),
                        language=child.get("language") or None,
                        rel=child.get("rel") or None,
                    )
                    refs[position].append(ref)
        if guid and refs.get(position):
            refs[guid] = refs[position]
    return refs


def _web(address: Any, base: str) -> str | None:
    """An absolute http(s) address, or None: javascript:, file: and the like are nothing to follow."""
    if not address:
        return None
    try:
        whole = urljoin(base, str(address).strip())
        parts = urlsplit(whole)
    except ValueError:
        return None
    return whole if parts.scheme in ("http", "https") and parts.hostname else None


def _text(value: Any) -> str:
    return " ".join(_TAGS.sub(" ", str(value or "")).replace("\0", "").split())


def _time(parsed: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, TypeError):
        return None


def _duration(text: str) -> float | None:
    """Seconds of an itunes:duration: ``3600``, ``60:00`` or ``1:00:00``."""
    parts = text.strip().split(":")
    if not 1 <= len(parts) <= 3 or not all(re.fullmatch(r"\d{1,7}(\.\d{1,9})?", p) for p in parts):
        return None
    seconds = 0.0
    for part in parts:
        seconds = seconds * 60 + float(part)
    return seconds


def _made_up(title: str, entry: Any) -> str:
    seed = f"{title}|{entry.get('published', '')}"
    return "podwatch:" + hashlib.blake2b(seed.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _not_a_feed(body: bytes) -> str:
    start = body[:2000].lstrip().lower()
    if not start:
        return "is empty"
    if start.startswith((b"<!doctype html", b"<html")):
        return "is a web page, not a feed"
    return "is not an RSS or Atom feed"
