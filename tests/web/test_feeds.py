"""The feeds of the page: how each is, and adding, tagging and removing them, each noted."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from podwatch.model import Feed
from podwatch.runtime import Runtime
from podwatch.store.tables import feeds
from tests.support.page_visitors import browse, find_mentions, store_show

OPML = b"""<opml version="2.0"><body><outline text="Politics">
<outline type="rss" text="A" xmlUrl="https://a.example/f"/><outline type="rss" text="B" xmlUrl="no address"/></outline></body></opml>"""


@pytest.mark.parametrize(
    ("form", "file", "urls", "tags"),
    [
        ({"urls": "https://a.example/f"}, None, ["https://a.example/f"], ()),
        ({"urls": "https://a.example/f\r\nhttps://b.example/f\r\n", "tags": " News , daily,,"}, None, ["https://a.example/f", "https://b.example/f"], ("News", "daily")),
        ({"tags": "x"}, OPML, ["https://a.example/f"], ("Politics", "x")),
    ],
)  # fmt: skip
def test_feeds_are_added_by_address_and_by_opml(
    form: dict[str, str], file: bytes | None, urls: list[str], tags: tuple[str, ...], either: Runtime, now: datetime
) -> None:
    files = {"opml": ("f.opml", file)} if file else {"opml": ("", b"")}
    response = browse(either, now).send("/feeds", form, files=files)
    assert response.status_code == 303, response.text
    assert [f.url for f in either.store.feeds()] == urls
    assert all(f.tags == tags for f in either.store.feeds())
    assert ("Left+out" in response.headers["location"]) == (file is not None)
    [entry] = either.store.list_audit()
    assert (entry.who, entry.action, (entry.after or {})["feeds"]) == ("ada", "add feeds", urls)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"urls": ""}, "names no feed"), ({"urls": "not an address"}, "address"), ({"urls": "javascript:alert(1)"}, "address"),
        ({"urls": "https://x.example/?token=***"}, "has *** for a secret"), ({"urls": "https://a.example/f " * 201}, "more than 200 addresses"),
    ],
)  # fmt: skip
def test_what_is_no_feed_is_one_clear_line(form: dict[str, str], said: str, rt: Runtime, now: datetime) -> None:
    response = browse(rt, now).send("/feeds", form)
    assert response.status_code == 400
    assert said in response.text
    assert rt.store.feeds() == []
    assert rt.store.list_audit() == []


def test_a_login_in_an_address_is_shown_nowhere(rt: Runtime, now: datetime) -> None:
    browser = browse(rt, now)
    browser.send("/feeds", {"urls": "https://me:pa55word@a.example/f?auth=s3cret"})
    assert rt.store.feeds()[0].login is not None
    for view in ("/feeds", "/feeds/1", "/changes", "/api/v1/feeds", "/api/v1/changes"):
        assert "pa55" not in browser.read(view)
        assert "s3cret" not in browser.read(view)


def test_a_file_that_is_no_opml_is_one_clear_line(rt: Runtime, now: datetime) -> None:
    response = browse(rt, now).send("/feeds", {}, files={"opml": ("f.opml", b"\x00\x01 no xml")})
    assert response.status_code == 400
    assert "the OPML file" in response.text
    assert "/tmp" not in response.text


def test_tags_are_changed_and_noted_with_what_was_before(either: Runtime, now: datetime) -> None:
    store_show(either, now, [None])
    browser = browse(either, now)
    browser.send("/feeds/1/tags", {"tags": "Trade, news"})
    assert either.store.feeds()[0].tags == ("Trade", "news")
    browser.send("/feeds/1/tags", {"tags": "Trade, news, Trade"})
    [entry] = either.store.list_audit()
    assert (entry.before, entry.after) == ({"tags": ["news"]}, {"tags": ["Trade", "news"]})
    assert "tags: news" in browser.read("/changes")


def test_a_feed_is_removed_only_when_somebody_is_sure(either: Runtime, now: datetime) -> None:
    store_show(either, now, ["the grain"])
    find_mentions(either, now)
    browser = browse(either, now)
    assert browser.send("/feeds/1/remove", {}).status_code == 400
    assert len(either.store.feeds()) == 1
    assert browser.send("/feeds/1/remove", {"sure": "yes"}).status_code == 303
    assert either.store.feeds() == []
    [entry] = either.store.list_audit()
    assert (entry.action, entry.subject) == ("remove feed", "https://show.example/feed")
    browser.read("/feeds/1", 404)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "fine"), ({"error": "the server answered 500", "failing_since": 1}, "failing"),
        ({"error": "gone", "failing_since": 30}, "dead"), ({"last_polled_at": None}, "new"), ({"next_poll_at": None}, "ended"),
    ],
)  # fmt: skip
def test_a_feed_says_how_it_is(values: dict[str, object], said: str, rt: Runtime, now: datetime) -> None:
    store_show(rt, now, [None])
    found = {k: now - timedelta(days=v) if isinstance(v, int) else v for k, v in values.items()}
    if found:
        rt.store.execute(update(feeds).values(**found))
    text = browse(rt, now).read("/feeds")
    assert re.search(rf'<span class="state \w+">{said}</span>', text)
    assert str(values.get("error", "")) in text


def test_many_feeds_come_in_pages_and_are_found_by_title_tag_and_state(rt: Runtime, now: datetime) -> None:
    rt.store.add_feeds(
        [
            Feed(url=f"https://f{i}.example/f", title=f"Show {i:03}", tags=("even",) if i % 2 == 0 else ())
            for i in range(250)
        ],
        now,
    )
    browser = browse(rt, now)
    assert browser.read("/feeds").count("<tr>") == 101
    assert browser.read("/feeds?from=200").count("<tr>") == 51
    assert browser.read("/feeds?tag=even&from=100").count("<tr>") == 26
    assert browser.read("/feeds?q=show+007").count("<tr>") == 2
    assert "No feed fits" in browser.read("/feeds?state=dead")
    assert 'name="feed" inputmode' in browser.read("/alerts?state=sent")  # a list of 250 would be most of the page


def test_the_episodes_of_a_feed_say_what_became_of_each(either: Runtime, now: datetime) -> None:
    store_show(either, now, ["the grain", None], change=lambda e: replace(e, title=e.guid))
    find_mentions(either, now)
    text = browse(either, now).read("/feeds/1")
    assert re.search(r">g0</a></td><td class=\"good\">listened to</td>", text)
    assert re.search(r">g1</a></td><td class=\"dim\">its feed names none</td>", text)
