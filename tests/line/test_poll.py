"""Polling many feeds: redirects, waits that hosts ask for, episodes that return under other guids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from podwatch import runtime
from podwatch.line.poll import poll
from podwatch.model import Episode, Feed
from podwatch.runtime import Runtime
from podwatch.settings import Settings
from podwatch.store import episode_upsert, episodes, tables
from tests.support.podcast_host import Podcast, item, rss

HOURS = timedelta(hours=1)


def add_feeds(rt: Runtime, now: datetime, *urls: str) -> None:
    rt.store.add_feeds([Feed(url=u) for u in urls], now)


def feed_of(rt: Runtime, url: str) -> Feed:
    return next(f for f in rt.store.feeds() if f.url == url)


def test_many_feeds_are_polled_at_once_and_each_once(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    urls = [podcast.serve(f"/{i}.xml", rss(item(f"e{i}"), title=f"Show {i}")) for i in range(60)]
    add_feeds(rt, now, *urls)
    seen: list[tuple[int, int]] = []
    tally = poll(rt, now, progress=lambda done, of: seen.append((done, of)))
    assert (tally.done, tally.new, tally.failed) == (60, 60, 0)
    assert seen[-1] == (60, 60)
    assert all(podcast.statuses[f"/{i}.xml"] == [200] for i in range(60))


@pytest.mark.parametrize(("header", "hours"), [("max-age=21600", 6), ("max-age=0", 0), ("no-cache, max-age=21600", 0)])
def test_a_feed_is_not_polled_before_its_server_says_that_it_may_change(
    header: str, hours: int, rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    items = [item(f"e{i}", published=f"{now - i * HOURS:%a, %d %b %Y %H:%M:%S} +0000") for i in range(1, 12)]
    url = podcast.serve("/f.xml", rss(*items), **{"Cache-Control": header})
    add_feeds(rt, now, url)
    poll(rt, now)
    following = feed_of(rt, url).next_poll_at
    assert following is not None
    assert int((following - now) / HOURS) == hours


def test_a_malformed_address_is_one_clear_line_and_stops_no_other(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    add_feeds(rt, now, "http://[bad/feed.xml", podcast.serve("/one.xml", rss(item("one"))))
    tally = poll(rt, now)
    assert (tally.new, tally.failed) == (1, 1)
    assert tally.notes[0].startswith("http://[bad/feed.xml: is not an http(s) address")


def test_a_permanent_redirect_changes_the_address_and_a_temporary_one_does_not(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    new = podcast.serve("/new.xml", rss(item("one")))
    moved = podcast.fail("/moved.xml", 301, times=1, Location=new)
    add_feeds(rt, now, moved)
    poll(rt, now)
    assert [f.url for f in rt.store.feeds()] == [new]
    away = podcast.fail("/away.xml", 302, times=1, Location=new)
    add_feeds(rt, now, away)
    poll(rt, now)
    assert feed_of(rt, away).error is None


def test_a_feed_that_moves_to_one_that_is_polled_already_is_polled_no_more(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    new = podcast.serve("/new.xml", rss(item("one")))
    old = podcast.fail("/old.xml", 308, times=1, Location=new)
    add_feeds(rt, now, new, old)
    tally = poll(rt, now)
    assert tally.failed == 1
    left = feed_of(rt, old)
    assert left.next_poll_at is None
    assert left.error == f"{old}: has moved to {new}, which is polled already - remove this one"


NEW = "<itunes:new-feed-url xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'>{}</itunes:new-feed-url>"


def feed_moved_to(url: str, *items: str, title: str = "The Show") -> str:
    """A feed that says where it has moved to."""
    return rss(*items, title=title).replace("<language>", NEW.format(url) + "<language>")


def test_a_feed_that_says_it_has_moved_is_polled_where_the_same_show_answers(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    old, new = podcast.url("/old.xml"), podcast.url("/new.xml")
    podcast.serve("/old.xml", feed_moved_to(new, item("a")))
    add_feeds(rt, now, old)
    poll(rt, now)
    assert feed_of(rt, old).error is None, "nothing answers there yet"
    podcast.serve("/new.xml", feed_moved_to(new, item("b"), item("a")))
    assert poll(rt, now + 25 * HOURS).new == 0
    assert [f.url for f in rt.store.feeds()] == [new]
    assert poll(rt, now + 50 * HOURS).new == 1
    assert rt.store.counts()["episodes"] == 2


# name: what stands where a feed says that it has moved to
NOT_THE_SHOW: dict[str, Callable[[str], str]] = {
    "a page": lambda old: "<!doctype html><html>Welcome</html>",
    "another show": lambda old: rss(item("z"), title="Another"),
    "a feed that says it has moved back": lambda old: feed_moved_to(old, item("a")),
}


@pytest.mark.parametrize("case", NOT_THE_SHOW, ids=str)
def test_a_feed_stays_where_it_is_when_it_says_it_has_moved_to(
    case: str, rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    old = podcast.url("/old.xml")
    podcast.serve("/old.xml", feed_moved_to(podcast.serve("/new.xml", NOT_THE_SHOW[case](old)), item("a")))
    add_feeds(rt, now, old)
    assert poll(rt, now).new == 1
    assert feed_of(rt, old).error is None
    poll(rt, now, force=True)
    assert podcast.statuses["/new.xml"] == [200], "once a day is often enough"


def test_a_feed_that_says_it_has_moved_to_an_internal_address_is_not_followed(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    old = podcast.serve("/old.xml", feed_moved_to("http://169.254.169.254/feed.xml", item("a")))
    add_feeds(rt, now, old)
    assert poll(rt, now).new == 1
    assert [f.url for f in rt.store.feeds()] == [old]


def test_a_host_that_asks_for_a_wait_gets_it_for_all_its_feeds(
    settings: Settings, podcast: Podcast, now: datetime
) -> None:
    urls = [podcast.fail(f"/{i}.xml", 429, Retry_After="7200") for i in range(9)]
    with runtime.build(replace(settings, poll_threads=1)) as rt:
        add_feeds(rt, now, *urls)
        tally = poll(rt, now)
        assert tally.failed <= 2
        assert sum(len(v) for v in podcast.statuses.values()) <= 2, "two requests may have been under way"
        assert all(f.next_poll_at > now for f in rt.store.feeds() if f.next_poll_at)
        unpolled = [f for f in rt.store.feeds() if f.last_polled_at is None]
        assert len(unpolled) >= 7
        assert all((f.failures, f.error, f.failing_since) == (0, None, None) for f in unpolled), (
            "they did nothing wrong"
        )


def test_a_feed_dead_for_two_weeks_is_still_polled_and_reported(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    url = podcast.url("/gone.xml")
    add_feeds(rt, now, url)
    moment, notes = now, list(poll(rt, now).notes)
    while moment < now + timedelta(days=16):
        moment += timedelta(hours=13)
        notes += poll(rt, moment).notes
    assert podcast.statuses["/gone.xml"].count(404) > 10
    report = f"it has failed since {now:%Y-%m-%d}: remove it, or mend its address"
    assert report not in notes[0]
    assert report in notes[-1]
    assert feed_of(rt, url).failing_since == now


def test_a_feed_that_was_gone_for_good_is_polled_again_once_it_is_added_again(
    rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    url = podcast.serve("/f.xml", rss(item("one")))
    add_feeds(rt, now, url)
    poll(rt, now)
    podcast.fail("/f.xml", 410)
    poll(rt, now + HOURS, force=True)
    assert poll(rt, now + 50 * HOURS, force=True).done == 0
    podcast.serve("/f.xml", rss(item("two"), item("one")))
    add_feeds(rt, now + 51 * HOURS, url)
    assert poll(rt, now + 51 * HOURS).new == 1
    assert rt.store.counts()["episodes"] == 2


def test_a_feed_that_works_again_has_no_failures(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    url = podcast.serve("/f.xml", rss(item("one")))
    podcast.fail("/f.xml", 503)
    add_feeds(rt, now, url)
    poll(rt, now)
    assert feed_of(rt, url).failures == 1
    poll(rt, now + HOURS)
    after = feed_of(rt, url)
    assert (after.failures, after.failing_since, after.error) == (0, None, None)


def test_a_poll_that_cannot_be_stored_loses_nothing_and_stops_no_other(
    rt: Runtime, podcast: Podcast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = [podcast.serve(f"/{name}.xml", rss(item(name), title=name)) for name in ("one", "bad", "two")]
    add_feeds(rt, now, *urls)

    def broken_columns(e: Episode) -> dict[str, object]:
        return episodes.episode_columns(e) | ({"guid": None} if e.guid == "bad" else {})

    with monkeypatch.context() as patched:
        patched.setattr(episode_upsert, "episode_columns", broken_columns)
        with pytest.raises(ExceptionGroup, match="1 item"):
            poll(rt, now)
    assert rt.store.counts()["episodes"] == 2
    assert [bool(feed_of(rt, url).error) for url in urls] == [False, True, False]
    assert poll(rt, now + 25 * HOURS).new == 1
    assert feed_of(rt, urls[1]).error is None


# name: (what the feed said first, what it says a day later)
SAME_EPISODE: dict[str, tuple[Callable[[], str], Callable[[], str]]] = {
    "a guid was added": (lambda: rss(item("a")), lambda: rss(item("a").replace(">a<", ">new-guid<", 1))),
    "every guid changed and the audio moved": (
        lambda: rss(item("a", title="The talk")),
        lambda: rss(item("b", title="The talk").replace("audio.example/b", "cdn.example/zz")),
    ),
}


@pytest.mark.parametrize("case", SAME_EPISODE, ids=str)
def test_an_episode_that_comes_back_under_another_guid_is_not_new(
    case: str, rt: Runtime, podcast: Podcast, now: datetime
) -> None:
    before, after = SAME_EPISODE[case]
    add_feeds(rt, now, podcast.serve("/f.xml", before()))
    assert poll(rt, now).new == 1
    podcast.serve("/f.xml", after())
    assert poll(rt, now + 25 * HOURS).new == 0
    assert rt.store.counts()["episodes"] == 1


def test_two_editions_with_one_title_on_one_day_are_two_episodes(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    morning, evening = item("m", title="Headlines"), item("e", title="Headlines")
    add_feeds(rt, now, podcast.serve("/f.xml", rss(morning)))
    poll(rt, now)
    podcast.serve("/f.xml", rss(evening, morning))
    assert poll(rt, now + 25 * HOURS).new == 1


def test_a_feed_with_one_guid_for_all_its_items_loses_none(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    items = [item(name, title=f"On {name}").replace(f">{name}<", ">the-show<", 1) for name in "abc"]
    add_feeds(rt, now, podcast.serve("/f.xml", rss(items[0])))
    assert poll(rt, now).new == 1
    for days, listed in ((2, items[1::-1]), (4, items[::-1]), (6, items[2:]), (8, items[::-1])):
        podcast.serve("/f.xml", rss(*listed))
        poll(rt, now + days * 25 * HOURS)
    with rt.store.reading() as c:
        stored = c.execute(select(tables.episodes.c.title, tables.episodes.c.audio_url)).all()
    assert sorted(stored) == [(f"On {name}", f"https://audio.example/{name}.mp3") for name in "abc"]


def test_a_members_feed_shares_the_identity_of_the_public_one(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    public = podcast.serve("/public.xml", rss(item("p1", title="The talk"), title="The Show"))
    add_feeds(rt, now, public)
    poll(rt, now)
    members = podcast.serve("/members.xml", rss(item("m1", title="The talk (ad-free)"), title="The Show+ (Members)"))
    add_feeds(rt, now, members)
    assert poll(rt, now).new == 1
    assert rt.store.counts()["episodes"] == 2
    assert len(set(rt.store.identities())) == 1


def test_the_wait_follows_the_rhythm_of_the_feed(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    daily = [item(f"d{n}", published=f"{n:02} Nov 2026 03:00:00 +0000") for n in (1, 2, 3)]
    url = podcast.serve("/daily.xml", rss(*daily))
    add_feeds(rt, now, url)
    poll(rt, datetime(2026, 11, 3, 6, tzinfo=UTC))
    due = feed_of(rt, url).next_poll_at
    assert due is not None
    assert timedelta(hours=2) <= due - now <= timedelta(hours=2.3)
