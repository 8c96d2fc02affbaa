"""What is parsed and what is not, from one body of a feed to the next."""

from __future__ import annotations

from array import array
from dataclasses import replace

import pytest

from podwatch.errors import FeedError
from podwatch.feeds import KnownItems, WholeReason, guid_key
from podwatch.feeds.incremental import cpu_budget, read_feed
from tests.support.feed_oracle import CONTENT_TYPE, URL, Recorder, check_against_feedparser, known_items_of
from tests.support.feed_parsers import InProcessParser
from tests.support.podcast_host import item, rss

A, B, C, D = (item(name, title=f"On {name}") for name in "abcd")


BEES = B.replace("On b", "On bees")
# Other episodes under the guid of b, and what they are called when it lists both.
LIKE_B, ALSO_B = A.replace(">a<", ">b<"), C.replace(">c<", ">b<")
SILENT_B = D.replace(">d<", ">b<").replace("<enclosure", "<nothing")
OF_A, OF_B, OF_C = (f"b#{guid_key(f'audio.example/{name}.mp3'):016x}" for name in "abc")


def guids(old: str, new: str) -> tuple[list[str], bytes]:
    """The episodes read, and all that went to the parser."""
    reading, parser = check_against_feedparser(old.encode(), new.encode())
    return [e.guid for e in reading.episodes], b"".join(parser.documents)


STEPS = {
    "one new item in front": (rss(B, C), rss(A, B, C), ["a"]),
    "two": (rss(C), rss(A, B, C), ["a", "b"]),
    "one at the end": (rss(A, B), rss(A, B, C), ["c"]),
    "one in the middle": (rss(A, C), rss(A, B, C), ["b"]),
    "one new, the oldest gone": (rss(B, C, D), rss(A, B, C), ["a"]),
    "one edited": (rss(A, B, C), rss(A, B.replace("On b", "On bees"), C), ["b"]),
    "one gone": (rss(A, B, C), rss(A, C), []),
    "another order": (rss(A, B, C), rss(C, A, B), []),
    "another title of the show": (rss(A, B), rss(A, B, title="New"), []),
    "a new item and another title": (rss(B), rss(A, B, title="New"), ["a"]),
    "nothing new": (rss(A, B), rss(A, B), []),
    "all new": (rss(A, B), rss(C, D), ["c", "d"]),
    "the first of two with one guid and audio is the episode": (rss(B), rss(BEES, B), ["b"]),
    "the second, too, when the first is gone": (rss(B, BEES), rss(BEES), ["b"]),
    "a guid that gets another audio": (rss(B), rss(LIKE_B), ["b"]),
    "two with one guid and other audio": (rss(C), rss(B, LIKE_B, C), [OF_B, OF_A]),
    "a new one with the guid and other audio": (rss(C, B), rss(LIKE_B, C, B), [OF_A, OF_B]),
    "the same, behind": (rss(B, C), rss(B, C, LIKE_B), [OF_B, OF_A]),
    "the other of two is gone": (rss(LIKE_B, B, C), rss(B, C), ["b"]),
    "a third": (rss(LIKE_B, B), rss(ALSO_B, LIKE_B, B), [OF_C, OF_A, OF_B]),
    "another, where two with one guid are told apart": (rss(LIKE_B, B), rss(A, LIKE_B, B), ["a"]),
    "two that are told apart change places": (rss(LIKE_B, B, C), rss(C, B, LIKE_B), [OF_B, OF_A]),
    "one of two alike is gone": (rss(LIKE_B, B, BEES), rss(LIKE_B, BEES), [OF_A, OF_B]),
    "one of three without audio keeps it": (rss(LIKE_B, SILENT_B), rss(LIKE_B, SILENT_B, B), [OF_A, "b", OF_B]),
}


@pytest.mark.parametrize(("old", "new", "expected"), STEPS.values(), ids=STEPS)
def test_only_what_is_new_is_read(old: str, new: str, expected: list[str]) -> None:
    assert guids(old, new)[0] == expected


