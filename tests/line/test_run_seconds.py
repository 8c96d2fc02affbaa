"""A run whose time is over: what is there is stored, the rest is due, and a host that never answers fails in the end."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from podwatch import runtime
from podwatch.line.fetch import fetch
from podwatch.line.poll import poll
from podwatch.model import Feed
from podwatch.net import client
from podwatch.runtime import Runtime
from podwatch.settings import Settings
from tests.support.podcast_host import Podcast, item, rss, vtt
from tests.support.stored_transcripts import list_wanted


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that lets everybody wait: nobody accepts what connects to it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent server has failed a second after the time of the run is over."""
    monkeypatch.setattr(client, "MORE_SECONDS", 1.0)


@pytest.fixture
def hurried(settings: Settings) -> Iterator[Runtime]:
    with runtime.build(replace(settings, run_seconds=4.0)) as built:
        yield built


def test_feeds_that_were_not_asked_are_due_as_before_and_silent_ones_have_failed(
    hurried: Runtime, podcast: Podcast, silent: str, now: datetime
) -> None:
    podcast.serve("/feed.xml", rss(item("one")))
    addresses = [podcast.url("/feed.xml"), *(f"{silent}/{n}" for n in range(5))]
    hurried.store.add_feeds([Feed(url=url) for url in addresses], now)
    tally = poll(hurried, now)
    assert (tally.done, tally.new, tally.failed, tally.left) == (3, 1, 2, 3)  # two requests to a host at once
    assert tally.notes[-1] == "3 feeds are left to the next run: the time of this one is over"
    waiting = hurried.store.feeds_due(now)
    assert {f.url for f in waiting} < set(addresses[1:])
    assert {f.failures for f in waiting} == {0}


def test_transcripts_that_were_not_asked_for_are_free_for_the_next_run_at_once(
    rt: Runtime, podcast: Podcast, silent: str, now: datetime
) -> None:
    good = podcast.serve("/one.vtt", vtt("Good evening."), "text/vtt")
    items = [item("one", transcript=good), *(item(f"s{n}", transcript=f"{silent}/{n}.vtt") for n in range(4))]
    rt.store.add_feeds([Feed(url=podcast.serve("/feed.xml", rss(*items)))], now)
    poll(rt, now)
    with runtime.build(replace(rt.settings, run_seconds=4.0)) as hurried:
        tally = fetch(hurried, now)
        assert (tally.new, tally.failed, tally.left) == (1, 2, 2)
        later = now + timedelta(seconds=1)
        assert {w.episode.guid for w in list_wanted(rt.store, later)} < {"s0", "s1", "s2", "s3"}


def test_without_a_bound_everything_is_waited_for(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    podcast.serve("/feed.xml", rss(item("one")))
    rt.store.add_feeds([Feed(url=podcast.url("/feed.xml"))], now)
    assert poll(rt, now).left == 0
