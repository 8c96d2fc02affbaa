"""What people have at hand instead of a feed's address is enough for `podwatch feeds add`."""

from __future__ import annotations

from datetime import datetime

import pytest

from podwatch.errors import PodwatchError
from podwatch.feeds import apple_podcast_id, find_feed_link
from podwatch.line.poll import poll
from podwatch.runtime import Runtime
from tests.support.command_runner import run_command
from tests.support.podcast_host import Podcast, item, rss

ALTERNATE = '<link rel="alternate" type="application/rss+xml" title="The Show" href="/feed.xml?a=1&amp;b=2">'

# What a page at https://show.example/about has in its head, and the feed that it names.
PAGES = {
    ALTERNATE: "https://show.example/feed.xml?a=1&b=2",
    "<link href='https://f.example/x' rel='alternate' type='application/atom+xml'/>": "https://f.example/x",
    "<LINK TYPE=application/rss+xml REL=alternate HREF=feed>": "https://show.example/feed",
    ALTERNATE.replace("The Show", "The Show - Comments Feed") + ALTERNATE.replace("feed.xml", "f2"): "https://show.example/f2?a=1&b=2",
    '<link rel="alternate" type="application/feed+json" href="/feed.json">': "https://show.example/feed.json",
    '<link rel="alternate" type="application/feed+json" href="/feed.json">' + ALTERNATE: "https://show.example/feed.xml?a=1&b=2",
    '<link rel="alternate" type="application/json" href="/wp-json/posts/1">': None,
    '<link rel="alternate" hreflang="de" href="/de">': None,
    '<link rel="alternate" type="application/rss+xml" href="javascript:x">': None,
    '<link rel="stylesheet" href="/a.css">': None,
}  # fmt: skip


@pytest.mark.parametrize("head", PAGES)
def test_a_page_names_its_feed(head: str) -> None:
    page = f"<!DOCTYPE html>\n<html><head><title>x</title>{head}</head><body>y</body></html>"
    assert find_feed_link(page.encode(), "https://show.example/about") == PAGES[head]


def test_a_feed_is_no_page() -> None:
    assert find_feed_link(rss(item("a")).replace("<language>", ALTERNATE + "<language>").encode(), "https://a/") is None


def test_the_feed_of_a_page_is_polled_from_the_first_poll_on(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    podcast.serve("/feed.xml", rss(item("one")))
    page = podcast.serve("/", f"<html><head>{ALTERNATE}</head></html>", "text/html")
    run_command(rt.settings, "feeds", "add", page)
    assert poll(rt, now, force=True).new == 1
    assert [f.url for f in rt.store.feeds()] == [podcast.url("/feed.xml?a=1&b=2")]
    assert poll(rt, now, force=True).failed == 0
    assert podcast.statuses == {"/": [200], "/feed.xml": [200, 200]}  # --force asks without conditions


def add(rt: Runtime, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[list[str], list[str]]:
    monkeypatch.setenv("PODWATCH_ALLOW_ADDRESSES", "127.0.0.0/8")
    status, out, err = run_command(rt.settings, "feeds", "add", *arguments)
    assert status == 0
    return out, err


def test_the_feed_of_a_page_is_said_at_once(rt: Runtime, podcast: Podcast, monkeypatch: pytest.MonkeyPatch) -> None:
    page = podcast.serve("/show", f"<html><head>{ALTERNATE}</head></html>", "text/html")
    feed = podcast.url("/feed.xml?a=1&b=2")
    assert add(rt, monkeypatch, page)[0] == [f"{page}: its feed is {feed}", "1 feed, 1 new"]
    assert [f.url for f in rt.store.feeds()] == [feed]
    assert add(rt, monkeypatch, page, "--json")[0] == [f'{{"feeds":1,"new":0,"found":{{"{page}":"{feed}"}}}}']


def test_a_page_without_a_feed_is_said_and_added(
    rt: Runtime, podcast: Podcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = podcast.serve("/show", "<html><head></head></html>", "text/html")
    out, err = add(rt, monkeypatch, page)
    assert out == ["1 feed, 1 new"]
    assert err == [f"{page}: is a web page that names no feed - add the address of the feed itself"]


def test_what_cannot_be_reached_or_looks_like_a_feed_or_is_known_is_added_as_it_is(
    rt: Runtime, podcast: Podcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = f"<html><head>{ALTERNATE}</head></html>"
    named = [podcast.serve(path, page, "text/html") for path in ("/feed", "/show.rss", "/x?feed=podcast")]
    away = podcast.fail("/away", 503)
    assert add(rt, monkeypatch, *named, away) == (["4 feeds, 4 new"], [])
    assert podcast.statuses == {"/away": [503]}
    podcast.serve("/away", page, "text/html")
    assert add(rt, monkeypatch, away) == (["1 feed, 0 new"], [])


def test_a_login_goes_to_the_page_and_to_its_feed_on_the_same_server_only(
    rt: Runtime, podcast: Podcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    podcast.logins |= {"/show": "anna:s3cret", "/club": "anna:s3cret"}
    podcast.serve("/show", f"<html><head>{ALTERNATE}</head></html>", "text/html")
    there = "<link rel=alternate type=application/rss+xml href=https://other.example/f>"
    podcast.serve("/club", f"<html><head>{there}</head></html>", "text/html")
    pages = [podcast.url(path).replace("://", "://anna:s3cret@") for path in ("/show", "/club")]
    out, _ = add(rt, monkeypatch, *pages)
    assert "s3cret" not in "".join(out)
    assert {f.url: f.login is not None for f in rt.store.feeds()} == {
        podcast.url("/feed.xml?a=1&b=2"): True,
        "https://other.example/f": False,
    }


LINKS = {
    "https://podcasts.apple.com/us/podcast/a-show/id1234567890": "1234567890",
    "https://podcasts.apple.com/us/podcast/a-show/id1234567890?i=1000&uo=4": "1234567890",
    "https://podcasts.apple.com/podcast/id42": "42",
    "https://itunes.apple.com/de/podcast/die-show/id42?mt=2": "42",
    "https://podcasts.apple.com/us/browse": None,
    "https://show.example/id42": None,
}


@pytest.mark.parametrize("link", LINKS)
def test_a_link_to_apple_podcasts_has_the_number_of_its_show(link: str) -> None:
    assert apple_podcast_id(link) == LINKS[link]


def test_the_feed_of_a_link_to_apple_podcasts_is_looked_up(
    rt: Runtime, podcast: Podcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PODWATCH_APPLE_LOOKUP", podcast.url("/lookup"))
    monkeypatch.setenv("PODWATCH_ALLOW_ADDRESSES", "127.0.0.0/8")
    podcast.serve("/lookup", '{"resultCount":1,"results":[{"feedUrl":"https://a.example/f"}]}', "text/javascript")
    link = "https://podcasts.apple.com/us/podcast/a-show/id42"
    assert run_command(rt.settings, "feeds", "add", link, "--tag", "x")[0] == 0
    assert [(f.url, f.tags) for f in rt.store.feeds()] == [("https://a.example/f", ("x",))]
    for answer in ('{"resultCount":0,"results":[]}', "[]", "<html>", '{"results":[{"feedUrl":1}]}'):
        podcast.serve("/lookup", answer, "text/javascript")
        with pytest.raises(PodwatchError, match="names no feed of this show"):
            run_command(rt.settings, "feeds", "add", link)