def test_what_is_known_does_not_reach_the_parser() -> None:
    assert b"On b" not in guids(rss(B, C), rss(A, B, C))[1]
    assert b"On b" not in guids(rss(B, C), rss(B, A, C))[1]
    assert (
        b"On b" not in guids(rss(LIKE_B.replace("On a", "On bees"), B), rss(A, LIKE_B.replace("On a", "On bees"), B))[1]
    )


def test_an_old_episode_is_listed_for_as_long_as_the_document_holds_it() -> None:
    reading, _ = check_against_feedparser(rss(B, C).encode(), rss(A, B).encode())
    assert list(reading.guid_keys) == [guid_key("a"), guid_key("b")]
    assert reading.has_episode("b")
    assert not reading.has_episode("c")


WHOLE = {
    "an item that is not well-formed": (rss(A), rss(B.replace("<title>", "<title>&nbsp;"), A), WholeReason.ILL_FORMED),
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


@pytest.mark.parametrize(("old", "new", "reason"), WHOLE.values(), ids=WHOLE)
def test_the_whole_is_read_for(old: str, new: str, reason: WholeReason) -> None:
    reading, _ = check_against_feedparser(old.encode(), new.encode())
    assert reading.reason is reason
    assert "a" in [e.guid for e in reading.episodes]


def test_a_feed_that_mended_is_read_in_parts_again() -> None:
    broken = rss(A.replace("<title>", "<title>&nbsp;"), B).encode()
    known = read_feed(broken, URL, CONTENT_TYPE, None, InProcessParser()).known
    mended = read_feed(rss(A, B).encode(), URL, CONTENT_TYPE, known, InProcessParser())
    assert not mended.is_whole
    assert [
        e.guid for e in read_feed(rss(C, A, B).encode(), URL, CONTENT_TYPE, mended.known, InProcessParser()).episodes
    ] == ["c"]


def test_blanks_before_the_declaration_are_not_a_reason_to_read_the_whole() -> None:
    reading, _ = check_against_feedparser(b"\n" + rss(A).encode(), b"\n\n" + rss(B, A).encode())
    assert not reading.is_whole
    assert [e.guid for e in reading.episodes] == ["b"]


def test_a_byte_that_changes_the_encoding_sends_the_whole() -> None:
    old = rss(A.replace("On a", "Caf\u00e9")).encode()
    reading, _ = check_against_feedparser(old, old.replace(b"<item>", b"<item><title>\xe9</title></item><item>", 1))
    assert reading.reason is WholeReason.ENCODING


def test_the_first_reading_of_a_large_feed_is_in_parts_too() -> None:
    body = rss(*(item(str(n), title="word " * 400) for n in range(1500))).encode()
    parser = Recorder()
    reading = read_feed(body, URL, CONTENT_TYPE, None, parser)
    assert len(reading.episodes) == 1500
    assert len(parser.documents) > 1
    assert max(map(len, parser.documents)) < 400_000


def test_what_was_kept_before_guids_were_told_apart_is_read_anew_where_items_share_one() -> None:
    known = replace(known_items_of(rss(LIKE_B, B).encode()), final_guids=array("Q"))
    reading = read_feed(
        rss(A, LIKE_B, B).encode(), URL, CONTENT_TYPE, KnownItems.from_bytes(known.to_bytes()), InProcessParser()
    )
    assert [e.guid for e in reading.episodes] == ["a", OF_A, OF_B]


def test_what_another_version_kept_is_read_as_nothing() -> None:
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
def test_what_is_no_feed_is_one_error(body: bytes, what: str) -> None:
    with pytest.raises(FeedError, match=what):
        read_feed(body, URL, CONTENT_TYPE, None, InProcessParser())


def test_the_seconds_grow_with_the_bytes_up_to_a_limit() -> None:
    assert (cpu_budget(0), cpu_budget(1_000_000), cpu_budget(10**9)) == (5.0, 8.0, 120.0)
