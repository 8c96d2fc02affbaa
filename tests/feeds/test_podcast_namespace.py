"""What is read of an item and of a channel, tag by tag, beyond what feedparser reads."""

from __future__ import annotations

from typing import Any

import pytest

from podwatch import feeds
from podwatch.model import Chapter, Episode, FeedFacts, Person, Soundbite, TranscriptRef
from tests.support.feed_oracle import CONTENT_TYPE, URL
from tests.support.feed_parsers import InProcessParser

NAMESPACE, OLD_NAMESPACE = (
    "https://podcastindex.org/namespace/1.0",
    "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md",
)


def feed(item: str = "", channel: str = "", podcast: str = NAMESPACE) -> bytes:
    return (
        f"<rss version='2.0' xmlns:podcast='{podcast}' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' "
        "xmlns:content='http://purl.org/rss/1.0/modules/content/' xmlns:atom='http://www.w3.org/2005/Atom' "
        "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'>"
        f"<channel><title>Show</title>{channel}<item><guid isPermaLink='false'>g</guid>{item}</item></channel></rss>"
    ).encode()


def episode(body: bytes) -> Episode:
    return feeds.read_feed(body, URL, CONTENT_TYPE, None, InProcessParser()).episodes[0]


def facts(body: bytes) -> FeedFacts:
    return feeds.read_feed(body, URL, CONTENT_TYPE, None, InProcessParser()).facts


VTT = TranscriptRef(url="http://show.example/a.vtt", media_type="text/vtt", language="en", rel="captions")
SRT = TranscriptRef(url="http://show.example/a.srt", media_type="application/srt")

ITEM: dict[str, tuple[str, str, Any]] = {
    "every transcript": (
        "<podcast:transcript url='/a.vtt' type='Text/VTT; charset=utf-8' language='en' rel='captions'/>"
        "<podcast:transcript url='a.srt' type='application/srt'/><podcast:transcript url='javascript:x'/>",
        "transcripts",
        (VTT, SRT),
    ),
    "persons with their names": (
        "<podcast:person>Ann</podcast:person><podcast:person role='Guest' group='Cast' href='/bo'>Bo &amp; Co</podcast:person>",
        "persons",
        (Person(name="Ann"), Person(name="Bo & Co", role="guest", href="http://show.example/bo")),
    ),
    "chapters": (
        "<podcast:chapters url='/c.json' type='application/json'/>",
        "chapters_url",
        "http://show.example/c.json",
    ),
    "chapters in the feed itself": (
        "<psc:chapters version='1.2' xmlns:psc='http://podlove.org/simple-chapters'>"
        "<psc:chapter start='00:10:05.5' title='The deal &amp; more' href='https://x.example'/>"
        "<psc:chapter start='00:00:00' title='Intro'/><psc:chapter start='x' title='No time'/>"
        "<psc:chapter start='3'/></psc:chapters>",
        "chapters",
        (Chapter(0.0, "Intro"), Chapter(605.5, "The deal & more")),
    ),
    "soundbites": (
        "<podcast:soundbite startTime='73.5' duration='60'>Best</podcast:soundbite><podcast:soundbite startTime='x'/>",
        "soundbites",
        (Soundbite(start=73.5, duration=60.0, title="Best"),),
    ),
    "podcast:season before itunes:season": (
        "<podcast:season>3</podcast:season><itunes:season>2</itunes:season>",
        "season",
        3,
    ),
    "itunes:season": ("<itunes:season>2</itunes:season>", "season", 2),
    "an episode number with a fraction": ("<podcast:episode>3.5</podcast:episode>", "number", 3.5),
    "itunes:episode": ("<itunes:episode>7</itunes:episode>", "number", 7.0),
    "a season that is no number": ("<itunes:season>two</itunes:season>", "season", None),
    "itunes:episodeType": ("<itunes:episodeType>Trailer</itunes:episodeType>", "episode_type", "trailer"),
    "itunes:author": ("<itunes:author>Ann</itunes:author>", "author", "Ann"),
    "itunes:block": ("<itunes:block>Yes</itunes:block>", "blocked", True),
    "podcast:block for everybody": ("<podcast:block>yes</podcast:block>", "blocked", True),
    "podcast:block for one platform": ("<podcast:block id='google'>yes</podcast:block>", "blocked", False),
    "the first enclosure that is no picture": (
        "<enclosure url='/p.png' type='image/png'/><enclosure url='/a.mp3' type='audio/mpeg'/>",
        "audio_url",
        "http://show.example/a.mp3",
    ),
    "further and alternate enclosures": (
        "<enclosure url='/a.mp3'/><enclosure url='/b.mp3'/><podcast:alternateEnclosure type='audio/opus'>"
        "<podcast:source uri='/a.opus'/><podcast:source uri='ipfs://x'/><podcast:source uri='/a.mp3'/></podcast:alternateEnclosure>",
        "other_audio",
        ("http://show.example/b.mp3", "http://show.example/a.opus"),
    ),
    "a file: enclosure is no audio": ("<enclosure url='file:///etc/passwd'/>", "audio_url", None),
    "a duration in hours": ("<itunes:duration>1:02:03</itunes:duration>", "duration", 3723.0),
    "a duration in seconds": ("<itunes:duration>90</itunes:duration>", "duration", 90.0),
    "a description behind content:encoded": (
        "<content:encoded>Short</content:encoded><description>The longer words</description>",
        "notes",
        "The longer words",
    ),
    "a description before content:encoded": (
        "<description>Short</description><content:encoded>&lt;p&gt;The longer &amp;amp; words&lt;/p&gt;</content:encoded>",
        "notes",
        "The longer & words",
    ),
    "a guid": ("", "guid", "g"),
}


