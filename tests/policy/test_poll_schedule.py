"""When a feed is polled next: by its rhythm, its own word, its failures; at least once a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.policy.poll_schedule import (
    MAX_WAIT,
    NextPoll,
    Reason,
    is_dead,
    is_whole_due,
    schedule_after_failure,
    schedule_after_success,
)

NOW = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
HOUR, DAY = 3600.0, 86400.0


def every(seconds: float, since: float, count: int = 8) -> list[datetime]:
    """Episodes ``seconds`` apart, the newest ``since`` seconds ago."""
    return [NOW - timedelta(seconds=since + i * seconds) for i in range(count)]


def wait(found: NextPoll) -> float:
    assert found.at is not None
    return (found.at - NOW).total_seconds()


# name: (published, hint, seconds to wait, why)
CASES = {
    "an hourly show": (every(HOUR, 60), None, 300, Reason.RHYTHM),
    "a daily show, hours after its episode": (every(DAY, 5 * HOUR), None, 2 * HOUR, Reason.RHYTHM),
    "a daily show, shortly before the next": (every(DAY, 18.5 * HOUR), None, 1.5 * HOUR, Reason.RHYTHM),
    "a daily show, when the next is about to come": (every(DAY, 23 * HOUR), None, HOUR / 2, Reason.EXPECTED),
    "a daily show, overdue": (every(DAY, 30 * HOUR), None, HOUR / 2, Reason.EXPECTED),
    "a weekly show, in the middle of the week": (every(7 * DAY, 3 * DAY), None, 14 * HOUR, Reason.RHYTHM),
    "a monthly show": (every(30 * DAY, 3 * DAY), None, DAY, Reason.RHYTHM),
    "a show that paused": (every(DAY, 5 * DAY), None, 12 * HOUR, Reason.QUIET),
    "a show that ended": (every(DAY, 500 * DAY), None, DAY, Reason.QUIET),
    "a new show": (every(DAY, 10 * HOUR, count=1), None, HOUR, Reason.QUIET),
    "an empty feed": ([], None, DAY, Reason.QUIET),
    "a whole season on one day": (every(1, 2 * HOUR), None, 720, Reason.QUIET),
    "dates in the future are nonsense": (
        [NOW + timedelta(days=400), *every(DAY, 5 * HOUR)],
        None,
        2 * HOUR,
        Reason.RHYTHM,
    ),
    "it asks for less": (every(HOUR, 60), 4 * HOUR, 4 * HOUR, Reason.HINT),
    "it asks for more, which is not its to ask": (every(DAY, 5 * HOUR), 60.0, 2 * HOUR, Reason.RHYTHM),
    "it asks to be left alone for a year": (every(HOUR, 60), 365 * DAY, DAY, Reason.HINT),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_feed_is_polled_again_after_a_part_of_its_rhythm(case: str) -> None:
    published, hint, seconds, why = CASES[case]
    found = schedule_after_success(NOW, published, floor=300, hint=hint)
    assert wait(found) == pytest.approx(seconds)
    assert found.why == why


def test_a_new_feed_that_declares_its_rhythm_is_polled_at_that() -> None:
    assert wait(schedule_after_success(NOW, every(DAY, HOUR, count=1), floor=300, declared=7 * DAY)) == 14 * HOUR
    assert wait(schedule_after_success(NOW, [], floor=300, declared=DAY)) == DAY, "nothing came yet"
    assert wait(schedule_after_success(NOW, every(HOUR, 60), floor=300, declared=7 * DAY)) == 300, (
        "its episodes know better"
    )


@given(
    st.lists(st.datetimes(timezones=st.just(UTC)), max_size=20),
    st.floats(0, 7200),
    st.none() | st.floats(0, 1e9),
    st.text(),
)
def test_the_wait_is_never_under_the_floor_nor_much_over_a_day(
    published: list[datetime], floor: float, hint: float | None, url: str
) -> None:
    assert floor <= wait(schedule_after_success(NOW, published, floor=floor, hint=hint, url=url)) + 1e-3
    assert (
        wait(schedule_after_success(NOW, published, floor=floor, hint=hint, url=url)) <= max(MAX_WAIT, floor) * 1.1 + 1
    )


def test_a_failing_feed_is_polled_half_as_often_each_time_up_to_a_day() -> None:
    waits = [wait(schedule_after_failure(NOW, n, floor=300)) for n in range(1, 40)]
    assert waits[:4] == [300, 600, 1200, 2400]
    assert waits[-1] == MAX_WAIT


def test_a_server_that_asks_for_a_pause_gets_it_up_to_a_day() -> None:
    assert (
        wait(schedule_after_failure(NOW, 1, floor=300, asked=7200)),
        schedule_after_failure(NOW, 1, floor=300, asked=7200).why,
    ) == (
        7200,
        Reason.SERVER,
    )
    assert wait(schedule_after_failure(NOW, 1, floor=300, asked=1e9)) == MAX_WAIT
    assert wait(schedule_after_failure(NOW, 1, floor=300, asked=5)) == 300


def test_a_feed_that_is_gone_is_polled_no_more() -> None:
    assert schedule_after_failure(NOW, 1, floor=300, gone=True) == NextPoll(None, Reason.GONE)


def test_feeds_added_together_are_spread_over_time_each_always_the_same() -> None:
    urls = [f"https://a.example/{i}" for i in range(200)]
    first = [wait(schedule_after_success(NOW, every(DAY, 5 * HOUR), floor=300, url=u)) for u in urls]
    assert first == [wait(schedule_after_success(NOW, every(DAY, 5 * HOUR), floor=300, url=u)) for u in urls]
    assert len(set(first)) > 50
    assert max(first) <= 2 * HOUR * 1.1


def test_a_feed_is_dead_after_two_weeks_of_failures() -> None:
    assert not is_dead(None, NOW)
    assert not is_dead(NOW - timedelta(days=13), NOW)
    assert is_dead(NOW - timedelta(days=14), NOW)


@given(st.text(max_size=40), st.lists(st.floats(60, 86400), min_size=20, max_size=60))
def test_a_feed_is_requested_without_conditions_once_a_day(url: str, waits: list[float]) -> None:
    last, moment, asked = NOW, NOW, 0
    for seconds in waits:
        last, moment = moment, moment + timedelta(seconds=seconds)
        asked += is_whole_due(last, moment, url)
    days = (moment - NOW).total_seconds() / 86400
    assert days - 1 <= asked + sum(1 for w in waits if w >= 86400)
    assert asked <= days + 1
    assert is_whole_due(None, NOW, url)


def test_feeds_are_requested_without_conditions_at_different_times_of_the_day() -> None:
    hours = [NOW + timedelta(hours=h) for h in range(25)]
    when = [
        next(h for h in range(1, 25) if is_whole_due(hours[h - 1], hours[h], f"https://show{n}.example/feed"))
        for n in range(200)
    ]
    assert len(set(when)) >= 20
