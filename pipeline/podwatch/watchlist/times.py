"""Parses times as people write them in a watchlist: of digests, quiet hours, pauses between alerts. Pure."""

from __future__ import annotations

import re
from datetime import time
from zoneinfo import ZoneInfo

from podwatch.lazy_patterns import lazy_pattern
from podwatch.model import QuietHours, Schedule
from podwatch.model.channels import WEEK

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {"m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}
_DIGEST = lazy_pattern(
    r"(?P<how>\w+)(?:\s+(?P<days>[a-z]{3,9}(?:\s*,\s*[a-z]{3,9})*))?\s+(?P<at>\d{1,2}:\d\d)(?:\s+(?P<zone>\S+))?",
    re.IGNORECASE,
)
_QUIET = lazy_pattern(r"(\d{1,2}:\d\d)\s*(?:-|–|to)\s*(\d{1,2}:\d\d)(?:\s+(\S+))?")
_PAUSE = lazy_pattern(r"(\d{1,4})\s*(m|min|minutes?|h|hours?|d|days?|w|weeks?)")


def parse_digest_times(text: str) -> Schedule:
    """``daily 08:00 Europe/Berlin``, ``weekdays 8:00``, ``weekly mon 09:00`` or ``weekly mon,thu 09:00``; UTC unless
    a zone is given. Raises ValueError that says what to write."""
    form = _DIGEST.fullmatch(text.strip())
    how = form["how"].lower() if form else ""
    days = tuple(part.strip().lower()[:3] for part in form["days"].split(",")) if form and form["days"] else ()
    if form is None or how not in ("daily", "weekdays", "weekly") or (how == "weekly") != bool(days):
        raise ValueError("should be like daily 08:00 Europe/Berlin, weekdays 08:00 or weekly mon 08:00")
    if unknown := [d for d in days if d not in _DAYS]:
        raise ValueError(f"{unknown[0]} is no day of the week: write mon, tue, wed, thu, fri, sat or sun")
    chosen = {"daily": WEEK, "weekdays": WEEK[:5]}.get(how) or tuple(sorted({_DAYS.index(d) for d in days}))
    return Schedule(_parse_time(form["at"]), chosen, _parse_zone(form["zone"]))


def parse_quiet_hours(text: str) -> QuietHours:
    """``22:00-07:00 Europe/Berlin``; UTC unless a zone is given. Raises ValueError that says what to write.

    24:00 as the end is midnight (ISO 8601-1), which the clock shows as 0:00 of the next day.
    """
    form = _QUIET.fullmatch(text.strip())
    if form is None:
        raise ValueError("should be like 22:00-07:00 Europe/Berlin")
    start, end = _parse_time(form[1]), time(0) if form[2] == "24:00" else _parse_time(form[2])
    if start == end:
        raise ValueError("begins when it ends: for a channel that is never told, use deliver: none")
    return QuietHours(start, end, _parse_zone(form[3]))


def parse_pause(text: str) -> float:
    """Seconds of ``30m``, ``12h``, ``3d``, ``1w`` or ``2 days``. Raises ValueError that says what to write."""
    form = _PAUSE.fullmatch(text.strip().lower())
    if form is None:
        raise ValueError("should be like 30m, 12h, 3d or 1w")
    return int(form[1]) * _UNITS[form[2][0]]


def _parse_time(text: str) -> time:
    try:
        hour, minute = text.split(":")
        return time(int(hour), int(minute))
    except ValueError:
        raise ValueError(f"{text} is no time of day") from None


def _parse_zone(name: str | None) -> str:
    try:
        return ZoneInfo(name or "UTC").key
    except (ValueError, OSError, KeyError):  # a path, a folder, an unknown name
        raise ValueError(f"there is no time zone {name}: write one like Europe/Berlin") from None
