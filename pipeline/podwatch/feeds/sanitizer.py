"""What feeds write as plain values: text without markup, http(s) addresses, dates, seconds, numbers; None otherwise."""

from __future__ import annotations

import calendar
import html
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

_TAGS = re.compile(r"<[A-Za-z/!?][^<>]*>")
# Of the tags in a title only these are markup: "vector<int>" and "I <heart> you" mean what they say.
_TITLE_TAGS = re.compile(
    r"</?(?:a|abbr|b|big|br|cite|code|del|div|em|font|h[1-6]|i|img|ins|mark|p|q|s|small|span|strike|strong|sub|sup|tt|u)"
    r"(?:\s{1,9}[\w:-]{1,40}\s{0,9}=\s{0,9}(?:\"[^\"<>]{0,4000}\"|'[^'<>]{0,4000}'|[^\s\"'<>]{1,4000})){0,20}\s{0,9}/?>",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"(?:https?:)?//[^/?#\s]", re.IGNORECASE)
_ABSOLUTE = re.compile(r"https?://[^/?#;\s][^#;\x00-\x20]*(?<!\?)")
_PREFIX = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_PATH = re.compile(r"^\.{0,2}/[^/]|\.[A-Za-z0-9]{2,5}(?:[?#]|$)")  # begins like a path, or ends like a file
_HREF = re.compile(r"""\bhref\s{0,9}=\s{0,9}["']([^"'<>]{1,4000})["']""", re.IGNORECASE)
_REFERENCE = re.compile(rb"&#(?:[xX]0{0,20}([0-9a-fA-F]{1,40})|0{0,20}([0-9]{1,40}));?")
_NUMBER = re.compile(r"\d{1,7}(\.\d{1,9})?")
MAX_NOTES_LENGTH = 20_000  # characters kept of an episode's notes
MAX_ADDRESS_LENGTH = 4_000
# Seconds.
_PERIODS = {"hourly": 3600.0, "daily": 86400.0, "weekly": 604800.0, "monthly": 2629800.0, "yearly": 31557600.0}


def remove_bad_references(data: bytes) -> bytes:
    """The document with U+FFFD for references to characters that do not exist (&#xD800; &#0; &#x110000;).

    feedparser raises on them, and one in a title would lose the whole feed.
    """
    return _REFERENCE.sub(_replace_bad_reference, data) if b"&#" in data else data


def _replace_bad_reference(m: re.Match[bytes]) -> bytes:
    code = int(m[1], 16) if m[1] else int(m[2])
    fits = code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code <= 0x10FFFF
    return m[0] if fits else b"&#65533;"


def clean_text(value: Any) -> str:
    """The text without NUL and lone surrogates, which databases refuse; "" for None."""
    return str(value or "").replace("\0", "").encode("utf-8", "ignore").decode()


def html_to_text(value: Any) -> str:
    """The words of a piece of HTML or plain text, with single blanks between them."""
    bare = _TAGS.sub(" ", clean_text(value)[: 20 * MAX_NOTES_LENGTH])
    return " ".join(clean_text(html.unescape(bare)).split())


def title_to_text(value: Any) -> str:
    """The words of a title, which is plain text, or HTML without saying so: what is no tag of HTML stays in it."""
    text = clean_text(value)[:MAX_NOTES_LENGTH]
    bare = _TITLE_TAGS.sub(" ", text) if "<" in text else text
    return " ".join(clean_text(html.unescape(bare)).split())


def plain_to_text(value: Any) -> str:
    """The words of a text that has no markup, whatever it looks like; entities that were escaped twice are no words."""
    return " ".join(clean_text(html.unescape(clean_text(value)[:MAX_NOTES_LENGTH])).split())


def find_links(value: Any) -> list[str]:
    """The targets of the links in a piece of HTML."""
    return [html.unescape(m[1]) for m in _HREF.finditer(clean_text(value)[: 20 * MAX_NOTES_LENGTH])]


def web_address(address: Any, base: str) -> str | None:
    """The absolute http(s) address, resolved against ``base``; None for javascript:, file: and the like."""
    if not address:
        return None
    try:
        whole = clean_text(address).strip()
        if not _ABSOLUTE.fullmatch(whole):  # what it would leave as it is, in a fifth of the time
            whole = urljoin(base, whole)
        parts = urlsplit(whole)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and len(whole) <= MAX_ADDRESS_LENGTH
    except ValueError:
        return None
    return whole if fits else None


def media_address(address: Any, base: str) -> str | None:
    """Like web_address, for what a feed says is a file; None where it says in words that there is none ("N/A")."""
    text = clean_text(address).strip()
    if not _SCHEME.match(text) and (_PREFIX.match(text) or " " in text or not _PATH.search(text)):
        return None
    return web_address(text, base)


def parse_date(parsed: Any) -> datetime | None:
    """The time of a struct_time in UTC."""
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, TypeError):
        return None


def parse_duration(value: Any) -> float | None:
    """Seconds of an itunes:duration: ``3600``, ``60:00`` or ``1:00:00``."""
    parts = clean_text(value).strip().split(":")
    if not 1 <= len(parts) <= 3 or not all(_NUMBER.fullmatch(p) for p in parts):
        return None
    total = 0.0
    for part in parts:
        total = total * 60 + float(part)
    return total


def parse_number(value: Any) -> float | None:
    word = clean_text(value).strip()
    return float(word) if _NUMBER.fullmatch(word) else None


def parse_integer(value: Any) -> int | None:
    number = parse_number(value)
    return int(number) if number is not None and number.is_integer() else None


def parse_boolean(value: Any) -> bool:
    return clean_text(value).strip().lower() in ("yes", "true")


def parse_update_period(name: Any, times: Any) -> float | None:
    """Seconds between updates of ``sy:updatePeriod`` weekly with ``sy:updateFrequency`` 2."""
    span = _PERIODS.get(clean_text(name).strip().lower())
    return span / max(1.0, parse_number(times) or 1.0) if span else None


def parse_recurrence(rrule: Any) -> float | None:
    """Seconds between updates of an RFC 5545 rule: ``FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE``."""
    fields = dict(part.partition("=")[::2] for part in clean_text(rrule)[:500].upper().replace("RRULE:", "").split(";"))
    span = _PERIODS.get(fields.get("FREQ", "").strip().lower())
    if span is None:
        return None
    days = len([d for d in fields.get("BYDAY", "").split(",") if d.strip()]) if fields.get("FREQ") == "WEEKLY" else 0
    return span * max(1.0, parse_number(fields.get("INTERVAL")) or 1.0) / max(1, days)
