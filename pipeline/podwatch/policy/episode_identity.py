"""Decides whether two items are one episode, although guids, hosts, schemes and tracking addresses change.

Pure. ``identity_keys`` says under what an episode is looked up, ``match_episode`` which of those found it is, and why.
On one real feed, rewritten enclosure addresses alone made 847 of 855 episodes look new.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from podwatch.model import Episode


class SameBy(StrEnum):
    """Why two items are one episode."""

    GUID = "the same guid"
    AUDIO = "the same audio file"
    TITLE = "the same title at the same time"


# Behind a tracking prefix the real host is a part of the path.
_HOST_NAME = re.compile(r"(?=[a-z0-9.-]{4,}$)(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+([a-z]{2,24})", re.IGNORECASE)
_MEDIA = {"mp3", "m4a", "mp4", "m4v", "aac", "ogg", "oga", "opus", "wav", "flac", "webm", "mov", "mpga"}
_NO_HOST = _MEDIA | {"xml", "rss", "php", "asp", "aspx", "html", "htm"}
_NO_HOST |= {"json", "jpg", "jpeg", "png", "vtt", "srt", "txt"}
_GENERIC = {
    "audio",
    "default",
    "download",
    "stream",
    "episode",
    "file",
    "media",
    "enclosure",
    "redirect",
    "play",
    "index",
}
# Parameters that change while the address stays that of the same file or page.
_CHANGING_PARAMETER = re.compile(
    r"utm_.*|updated|token|tk|sig|signature|expires?|exp|key|auth|hash|ts|t|aw_.*|aw[A-Z].*|source|src|ref|from|feed|"
    r"dest-id|client_source|played_on|cid|sid|session|user|uid|hsh|policy|key-pair-id|x-amz-.*|_=?.*|cb|rand|ver|v",
    re.IGNORECASE,
)
_UNIQUE_GUID = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-|^https?://|^tag:|^urn:|(?=.*\d)(?=.*[a-z])[\w.:/-]{16,}", re.IGNORECASE
)
_PAID = (
    r"(?:ad[s ]*-?free|no ads|premium|members?(?: only)?|plus|subscribers?|supporters?|patrons?|patreon|exclusive"
    r"|early access)"
)
_EDITION = rf"{_PAID}(?: (?:episode|edition|version|feed))?"
_EDITION_MARK = re.compile(
    rf"[\[(]\s*{_PAID}[^\])]*[\])]|^\s*{_EDITION}\s*[:|-]\s*|\s*[:|–-]\s*{_EDITION}\s*$",
    re.IGNORECASE,
)
_EDITION_OF_SHOW = re.compile(rf"\b{_PAID}\b|\b(?:private )?(?:feed|rss|podcast)\b|\+", re.IGNORECASE)

_PLAIN = re.compile("[a-z0-9]+")

MAX_COMPARED_LENGTH = 4096  # characters of an address or a title: both are a stranger's
SAME_TIME = timedelta(minutes=1)  # of one item that got another guid
NEAR_TIME = timedelta(minutes=10)  # of an item in two feeds, where others of its title are about
SAME_DAY = timedelta(hours=36)  # members hear some episodes a day before the public


def canonical_url(url: str | None) -> str:
    """The address without scheme, tracking prefixes and parameters that change; "" for none."""
    if not url:
        return ""
    text = url.strip()
    if len(text) > MAX_COMPARED_LENGTH:
        return text
    for _ in range(3):  # an address that was encoded to be a part of another
        decoded = unquote(text) if re.search(r"https?%3a%2f%2f", text, re.IGNORECASE) else text
        inner = re.match(r".+(https?://.+)$", decoded, re.IGNORECASE)
        if inner is None:
            break
        text = inner.group(1)
    try:
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
        host = (parts.hostname or "").removeprefix("www.") + port
    except ValueError:
        return text
    if not host:
        return text
    path = [unquote(p) for p in parts.path.split("/") if p]
    for i in range(len(path) - 2, -1, -1):
        inside = _HOST_NAME.fullmatch(path[i]) if len(path[i]) <= 253 else None  # RFC 1035, 2.3.4
        if inside and inside.group(1).lower() not in _NO_HOST:
            host, path = path[i].lower().removeprefix("www."), path[i + 1 :]
            break
    query = "" if _is_file(path) else _identifying_query(parts.query)
    return "/".join([host, *path]) + (f"?{query}" if query else "")


def _is_file(path: Sequence[str]) -> bool:
    """Whether the path alone names one recording, so that every parameter is only decoration."""
    stem, _, ending = (path[-1] if path else "").rpartition(".")
    if ending.lower() not in _MEDIA:
        return False
    return stem.lower() not in _GENERIC or any(re.search(r"\d", p) and len(p) >= 8 for p in path[:-1])


def _identifying_query(query: str) -> str:
    lasting = [(k, v) for k, v in parse_qsl(query, keep_blank_values=True) if not _CHANGING_PARAMETER.fullmatch(k)]
    return urlencode(sorted(lasting))


def plain_title(title: str) -> str:
    """The title without case, accents, punctuation and marks such as (ad-free), for comparison."""
    title = title[:MAX_COMPARED_LENGTH]
    return _letters(_EDITION_MARK.sub(" ", title)) or _letters(title)


def plain_show(show: str) -> str:
    """The show's name without what its members' feed adds, for comparison."""
    show = show[:MAX_COMPARED_LENGTH]
    return _letters(_EDITION_OF_SHOW.sub(" ", _EDITION_MARK.sub(" ", show))) or _letters(show)


def _letters(text: str) -> str:
    if text.isascii():  # as below: three times as fast, which makes identity_keys 1.45 times as fast
        return " ".join(_PLAIN.findall(text.lower()))
    spread = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(c if c.isalnum() else " " for c in spread if not unicodedata.combining(c))
    return " ".join(kept.split())


def plain_guid(guid: str) -> str:
    """The guid for comparison: one that is an address as a canonical one."""
    return canonical_url(guid) if guid.lower().startswith(("http://", "https://")) else guid.strip()


def identity_keys(episode: Episode, neighbouring_days: bool = False) -> frozenset[int]:
    """Under what an episode is looked up: 63-bit hashes of its guid, its audio, and its title on its day.

    neighbouring_days: also on the two days before and after, for looking up: an episode is stored under its own only.
    """
    keys = {f"g {plain_guid(episode.guid)}"}
    if audio := canonical_url(episode.audio_url):
        keys.add(f"a {audio}")
    title = plain_title(episode.title)
    if title and episode.published_at is not None:
        day = _day(episode.published_at)
        days = range(day - 2, day + 3) if neighbouring_days else (day,)
        named = f"t {plain_show(episode.show)} {title}"
        keys |= {f"{named} {d}" for d in days}
    return frozenset(_hash63(key) for key in keys)


def match_episode(
    found: Episode, known: Sequence[Episode], lists: Callable[[str], bool] = lambda guid: False
) -> tuple[Episode, SameBy] | None:
    """The one of ``known`` that ``found`` is, and why; None when it is a new episode.

    lists: whether the document of ``found`` still lists a guid. What it lists beside ``found`` is another episode,
    however alike: two editions of the news on one day.
    """
    others = [k for k in known if not (k.feed_id == found.feed_id and k.guid != found.guid and lists(k.guid))]
    for why, is_same in ((SameBy.GUID, _has_same_guid), (SameBy.AUDIO, _has_same_audio)):
        for k in sorted(others, key=lambda k: (k.feed_id != found.feed_id, k.id)):
            if is_same(found, k):
                return k, why
    titled = [k for k in others if _has_same_title(found, k)]
    if len({k.identity or str(k.id) for k in titled}) > 1:
        titled = [k for k in titled if _time_between(found, k) <= NEAR_TIME]
    if len({k.identity or str(k.id) for k in titled}) == 1:
        return min(titled, key=lambda k: (k.feed_id != found.feed_id, k.id)), SameBy.TITLE
    return None


def _has_same_guid(a: Episode, b: Episode) -> bool:
    if plain_guid(a.guid) != plain_guid(b.guid):
        return False
    if a.feed_id == b.feed_id:
        return True
    # Short guids ("12") are only unique within their feed.
    return bool(_UNIQUE_GUID.search(a.guid)) or plain_title(a.title) == plain_title(b.title)


def _has_same_audio(a: Episode, b: Episode) -> bool:
    audio = canonical_url(a.audio_url)
    if not audio or audio != canonical_url(b.audio_url):
        return False
    # Some shows publish every episode under one address (latest.mp3).
    return plain_title(a.title) == plain_title(b.title) or _time_between(a, b) <= SAME_DAY


def _has_same_title(a: Episode, b: Episode) -> bool:
    title = plain_title(a.title)
    if not title or title != plain_title(b.title) or not _have_like_length(a, b):
        return False
    if a.feed_id == b.feed_id:
        return _time_between(a, b) <= SAME_TIME
    return bool(plain_show(a.show)) and plain_show(a.show) == plain_show(b.show) and _time_between(a, b) <= SAME_DAY


def _have_like_length(a: Episode, b: Episode) -> bool:
    """Whether advertisements may explain the difference: a fifth of the length, or ten minutes. Not known: they may."""
    if not a.duration or not b.duration:
        return True
    return abs(a.duration - b.duration) <= max(600.0, 0.2 * max(a.duration, b.duration))


def _time_between(a: Episode, b: Episode) -> timedelta:
    if a.published_at is None or b.published_at is None:
        return timedelta.max
    return abs(a.published_at - b.published_at)


def _day(moment: datetime) -> int:
    return moment.astimezone(UTC).toordinal()


def _hash63(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big") >> 1
