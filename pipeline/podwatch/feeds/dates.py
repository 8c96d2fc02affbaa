"""Reads the dates that feeds write, in the standards' forms and in those that people and blog engines use instead.

What is decided, and what is refused, is in this package's README. A time without a zone, or with one that is not known,
is UTC's. Pure, and without a clock: the same text is the same time for ever.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from podwatch.feeds.date_words import MONTHS, ZONES, fold

MAX_LENGTH = 120  # characters; no date has more
_RFC_822 = re.compile(
    r"(?:[A-Za-z]{3}, ?)?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d)(?::(\d\d))? (?:([+-])(\d\d):?(\d\d)|GMT|UTC|Z)"
)
_TIME = re.compile(r"(?<!\d)(\d{1,2}) ?: ?(\d{1,2})(?: ?: ?(\d{1,9}))?(?:[.,]\d{1,9})?(?!\d)")
_TIME_WITH_H = re.compile(r"(?<!\d)(\d{1,2}) ?h ?(\d{2})?(?!\w)")
_TIME_WITH_DOT = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{2})(?:\.(\d{2}))?(?![\d.])")
_HOUR = re.compile(r"(?<!\d)(\d{1,2}) ?(?=[ap]\.?m\b)")
_HALF = re.compile(r"\b([ap])\.? ?m\b\.?")
_OFFSET = re.compile(r"(?<!\d)(?:gmt|utc|ut|z)?\(? ?([+-]) ?(\d{1,2})(?::?(\d{2}))?(?!\d|-)")
_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"\d+")
_COMPACT = re.compile(r"(?<!\d)(\d{4})(\d\d)(\d\d)(?:t? ?(\d\d)(\d\d)(\d\d)?)?(?!\d)")
_WHOLE_YEAR = re.compile(r"\d{4}(-\d\d)?")  # W3C's note on dates has both
_EPOCH = re.compile(r"(\d{9,10})(?:\d{3})?")  # in seconds or milliseconds
_EAST_ASIAN = re.compile(r"[年月日년월일時시分분秒초]")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def parse_date_text(text: str) -> datetime | None:
    """The time that a feed's date means, in UTC; None when it says none, or could mean two."""
    text = text.strip()
    if not text or len(text) > MAX_LENGTH:
        return None
    try:
        if (usual := _RFC_822.fullmatch(text)) and usual[2].lower() in MONTHS:
            day, month, year, hour, minute, second, sign, hours, minutes = usual.groups()
            offset = 0 if sign is None else int(sign + "1") * (int(hours) * 60 + int(minutes))
            date = _day(year, MONTHS[month.lower()], int(day))
            if date is not None and int(hour) < 24 and int(minute) < 60 and abs(offset) <= 15 * 60:
                seconds = min(int(second or 0), 60)
                return date + timedelta(hours=int(hour), minutes=int(minute) - offset, seconds=seconds)
        return _parse(text)
    except (ValueError, OverflowError):
        return None


def parse_for_feedparser(text: str) -> time.struct_time | None:
    """What feedparser asks of a handler of dates: the time in UTC."""
    when = parse_date_text(text)
    return when.utctimetuple() if when else None


def _parse(text: str) -> datetime | None:
    text = fold(text).replace("\u2212", "-").replace("\u2013", "-")
    text = _EAST_ASIAN.sub(lambda m: ":" if m[0] in "時시分분" else "-" if m[0] in "年月년월" else " ", text)
    text = " ".join(text.split())
    if since_1970 := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(since_1970[1]), UTC)
    text, clock = _take_compact(text)
    if clock is None:
        text, clock = _take_time(text)
    date = _parse_day(text, is_american=clock is not None and clock.has_half)
    if date is None:
        return None
    if clock is None:
        return date
    return date + clock.since_midnight - clock.offset


class _Clock:
    """A time of day as it was written. has_half: with AM or PM."""

    __slots__ = ("has_half", "offset", "since_midnight")

    def __init__(self, hour: str, minute: str | None, second: str | None, rest: str) -> None:
        half = _HALF.search(rest)
        self.has_half = half is not None
        h, m, s = int(hour), int(minute or 0), int((second or "0")[:2])
        if half is not None and h <= 12:
            h = h % 12 + 12 * (half[1] == "p")
        is_time = h <= 24 and m < 60 and s <= 60
        self.since_midnight = timedelta(hours=h, minutes=m, seconds=s) if is_time else timedelta(0)
        self.offset = _parse_offset(rest)


