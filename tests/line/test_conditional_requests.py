"""What is known of a feed never hides what is new in it: conditions have a way out, whatever a server makes of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from podwatch.line.poll import poll
from podwatch.model import Feed
from podwatch.runtime import Runtime
from tests.support.podcast_host import Podcast, item, rss

DAY = timedelta(days=1)


def add_feed(rt: Runtime, url: str, now: datetime) -> None:
    rt.store.add_feeds([Feed(url=url)], now)


def only_feed(rt: Runtime) -> Feed:
    [feed] = rt.store.feeds()
    return feed


def test_a_server_that_says_not_modified_to_everything_is_asked_without_conditions_once_a_day(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    add_feed(rt, podcast.serve("/f.xml", rss(item("a"))), now)
    poll(rt, now)
    podcast.to_conditions["/f.xml"] = (304, {})
    podcast.serve("/f.xml", rss(item("b"), item("a")))
    found, moment = 0, now
    while moment < now + 2 * DAY:
        moment += timedelta(hours=1)
        found += poll(rt, moment).new
    assert found == 1
    assert podcast.statuses["/f.xml"].count(200) <= 4, "in two days"
    assert 304 in podcast.statuses["/f.xml"]


def test_a_poll_by_force_is_without_conditions(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    add_feed(rt, podcast.serve("/f.xml", rss(item("a"))), now)
    poll(rt, now)
    podcast.to_conditions["/f.xml"] = (304, {})
    podcast.serve("/f.xml", rss(item("b"), item("a")))
    assert poll(rt, now + timedelta(minutes=1), force=True).new == 1


@pytest.mark.parametrize("status", [400, 403, 412, 416, 500, 501, 502])
def test_a_server_that_fails_at_conditions_is_asked_again_at_once_without_them(
    status: int, rt: Runtime, podcast: Podcast
) -> None:
    now = datetime(2026, 11, 3, 12, tzinfo=UTC)
    add_feed(rt, podcast.serve("/f.xml", rss(item("a"))), now)
    poll(rt, now)
    podcast.to_conditions["/f.xml"] = (status, {})
    podcast.serve("/f.xml", rss(item("b"), item("a")))
    found = [poll(rt, now + timedelta(hours=h)) for h in range(1, 30)]
    assert sum(t.new for t in found) == 1
    assert sum(t.failed for t in found) == 0
    assert status in podcast.statuses["/f.xml"]


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_for_a_pause_is_not_asked_again(status: int, rt: Runtime, podcast: Podcast) -> None:
    now = datetime(2026, 11, 3, 12, tzinfo=UTC)
    add_feed(rt, podcast.serve("/f.xml", rss(item("a"))), now)
    poll(rt, now)
    podcast.to_conditions["/f.xml"] = (status, {"Retry-After": "60"})
    while podcast.statuses["/f.xml"][-1] != status:
        now += timedelta(hours=1)
        poll(rt, now)
    before = len(podcast.statuses["/f.xml"])
    poll(rt, now)
    assert len(podcast.statuses["/f.xml"]) == before


CUT = rss(item("c"), item("b"), item("a"))[:-300]
# name: a document that may have lost items
CUT_SHORT = {
    "in an item": CUT,
    "behind an item": CUT[: CUT.rindex("</item>") + len("</item>")],
    "a tag that is not closed": rss(item("c"), item("b"), item("a")).replace("</title>", "", 1),
}


@pytest.mark.parametrize("case", CUT_SHORT, ids=str)
def test_what_a_cut_document_lost_comes_under_the_same_etag(case: str, rt: Runtime, podcast: Podcast) -> None:
    now = datetime(2026, 11, 3, 12, tzinfo=UTC)
    add_feed(rt, podcast.serve("/f.xml", CUT_SHORT[case], ETag='"one"'), now)
    for hour in range(3):  # the second time it is the same document
        poll(rt, now + timedelta(hours=3 * hour))
        assert (only_feed(rt).etag, only_feed(rt).last_modified) == (None, None)
    podcast.to_conditions["/f.xml"] = (304, {})
    podcast.serve("/f.xml", rss(item("c"), item("b"), item("a")), ETag='"one"')
    poll(rt, now + timedelta(hours=9))
    assert rt.store.counts()["episodes"] == 3
    assert only_feed(rt).etag == '"one"'


def test_not_modified_at_the_first_poll_is_a_failure_that_says_so(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    add_feed(rt, podcast.fail("/f.xml", 304), now)
    tally = poll(rt, now)
    assert tally.failed == 1
    assert "answered 304 Not Modified to a request without conditions" in tally.notes[0]


def test_a_new_etag_of_an_unchanged_document_is_stored(rt: Runtime, podcast: Podcast) -> None:
    now = datetime(2026, 11, 3, 12, tzinfo=UTC)
    add_feed(rt, podcast.serve("/f.xml", rss(item("a")), ETag='"one"', **{"Last-Modified": "then"}), now)
    poll(rt, now)
    podcast.to_conditions["/f.xml"] = (304, {"ETag": '"two"'})
    while podcast.statuses["/f.xml"][-1] != 304:
        now += timedelta(hours=1)
        poll(rt, now)
    assert (only_feed(rt).etag, only_feed(rt).last_modified) == ('"two"', "then")
