"""The calendar counts what `podwatch coverage` counts, and leads to each episode and its reason."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from podwatch.model import Coverage, NotListened, Period, Scope, TranscriptRef
from podwatch.policy.coverage import (
    measure_days,
    measure_each_feed,
    measure_feed_days,
    measure_feeds,
    measure_watches,
    sum_episodes,
)
from podwatch.runtime import Runtime
from podwatch.web.coverage import choose_level
from tests.support.page_visitors import GRAIN, LEE, browse, find_mentions, store_show

OFFERED = (TranscriptRef(url="https://show.example/t.vtt"),)


def test_the_days_add_up_to_the_period(either: Runtime, now: datetime) -> None:
    store_show(
        either,
        now,
        ["grain", None, "grain", None, None],
        change=lambda e: replace(e, transcripts=OFFERED if e.guid == "g1" else ()),
    )
    only_elsewhere = replace(LEE, scope=Scope(tags=("other",)))
    find_mentions(either, now, GRAIN, only_elsewhere)
    facts, by_day = either.store.daily_coverage_facts(Period(now - timedelta(days=20), now))
    whole = either.store.coverage_facts(Period(now - timedelta(days=20), now))
    for days, total in (
        (measure_days(facts, by_day), measure_feeds(whole, now)),
        (measure_feed_days(facts, by_day)[1], measure_feeds(whole, now)),
        ({"all": measure_each_feed(facts)[1]}, measure_feeds(whole, now)),
        ({"all": sum_episodes(measure_days(facts, by_day).values())}, measure_feeds(whole, now)),
        (measure_days(facts, by_day, facts.watches), measure_watches(whole, whole.watches, now)),
        (measure_days(facts, by_day, facts.watches[1:]), measure_watches(whole, whole.watches[1:], now)),
    ):
        assert sum(c.episodes for c in days.values()) == total.episodes
        assert sum(c.listened for c in days.values()) == total.listened
        for reason in NotListened:
            assert sum(c.why.get(reason, 0) for c in days.values()) == total.why.get(reason, 0)
    assert measure_days(facts, by_day, facts.watches[1:]) == {}


@pytest.mark.parametrize(
    ("episodes", "missed", "level"),
    [(0, 0, ""), (3, 0, "all"), (3, 1, "most"), (2, 1, "most"), (3, 2, "some"), (3, 3, "none"), (1, 1, "none")],
)
def test_a_day_has_the_level_of_what_was_listened_to(episodes: int, missed: int, level: str) -> None:
    assert choose_level(Coverage(episodes=episodes, why={NotListened.FAILED: missed} if missed else {})) == level


def test_a_day_leads_to_its_episodes_and_their_reasons(either: Runtime, now: datetime) -> None:
    store_show(either, now, ["the grain", None])
    find_mentions(either, now)
    browser = browse(either, now)
    text = browser.read("/coverage")
    assert "2026-11-02: 0 of 1 listened to; 1 names none" in text
    assert re.search(r'<td class="all"><a href="coverage/days/2026-11-03\?watch=grain"', text)
    assert re.search(r'<td class="none"><a href="coverage/days/2026-11-02\?feed=1"', text)
    assert "its feed names none" in browser.read("/coverage/days/2026-11-02?feed=1")
    assert "listened to</td>" in browser.read("/coverage/days/2026-11-03?watch=grain")
    assert "Nothing came out" in browser.read("/coverage/days/2026-11-03?feed=2")
    browser.read("/coverage/days/2026-11-03?watch=nobody", 404)
    browser.read("/coverage/days/yesterday", 400)
    earlier = browser.read("/coverage?until=2026-10-06")
    assert 'class="all"><a' not in earlier
    assert ">later</a>" in earlier


def test_the_api_reports_the_same(either: Runtime, now: datetime) -> None:
    store_show(either, now, ["the grain", None])
    find_mentions(either, now)
    browser = browse(either, now)
    for query in ("", "?watch=grain", "?feed=1"):
        report = browser.json(f"/api/v1/coverage{query}")
        assert report["total"] == {
            "day": None, "episodes": 2, "listened": 1, "not_listened": {"names_none": 1},
            "awaiting_hearing": 0, "left_to_text": {},
        }  # fmt: skip
        assert [d["day"] for d in report["days"]] == ["2026-11-02", "2026-11-03"]
    for query, status in (
        ("?watch=x", 404),
        ("?feed=9", 404),
        ("?since=2020-01-01", 400),
        ("?since=2026-12-01&until=2026-11-01", 400),
        ("?until=9999-12-31", 400),
        ("?until=x", 422),
    ):
        browser.json(f"/api/v1/coverage{query}", status)


def test_an_empty_calendar_says_what_to_do_next(rt: Runtime, now: datetime) -> None:
    assert "Add the feeds" in browse(rt, now).read("/coverage")