def _take_compact(text: str) -> tuple[str, _Clock | None]:
    """20260804T063000Z as 2026-08-04, and its time."""
    found = _COMPACT.search(text)
    if found is None or not (1 <= int(found[2]) <= 12 and 1 <= int(found[3]) <= 31):
        return text, None
    clock = _Clock(found[4], found[5], found[6], text[found.end() :]) if found[4] else None
    rest = "" if clock else text[found.end() :]
    return f"{text[: found.start()]}{found[1]}-{found[2]}-{found[3]}{rest}", clock


def _take_time(text: str) -> tuple[str, _Clock | None]:
    """The text without its time of day and zone, and those."""
    found = _TIME.search(text) or _TIME_WITH_H.search(text) or _HOUR.search(text)
    if found is None and len(_NUMBER.findall(text)) > 3:  # the first may be a date: 4.8.2026 18.30
        found = next((m for m in reversed(list(_TIME_WITH_DOT.finditer(text)))), None)
    if found is None:
        return text, None
    groups = (*found.groups(), None, None)[:3]
    behind = text[found.end() :]
    clock = _Clock(groups[0] or "0", groups[1], groups[2], behind)
    # What stands behind may be the date, or its year: 06:30 on 4 August 2026.
    behind = _HALF.sub(" ", _OFFSET.sub(" ", behind, count=1) if _has_offset(behind) else behind)
    before = text[: found.start()]
    return f"{before.removesuffix('t')} {behind}", clock


def _has_offset(behind: str) -> bool:
    found = _OFFSET.search(behind)
    return found is not None and _is_offset(found)


def _is_offset(found: re.Match[str]) -> bool:
    return int(found[2]) <= 14 and int(found[3] or 0) < 60


def _parse_offset(behind: str) -> timedelta:
    """From UTC, of the zone behind a time: a number before a name."""
    found = _OFFSET.search(behind)
    if found is not None and _is_offset(found):
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        return timedelta(minutes=-minutes if found[1] == "-" else minutes)
    named = (ZONES[word] for word in _WORD.findall(behind) if word in ZONES)
    return timedelta(hours=next(named, 0.0))


def _parse_day(text: str, *, is_american: bool) -> datetime | None:
    """The day at 0:00 UTC of a text without a time of day."""
    numbers = _NUMBER.findall(text)
    months = [MONTHS[word] for word in _WORD.findall(text) if word in MONTHS]
    if months:  # of two the first is a day of the week: mar. 15 nov. 2022
        return _day_with_month(numbers, months[-1])
    if len(numbers) in (1, 2) and len(numbers[0]) == 4 and _WHOLE_YEAR.fullmatch(text):
        return _day(numbers[0], int(numbers[1]) if len(numbers) == 2 else 1, 1)
    if len(numbers) != 3:
        return None
    if len(numbers[0]) == 4:
        return _day(numbers[0], int(numbers[1]), int(numbers[2]))
    first, second, year = int(numbers[0]), int(numbers[1]), numbers[2]
    if "/" not in text or first > 12:
        return _day(year, second, first)
    if second > 12 or first == second or is_american:
        return _day(year, first, second)
    weekday = next((_DAYS.index(w[:3]) for w in _WORD.findall(text) if w[:3] in _DAYS), None)
    fits = [d for d in (_day(year, first, second), _day(year, second, first)) if d and d.weekday() == weekday]
    return fits[0] if len(fits) == 1 else None


def _day_with_month(numbers: Sequence[str], month: int) -> datetime | None:
    match numbers:
        case [year] if len(year) == 4:
            return _day(year, month, 1)
        case [first, second, *_] if len(first) == 4:
            return _day(first, month, int(second))
        case [first, second, *_]:
            return _day(second, month, int(first))
    return None


def _day(year: str, month: int, day: int) -> datetime | None:
    """A day; a year of two or three digits is RFC 5322's (4.3), and the day behind the last of a month the next one."""
    number = int(year)
    if len(year) < 4:
        number += 2000 if number < 50 and len(year) < 3 else 1900
    if not (1 <= month <= 12 and 1 <= day <= 31 and 1900 <= number <= 2200):
        return None
    return datetime(number, month, 1, tzinfo=UTC) + timedelta(days=day - 1)
