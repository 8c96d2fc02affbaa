"""Decides whether two items are one episode, although guids, hosts, schemes and tracking addresses change.

Pure. ``identity_keys`` says under what an episode is looked up, ``match_episode`` which of those found it is, and why.
On one real feed, rewritten enclosure addresses alone made 847 of 855 episodes look new.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from podwatch.lazy_patterns import lazy_pattern
from podwatch.model import Episode
from podwatch.policy.compared_addresses import (
    MAX_COMPARED_LENGTH,
    Likeness,
    canonical_url,
    compare_addresses,
    compare_guids,
    names_recording,
    parse_address,
    plain_guid,
)


class SameBy(StrEnum):
    """Why two items are one episode."""

    GUID = "the same guid"
    AUDIO = "the same audio file"
    TITLE = "the same title at the same time"


_UNIQUE_GUID = lazy_pattern(
    r"[0-9a-f]{8}-[0-9a-f]{4}-|^https?://|^tag:|^urn:|(?=.*\d)(?=.*[a-z])[\w.:/-]{16,}", re.IGNORECASE
)
_PAID = (
    r"(?:ad[s ]*-?free|no ads|premium|members?(?: only)?|plus|subscribers?|supporters?|patrons?|patreon|exclusive"
    r"|early access)"
)
_EDITION = rf"{_PAID}(?: (?:episode|edition|version|feed))?"
_EDITION_MARK = lazy_pattern(
    rf"[\[(]\s*{_PAID}[^\])]*[\])]|^\s*{_EDITION}\s*[:|-]\s*|\s*[:|–-]\s*{_EDITION}\s*$",
    re.IGNORECASE,
)
_EDITION_OF_SHOW = lazy_pattern(rf"\b{_PAID}\b|\b(?:private )?(?:feed|rss|podcast)\b|\+", re.IGNORECASE)

_PLAIN = lazy_pattern("[a-z0-9]+")
_NUMBER = lazy_pattern("[0-9]+")

SAME_TIME = timedelta(minutes=1)  # of one item that got another guid
NEAR_TIME = timedelta(minutes=10)  # of an item in two feeds, where others of its title are about
SAME_DAY = timedelta(hours=36)  # members hear some episodes a day before the public
MOVED_HOURS = timedelta(hours=3)  # by which one date alone may have moved
MOVED_ZONES = timedelta(hours=14)  # by which the dates of a whole document may have moved
SETTLED = timedelta(days=1)  # what was published so long before a poll that did not list it is not a later edition


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


def identity_keys(episode: Episode, neighbouring_days: bool = False) -> frozenset[int]:
    """Under what an episode is looked up: 63-bit hashes of its guid, and of its file and its title, each on its day.

    neighbouring_days: also on the two days before and after, for looking up: an episode is stored under its own only.
    """
    keys = {f"g {plain_guid(episode.guid)}"}
    title, audio = plain_title(episode.title), parse_address(episode.audio_url)
    if audio.stem:
        keys.add(f"a {audio.stem} {title}" if title else f"a {audio}")
    if episode.published_at is not None:
        day = _day(episode.published_at)
        days = range(day - 2, day + 3) if neighbouring_days else (day,)
        if audio.stem:
            keys |= {f"d {audio.stem} {d}" for d in days}
        if title:
            named = f"t {plain_show(episode.show)} {title}"
            keys |= {f"{named} {d}" for d in days}
    return frozenset(_hash63(key) for key in keys)


def match_episode(
    found: Episode,
    known: Sequence[Episode],
    lists: Callable[[str], bool] = lambda guid: False,
    shift: int = 0,
    has_moved: bool = False,
) -> tuple[Episode, SameBy] | None:
    """The one of ``known`` that ``found`` is, and why; None when it is a new episode.

    lists: whether the document of ``found`` still lists a guid. What it lists beside ``found`` is another episode,
    however alike: two editions of the news on one day. shift: see find_shift; has_moved: see has_document_moved. Those
    of its own feed come first.
    """
    own = [k for k in known if k.feed_id == found.feed_id and (k.guid == found.guid or not lists(k.guid))]
    others = [k for k in known if k.feed_id != found.feed_id]
    return _best_match(found, own, shift, has_moved) or _best_match(found, others)


def _best_match(
    found: Episode, known: Sequence[Episode], shift: int = 0, has_moved: bool = False
) -> tuple[Episode, SameBy] | None:
    by_id = sorted(known, key=lambda k: k.id)
    same = [(k, why) for k in by_id if (why := compare_episodes(found, k, shift, has_moved))]
    for why in (SameBy.GUID, SameBy.AUDIO):
        for k, w in same:
            if w is why:
                return k, why
    titled = [k for k, _ in same]
    if len({k.identity or str(k.id) for k in titled}) > 1:
        titled = [k for k in titled if _time_between(found, k) <= NEAR_TIME]
    return (titled[0], SameBy.TITLE) if len({k.identity or str(k.id) for k in titled}) == 1 else None


def compare_episodes(a: Episode, b: Episode, shift: int = 0, has_moved: bool = False) -> SameBy | None:
    """Why two items are one episode: guid, file, title, date and duration weighed together; None when they are two.

    The same whichever of them came first, but for a date that moved (``_has_moved``). shift: see find_shift.
    """
    same_feed = a.feed_id == b.feed_id
    same_title, gap = _have_same_title(a, b), _time_between(a, b)
    if _is_one_by_guid(a, b, same_title, gap):
        return SameBy.GUID
    if _is_one_by_file(a, b, same_title, gap):
        return SameBy.AUDIO
    if not same_title or not _have_like_length(a, b):
        return None
    if same_feed:
        is_near = gap <= (SAME_DAY if has_moved else SAME_TIME)
        return SameBy.TITLE if is_near or _has_moved(a, b, shift) else None
    same_show = bool(plain_show(a.show)) and plain_show(a.show) == plain_show(b.show)
    return SameBy.TITLE if same_show and gap <= SAME_DAY else None


def _is_one_by_guid(a: Episode, b: Episode, same_title: bool, gap: timedelta) -> bool:
    likeness = compare_guids(a.guid, b.guid)
    if likeness is Likeness.EXTENDED:  # an address that got another parameter: as good as what goes with it
        return same_title or gap <= SAME_TIME
    if likeness is not Likeness.SAME:
        return False
    if a.feed_id != b.feed_id and not _UNIQUE_GUID.search(a.guid) and not same_title:
        return False  # short guids ("12") are only unique within their feed
    return is_one_under_guid(a, b)


def is_one_under_guid(a: Episode, b: Episode) -> bool:
    """Whether two items with one guid are one episode. Some feeds give one guid to all that they publish."""
    gap, same_title = _time_between(a, b), _have_same_title(a, b)
    if gap > SAME_TIME and have_other_pages(a, b):
        return False
    if gap <= (SAME_DAY if same_title else SAME_TIME):
        return True
    file = compare_addresses(a.audio_url, b.audio_url)
    new_file = file in (Likeness.NOTHING, Likeness.STEM)
    if same_title:
        return not new_file or gap == timedelta.max or _have_like_length(a, b)
    if not new_file:
        is_near = gap <= SAME_DAY or gap == timedelta.max
        return file is Likeness.UNKNOWN or (is_near and not _have_other_numbers(a.title, b.title))
    return gap <= MOVED_ZONES and _have_similar_titles(a.title, b.title)


def is_listed_twice(a: Episode, b: Episode) -> bool:
    """Whether two items that one document lists with one guid and title are one episode: members' file and public file,
    a day apart.
    """
    if have_other_pages(a, b):
        return False
    if compare_addresses(a.audio_url, b.audio_url) in (Likeness.SAME, Likeness.EXTENDED):
        return True
    gap = _time_between(a, b)
    return (gap <= SAME_DAY or gap == timedelta.max) and _have_like_length(a, b)


def have_other_pages(a: Episode, b: Episode) -> bool:
    """Whether two items without guids, which are named by one audio file, have a page each: then these name them."""
    if not (a.link and b.link and _is_named_by_audio(a) and _is_named_by_audio(b)):
        return False
    return compare_addresses(a.link, b.link) in (Likeness.NOTHING, Likeness.STEM)


def _is_named_by_audio(e: Episode) -> bool:
    return bool(e.audio_url) and e.guid.partition("#")[0] == f"https://{canonical_url(e.audio_url)}"


def _is_one_by_file(a: Episode, b: Episode, same_title: bool, gap: timedelta) -> bool:
    file = compare_addresses(a.audio_url, b.audio_url)
    if file in (Likeness.NOTHING, Likeness.UNKNOWN):
        return False
    if a.feed_id == b.feed_id and gap > SAME_TIME and have_other_pages(a, b):
        return False
    named = names_recording(a.audio_url)
    if a.feed_id != b.feed_id and file is not Likeness.SAME:
        return same_title and named and (gap <= SAME_TIME or (gap <= SAME_DAY and _have_equal_length(a, b)))
    if gap <= SAME_TIME:
        return same_title or named or file is Likeness.SAME
    if not named:  # some shows publish every episode under one address: latest.mp3, listen?id=7
        return file is Likeness.SAME and _have_similar_titles(a.title, b.title) and _may_be_equally_long(a, b, gap)
    if same_title:
        return file is not Likeness.STEM or (gap <= SAME_DAY and _have_equal_length(a, b))
    is_corrected = _have_like_length(a, b) and not _have_other_numbers(a.title, b.title)
    return file is Likeness.SAME and gap <= SAME_DAY and is_corrected


def find_shift(pairs: Iterable[tuple[Episode, Episode]]) -> int:
    """By how many minutes all dates of a document have moved, its time zone, or 0.

    pairs: its items that are not known, each with one that it no longer lists. Two with titles of their own must agree,
    and be so old that they are no new editions.
    """
    titles: dict[int, set[str]] = defaultdict(set)
    for found, known in pairs:
        if _have_same_title(found, known) and _have_like_length(found, known) and _is_settled(found, known):
            minutes = _minutes_later(found, known)
            if minutes is not None and 0 < abs(minutes) <= MOVED_ZONES.total_seconds() / 60:
                titles[minutes].add(plain_title(found.title))
    minutes, agreed = max(titles.items(), key=lambda m: len(m[1]), default=(0, set[str]()))
    return minutes if len(agreed) >= 2 else 0


def has_document_moved(pairs: Iterable[tuple[Episode, Episode]], fresh: int) -> bool:
    """Whether all items of a document got new guids, and dates that differ by hours: at a host that keeps days only.

    pairs: see find_shift. fresh: how many items are not known. Three with titles of their own, and half of all, must be
    known by title on their day, and so old that they are no new editions.
    """
    known_of: dict[str, set[int]] = defaultdict(set)
    found_of: dict[str, set[str]] = defaultdict(set)
    for found, known in pairs:
        if _have_same_title(found, known) and _time_between(found, known) <= SAME_DAY:
            title = plain_title(found.title)
            known_of[title].add(known.id)
            if _have_like_length(found, known) and _is_settled(found, known):
                found_of[title].add(found.guid)
    agreed = sum(len(guids) == 1 == len(known_of[title]) for title, guids in found_of.items())
    return agreed >= 3 and 2 * agreed >= fresh


def _has_moved(found: Episode, known: Episode, shift: int) -> bool:
    """Whether the date of an item was moved by hours: by those of its document, or when it can be no later edition."""
    minutes = _minutes_later(found, known)
    if minutes is None or minutes == 0:
        return False
    if shift and abs(minutes - shift) <= 1:
        return True
    hours = abs(minutes) + 1
    whole = hours % 60 <= 2 and hours < MOVED_HOURS.total_seconds() / 60 + 2
    return whole and (minutes < 0 or _is_settled(found, known))


def _is_settled(found: Episode, known: Episode) -> bool:
    """Whether ``found`` says that it was published long before ``known`` was seen where it was not."""
    seen = known.first_seen_at
    return seen is not None and found.published_at is not None and found.published_at <= seen - SETTLED


def _minutes_later(found: Episode, known: Episode) -> int | None:
    if found.published_at is None or known.published_at is None:
        return None
    return round((found.published_at - known.published_at).total_seconds() / 60)


def is_undated_item(a: Episode, b: Episode) -> bool:
    """Whether two items without dates have one title, and a file of one host and path."""
    is_undated = a.published_at is None and b.published_at is None
    return is_undated and _have_same_title(a, b) and compare_addresses(a.audio_url, b.audio_url) is Likeness.STEM


def guid_under_guid(e: Episode) -> str:
    """The guid of one of several episodes with one guid: for each its own, and the same at each poll."""
    date = f"{e.published_at.timestamp():.0f}" if e.published_at is not None else canonical_url(e.audio_url)
    page = f" {canonical_url(e.link)}" if e.link and _is_named_by_audio(e) else ""
    return f"{e.guid}#{_hash63(f'{plain_title(e.title)} {date}{page}'):016x}"


def _have_same_title(a: Episode, b: Episode) -> bool:
    if a.title == b.title:
        return bool(plain_title(a.title))
    title = plain_title(a.title)
    return bool(title) and title == plain_title(b.title)


def _have_other_numbers(a: str, b: str) -> bool:
    """Whether both titles have numbers, and not the same ones: another edition, not a correction."""
    first, second = (sorted(_NUMBER.findall(t)) for t in (a, b))
    return bool(first) and bool(second) and first != second


def _have_similar_titles(a: str, b: str) -> bool:
    first, second = (set(plain_title(t).split()) for t in (a, b))
    return not _have_other_numbers(a, b) and 2 * len(first & second) >= len(first | second) > 0


def _have_equal_length(a: Episode, b: Episode) -> bool:
    return bool(a.duration) and bool(b.duration) and abs((a.duration or 0) - (b.duration or 0)) <= 1


def _may_be_equally_long(a: Episode, b: Episode, gap: timedelta) -> bool:
    """Whether their lengths say nothing against one recording; with other titles they have to speak for it."""
    if not a.duration or not b.duration:
        return _have_same_title(a, b)
    return _have_equal_length(a, b) and (_have_same_title(a, b) or gap <= SAME_DAY)


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
