"""When an alert is sent, held until later, or suppressed: decided purely, with a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.model import ChannelRules, DeliverMode, HoldReason, Mute, QuietHours, Schedule
from podwatch.policy.holds import (
    HOUR,
    LATE_AFTER,
    Hold,
    Situation,
    decide_hold,
    digest_quiet_until,
    next_time,
    quiet_until,
)
from tests.support.builders import alert, episode, mention, watch

NOW = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)  # a Tuesday
BERLIN = "Europe/Berlin"


def situation(**changes: Any) -> Situation:
    facts: dict[str, Any] = {"now": NOW, "rules": ChannelRules(name="#podcasts"), "live": timedelta(days=7)}
    return Situation(**(facts | changes))


def rules(**changes: Any) -> ChannelRules:
    return ChannelRules(name="#podcasts", **changes)


def at(hour: int, minute: int = 0, day: int = 3) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


NIGHT = QuietHours(time(22), time(7))
A_MUTE = Mute(until=at(0, day=9), watch_id=1)
A_MUTED_SHOW = Mute(until=at(0, day=9), feed_id=1)
# case: (changes to the watch, the situation) -> why it is held back and until when
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], Hold | None]] = {
    "nothing speaks against it": ({}, {}, None),
    "the watch is gone": ({}, {"enabled": False}, Hold(HoldReason.DISABLED)),
    "the watch is only stored": ({"deliver": DeliverMode.NONE}, {}, Hold(HoldReason.MODE_NONE)),
    "the watch is collected": ({"deliver": DeliverMode.DIGEST}, {}, Hold(HoldReason.DIGEST, at(8))),
    "the watch was collected, and its time has come": (
        {"deliver": DeliverMode.DIGEST},
        {"held_before": HoldReason.DIGEST},
        None,
    ),
    "the watch is muted": ({}, {"mutes": [A_MUTE]}, Hold(HoldReason.MUTED_WATCH)),
    "the show is muted": ({}, {"mutes": [A_MUTED_SHOW]}, Hold(HoldReason.MUTED_SHOW)),
    "another watch is muted": ({}, {"mutes": [replace(A_MUTE, watch_id=2)]}, None),
    "another show is muted": ({}, {"mutes": [replace(A_MUTED_SHOW, feed_id=2)]}, None),
    "the mute is over": ({}, {"mutes": [replace(A_MUTE, until=NOW)]}, None),
    "too few mentions": ({"minimum": 2}, {}, Hold(HoldReason.MINIMUM)),
    "just enough mentions": ({"minimum": 1}, {}, None),
    "in quiet hours": ({}, {"rules": rules(quiet=NIGHT)}, Hold(HoldReason.QUIET, at(7))),
    "quiet hours just over": ({}, {"rules": rules(quiet=NIGHT), "now": at(7)}, None),
    "told a short while ago": ({"repeat_after": 7200.0}, {"last_sent_at": at(5)}, Hold(HoldReason.REPEATED, at(7))),
    "told long ago": ({"repeat_after": 3600.0}, {"last_sent_at": at(5)}, None),
    "never told": ({"repeat_after": 3600.0}, {}, None),
    "the channel is full": (
        {},
        {"rules": rules(ceiling=2), "sent_last_hour": [at(5, 10), at(5, 20), at(5, 50)]},
        Hold(HoldReason.CEILING, at(6, 20)),
    ),
    "the channel has room": ({}, {"rules": rules(ceiling=2), "sent_last_hour": [at(4, 50), at(5, 50)]}, None),
    "what is final comes before what passes": (
        {"deliver": DeliverMode.DIGEST},
        {"mutes": [A_MUTE], "rules": rules(quiet=NIGHT)},
        Hold(HoldReason.MUTED_WATCH),
    ),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_alert_goes_out_or_is_held_back_for_a_reason(case: str) -> None:
    changes, around, expected = CASES[case]
    assert decide_hold(alert(watch=watch(**changes)), situation(**around)) == expected


def test_a_sponsor_read_counts_for_no_minimum() -> None:
    said = alert(mention(), mention(start=900, label="sponsor"), watch=watch(minimum=2, skip=("sponsor",)))
    assert decide_hold(said, situation()) == Hold(HoldReason.MINIMUM)


def test_an_episode_known_long_before_its_watch_is_held_back_whatever_the_mode() -> None:
    old = alert(
        watch=watch(deliver=DeliverMode.DIGEST, revised_at=NOW), episode=episode(first_seen_at=NOW - timedelta(days=9))
    )
    assert decide_hold(old, situation()) == Hold(HoldReason.OLD_EPISODE)


def test_a_digest_with_a_time_of_its_own_does_not_wait_for_the_morning_and_another_does() -> None:
    quiet = situation(rules=rules(quiet=NIGHT))
    assert digest_quiet_until(HoldReason.DIGEST, quiet.now - timedelta(minutes=5), quiet) is None
    assert digest_quiet_until(HoldReason.CEILING, quiet.now, quiet) == at(7)


def test_a_digest_that_is_late_waits_for_the_end_of_the_quiet_hours() -> None:
    quiet = situation(rules=rules(quiet=NIGHT))
    assert digest_quiet_until(HoldReason.DIGEST, quiet.now - timedelta(hours=3), quiet) == at(7)


def test_an_alert_that_was_found_before_the_digest_and_looked_at_after_it_comes_with_that_digest() -> None:
    found = alert(watch=watch(deliver=DeliverMode.DIGEST))
    times = rules(digest=Schedule(time(5, 58)))
    early, late = (situation(rules=times, due_since=NOW - timedelta(minutes=m)) for m in (4, 1))
    assert decide_hold(found, early) == Hold(HoldReason.DIGEST, NOW - timedelta(minutes=2))
    assert decide_hold(found, late) == Hold(HoldReason.DIGEST, NOW - timedelta(minutes=2) + timedelta(days=1))


def test_what_could_not_be_sent_for_days_comes_as_one_digest() -> None:
    for waited, held in ((LATE_AFTER, None), (LATE_AFTER + timedelta(minutes=1), Hold(HoldReason.LATE, NOW))):
        assert decide_hold(alert(mention()), situation(due_since=NOW - waited)) == held


# (times, after) -> the next
NEXT = {
    "later today": (Schedule(time(8)), at(6), at(8)),
    "now is not later": (Schedule(time(8)), at(8), at(8, day=4)),
    "in a zone": (Schedule(time(8), zone=BERLIN), at(6), at(7)),
    "after a weekend": (Schedule(time(8), (0, 1, 2, 3, 4)), at(9, day=6), at(8, day=9)),
    "once a week": (Schedule(time(8), (1,)), at(9), at(8, day=10)),
    "in a zone a day ahead": (Schedule(time(8), zone="Pacific/Auckland"), at(6), at(19)),
}


@pytest.mark.parametrize("case", NEXT, ids=str)
def test_the_next_digest(case: str) -> None:
    times, after, expected = NEXT[case]
    assert next_time(times, after) == expected


ZONES = st.sampled_from(["UTC", BERLIN, "America/St_Johns", "Pacific/Chatham", "Pacific/Apia", "Africa/Casablanca"])
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)).map(lambda t: t.replace(tzinfo=UTC))  # noqa: DTZ001
DAYS = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))


@given(st.times(), DAYS, ZONES, MOMENTS)
def test_the_next_digest_is_later_on_its_day_at_its_hour_within_eight_days(
    clock: time, days: tuple[int, ...], zone: str, after: datetime
) -> None:
    clock = clock.replace(second=0, microsecond=0)
    found = next_time(Schedule(clock, days, zone), after)
    assert after < found <= after + timedelta(days=8, hours=1)
    local = found.astimezone(ZoneInfo(zone))
    skipped = local.time() != clock  # clocks were put forward over that time of day
    assert skipped or local.weekday() in days
    assert (
        not skipped
        or abs((local.replace(tzinfo=None) - datetime.combine(local.date(), clock)).total_seconds()) <= 86_400
    )


@given(st.times(), st.times(), ZONES, MOMENTS)
def test_quiet_hours_end_later_and_are_then_over(start: time, end: time, zone: str, now: datetime) -> None:
    quiet = QuietHours(start, end, zone)
    until = quiet_until(quiet, now)
    if start == end or until is None:
        return
    assert now < until <= now + timedelta(hours=26)
    local = now.astimezone(ZoneInfo(zone)).time()
    assert until - now > timedelta(hours=22) or start <= local or local < end


@given(
    st.sampled_from(list(DeliverMode)),
    st.lists(st.integers(0, 7200), max_size=8).map(lambda s: sorted(NOW - timedelta(seconds=x) for x in s)),
    st.integers(1, 5) | st.none(),
    st.integers(0, 9000),
    st.sampled_from([None, *HoldReason]),
)
def test_what_waits_waits_for_a_later_moment_and_what_is_final_for_none(
    mode: DeliverMode, hour: list[datetime], ceiling: int | None, ago: int, held_before: HoldReason | None
) -> None:
    s = situation(
        rules=rules(ceiling=ceiling, quiet=NIGHT),
        sent_last_hour=hour,
        last_sent_at=NOW - timedelta(seconds=ago),
        held_before=held_before,
    )
    holding = decide_hold(alert(watch=watch(deliver=mode, repeat_after=3600.0)), s)
    passing = (HoldReason.DIGEST, HoldReason.QUIET, HoldReason.REPEATED, HoldReason.CEILING)
    if holding is not None:
        assert (holding.until is not None) == (holding.why in passing)
        assert holding.until is None or holding.until > NOW


@given(st.lists(st.integers(1, 3599), min_size=1, max_size=12), st.integers(1, 5))
def test_never_more_than_the_ceiling_within_any_hour(gaps: list[int], ceiling: int) -> None:
    sent: list[datetime] = []
    now = NOW
    for gap in gaps:
        now += timedelta(seconds=gap)
        hour = [t for t in sent if t > now - HOUR]
        if decide_hold(alert(), situation(now=now, rules=rules(ceiling=ceiling), sent_last_hour=hour)) is None:
            sent.append(now)
    assert all(sum(t <= u < t + HOUR for u in sent) <= ceiling for t in sent)
