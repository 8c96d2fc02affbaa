"""The benchmarks of scale: their servers serve, their arithmetic is right, in its shortest form."""

from __future__ import annotations

import os
import urllib.request
from datetime import UTC, datetime

import pytest

from benchmarks.scale.airflow_line import most_at_once, percentile
from benchmarks.scale.costs import Costs, plan
from benchmarks.scale.processes import find_descendants, memory_of, sample_processes
from benchmarks.scale.shows import ALERT_WORD, Shows
from podwatch.feeds import read_feed


def get(url: str) -> bytes:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=20) as answer:
        return bytes(answer.read())


def test_a_show_that_publishes_has_one_episode_more_with_a_transcript_that_says_the_word() -> None:
    with Shows(4, hosts=2, minutes=1, watches=3) as shows:
        before = read_feed(get(shows.url(3)), shows.url(3), "application/rss+xml", None)
        shows.publish([3], datetime(2026, 11, 3, tzinfo=UTC))
        after = read_feed(get(shows.url(3)), shows.url(3), "application/rss+xml", None)
        assert (len(before.episodes), len(after.episodes)) == (3, 4)
        newest = max(after.episodes, key=lambda e: str(e.published_at))
        body = get(newest.transcripts[0].url)
    assert ALERT_WORD.encode() in body


def test_runs_that_overlap_are_counted_and_runs_that_follow_each_other_are_not() -> None:
    def run(start: str, end: str | None) -> dict[str, str | None]:
        return {"start_date": start, "end_date": end}

    assert most_at_once([run("1", "2"), run("2", "3"), run("3", None)]) == 1
    assert most_at_once([run("1", "3"), run("2", "4")]) == 2


@pytest.mark.parametrize(("share", "value"), [(0.5, 51), (0.95, 96), (1.0, 100)])
def test_a_percentile_is_one_of_the_values(share: float, value: int) -> None:
    assert percentile(list(range(1, 101)), share) == value


def test_the_plan_multiplies_what_was_measured() -> None:
    costs = Costs(0.0, 0.001, 0.0, 1000.0, 0.0, 20_000.0, 0.0, {1000: 0.0, 10_000: 0.001}, {}, {})
    lines = dict(plan(costs))
    assert lines["CPU hours a day: polls"] == "0.6"  # 500,000 feeds, four times, a millisecond
    assert lines["CPU hours a day: 100,000 watches"] == "0.1"  # 35,000 hours, ten times a millisecond
    assert lines["database after 365 days, GB"] == "256"


def test_a_process_is_measured_with_what_it_has_started() -> None:
    with Shows(1) as shows:
        assert shows.pid in find_descendants(os.getpid())
        assert memory_of(shows.pid) > 1
        assert sample_processes(os.getpid(), 1).children >= 1
    assert memory_of(2**22 + 1) == 0
