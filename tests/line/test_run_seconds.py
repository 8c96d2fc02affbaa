"""A run whose time is over: what is there is stored, the rest is due, and a host that never answers fails in the end."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from podwatch import runtime
from podwatch.line import ended_requests
from podwatch.line.fetch import fetch
from podwatch.line.poll import poll
from podwatch.model import Feed
from podwatch.runtime import Runtime
from podwatch.settings import Settings
from tests.support.podcast_host import Podcast, item, rss, vtt
from tests.support.stored_transcripts import list_wanted


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that lets everybody wait: nobody accepts what connects to it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def hurried(settings: Settings) -> Iterator[Runtime]:
    with runtime.build(replace(settings, run_seconds=2.0)) as built:
        yield built


def test_feeds_that_had_no_answer_are_due_as_before(
    hurried: Runtime, podcast: Podcast, silent: str, now: datetime
) -> None:
    podcast.serve("/feed.xml", rss(item("one")))
    addresses = [podcast.url("/feed.xml"), *(f"{silent}/{n}" for n in range(5))]
    hurried.store.add_feeds([Feed(url=url) for url in addresses], now)
    tally = poll(hurried, now)
    assert (tally.done + tally.left, tally.failed) == (6, 0)  # on a busy machine the good one has no answer, too
    assert tally.notes == (f"{tally.left} feeds are left to the next run: the time of this one is over",)
    waiting = hurried.store.feeds_due(now)
    assert [f.url for f in waiting][-5:] == addresses[1:]
    assert {f.failures for f in waiting} == {0}


def test_a_host_that_is_silent_for_long_has_failed_so_that_it_is_not_asked_for_ever(
    hurried: Runtime, silent: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ended_requests, "LONGEST_ANSWER", 0.1)
    hurried.store.add_feeds([Feed(url=f"{silent}/{n}") for n in range(5)], now)
    tally = poll(hurried, now)
    assert (tally.failed, tally.left) == (2, 3)  # two requests to a host at once
    failed = [f for f in hurried.store.feeds() if f.failures]
    assert all("did not answer within" in (f.error or "") for f in failed)
    assert len(failed) == 2


def test_transcripts_that_had_no_answer_are_free_for_the_next_run_at_once(
    rt: Runtime, podcast: Podcast, silent: str, now: datetime
) -> None:
    good = podcast.serve("/one.vtt", vtt("Good evening."), "text/vtt")
    items = [item("one", transcript=good), *(item(f"s{n}", transcript=f"{silent}/{n}.vtt") for n in range(4))]
    rt.store.add_feeds([Feed(url=podcast.serve("/feed.xml", rss(*items)))], now)
    poll(rt, now)
    with runtime.build(replace(rt.settings, run_seconds=2.0)) as hurried:
        tally = fetch(hurried, now)
        assert (tally.new + tally.left, tally.failed) == (5, 0)
        later = now + timedelta(seconds=1)
        assert sorted(w.episode.guid for w in list_wanted(rt.store, later))[-4:] == ["s0", "s1", "s2", "s3"]


def test_without_a_bound_everything_is_waited_for(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    podcast.serve("/feed.xml", rss(item("one")))
    rt.store.add_feeds([Feed(url=podcast.url("/feed.xml"))], now)
    assert poll(rt, now).left == 0
