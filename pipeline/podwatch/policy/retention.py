"""How long the text of a transcript is kept: what people may say, and what that means at a moment. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

FOR_EVER = 0  # days
_LENGTH = re.compile(r"(\d{1,5})\s*(d|days?|w|weeks?|y|years?)", re.IGNORECASE)
_DAYS = {"d": 1, "w": 7, "y": 365}
_FOR_EVER_WORDS = ("forever", "for ever", "always")


@dataclass(frozen=True, slots=True)
class ExpiredTexts:
    """The texts that came in before a moment. feeds: of these; None: of all that have no retention of their own."""

    before: datetime
    feeds: tuple[int, ...] | None = None


def parse_keep(text: str) -> int:
    """Days of ``90d``, ``12w``, ``2y`` or ``forever``. Raises ValueError that says what to write."""
    if text.strip().lower() in _FOR_EVER_WORDS:
        return FOR_EVER
    found = _LENGTH.fullmatch(text.strip())
    if found is None or not int(found[1]):
        raise ValueError("should be like 90d, 12w, 2y or forever")
    return int(found[1]) * _DAYS[found[2][0].lower()]


def describe_keep(days: int) -> str:
    return "forever" if days == FOR_EVER else f"{days}d"


def find_expired(default: int, own: Iterable[tuple[int, int]], now: datetime) -> Iterator[ExpiredTexts]:
    """What may go now. default: days, of feeds without their own; own: (feed, days). What is kept for ever never is."""
    if default != FOR_EVER:
        yield ExpiredTexts(now - timedelta(days=default))
    feeds: dict[int, list[int]] = defaultdict(list)
    for feed, days in own:
        feeds[days].append(feed)
    for days, some in sorted(feeds.items()):
        if days != FOR_EVER:
            yield ExpiredTexts(now - timedelta(days=days), tuple(some))
