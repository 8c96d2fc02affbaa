"""The chapters of an episode: those that its feed has, else the times that its show notes list. Pure.

Notes are stored as one line, so a list is known by its times: they begin at the beginning, and go up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from podwatch.model import Chapter, Episode

FEWEST = 3  # times that make a list of chapters; one or two are about something else
MOST = 200
LONGEST_TITLE, LONGEST_LAST = 120, 60  # characters; behind the last title the notes go on
FIRST_BEFORE = 90.0  # seconds: a list begins with the episode
_CLOCK = re.compile(
    r"(?<![\d:.])[(\[]?(?:(\d{1,2}):)?(\d{1,2}):([0-5]\d)[)\]]?(?![\d:])(?!\s*(?:[AaPp]\.?[Mm]|GMT|UTC|ET|PT)\b)"
)
_AROUND = " \t-–—:|.•·*()[]"


def chapters_of(episode: Episode) -> Sequence[Chapter]:
    """In the order of their times; none where neither the feed nor the notes have a list of them."""
    return episode.chapters or chapters_in_notes(episode.notes, episode.duration)


def chapters_in_notes(notes: str, duration: float | None) -> list[Chapter]:
    """The list of times that stand in front of their titles; nothing when the times are no such list."""
    clocks = list(_CLOCK.finditer(notes))
    starts = [int(m[1] or 0) * 3600.0 + int(m[2]) * 60 + int(m[3]) for m in clocks]
    if len(clocks) < FEWEST or starts[0] > FIRST_BEFORE or any(b <= a for a, b in pairwise(starts)):
        return []
    if duration and starts[-1] > duration + 60:
        return []
    found = []
    for i, (m, start) in enumerate(zip(clocks, starts, strict=True)):
        is_last = i + 1 == len(clocks)
        text = notes[m.end() :] if is_last else notes[m.end() : clocks[i + 1].start()]
        title = _cut(text.strip(_AROUND), LONGEST_LAST if is_last else LONGEST_TITLE)
        if not title:
            return []
        found.append(Chapter(start, title))
    return found[:MOST]


def _cut(title: str, most: int) -> str:
    """The title without what follows it: an address, or more words than a title has."""
    title = re.split(r"\s(?:https?://|www\.)", title, maxsplit=1)[0].strip()
    return title if len(title) <= most else title[:most].rsplit(" ", 1)[0].rstrip(_AROUND) + "…"
