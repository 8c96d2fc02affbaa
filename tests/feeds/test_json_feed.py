"""A JSON Feed (jsonfeed.org) is read as any other feed is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.errors import FeedError
from podwatch.feeds import FeedReading, WholeReason, read_feed
from podwatch.line.poll import poll
from podwatch.model import Feed, TranscriptRef
from podwatch.runtime import Runtime
from tests.support.feed_parsers import InProcessParser
from tests.support.podcast_host import Podcast

URL = "https://show.example/feed.json"
AUDIO = {"url": "/1.m4a", "mime_type": "audio/x-m4a", "size_in_bytes": 89970236, "duration_in_seconds": 6629}
ITEM: dict[str, Any] = {
    "id": "show-1",
    "url": "https://show.example/1",
    "title": "Rain &amp; snow",
    "content_html": "<p>We talk about <a href='/notes'>grain</a>.</p>",
    "date_published": "2026-08-03T08:00:00.250+02:00",
    "attachments": [AUDIO],
    "_show": {"about": "nothing that is read"},
}


def document(*items: Any, **feed: Any) -> dict[str, Any]:
    head = {"version": "https://jsonfeed.org/version/1.1", "title": "The Show", "language": "en"}
    return {**head, **feed, "items": list(items)}


def read(said: Any) -> FeedReading:
    body = said if isinstance(said, bytes) else json.dumps(said).encode()
    return read_feed(body, URL, "application/feed+json", None, InProcessParser())


def test_the_facts_of_a_feed() -> None:
    facts = read(
        document(
            home_page_url="https://show.example/",
            next_url="?page=2",
            authors=[{"name": "Ann"}, {"name": "Bo"}],
            hubs=[{"type": "WebSub", "url": "https://hub.example/"}],
            expired=True,
        )
    ).facts
    assert (facts.title, facts.language, facts.link) == ("The Show", "en", "https://show.example/")
    assert (facts.author, facts.next_page) == ("Ann, Bo", "https://show.example/feed.json?page=2")
    assert (facts.hubs, facts.complete) == (("https://hub.example/",), True)


def test_an_item_is_an_episode() -> None:
    reading = read(document(ITEM))
    (e,) = reading.episodes
    assert (e.guid, e.title, e.link) == ("show-1", "Rain & snow", "https://show.example/1")
    assert (e.audio_url, e.duration) == ("https://show.example/1.m4a", 6629.0)
    assert e.published_at == datetime(2026, 8, 3, 6, 0, tzinfo=UTC)
    assert (e.notes, e.note_links, e.language) == ("We talk about grain .", ("https://show.example/notes",), "en")
    assert (reading.reason, reading.is_well_formed) == (WholeReason.JSON, True)


# name: (what an item says, what is read of it)
ITEMS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "an id that is a number": ({"id": 12}, {"guid": "12"}),
    "no id, but audio": ({"attachments": [AUDIO]}, {"guid": "https://show.example/1.m4a"}),
    "no id, but a page": ({"url": "https://show.example/2"}, {"guid": "https://show.example/2"}),
    "one author, as in version 1": ({"id": "a", "author": {"name": "Cy"}}, {"author": "Cy"}),
    "a language of its own": ({"id": "a", "language": "de"}, {"language": "de"}),
    "audio behind a picture and a paper": (
        {"id": "a", "attachments": [{"url": "/a.jpg", "mime_type": "image/jpeg"}, {"url": "/a.pdf"}, AUDIO]},
        {"audio_url": "https://show.example/1.m4a"},
    ),
    "video, and the same as audio": (
        {"id": "a", "attachments": [{"url": "/v.mp4", "mime_type": "video/mp4", "duration_in_seconds": 9}, AUDIO]},
        {"audio_url": "https://show.example/1.m4a", "duration": 6629.0, "other_audio": ("https://show.example/v.mp4",)},
    ),
    "a transcript among the attachments": (
        {"id": "a", "attachments": [AUDIO, {"url": "/1.vtt", "mime_type": "text/vtt; charset=utf-8"}]},
        {"transcripts": (TranscriptRef(url="https://show.example/1.vtt", media_type="text/vtt"),)},
    ),
    "text alone": ({"id": "a", "content_text": "a < b & c"}, {"title": "", "notes": "a < b & c"}),
    "no date, but one of a change": (
        {"id": "a", "date_modified": "2026-08-03T06:00:00Z"},
        {"published_at": datetime(2026, 8, 3, 6, tzinfo=UTC)},
    ),
    "an address that is none": (
        {"id": "a", "url": "javascript:x", "attachments": [{"url": "file:///etc/passwd", "mime_type": "audio/mpeg"}]},
        {"link": None, "audio_url": None},
    ),
    "another kind of everything": (
        {"id": ["x"], "title": 3, "url": {}, "attachments": "x", "authors": [1], "date_published": None, "tags": 1},
        {"title": "3", "link": None, "audio_url": None, "published_at": None},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ITEMS, ids=str)
def test_what_is_read_of_an_item(case: str) -> None:
    said, expected = ITEMS[case]
    (e,) = read(document(said)).episodes
    assert {name: getattr(e, name) for name in expected} == expected


def test_half_of_a_surrogate_pair_and_a_byte_order_mark_lose_nothing_else() -> None:
    body = b"\xef\xbb\xbf" + json.dumps(document(ITEM | {"title": "Rain \ud83d!"})).encode()
    assert [e.title for e in read(body).episodes] == ["Rain !"]


# name: (a body, what is said of it)
NO_FEEDS = {
    "half of a feed": (json.dumps(document(ITEM)).encode()[:300], "is ill-formed JSON, or only a part of it"),
    "another program's answer": (b'{"error": "not found"}', "is JSON, but no JSON Feed"),
    "nesting without end": (b'{"items":' + b"[" * 200_000, "is ill-formed JSON, or only a part of it"),
}


@pytest.mark.parametrize("case", NO_FEEDS, ids=str)
def test_what_is_no_json_feed_is_said(case: str) -> None:
    body, what = NO_FEEDS[case]
    with pytest.raises(FeedError, match=what):
        read(body)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = (
    "id",
    "url",
    "title",
    "content_html",
    "summary",
    "date_published",
    "attachments",
    "authors",
    "author",
    "language",
)


@given(st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES), max_size=4), st.dictionaries(st.text(), VALUES))
def test_whatever_it_holds_is_read_or_refused(items: list[dict[str, Any]], feed: dict[str, Any]) -> None:
    reading = read(json.dumps({"version": "https://jsonfeed.org/version/1", **feed, "items": items}).encode())
    assert len(reading.guid_keys) <= len(items)


def test_a_json_feed_is_polled_and_what_is_new_is_found(rt: Runtime, podcast: Podcast, now: datetime) -> None:
    page = "<html><link rel='alternate' type='application/feed+json' href='/feed.json'></html>"
    rt.store.add_feeds([Feed(url=podcast.serve("/", page, "text/html"))], now)
    podcast.serve("/feed.json", json.dumps(document(ITEM)), "application/feed+json")
    assert poll(rt, now, force=True).new == 1
    assert [f.url for f in rt.store.feeds()] == [podcast.url("/feed.json")]
    podcast.serve("/feed.json", json.dumps(document(ITEM | {"id": "show-2", "title": "Hail"}, ITEM)))
    assert poll(rt, now, force=True).new == 1
    assert [f.title for f in rt.store.feeds()] == ["The Show"]
