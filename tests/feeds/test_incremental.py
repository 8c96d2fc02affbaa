"""Which items are parsed and which are carried over, from one body of a feed to the next."""

from __future__ import annotations

from array import array
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from podwatch.errors import FeedError
from podwatch.feeds import KnownItems, WholeReason, guid_key
from podwatch.feeds.incremental import cpu_budget, read_feed
from podwatch.model import Episode
from podwatch.policy.episode_identity import guid_under_guid
from tests.support.feed_oracle import CONTENT_TYPE, URL, RecordingParser, check_against_feedparser, known_items_of
from tests.support.feed_parsers import InProcessParser
from tests.support.podcast_host import item, rss

A, B, C, D = (item(name, title=f"On {name}") for name in "abcd")

EDITED_B = B.replace("On b", "On bees")
# Other episodes under the guid of b, and the guids under which they go on when the feed lists several.
LIKE_B, ALSO_B = A.replace(">a<", ">b<"), C.replace(">c<", ">b<")
NO_AUDIO_B = D.replace(">d<", ">b<").replace("<enclosure", "<nothing")
AT = datetime(2026, 11, 3, 5, tzinfo=UTC)
OF_A, OF_B, OF_C, OF_D, OF_BEES = (
    guid_under_guid(Episode(guid="b", title=f"On {name}", published_at=AT)) for name in ("a", "b", "c", "d", "bees")
)
MEMBERS_B = B.replace("audio.example/b", "members.example/1").replace("03 Nov 2026 05", "02 Nov 2026 05")


def edition(n: int) -> str:
    """One of the editions that a feed lists under one guid and one title."""
    return item(f"e{n}", title="News", published=f"Tue, 03 Nov 2026 0{n}:00:00 +0000").replace(f">e{n}<", ">news<", 1)


def of_edition(n: int) -> str:
    return guid_under_guid(Episode(guid="news", title="News", published_at=AT.replace(hour=n)))


def read_guids(old: str, new: str) -> tuple[list[str], bytes]:
    """The guids of the episodes read, and all bytes that were parsed."""
    reading, parser = check_against_feedparser(old.encode(), new.encode())
    return [e.guid for e in reading.episodes], b"".join(parser.documents)


CHANGES = {
    "one new item in front": (rss(B, C), rss(A, B, C), ["a"]),
    "two new items in front": (rss(C), rss(A, B, C), ["a", "b"]),
    "one new item at the end": (rss(A, B), rss(A, B, C), ["c"]),
    "one new item in the middle": (rss(A, C), rss(A, B, C), ["b"]),
    "one new item, the oldest gone": (rss(B, C, D), rss(A, B, C), ["a"]),
    "one item edited": (rss(A, B, C), rss(A, EDITED_B, C), ["b"]),
    "one item gone": (rss(A, B, C), rss(A, C), []),
    "another order": (rss(A, B, C), rss(C, A, B), []),
    "another title of the show": (rss(A, B), rss(A, B, title="New"), []),
    "a new item and another title": (rss(B), rss(A, B, title="New"), ["a"]),
    "nothing new": (rss(A, B), rss(A, B), []),
    "all items new": (rss(A, B), rss(C, D), ["c", "d"]),
    "two with one guid and title, the files of which came a day apart": (rss(MEMBERS_B), rss(B, MEMBERS_B), ["b"]),
    "two with one guid and audio, and other titles": (rss(B), rss(EDITED_B, B), [OF_BEES, OF_B]),
    "three with one guid and title, and other audio": (
        rss(*(edition(n) for n in (1, 2))),
        rss(*(edition(n) for n in (3, 2, 1))),
        [of_edition(n) for n in (3, 2, 1)],
    ),
    "the second is the episode when the first is gone": (rss(B, EDITED_B), rss(EDITED_B), ["b"]),
    "a guid that gets another audio": (rss(B), rss(LIKE_B), ["b"]),
    "two with one guid and other audio": (rss(C), rss(B, LIKE_B, C), [OF_B, OF_A]),
    "a new one with the guid and other audio": (rss(C, B), rss(LIKE_B, C, B), [OF_A, OF_B]),
    "a new one behind with the guid and other audio": (rss(B, C), rss(B, C, LIKE_B), [OF_B, OF_A]),
    "one of two with one guid is gone": (rss(LIKE_B, B, C), rss(B, C), ["b"]),
    "a third with one guid and other audio": (rss(LIKE_B, B), rss(ALSO_B, LIKE_B, B), [OF_C, OF_A, OF_B]),
    "a new item beside two with one guid": (rss(LIKE_B, B), rss(A, LIKE_B, B), ["a"]),
    "two with one guid and other audio change places": (rss(LIKE_B, B, C), rss(C, B, LIKE_B), [OF_B, OF_A]),
    "one of two with one guid and audio is gone": (rss(LIKE_B, B, EDITED_B), rss(LIKE_B, EDITED_B), [OF_A, OF_BEES]),
    "of three with one guid one without audio": (
        rss(LIKE_B, NO_AUDIO_B),
        rss(LIKE_B, NO_AUDIO_B, B),
        [OF_A, OF_D, OF_B],
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), CHANGES.values(), ids=CHANGES)
def test_only_new_and_changed_items_are_read(old: str, new: str, expected: list[str]) -> None:
    assert read_guids(old, new)[0] == expected


