"""Which of the things that an item says of itself are taken: its title, its guid, its audio, its page."""

from __future__ import annotations

from typing import Any

import pytest

from podwatch import feeds
from podwatch.feeds import FeedReading
from tests.support.feed_oracle import CONTENT_TYPE, URL
from tests.support.feed_parsers import InProcessParser

NAMESPACES = (
    "xmlns:podcast='https://podcastindex.org/namespace/1.0' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' "
    "xmlns:media='http://search.yahoo.com/mrss/'"
)
MP3 = "<enclosure url='/a.mp3' type='audio/mpeg'/>"
A = "http://show.example/a.mp3"


def read(*items: str, channel: str = "", url: str = URL, default: str = "") -> FeedReading:
    body = "".join(f"<item>{item}</item>" for item in items)
    default = f" xmlns='{default}'" if default else ""
    text = f"<rss version='2.0' {NAMESPACES}><channel{default}><title>Show</title>{channel}{body}</channel></rss>"
    return feeds.read_feed(text.encode(), url, CONTENT_TYPE, None, InProcessParser())


# name: (the item, field, value)
CHOICES: dict[str, tuple[str, str, Any]] = {
    "itunes:title where there is no title": ("<itunes:title>Real</itunes:title>", "title", "Real"),
    "itunes:title where the title is empty": ("<title> </title><itunes:title>Real</itunes:title>", "title", "Real"),
    "the title before itunes:title": ("<title>Whole</title><itunes:title>Real</itunes:title>", "title", "Whole"),
    "audio behind a PDF": ("<enclosure url='/a.pdf' type='application/pdf'/>" + MP3, "audio_url", A),
    "audio behind an untyped picture": ("<enclosure url='/a.jpg'/>" + MP3, "audio_url", A),
    "audio behind a picture with a query": ("<enclosure url='/a.jpg?w=1'/>" + MP3, "audio_url", A),
    "audio behind a text": ("<enclosure url='/a' type='text/html'/>" + MP3, "audio_url", A),
    "audio that is called a text": ("<enclosure url='/a.mp3?x=1' type='text/html'/>", "audio_url", "http://show.example/a.mp3?x=1"),
    "no audio but a text": ("<enclosure url='/a.html' type='text/html'/><enclosure url='/b' type='text/plain'/>", "audio_url", None),
    "audio behind an unknown file": ("<enclosure url='/a' type='application/octet-stream'/>" + MP3, "audio_url", A),
    "untyped audio by its name": ("<enclosure url='/x'/><enclosure url='/a.mp3'/>", "audio_url", A),
    "audio before video": ("<enclosure url='/v.mp4' type='video/mp4'/>" + MP3, "audio_url", A),
    "video before a PDF": (
        "<enclosure url='/a.pdf'/><enclosure url='/v' type='video/mp4'/>",
        "audio_url",
        "http://show.example/v",
    ),
    "the first of two audios": (MP3 + "<enclosure url='/b.mp3' type='audio/mpeg'/>", "audio_url", A),
    "a file of an unknown kind where it is all": ("<enclosure url='/get?id=1'/>", "audio_url", "http://show.example/get?id=1"),
    "no audio but a PDF": ("<enclosure url='/a.pdf' type='application/pdf'/>", "audio_url", None),
    "a type with parameters": ("<enclosure url='/a' type='Audio/MPEG; x=y'/>", "audio_url", "http://show.example/a"),
    "application/ogg": ("<enclosure url='/a.jpg'/><enclosure url='/a' type='application/ogg'/>", "audio_url", "http://show.example/a"),
    "media:content": ("<media:content url='/c.jpg' type='image/jpeg'/><media:content url='/a.mp3' type='audio/mpeg'/>", "audio_url", A),
    "media:content by its medium": ("<media:content url='/a' medium='audio'/>", "audio_url", "http://show.example/a"),
    "media:content by its name": ("<media:content url='/a.mp3'/>", "audio_url", A),
    "media:content in a group": ("<media:group><media:content url='/a.mp3' type='audio/mpeg'/></media:group>", "audio_url", A),
    "no picture of media:content": ("<media:content url='/c' medium='image'/><media:content url='/d'/>", "audio_url", None),
    "the enclosure before media:content": ("<media:content url='/b.mp3' type='audio/mpeg'/>" + MP3, "audio_url", A),
    "media:content where the enclosure is none": ("<enclosure url='N/A'/><media:content url='/a.mp3'/>", "audio_url", A),
    "an address with a blank": ("<enclosure url='http://a.example/my file.mp3'/>", "audio_url", "http://a.example/my file.mp3"),
    "a relative address": ("<enclosure url='audio/a.mp3'/>", "audio_url", "http://show.example/audio/a.mp3"),
    "a guid as it is written": ("<guid>D03EEC9B-0002</guid>" + MP3, "guid", "D03EEC9B-0002"),
    "a guid in CDATA": ("<guid><![CDATA[ 17 ]]></guid>", "guid", "17"),
    "a relative guid": ("<guid>/episodes/1</guid>", "guid", "/episodes/1"),
    "a guid that is an address": ("<guid>http://x.example/1</guid>", "guid", "http://x.example/1"),
    "no page where the guid is none": ("<guid>D03EEC9B-0002</guid>", "link", None),
    "the guid's page": ("<guid>http://x.example/1</guid>", "link", "http://x.example/1"),
    "a relative guid's page": ("<guid>/episodes/1</guid>", "link", "http://show.example/episodes/1"),
    "the link before the guid": ("<link>http://x.example/2</link><guid>D03</guid>", "link", "http://x.example/2"),
    "the link behind the guid": ("<guid>D03</guid><link>http://x.example/2</link>", "link", "http://x.example/2"),
}  # fmt: skip


