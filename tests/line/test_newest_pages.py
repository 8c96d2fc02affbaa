"""What is new is found on the last page of a feed whose pages begin with the oldest; no other feed is asked for more."""

from __future__ import annotations

from datetime import datetime, timedelta

from podwatch.line.poll import poll
from podwatch.model import Feed
from podwatch.runtime import Runtime
from tests.support.podcast_host import Podcast, item, rss

DAY = timedelta(days=1)


def page(now: datetime, to: str | None, **days_ago: float) -> str:
    """A page with these items, in their order, which names the next page."""
    link = f"<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='next' href='{to}'/>" if to else ""
    items = [item(guid, published=f"{now - d * DAY:%a, %d %b %Y %H:%M:%S} +0000") for guid, d in days_ago.items()]
    return rss(*items).replace("<language>", link + "<language>")


def oldest_first(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    rt.store.add_feeds([Feed(url=podcast.serve("/1", page(now, "/2", a=400, b=300)))], now)
    podcast.serve("/2", page(now, "/3", c=200, d=100))
    podcast.serve("/3", page(now, None, e=2, f=1))


def test_what_is_new_is_found_on_the_last_page(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    oldest_first(rt, podcast, now)
    assert poll(rt, now).new == 6
    podcast.serve("/3", page(now, None, e=2, f=1, g=0))
    assert poll(rt, now + DAY, force=True).new == 1, "the first page has not changed"
    podcast.serve("/3", page(now, "/4", e=2, f=1, g=0))
    podcast.serve("/4", page(now, None, h=-1))
    assert poll(rt, now + 2 * DAY, force=True).new == 1
    podcast.serve("/4", page(now, None, h=-1, i=-2))
    assert poll(rt, now + 3 * DAY, force=True).new == 1
    assert podcast.statuses["/2"] == [200], "read once"
    assert podcast.statuses["/3"] == [200] * 3, "no more, once another is the last"
    (feed,) = rt.store.feeds()
    assert feed.last_episode_at == now + 2 * DAY


def test_the_next_poll_is_when_the_newest_page_makes_one_expect_an_episode(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    oldest_first(rt, podcast, now)
    podcast.serve("/3", page(now, None, **{f"e{n}": n / 24 for n in range(12, 0, -1)}))
    poll(rt, now)
    following = rt.store.feeds()[0].next_poll_at
    assert following is not None
    assert following - now <= timedelta(hours=1)


def test_pages_that_are_numbered_anew_are_found_again(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    oldest_first(rt, podcast, now)
    poll(rt, now)
    del podcast.pages["/3"]
    podcast.serve("/2", page(now, None, c=200, d=100, e=2, f=1, g=0))
    assert poll(rt, now + DAY, force=True).new == 1


def test_a_newest_page_that_cannot_be_had_is_a_failure_of_the_feed(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    oldest_first(rt, podcast, now)
    poll(rt, now)
    del podcast.pages["/3"], podcast.pages["/2"]
    assert poll(rt, now + DAY, force=True).failed == 1
    oldest_first(rt, podcast, now)
    podcast.serve("/3", page(now, None, e=2, f=1, g=0))
    assert poll(rt, now + 2 * DAY, force=True).new == 1


def test_pages_that_go_back_are_left_to_backfills(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    rt.store.add_feeds([Feed(url=podcast.serve("/1", page(now, "/2", a=1, b=2)))], now)
    podcast.serve("/2", page(now, None, c=3, d=4))
    assert poll(rt, now, force=True).new == 2
    assert podcast.statuses["/2"] == []


def test_a_feed_that_has_been_quiet_is_asked_once_whether_its_pages_go_forward(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    rt.store.add_feeds([Feed(url=podcast.serve("/1", page(now, "/2", a=100, b=200)))], now)
    podcast.serve("/2", page(now, None, c=300, d=400))
    assert [poll(rt, now, force=True).new for _ in range(3)] == [2, 0, 0]
    assert podcast.statuses["/2"] == [200]


def test_pages_without_end_are_bounded(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    rt.store.add_feeds([Feed(url=podcast.serve("/1", page(now, "/2", a=200, b=100)))], now)
    podcast.serve("/2", page(now, "/2?again", c=2, d=1))
    assert [poll(rt, now, force=True).new for _ in range(2)] == [4, 0]
    assert len(podcast.statuses["/2"]) <= 4
