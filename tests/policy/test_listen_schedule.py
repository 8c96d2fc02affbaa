"""Which episodes are listened to, in which order, within which budget, and when again after a failure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.model import Episode, ListenRequest
from podwatch.policy.listen_schedule import (
    TRIES,
    ListenRules,
    expected_seconds,
    is_listened_to,
    is_wanted,
    next_day,
    next_listen_at,
    plan_listening,
    seconds_left,
)

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
OFF = ListenRules(default=False, tags=frozenset(), newest=3)


def request(
    n: int = 1, *, feed: int = 1, days: float = 0.0, seconds: float | None = 1800.0, **facts: Any
) -> ListenRequest:
    e = Episode(
        guid=str(n), id=n, feed_id=feed, published_at=NOW - timedelta(days=days), first_seen_at=NOW, duration=seconds
    )
    return ListenRequest(episode=e, **facts)


# what the settings say, what the feed says, its tags -> whether it is listened to
FEEDS: dict[str, tuple[ListenRules, bool | None, tuple[str, ...], bool]] = {
    "off unless something says on": (OFF, None, ("news",), False),
    "the feed itself says on": (OFF, True, (), True),
    "the default says on": (replace(OFF, default=True), None, (), True),
    "the feed says off, the default on": (replace(OFF, default=True), False, (), False),
    "one of its tags says on": (replace(OFF, tags=frozenset({"news"})), None, ("news", "eu"), True),
    "another tag says on": (replace(OFF, tags=frozenset({"sport"})), None, ("news",), False),
    "the feed says off, its tag on": (replace(OFF, tags=frozenset({"news"})), False, ("news",), False),
}


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_is_listened_to_as_it_says_itself_then_its_tags_then_the_default(name: str) -> None:
    rules, listen, tags, expected = FEEDS[name]
    assert is_listened_to(rules, listen, tags) is expected


# an episode of a feed that is listened to -> whether it is wanted
EPISODES: dict[str, tuple[dict[str, Any], bool]] = {
    "one of the newest of a new feed": ({"was_there": True, "rank": 2}, True),
    "an older one of a new feed": ({"was_there": True, "rank": 3}, False),
    "one that came later, of which there are many": ({"rank": 40}, True),
    "one that came later, and is older than a month": ({"rank": 40, "days": 31.0}, False),
    "the newest, however old it is": ({"rank": 0, "days": 400.0}, True),
    "an old one that a backfill asks for": ({"was_there": True, "rank": 900, "days": 900.0, "requested": True}, True),
}


@pytest.mark.parametrize("name", EPISODES)
def test_of_a_new_feed_the_newest_few_are_wanted_and_then_all_that_come(name: str) -> None:
    facts, expected = EPISODES[name]
    assert is_wanted(OFF, request(**({"listen": True} | facts)), NOW) is expected


def test_an_episode_of_the_backlog_is_wanted_only_by_a_backfill() -> None:
    r = request(listen=True)
    old = replace(r, episode=replace(r.episode, backlog=True))
    assert not is_wanted(OFF, old, NOW)
    assert is_wanted(OFF, replace(old, requested=True), NOW)


def test_the_most_watched_feeds_come_first_and_of_these_the_newest_episodes() -> None:
    given_ = [request(1, feed=1), request(2, feed=2, days=3), request(3, feed=2, days=1), request(4, feed=3)]
    plan = plan_listening(given_, {1: 1, 2: 5, 3: 0}, 1e9)
    assert [r.episode.id for r in plan.chosen] == [3, 2, 1, 4]
    assert plan.postponed == ()


def test_what_is_beyond_the_budget_waits_and_a_long_talk_is_not_passed_over_for_ever() -> None:
    plan = plan_listening([request(1, seconds=7200.0), request(2, days=1)], {}, 3600.0)
    assert [r.episode.id for r in plan.chosen] == [1]
    assert [r.episode.id for r in plan.postponed] == [2]


def test_nothing_is_chosen_once_the_budget_is_spent() -> None:
    assert plan_listening([request(1)], {}, 0.0).chosen == ()


@given(
    lengths=st.lists(st.one_of(st.none(), st.floats(0, 20_000)), max_size=20),
    left=st.floats(0, 50_000),
)
def test_every_episode_is_either_chosen_or_waits_and_the_budget_is_exceeded_by_one_at_most(
    lengths: list[float | None], left: float
) -> None:
    given_ = [request(i, seconds=s) for i, s in enumerate(lengths)]
    plan = plan_listening(given_, {}, left)
    assert sorted(r.episode.id for r in (*plan.chosen, *plan.postponed)) == list(range(len(lengths)))
    assert sum(expected_seconds(r.episode) for r in plan.chosen[:-1]) < max(left, 1e-9)


# hours, money, price, seconds spent -> seconds left
BUDGETS = {
    "of hours": (2.0, None, 0.0, 3600.0, 3600.0),
    "of money, which is less": (10.0, 3.0, 1.5, 0.0, 7200.0),
    "of hours, which are less than the money": (1.0, 30.0, 1.5, 0.0, 3600.0),
    "without a price money is no bound": (1.0, 0.0, 0.0, 0.0, 3600.0),
    "no money": (1.0, 0.0, 1.0, 0.0, 0.0),
    "spent": (1.0, None, 0.0, 4000.0, 0.0),
}


@pytest.mark.parametrize("name", BUDGETS)
def test_the_budget_of_a_day_is_in_hours_and_in_money(name: str) -> None:
    hours, money, price, spent, expected = BUDGETS[name]
    assert seconds_left(hours, money, price, spent) == expected


def test_the_next_day_begins_at_midnight_in_utc() -> None:
    assert next_day(NOW) == datetime(2026, 12, 1, tzinfo=UTC)


def test_a_failure_that_may_pass_is_tried_again_ever_later_and_then_given_up() -> None:
    waits = [next_listen_at(n, True, NOW) for n in range(TRIES)]
    assert [w and (w - NOW).total_seconds() / 3600 for w in waits] == [1, 2, 4, 8, 16, None]
    assert next_listen_at(0, False, NOW) is None
