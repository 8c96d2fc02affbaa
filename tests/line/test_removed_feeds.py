"""A feed that was removed and is added again says nothing a second time, whatever its address is now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from podwatch.line.deliver import deliver
from podwatch.line.detect import detect
from podwatch.line.fetch import fetch
from podwatch.line.poll import poll
from podwatch.model import Feed, Watch
from podwatch.runtime import Runtime
from podwatch.store import removed_feeds
from podwatch.store.removed_feeds import _plain_address
from podwatch.store.tables import marks
from tests.support.podcast_host import Podcast, item, rss, vtt

DAY = timedelta(days=1)


def run(rt: Runtime, moment: datetime) -> int:
    """All four verbs; returns how many alerts were sent."""
    poll(rt, moment, force=True)
    fetch(rt, moment)
    detect(rt, moment)
    return deliver(rt, moment).new


def listed(podcast: Podcast, *guids: str, title: str = "The Show", prefix: str = "") -> str:
    items = (item(prefix + g, title=f"About {g}", transcript=podcast.url("/grain.vtt")) for g in guids)
    return rss(*items, title=title)


def begin(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    """A feed of which something was said, and which was removed."""
    podcast.serve("/grain.vtt", vtt("we talk about grain"))
    rt.store.sync_watches([Watch(name="grain", query="grain", channel="#t")], now)
    url = podcast.serve("/old/feed", listed(podcast, "aaa", "bbb"))
    rt.store.add_feeds([Feed(url=url)], now)
    assert run(rt, now) == 2
    assert rt.store.remove_feed(url)


# name: (the path that is added, what it lists, how many alerts are new)
RETURNS: dict[str, tuple[str, dict[str, Any], int]] = {
    "the same address": ("/old/feed", {}, 0),
    "a slash behind it": ("/old/feed/", {}, 0),
    "where it has moved to": ("/new.xml", {}, 0),
    "where it has moved to, with new guids": ("/new.xml", {"prefix": "n-"}, 0),
    "with a new episode": ("/new.xml", {"guids": ("aaa", "bbb", "ccc")}, 1),
    "under its address, renamed": ("/old/feed/", {"title": "Another name"}, 0),
    "another show with the same guids and titles": ("/other.xml", {"title": "Another"}, 2),
}


@pytest.mark.parametrize("case", RETURNS, ids=str)
def test_what_was_said_before_is_not_said_again(case: str, rt: Runtime, podcast: Podcast, now: datetime) -> None:
    path, changes, expected = RETURNS[case]
    begin(rt, podcast, now)
    said: dict[str, Any] = {"guids": ("aaa", "bbb"), **changes}
    rt.store.add_feeds(
        [Feed(url=podcast.serve(path, listed(podcast, *said.pop("guids"), **said)))],
        now + DAY,
    )
    assert run(rt, now + DAY) == expected
    assert rt.store.counts()["mentions"] == 2 + (expected == 1), "its mentions are found again"


def test_it_may_be_removed_and_added_again_and_again(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    begin(rt, podcast, now)
    for n in range(3):
        url = podcast.serve(f"/{n}.xml", listed(podcast, "aaa", "bbb", *(f"new-{k}" for k in range(n + 1))))
        rt.store.add_feeds([Feed(url=url)], now + (n + 1) * DAY)
        assert run(rt, now + (n + 1) * DAY) == 1
        assert rt.store.remove_feed(url)


ONE_ADDRESS = ("http://a.example/feed", "https://www.a.example/feed/", "https://a.example:443/feed")


def test_an_address_is_one_with_and_without_tls_www_and_a_slash() -> None:
    assert len({_plain_address(a) for a in ONE_ADDRESS}) == 1
    assert len({_plain_address(f"https://a.example{p}") for p in ("/f", "/g", "/f?x=1", "/f?x=2")}) == 4


def test_a_bounded_number_of_feeds_is_remembered(
    rt: Runtime, podcast: Podcast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removed_feeds, "MAX_FEEDS", 2)
    begin(rt, podcast, now)
    for n in range(3):
        url = podcast.serve(f"/{n}.xml", listed(podcast, f"x{n}", title=f"Show {n}"))
        rt.store.add_feeds([Feed(url=url)], now + (n + 1) * DAY)
        assert run(rt, now + (n + 1) * DAY) == 1
        rt.store.remove_feed(url)
    with rt.store.reading() as c:
        names = list(c.execute(select(marks.c.name).where(marks.c.name.startswith("removed_feeds"))).scalars())
    assert len(names) == 3, "an index, and the last two"