@pytest.mark.parametrize("case", CHOICES)
def test_an_item_is_read_as(case: str) -> None:
    item, name, value = CHOICES[case]
    assert getattr(read(item).episodes[0], name) == value


@pytest.mark.parametrize(
    "nothing",
    [
        "NOT AVAILABLE",
        "N/A",
        "n/a",
        "none",
        "TBD",
        "-",
        "#",
        "",
        "null",
        "coming soon",
        "about:blank",
        "http://",
        "https:///",
        "//",
        "tba:x.mp3",
    ],
)
def test_an_enclosure_that_is_no_address_makes_no_two_items_one(nothing: str) -> None:
    items = [
        f"<title>{n}</title><link>http://show.example/{n}</link><enclosure url='{nothing}' type='audio/mpeg'/>"
        for n in (1, 2)
    ]
    found = read(*items).episodes
    assert [e.guid for e in found] == ["http://show.example/1", "http://show.example/2"]
    assert [e.audio_url for e in found] == [None, None]


@pytest.mark.parametrize("link", ["<link>http://show.example/</link>", "<link>http://show.example</link>", ""])
def test_items_that_link_to_the_shows_page_are_told_apart_by_title_and_date(link: str) -> None:
    items = [f"<title>Part</title><pubDate>Tue, 0{n} Aug 2026 05:00:00 GMT</pubDate>{link}" for n in (1, 2)]
    found = read(*items, channel="<link>http://show.example/</link>").episodes
    assert len({e.guid for e in found}) == 2


def test_a_bare_guid_stays_when_the_feed_moves() -> None:
    item = "<guid>D03EEC9B-0002</guid><title>T</title>"
    before, after = (read(item, url=url).episodes[0].guid for url in ("https://old.example/f", "https://new.example/f"))
    assert before == after


DEFAULTS = ("", "https://www.rssboard.org/rss-specification", "http://backend.userland.com/rss2", "urn:any")


@pytest.mark.parametrize("default", DEFAULTS)
def test_podcast_tags_are_read_whatever_namespace_a_feed_takes_for_its_own(default: str) -> None:
    item = (
        "<title>One</title><guid isPermaLink='false'>1</guid><podcast:transcript url='/1.vtt' type='text/vtt'/>"
        "<podcast:season>3</podcast:season><podcast:person>Marta Quill</podcast:person>"
    )
    live = "<podcast:liveItem><title>Live</title><link>http://live.example/</link></podcast:liveItem>"
    reading = read(item, channel=f"<link>http://home.example/</link><ttl>60</ttl>{live}", default=default)
    (one,) = reading.episodes
    assert (one.guid, one.season, [p.name for p in one.persons]) == ("1", 3, ["Marta Quill"])
    assert [t.url for t in one.transcripts] == ["http://show.example/1.vtt"]
    assert (reading.facts.link, reading.facts.ttl) == ("http://home.example/", 3600.0)


def test_a_live_items_page_is_not_the_shows() -> None:
    live = "<podcast:liveItem><title>Live</title><link>http://live.example/</link></podcast:liveItem>"
    assert read("<guid>g</guid>", channel=live).facts.link is None