@pytest.mark.parametrize("podcast", [NAMESPACE, OLD_NAMESPACE], ids=["new", "old"])
@pytest.mark.parametrize(("xml", "name", "value"), ITEM.values(), ids=ITEM)
def test_a_tag_of_an_item_is_read(xml: str, name: str, value: object, podcast: str) -> None:
    body = feed(xml, podcast=podcast)
    assert getattr(episode(body), name) == value
    other_prefix = body.replace(b"podcast:", b"pc20:").replace(b"xmlns:podcast", b"xmlns:pc20")
    assert getattr(episode(other_prefix), name) == value


CHANNEL: dict[str, tuple[str, str, Any]] = {
    "podcast:guid": ("<podcast:guid>917393e3</podcast:guid>", "podcast_guid", "917393e3"),
    "no guid of a live item": ("<podcast:liveItem><guid>live</guid></podcast:liveItem>", "podcast_guid", None),
    "its title, not that of a live item": ("<podcast:liveItem><title>Live</title></podcast:liveItem>", "title", "Show"),
    "its link, not that of a live item": (
        "<link>http://show.example/</link><podcast:liveItem><link>http://live.example/</link></podcast:liveItem>",
        "link",
        "http://show.example/",
    ),
    "the next page": ("<atom:link rel='next' href='/feed?page=2'/>", "next_page", "http://show.example/feed?page=2"),
    "the archive before": ("<atom:link rel='prev-archive' href='/2025'/>", "prev_archive", "http://show.example/2025"),
    "hubs": ("<atom:link rel='hub' href='http://hub.example/'/>", "hubs", ("http://hub.example/",)),
    "its own address": ("<atom:link rel='self' href='http://show.example/f'/>", "self_url", "http://show.example/f"),
    "the address it moved to": (
        "<itunes:new-feed-url>http://new.example/</itunes:new-feed-url>",
        "moved_to",
        "http://new.example/",
    ),
    "ttl in minutes": ("<ttl>60</ttl>", "ttl", 3600.0),
    "sy:updatePeriod": (
        "<sy:updatePeriod> daily </sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>",
        "period",
        43200.0,
    ),
    "podcast:updateFrequency": (
        "<podcast:updateFrequency rrule='FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE'>x</podcast:updateFrequency>",
        "rhythm",
        604800.0,
    ),
    "that it is complete": (
        "<podcast:updateFrequency complete='true'>done</podcast:updateFrequency>",
        "complete",
        True,
    ),
    "skipHours": ("<skipHours><hour>3</hour><hour>25</hour><hour>0</hour></skipHours>", "skip_hours", (0, 3)),
    "its persons": ("<podcast:person>Ann</podcast:person>", "persons", (Person(name="Ann"),)),
    "its language": ("<language>de</language>", "language", "de"),
    "that it is blocked": ("<itunes:block>yes</itunes:block>", "blocked", True),
}


@pytest.mark.parametrize(("xml", "name", "value"), CHANNEL.values(), ids=CHANNEL)
def test_a_tag_of_the_channel_is_read(xml: str, name: str, value: object) -> None:
    assert getattr(facts(feed(channel=xml)), name) == value


def test_an_atom_feed_is_read_alike() -> None:
    reading = feeds.read_feed(
        b"<feed xmlns='http://www.w3.org/2005/Atom' xmlns:p='https://podcastindex.org/namespace/1.0'><title>Show</title>"
        b"<link rel='next' href='/2'/><entry><id>urn:1</id><title>One</title><published>2026-11-03T05:00:00Z</published>"
        b"<link rel='enclosure' href='/1.mp3' type='audio/mpeg'/><link href='/1'/><summary>Notes</summary>"
        b"<p:transcript url='/1.vtt' type='text/vtt'/></entry></feed>",
        URL,
        "application/atom+xml",
        None,
        InProcessParser(),
    )
    (one,) = reading.episodes
    assert reading.facts.next_page == "http://show.example/2"
    assert (one.guid, one.title, one.audio_url) == ("urn:1", "One", "http://show.example/1.mp3")
    assert (one.link, one.notes) == ("http://show.example/1", "Notes")
    assert one.published_at is not None
    assert one.published_at.isoformat() == "2026-11-03T05:00:00+00:00"
    assert [t.url for t in one.transcripts] == ["http://show.example/1.vtt"]


def test_without_a_guid_one_is_made_of_the_audio_address_without_tracking_prefixes() -> None:
    bare = feed("<enclosure url='http://cdn.example/1.mp3?token=a'/>").replace(
        b"<guid isPermaLink='false'>g</guid>", b""
    )
    tracked = bare.replace(b"http://cdn.example", b"https://op3.dev/e/cdn.example")
    assert episode(bare).guid == episode(tracked).guid == "https://cdn.example/1.mp3?token=a"


def test_the_links_of_the_notes_are_read_as_absolute_addresses() -> None:
    notes = "&lt;a href='/t/1'&gt;x&lt;/a&gt; &lt;a href='javascript:x'&gt;y&lt;/a&gt; &lt;a href='/t/1'&gt;z&lt;/a&gt;"
    assert episode(feed(f"<description>{notes}</description>")).note_links == ("http://show.example/t/1",)


REFERENCES = {
    "&#xD800;": "\ufffd",
    "&#55296;": "\ufffd",
    "&#x110000;": "\ufffd",
    "&#0;": "\ufffd",
    "&#99999999999999999999;": "\ufffd",
    "&#xE9;": "é",
    "&#127897;": "🎙",
}


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_reference_to_a_character_that_does_not_exist_loses_no_feed(reference: str) -> None:
    assert episode(feed(f"<title>S {reference} x</title>")).title == f"S {REFERENCES[reference]} x"
