"""Makes a ParsedDocument of a JSON Feed (jsonfeed.org, versions 1 and 1.1); runs in a worker, as every parser does.

Extensions, whose names begin with ``_``, are not read. An attachment that is a transcript by its type is one.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from podwatch.errors import FeedError
from podwatch.feeds.dates import parse_date_text
from podwatch.feeds.derived_guids import derive_guid
from podwatch.feeds.enclosures import choose_audio
from podwatch.feeds.known_items import guid_key
from podwatch.feeds.parsed_document import ParsedDocument
from podwatch.feeds.sanitizer import (
    MAX_NOTES_LENGTH,
    clean_text,
    find_links,
    html_to_text,
    plain_to_text,
    title_to_text,
    web_address,
)
from podwatch.model import Episode, FeedFacts, TranscriptRef
from podwatch.redaction import display_address

TRANSCRIPT_TYPES = ("text/vtt", "text/srt", "application/srt", "application/x-subrip", "application/ttml+xml")
MAX_ATTACHMENTS = 200  # of an item: one with more is a mistake or an attack
MAX_SECONDS = 1e7  # of a recording


def parse_json_feed(data: bytes, url: str) -> ParsedDocument:
    """The feed's facts and an episode for each item; raises FeedError for what is no JSON, such as half of a feed."""
    feed = _load(data, url)
    items = feed.get("items")
    is_feed = "jsonfeed.org" in str(feed.get("version")) or bool(feed.get("title") and isinstance(items, list))
    language = _text(feed.get("language")) or None
    author = _authors(feed)
    listed = [i for i in items if isinstance(i, dict)] if isinstance(items, list) else []
    hubs = (web_address(h.get("url"), url) for h in _objects(feed.get("hubs"))[:10])
    return ParsedDocument(
        is_feed=is_feed,
        is_well_formed=True,
        has_leaks=False,
        context_hash=guid_key(f"json {language}"),
        encoding="utf-8",
        facts=FeedFacts(
            title=title_to_text(_text(feed.get("title"))),
            language=language,
            link=web_address(_text(feed.get("home_page_url")), url),
            author=author,
            complete=feed.get("expired") is True,
            self_url=display_address(web_address(_text(feed.get("feed_url")), url) or "") or None,
            next_page=web_address(_text(feed.get("next_url")), url),
            hubs=tuple(dict.fromkeys(h for h in hubs if h)),
        ),
        episodes=tuple(_episode(item, url, language, author) for item in listed),
    )


def _load(data: bytes, url: str) -> dict[str, Any]:
    text = data.decode("utf-8-sig", "replace")
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            found = json.loads(text, strict=False)  # also takes half a surrogate pair, and line ends in texts
        except (ValueError, RecursionError):
            raise FeedError("is ill-formed JSON, or only a part of it", where=url) from None
    return found if isinstance(found, dict) else {}


def _episode(item: dict[str, Any], url: str, language: str | None, author: str | None) -> Episode:
    attachments = _objects(item.get("attachments"))[:MAX_ATTACHMENTS]
    entry = {"links": [{"rel": "enclosure", "href": _text(a.get("url")), "type": _kind(a)} for a in attachments]}
    audio, further = choose_audio(entry, url)
    link = web_address(_text(item.get("url")), url) or web_address(_text(item.get("external_url")), url)
    title = title_to_text(_text(item.get("title")))
    published = _text(item.get("date_published")) or _text(item.get("date_modified"))
    html = _text(item.get("content_html"))
    notes = (
        html_to_text(html),
        plain_to_text(_text(item.get("content_text"))),
        plain_to_text(_text(item.get("summary"))),
    )
    links = (web_address(found, url) for found in find_links(html))
    return Episode(
        guid=_text(item.get("id")) or derive_guid(title, published, audio, link),
        title=title,
        link=link,
        audio_url=audio,
        published_at=parse_date_text(published),
        duration=_duration(attachments, audio, url),
        notes=max(notes, key=len)[:MAX_NOTES_LENGTH],
        note_links=tuple(dict.fromkeys(a for a in links if a))[:MAX_ATTACHMENTS],
        language=_text(item.get("language")) or language,
        transcripts=_transcripts(attachments, url),
        author=_authors(item) or author,
        other_audio=tuple(a for a in further if a != audio),
    )


def _transcripts(attachments: list[dict[str, Any]], url: str) -> tuple[TranscriptRef, ...]:
    refs = [
        TranscriptRef(url=address, media_type=_kind(a))
        for a in attachments
        if _kind(a) in TRANSCRIPT_TYPES and (address := web_address(_text(a.get("url")), url))
    ]
    return tuple(dict.fromkeys(refs))


def _duration(attachments: list[dict[str, Any]], audio: str | None, url: str) -> float | None:
    """Of the chosen audio, or else of the same recording in another form."""
    found: dict[str | None, float] = {}
    for a in attachments:
        try:
            seconds = float(_text(a.get("duration_in_seconds")))
        except ValueError:
            continue
        if 0 < seconds < MAX_SECONDS:
            found.setdefault(web_address(_text(a.get("url")), url), seconds)
    return found.get(audio, next(iter(found.values()), None)) if audio else None


def _authors(said: dict[str, Any]) -> str | None:
    """``authors`` of version 1.1, or the one ``author`` of version 1."""
    persons = _objects(said.get("authors")) or _objects([said.get("author")])
    return ", ".join(dict.fromkeys(name for p in persons[:20] if (name := html_to_text(_text(p.get("name")))))) or None


def _kind(attachment: dict[str, Any]) -> str:
    return _text(attachment.get("mime_type")).partition(";")[0].strip().lower()


def _objects(value: Any) -> list[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    """A text, or a number that stands for one: ids and dates are written as numbers, too."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return clean_text(str(value) if is_number else value if isinstance(value, str) else "").strip()
