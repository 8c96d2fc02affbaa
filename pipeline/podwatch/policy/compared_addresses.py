"""Compares two addresses of audio files, or two guids that are addresses: what of them is the same, and what differs.

Pure. Schemes, default ports, www and tracking prefixes never tell files apart. A query may, and may as well be a token
that changes with each poll: which it is cannot be read from its names. So it is only said that it differs, and
episode_identity.py weighs that with what else is known.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from podwatch.lazy_patterns import lazy_pattern

# Behind a tracking prefix the real host is a part of the path.
_HOST_NAME = lazy_pattern(r"(?=[a-z0-9.-]{4,}$)(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+([a-z]{2,24})", re.IGNORECASE)
_MEDIA = {"mp3", "m4a", "mp4", "m4v", "aac", "ogg", "oga", "opus", "wav", "flac", "webm", "mov", "mpga"}
_NO_HOST = _MEDIA | {"xml", "rss", "php", "asp", "aspx", "html", "htm"}
_NO_HOST |= {"json", "jpg", "jpeg", "png", "vtt", "srt", "txt"}
_NESTED = lazy_pattern(r".+(https?://.+)$", re.IGNORECASE)
_MEDIA_FILE = lazy_pattern(rf"[^?&#]*\.(?:{'|'.join(sorted(_MEDIA))})", re.IGNORECASE)

MAX_COMPARED_LENGTH = 4096  # characters of an address or a title: both are a stranger's


class Address(NamedTuple):
    """An address in the parts that are compared. stem: host and path. query: its parameters in their order."""

    stem: str
    query: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.stem}?{'&'.join(self.query)}" if self.query else self.stem


class Likeness(Enum):
    """What two addresses have in common."""

    SAME = "all of it"
    EXTENDED = "one has more parameters than the other"
    STEM = "host and path, but parameters differ"
    NOTHING = "they are different"
    UNKNOWN = "there are not two"


def parse_address(url: str | None) -> Address:
    """The address without scheme, tracking prefixes and fragment; the text itself when it is none."""
    text = (url or "").strip()
    if len(text) > MAX_COMPARED_LENGTH:
        return Address(text)
    text = _unwrap(text)
    try:
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
        host = (parts.hostname or "").removeprefix("www.") + port
    except ValueError:
        return Address(text)
    if not host:
        return Address(text)
    path = [unquote(p) for p in parts.path.split("/") if p]
    for i in range(len(path) - 2, -1, -1):
        inside = _HOST_NAME.fullmatch(path[i]) if len(path[i]) <= 253 else None  # RFC 1035, 2.3.4
        if inside and inside.group(1).lower() not in _NO_HOST:
            host, path = path[i].lower().removeprefix("www."), path[i + 1 :]
            break
    return Address("/".join([host, *path]), tuple(sorted(p for p in parts.query.split("&") if p)))


def _unwrap(text: str) -> str:
    """The innermost address that stands in the path of another, or is its only parameter and a file."""
    for _ in range(3):
        decoded = unquote(text) if re.search(r"https?%3a%2f%2f", text, re.IGNORECASE) else text
        inner = _NESTED.match(decoded)
        if inner is None:
            break
        outer, nested = decoded[: inner.start(1)], inner.group(1)
        if "?" in outer and ("&" in outer or _MEDIA_FILE.fullmatch(nested) is None):
            break  # what stands beside it may tell files apart
        text = nested
    return text


def canonical_url(url: str | None) -> str:
    """The address as text, without what never tells files apart; "" for none."""
    return str(parse_address(url))


def compare_addresses(a: str | None, b: str | None) -> Likeness:
    if not a or not b:
        return Likeness.UNKNOWN
    if a == b:
        return Likeness.SAME
    first, second = parse_address(a), parse_address(b)
    if first.stem != second.stem:
        return Likeness.NOTHING
    if first.query == second.query:
        return Likeness.SAME
    fewer, more = sorted((set(first.query), set(second.query)), key=len)
    return Likeness.EXTENDED if fewer <= more else Likeness.STEM


def plain_guid(guid: str) -> str:
    """The guid for comparison: one that is an address without scheme and tracking prefixes, but with its fragment."""
    if not guid.lower().startswith(("http://", "https://")):
        return guid.strip()
    fragment = guid.partition("#")[2]
    return canonical_url(guid) + (f"#{fragment}" if fragment else "")


def compare_guids(a: str, b: str) -> Likeness:
    if plain_guid(a) == plain_guid(b):
        return Likeness.SAME
    if not all(g.lower().startswith(("http://", "https://")) and "#" not in g for g in (a, b)):
        return Likeness.NOTHING
    return compare_addresses(a, b)


def names_recording(url: str | None) -> bool:
    """Whether host and path look as if they named one file: an id or a date of some length, not ``listen.mp3``."""
    segments = parse_address(url).stem.split("/")[1:]
    return any(sum(map(str.isdigit, s)) >= 5 or (len(s) >= 16 and re.search(r"\d", s)) for s in segments)
