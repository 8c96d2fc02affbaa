"""A day of a feed counts its polls and failures, in the transaction of the poll."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from podwatch.line.poll import poll
from podwatch.model import Episode, Feed, PollResult
from podwatch.runtime import Runtime
from podwatch.store import episode_upsert
from podwatch.store.database import Store
from podwatch.store.tables import feed_days
from tests.support.podcast_host import Podcast, item, rss

HOUR = timedelta(hours=1)


def days(store: Store) -> list[tuple[int, date, int, int, str]]:
    d = feed_days.c
    rows = store.read_rows(select(d.feed_id, d.day, d.polled, d.failed, d.last_answer).order_by(d.feed_id, d.day))
    return [(r.feed_id, r.day, r.polled, r.failed, r.last_answer) for r in rows]


def saved(store: Store, now: datetime, *answers: tuple[int, str, int]) -> None:
    """Saves polls: (the feed's id, its answer, its failures in a row)."""
    polls = [
        PollResult(feed=Feed(id=i, url=str(i), last_polled_at=now, failures=failures), answer=answer)
        for i, answer, failures in answers
    ]
    store.save_polls(polls, now, 10)


def test_each_poll_adds_to_its_feeds_utc_day(store: Store, now: datetime) -> None:
    store.add_feeds([Feed(url="https://a.example/"), Feed(url="https://b.example/")], now)
    a, b = (f.id for f in store.feeds())
    saved(store, now, (a, "200", 0), (b, "304", 0))
    saved(store, now + HOUR, (a, "https://a.example/: HTTP 503", 1))
    saved(store, now + 18 * HOUR, (a, "200", 0))
    assert days(store) == [
        (a, date(2026, 11, 3), 2, 1, "https://a.example/: HTTP 503"),
        (a, date(2026, 11, 4), 1, 0, "200"),
        (b, date(2026, 11, 3), 1, 0, "304"),
    ]


def test_a_feed_that_was_not_asked_has_no_day_and_a_long_answer_is_cut(store: Store, now: datetime) -> None:
    store.add_feeds([Feed(url="https://a.example/"), Feed(url="https://b.example/")], now)
    a, b = (f.id for f in store.feeds())
    saved(store, now, (a, "", 0), (b, "x" * 5000, 1))
    assert days(store) == [(b, now.date(), 1, 1, "x" * 200)]


def test_a_feed_takes_its_days_along_also_when_it_is_removed_during_its_poll(store: Store, now: datetime) -> None:
    store.add_feeds([Feed(url="https://a.example/"), Feed(url="https://b.example/")], now)
    a, b = (f.id for f in store.feeds())
    saved(store, now, (a, "200", 0), (b, "200", 0))
    store.remove_feed("https://a.example/")
    saved(store, now, (a, "304", 0), (b, "304", 0))
    assert days(store) == [(b, now.date(), 2, 0, "304")]


def test_poll_says_what_each_feed_answered(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    good = podcast.serve("/good.xml", rss(item("one")))
    bad = podcast.fail("/bad.xml", 503, times=9)
    rt.store.add_feeds([Feed(url=good), Feed(url=bad)], now)
    poll(rt, now)
    poll(rt, now + HOUR, force=True)
    (_, _, *of_good), (_, _, polled, failed, line) = days(rt.store)
    assert of_good == [2, 0, "200"]
    assert (polled, failed) == (2, 2)
    assert line.startswith(f"{bad}: ")
    assert "503" in line


def test_a_poll_that_cannot_be_stored_is_a_failed_one(
    rt: Runtime, podcast: Podcast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    rt.store.add_feeds([Feed(url=podcast.serve("/a.xml", rss(item("one"))))], now)

    def broken(*_: Any, **__: Any) -> Sequence[Episode]:
        raise RuntimeError("a bug")

    monkeypatch.setattr(episode_upsert, "_insert", broken)
    with pytest.raises(ExceptionGroup):
        poll(rt, now)
    [(_, day, polled, failed, _)] = days(rt.store)
    assert (day, polled, failed) == (now.date(), 1, 1)
