"""When a report is due, and what it says: of a silence no mentions or no data, of a week what was found and held."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.model import Coverage, DeliverMode, HearingCounts, HoldReason, Mute, NotListened, Period, Schedule
from podwatch.policy.reports import (
    ReportPlan,
    WatchCounts,
    is_silence_due,
    plan_report,
    silence_key,
    silence_report,
    silence_start,
    week_report,
)
from tests.support.builders import watch

NOW = datetime(2026, 11, 3, 6, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
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
    keys = {silence_key(x, t) for x in (w, watch(id=2), watch(channel="#b")) for t in (NOW, NOW + DAY)}
    assert len(keys) == 6
    assert silence_key(w, NOW) == silence_key(watch(**SILENT | {"silent_after": 1.0, "name": "renamed"}), NOW)


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


# ---- by schedule

MONDAYS = Schedule(time(8), (0,), "Europe/Berlin")
SCHEDULES = st.builds(
    Schedule,
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)


def test_a_schedule_that_is_new_or_changed_begins_with_its_next_time() -> None:
    due = datetime(2026, 11, 9, 7, tzinfo=UTC)
    assert plan_report(MONDAYS, None, NOW) == ReportPlan(None, due)
    assert plan_report(MONDAYS, due - HOUR, NOW) == ReportPlan(None, due)
    assert plan_report(MONDAYS, due, NOW) == ReportPlan(None, due)


def test_a_report_is_of_the_time_since_the_one_before_it() -> None:
    due = datetime(2026, 11, 9, 7, tzinfo=UTC)
    assert plan_report(MONDAYS, due, due + 5 * HOUR) == ReportPlan(Period(due - 7 * DAY, due), due + 7 * DAY)
    assert plan_report(MONDAYS, due, due + 15 * DAY) == ReportPlan(
        Period(due - 7 * DAY, due + 14 * DAY), due + 21 * DAY
    ), "those that were missed are one"


@given(SCHEDULES, st.lists(st.integers(1, 500), min_size=1, max_size=40))
def test_each_moment_is_in_one_report_whenever_somebody_looks(times: Schedule, hours: list[int]) -> None:
    now, planned = NOW, plan_report(times, None, NOW).next_at
    periods: list[Period] = []
    for step in hours:
        now += step * HOUR
        plan = plan_report(times, planned, now)
        assert plan.next_at > now
        assert (plan.period is not None) == (planned <= now)
        periods += [plan.period] if plan.period else []
        planned = plan.next_at
    assert all(a.until == b.since for a, b in pairwise(periods))
    assert all(p.since is not None and p.since < p.until <= now for p in periods)


def test_a_report_says_what_was_found_held_and_listened_to() -> None:
    held = {HoldReason.MUTED_WATCH: 2, HoldReason.OLD_EPISODE: 1}
    found = [
        (watch(name="grain"), WatchCounts(mentions=12, episodes=5, sent=2, held=held), Coverage(episodes=4)),
        (watch(name="rice"), WatchCounts(), Coverage(episodes=3, why={NotListened.NAMES_NONE: 1})),
        (watch(name="wu"), WatchCounts(), Coverage(episodes=1, hearings=HearingCounts(awaiting=1))),
    ]
    period = Period(NOW - 7 * DAY, NOW)
    said = week_report("#podcasts", period, found, Coverage(episodes=6, why={NotListened.NAMES_NONE: 1}))
    assert (said.title, said.coverage) == (
        "Podcasts, 2026-10-27 to 2026-11-03",
        "listened to 5 of 6 episodes in this time; 1 had no transcript",
    )
    assert said.lines == (
        "12 mentions: grain 12 in 5",
        "nothing of: rice, wu",
        "2 alerts sent, 3 held: 2 the watch was muted, 1 the episode was known long before the watch",
    )
    assert [len(row) for row in said.rows] == [len(said.columns)] * 3
    assert said.rows[1] == ("rice", "0", "0", "0", "0", "", "3", "2", "1", "1 names none", "")
    assert said.rows[2][-1] == "1 episode has a name in doubt that waits to be heard again"
    other = [week_report(c, p, [], Coverage()).key for c, p in (("#b", period), ("#podcasts", Period(None, NOW + DAY)))]
    assert len({said.key, *other}) == 3


def test_a_report_of_silence_says_that_the_name_waits_to_be_heard() -> None:
    c = Coverage(feeds=1, episodes=3, days=14, days_polled=14, hearings=HearingCounts(awaiting=2))
    [line] = silence_report(watch(**SILENT), NOW - 14.5 * DAY, c, NOW).lines
    assert line.endswith("; 2 episodes have a name in doubt that waits to be heard again")


@pytest.mark.parametrize("case", WORDS, ids=str)
def test_no_mentions_and_no_data_are_told_apart(case: str) -> None:
    values, title, lines = WORDS[case]
    said = silence_report(watch(**SILENT), NOW - 14.5 * DAY, Coverage(**values), NOW)
    assert (said.title, said.lines) == (title, lines)