def test_known_items_are_not_parsed() -> None:
    assert b"On b" not in read_guids(rss(B, C), rss(A, B, C))[1]
    assert b"On b" not in read_guids(rss(B, C), rss(B, A, C))[1]
    assert (
        b"On b"
        not in read_guids(rss(LIKE_B.replace("On a", "On bees"), B), rss(A, LIKE_B.replace("On a", "On bees"), B))[1]
    )


def test_the_guid_keys_are_those_of_all_episodes_in_the_document() -> None:
    reading, _ = check_against_feedparser(rss(B, C).encode(), rss(A, B).encode())
    assert list(reading.guid_keys) == [guid_key("a"), guid_key("b")]
    assert reading.has_episode("b")
    assert not reading.has_episode("c")


WHOLE_READINGS = {
    "an item that is not well-formed": (rss(A), rss(B.replace("<title>", "<title></b>"), A), WholeReason.ILL_FORMED),
    "an item that binds a prefix": (
        rss(A),
        rss(B.replace("<title>", "<x:y xmlns:x='urn:x'/><title>"), A),
        WholeReason.LEAKS,
    ),
    "a prefix that is no longer declared": (
        rss(A),
        rss(B, A).replace("xmlns:podcast", "xmlns:pod"),
        WholeReason.CONTEXT,
    ),
    "another language of the show": (rss(A), rss(B, A).replace(">en<", ">de<"), WholeReason.CONTEXT),
    "prefixed items": (rss(A), rss(A, B).replace("</channel>", "<ITEM></ITEM></channel>"), WholeReason.COUNT),
}


@pytest.mark.parametrize(("old", "new", "reason"), WHOLE_READINGS.values(), ids=WHOLE_READINGS)
def test_the_document_is_parsed_whole_for(old: str, new: str, reason: WholeReason) -> None:
    reading, _ = check_against_feedparser(old.encode(), new.encode())
    assert reading.reason is reason
    assert "a" in [e.guid for e in reading.episodes]


def test_a_feed_that_is_well_formed_again_is_read_in_parts_again() -> None:
    broken = rss(A.replace("<title>", "<title>&nbsp;"), B).encode()
    known = read_feed(broken, URL, CONTENT_TYPE, None, InProcessParser()).known
    repaired = read_feed(rss(A, B).encode(), URL, CONTENT_TYPE, known, InProcessParser())
    assert not repaired.is_whole
    assert [
        e.guid for e in read_feed(rss(C, A, B).encode(), URL, CONTENT_TYPE, repaired.known, InProcessParser()).episodes
    ] == ["c"]


def test_blanks_before_the_declaration_are_no_reason_to_parse_the_whole() -> None:
    reading, _ = check_against_feedparser(b"\n" + rss(A).encode(), b"\n\n" + rss(B, A).encode())
    assert not reading.is_whole
    assert [e.guid for e in reading.episodes] == ["b"]


def test_a_byte_that_changes_the_encoding_is_a_reason_to_parse_the_whole() -> None:
    old = rss(A.replace("On a", "Caf\u00e9")).encode()
    new = old.replace(b"<item>", b"<item><title>\xe9t\xe9</title></item><item>", 1)
    reading, _ = check_against_feedparser(old, new)
    assert reading.reason is WholeReason.ENCODING


def test_a_large_feed_is_parsed_in_parts_the_first_time_too() -> None:
    body = rss(*(item(str(n), title="word " * 400) for n in range(1500))).encode()
    parser = RecordingParser()
    reading = read_feed(body, URL, CONTENT_TYPE, None, parser)
    assert len(reading.episodes) == 1500
    assert len(parser.documents) > 1
    assert max(map(len, parser.documents)) < 400_000


def test_known_items_stored_without_final_guids_are_parsed_again_where_items_share_a_guid() -> None:
    known = replace(known_items_of(rss(LIKE_B, B).encode()), final_guids=array("Q"))
    reading = read_feed(
        rss(A, LIKE_B, B).encode(), URL, CONTENT_TYPE, KnownItems.from_bytes(known.to_bytes()), InProcessParser()
    )
    assert [e.guid for e in reading.episodes] == ["a", OF_A, OF_B]


def test_known_items_of_another_version_are_not_read() -> None:
    kept = known_items_of(rss(A).encode()).to_bytes()
    assert KnownItems.from_bytes(kept) is not None
    assert KnownItems.from_bytes(b"\xff" + kept[1:]) is None
    assert KnownItems.from_bytes(kept[:-1]) is None
    assert KnownItems.from_bytes(b"") is None


ERRORS = {
    "nothing": (b"", "is empty"),
    "a page": (b"<!doctype html><html></html>", "is a web page, not a feed"),
    "a picture": (b"\x89PNG\r\n", "is not an RSS or Atom feed"),
}


@pytest.mark.parametrize(("body", "what"), ERRORS.values(), ids=ERRORS)
def test_a_document_that_is_no_feed_is_one_error(body: bytes, what: str) -> None:
    with pytest.raises(FeedError, match=what):
        read_feed(body, URL, CONTENT_TYPE, None, InProcessParser())


def test_the_cpu_budget_grows_with_the_bytes_up_to_a_limit() -> None:
    assert (cpu_budget(0), cpu_budget(1_000_000), cpu_budget(10**9)) == (5.0, 8.0, 120.0)
