"""How a backfill shares out its work: hosts side by side and each asked by one, parts that hold nobody up, progress."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.history.archive_crawl import crawl_archives
from podwatch.history.archive_paging import ArchivePage
from podwatch.history.backfill_scope import owns_host
from podwatch.history.backfill_steps import ProgressLog
from podwatch.history.backlog import spread_over_hosts
from podwatch.model import Backfill, Episode, Feed, FeedFacts, PollResult, Shard
from podwatch.net.host_queue import host_of
from podwatch.runtime import Runtime

DAYS = Backfill(since=datetime(2026, 9, 1, tzinfo=UTC), until=datetime(2026, 11, 1, tzinfo=UTC))
hosts = st.sampled_from(["a.example", "b.example", "c.example", "d.example"])


@given(st.lists(hosts, max_size=60), st.integers(1, 20))
def test_every_episode_is_in_one_part_and_a_part_is_shared_by_the_hosts(of: list[str], most: int) -> None:
    asked = list(enumerate(of))
    parts = list(spread_over_hosts(asked, most))
    assert sorted(n for part in parts for n in part) == list(range(len(of)))
    assert all(0 < len(part) <= max(most, len(set(of))) for part in parts)
    left = set(range(len(of)))
    for part in parts:
        there = {of[n] for n in left}
        counts = {host: sum(of[n] == host for n in part) for host in there}
        if len(there) <= most:  # nobody waits for another: who has enough left has the same share
            full = [counts[h] for h in there if sum(of[n] == h for n in left) >= most // len(there)]
            assert len(set(full)) <= 1
        left -= set(part)


@given(st.text(max_size=20), st.integers(1, 16))
def test_a_host_is_of_exactly_one_shard(host: str, count: int) -> None:
    assert sum(owns_host(Shard(i, count), host) for i in range(count)) == 1


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://cdn.example/a.vtt", "cdn.example"),
        ("http://CDN.example:81/a", "cdn.example:81"),
        ("notes:site.example", "notes:site.example"),
        ("http://[broken", "http://[broken"),
        ("", ""),
    ],
)
def test_who_is_asked_at_an_address(address: str, host: str) -> None:
    assert host_of(address) == host


class Archive:
    """Stands in for the pages of feeds; says whether hosts were asked at the same time, and whether one host twice."""

    def __init__(self, together: int) -> None:
        self._all_here = threading.Barrier(together, timeout=600)
        self._lock = threading.Lock()
        self._busy: set[str] = set()
        self.waited = 0

    def pages(self, rt: Runtime, feed: Feed, since: datetime, pause: object) -> Iterator[ArchivePage]:
        host = host_of(feed.url)
        with self._lock:
            assert host not in self._busy
            self._busy.add(host)
        if feed.url.endswith("/1"):
            self._all_here.wait()  # until all hosts are asked: for ever, if one had to wait for another
            self.waited += 1
        yield ArchivePage(feed.url, ())
        old = Episode(guid=f"{feed.url} old", title="old", published_at=DAYS.since + timedelta(days=1))
        with self._lock:
            self._busy.remove(host)
        yield ArchivePage(f"{feed.url}?page=2", (old,))


def test_hosts_are_walked_side_by_side_and_the_feeds_of_one_after_another(
    rt: Runtime, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [f"https://{host}.example/{n}" for host in "abcde" for n in range(1, 4)]
    rt.store.add_feeds([Feed(url=url) for url in urls], now)
    for feed in rt.store.feeds():
        facts = FeedFacts(title=feed.url, next_page="/2")
        polled = PollResult(feed=Feed(id=feed.id, url=feed.url, facts=facts), lists=lambda guid: True)
        rt.store.save_polls([polled], now, 10)
    archive = Archive(together=5)
    monkeypatch.setattr("podwatch.history.archive_crawl.read_pages", archive.pages)
    seen: list[tuple[str, int, int]] = []
    assert crawl_archives(rt, DAYS, now, progress=lambda *step: seen.append(step)) == 15
    assert archive.waited == 5
    assert seen[-1] == ("feeds", 15, 15)
    assert rt.store.counts()["episodes"] == 15
    assert crawl_archives(rt, DAYS, now) == 0  # they were walked today


def test_a_task_log_says_how_far_it_is_and_how_long_it_still_takes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "podwatch")
    at = 0.0
    shown = ProgressLog("backfill 3", lambda: at)
    for second in range(0, 100, 10):
        at = float(second)
        shown("transcripts", second * 20, 4000)
    assert [r.message for r in caplog.records] == [
        "backfill 3: 600 of 4000 transcripts, 20.0 a second, 170 s left",
        "backfill 3: 1200 of 4000 transcripts, 20.0 a second, 140 s left",
        "backfill 3: 1800 of 4000 transcripts, 20.0 a second, 110 s left",
    ]
