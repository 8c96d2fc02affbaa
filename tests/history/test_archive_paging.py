"""Older pages of a feed are read for a backfill, each once, whatever a server links to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from podwatch.errors import PodwatchError
from podwatch.history.archive_paging import read_pages
from podwatch.line.poll import poll
from podwatch.model import Feed
from podwatch.runtime import Runtime
from tests.support.podcast_host import Podcast, item, rss


def page_xml(*guids: str, rel: str = "next", to: str | None = None, day: int = 3) -> str:
    items = [item(g, published=f"{day:02} Nov 2026 05:00:00 +0000") for g in guids]
    link = f"<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='{rel}' href='{to}'/>" if to else ""
    return rss(*items).replace("<language>", f"{link}<language>")


def read_guids(rt: Runtime, podcast: Podcast, since: datetime | None = None) -> list[list[str]]:
    return [[e.guid for e in p.episodes] for p in read_pages(rt, Feed(url=podcast.url("/1.xml")), since)]


def test_pages_are_followed_to_the_last(rt: Runtime, podcast: Podcast) -> None:
    podcast.serve("/1.xml", page_xml("c", to="/2.xml"))
    podcast.serve("/2.xml", page_xml("b", to=podcast.url("/3.xml"), rel="prev-archive"))
    podcast.serve("/3.xml", page_xml("a"))
    assert read_guids(rt, podcast) == [["c"], ["b"], ["a"]]


def test_a_loop_ends(rt: Runtime, podcast: Podcast) -> None:
    podcast.serve("/1.xml", page_xml("b", to="/2.xml"))
    podcast.serve("/2.xml", page_xml("a", to="/1.xml"))
    assert read_guids(rt, podcast) == [["b"], ["a"]]
    podcast.serve("/1.xml", page_xml("b", to="/1.xml"))
    assert read_guids(rt, podcast) == [["b"]]


def test_a_server_that_answers_every_page_number_with_the_same_page_ends_the_crawl(
    rt: Runtime, podcast: Podcast
) -> None:
    podcast.serve("/1.xml", page_xml("b", to="/1.xml?page=2"))  # the host ignores what is behind the question mark
    assert read_guids(rt, podcast) == [["b"]]


def test_pages_that_overlap_give_each_episode_once(rt: Runtime, podcast: Podcast) -> None:
    podcast.serve("/1.xml", page_xml("c", "b", to="/2.xml"))
    podcast.serve("/2.xml", page_xml("b", "a"))
    assert read_guids(rt, podcast) == [["c", "b"], ["a"]]


def test_the_crawl_ends_at_the_first_day_of_the_range(rt: Runtime, podcast: Podcast) -> None:
    podcast.serve("/1.xml", page_xml("c", to="/2.xml", day=9))
    podcast.serve("/2.xml", page_xml("b", to="/3.xml", day=5))
    podcast.serve("/3.xml", page_xml("a", day=1))
    assert read_guids(rt, podcast, since=datetime(2026, 11, 7, tzinfo=UTC)) == [["c"], ["b"]]


def test_pages_that_begin_with_the_oldest_are_read_to_the_newest(rt: Runtime, podcast: Podcast) -> None:
    oldest = [item(g, published=f"{day:02} Jan 2024 05:00:00 +0000") for g, day in (("a", 1), ("b", 2))]
    link = f"<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='next' href='{podcast.url('/2.xml')}'/>"
    podcast.serve("/1.xml", rss(*oldest).replace("<language>", f"{link}<language>"))
    podcast.serve("/2.xml", page_xml("c", to="/3.xml", day=5))
    podcast.serve("/3.xml", page_xml("d", day=9))
    assert read_guids(rt, podcast, since=datetime(2026, 11, 7, tzinfo=UTC)) == [["a", "b"], ["c"], ["d"]]


def test_a_page_that_is_no_feed_is_an_error_after_the_pages_before_it(rt: Runtime, podcast: Podcast) -> None:
    podcast.serve("/1.xml", page_xml("b", to="/2.xml"))
    podcast.serve("/2.xml", "<html>Sorry</html>")
    found = read_pages(rt, Feed(url=podcast.url("/1.xml")))
    assert [e.guid for e in next(found).episodes] == ["b"]
    with pytest.raises(PodwatchError, match="an older page of the feed is a web page, not a feed"):
        next(found)


def test_older_pages_at_internal_addresses_are_not_reached(rt: Runtime, podcast: Podcast) -> None:
    podcast.serve("/1.xml", page_xml("b", to="http://[::1]:1/2.xml"))
    found = read_pages(rt, Feed(url=podcast.url("/1.xml")))
    next(found)
    with pytest.raises(PodwatchError, match="::1 is not a public address"):
        next(found)


def test_poll_reads_no_older_page(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    rt.store.add_feeds([Feed(url=podcast.serve("/1.xml", page_xml("b", to="/2.xml")))], now)
    poll(rt, now)
    assert "/2.xml" not in podcast.statuses
