"""Chooses an item's audio among what it encloses: feeds enclose pictures, papers and words, too."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum
from typing import Any
from urllib.parse import urlsplit

from podwatch.feeds.sanitizer import media_address

MAX_ENCLOSURES = 200
# Ends of addresses, and second halves of types that say no more than "application".
_AUDIO = re.compile("mp[23]|mpga|m4[ab]|aac|og[ga]|opus|wav|flac|wma|aiff?|amr|mka|ac3|m3u8")
_VIDEO = re.compile("mp4|m4v|mov|webm|mkv|avi|wmv|mpe?g|ogv|3gp|ts")
_OTHER = re.compile(
    "jpe?g|png|gif|webp|svg|bmp|ico|avif|heic|tiff?|pdf|epub|mobi|docx?|pptx?|xlsx?|odt|rtf|txt|md|csv|x?html?|xml|json"
    r"|zip|gz|tar|rar|vtt|srt|css|js|torrent|epub\+zip|x-bittorrent|x-shockwave-flash"
)
_EXTENSION = re.compile(r"\.([A-Za-z0-9]{2,5})$")


class Kind(IntEnum):
    """What an enclosure is, the best first."""

    AUDIO = 0
    VIDEO = 1
    UNKNOWN = 2
    OTHER = 3


def kind_of(address: str, media_type: Any, medium: Any = "") -> Kind:
    """By its type, and by the end of its address where the type says nothing."""
    name, said = str(media_type or "").partition(";")[0].strip().lower(), str(medium or "").strip().lower()
    major, _, minor = name.rpartition("/")
    if "audio" in (major, said):
        return Kind.AUDIO
    if "video" in (major, said):
        return Kind.VIDEO
    try:
        found = _EXTENSION.search(urlsplit(address).path.rstrip("/"))
    except ValueError:
        return Kind.OTHER
    # What WordPress writes when its question for the type is answered with a page of an error or a consent.
    is_mistyped = major == "text" and found is not None and _AUDIO.fullmatch(found[1].lower())
    if (major in ("image", "text", "font", "model") and not is_mistyped) or said in ("image", "document"):
        return Kind.OTHER
    for word in (found[1].lower() if found else "", minor):
        for kind, extensions in ((Kind.AUDIO, _AUDIO), (Kind.VIDEO, _VIDEO), (Kind.OTHER, _OTHER)):
            if extensions.fullmatch(word):
                return kind
    return Kind.UNKNOWN


def choose_audio(entry: Any, url: str) -> tuple[str | None, list[str]]:
    """(the audio of feedparser's entry, its further ones): the enclosures before media:content, audio before video.

    An enclosure of unknown kind is taken where there is no better one, a media:content is not.
    """
    links = (e for e in entry.get("links", ())[: 2 * MAX_ENCLOSURES] if e.get("rel") == "enclosure")
    found = _ranked(((e.get("href"), e.get("type"), "") for e in links), url, Kind.UNKNOWN)
    if not found:
        media = entry.get("media_content", ())[:MAX_ENCLOSURES]
        found = _ranked(((m.get("url"), m.get("type"), m.get("medium")) for m in media), url, Kind.VIDEO)
    return (found[0] if found else None), found[1:]


def _ranked(enclosures: Iterable[tuple[Any, Any, Any]], url: str, worst: Kind) -> list[str]:
    ranked: dict[str, Kind] = {}
    for given, media_type, medium in enclosures:
        address = media_address(given, url)
        if address is not None and len(ranked) < MAX_ENCLOSURES:
            kind = kind_of(address, media_type, medium)
            if kind <= worst:
                ranked.setdefault(address, kind)
    return sorted(ranked, key=ranked.__getitem__)
