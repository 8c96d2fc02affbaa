"""When a watch was silent for long enough to say so, and what is said: no mentions, or no data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from podwatch.model import Coverage, DeliverMode, Mute, NotListened
from podwatch.policy.reports import is_silence_due, silence_key, silence_report, silence_start
from tests.support.builders import watch

NOW = datetime(2026, 11, 3, 6, tzinfo=UTC)
DAY = timedelta(days=1)
SILENT = {"silent_after": 14 * 86400.0, "revised_at": NOW - 100 * DAY}
MUTE = Mute(watch_id=1, until=NOW + DAY)

# case: (fields of the watch, days since its last mention, mutes) -> whether its channel is told
CASES: dict[str, tuple[dict[str, Any], float | None, tuple[Mute, ...], bool]] = {
    "just as long as it says": ({}, 14, (), True),
    "not yet": ({}, 13.9, (), False),
    "never mentioned since it was made": ({}, None, (), True),
    "made anew since its last mention": ({"revised_at": NOW - 3 * DAY}, 50, (), False),
    "it does not ask": ({"silent_after": 0.0}, 50, (), False),
    "nobody is told of it": ({"deliver": DeliverMode.NONE}, 50, (), False),
    "it is muted": ({}, 50, (MUTE,), False),
    "only a show of it is muted": ({}, 50, (Mute(watch_id=1, feed_id=2, until=NOW + DAY),), True),
    "it was muted": ({}, 50, (Mute(watch_id=1, until=NOW),), True),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_silence_is_told_when_it_is_long_enough(case: str) -> None:
    changes, days, mutes, told = CASES[case]
    w = watch(**(SILENT | changes))
    start = silence_start(w, None if days is None else NOW - days * DAY)
    assert is_silence_due(w, start, mutes, NOW) == told


def test_each_silence_of_a_watch_has_a_key_of_its_own() -> None:
    w = watch(**SILENT)
    keys = {silence_key(x, t) for x in (w, watch(name="b"), watch(channel="#b")) for t in (NOW, NOW + DAY)}
    assert len(keys) == 6
    assert silence_key(w, NOW) == silence_key(watch(**SILENT | {"silent_after": 1.0}), NOW)


# case: (the coverage, the title, the lines)
WORDS: dict[str, tuple[dict[str, Any], str, tuple[str, ...]]] = {
    "no mentions": (
        {"feeds": 2, "episodes": 52, "why": {NotListened.NAMES_NONE: 11}, "days": 28, "days_polled": 28},
        "No mention of dobrynin for 14 days",
        ("listened to 41 of 52 episodes of its feeds in that time; 11 had no transcript",),
    ),
    "no data": (
        {"feeds": 2, "episodes": 3, "why": {NotListened.FAILED: 3}, "days": 28, "days_polled": 20, "days_unknown": 4},
        "No data on dobrynin for 14 days",
        ("listened to 0 of 3 episodes of its feeds in that time; 3 failed", "its feeds answered on 20 of 24 feed days"),
    ),
    "nothing came out": (
        {"feeds": 1},
        "No data on dobrynin for 14 days",
        ("no episode of its feeds came out in that time",),
    ),
    "no feeds": ({}, "No data on dobrynin for 14 days", ("no feed is in its scope",)),
}


@pytest.mark.parametrize("case", WORDS, ids=str)
def test_no_mentions_and_no_data_are_told_apart(case: str) -> None:
    values, title, lines = WORDS[case]
    said = silence_report(watch(**SILENT), NOW - 14.5 * DAY, Coverage(**values), NOW)
    assert (said.title, said.lines) == (title, lines)
