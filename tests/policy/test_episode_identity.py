"""An episode is recognised although hosts, schemes, guids and tracking addresses change; two that are alike stay two."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.model import Episode
from podwatch.policy.compared_addresses import canonical_url
from podwatch.policy.episode_identity import (
    SameBy,
    _letters,
    find_shift,
    identity_keys,
    match_episode,
    plain_show,
    plain_title,
)

AT = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
TALK = Episode(
    id=1,
    feed_id=1,
    guid="0f1c7b1e-5a55-4c02-9d1a-0c86b5ff1d10",
    show="Back Channel",
    title="Thirteen days",
    audio_url="https://traffic.host.example/SHOW123456.mp3?updated=1700000000",
    published_at=AT,
    duration=3000.0,
    identity="first",
)


def changed(**changes: object) -> Episode:
    return replace(TALK, id=0, identity="", **changes)  # type: ignore[arg-type]


NEW = {"guid": "another-guid"}
MEMBER = {
    "feed_id": 2,
    "show": "Back Channel+ (ad-free)",
    "guid": "m-99",
    "audio_url": "https://members.example/x/1.mp3?auth=abc",
}

# name: (what it looks like now, why it is the same)
ONE = {
    "nothing changed": (changed(), SameBy.GUID),
    "a new guid": (changed(**NEW), SameBy.AUDIO),
    "the audio gets https": (changed(**NEW, audio_url="http://traffic.host.example/SHOW123456.mp3"), SameBy.AUDIO),
    "the audio gets another ?updated=": (
        changed(**NEW, audio_url="https://traffic.host.example/SHOW123456.mp3?updated=18"),
        SameBy.AUDIO,
    ),
    "the audio gets a tracking prefix": (
        changed(**NEW, audio_url="https://dts.podtrac.example/redirect.mp3/traffic.host.example/SHOW123456.mp3"),
        SameBy.AUDIO,
    ),
    "the audio gets three tracking prefixes": (
        changed(
            **NEW,
            audio_url="https://op3.example/e/pdst.example.fm/e/chrt.example.com/track/ABC/traffic.host.example/SHOW123456.mp3?x=1",
        ),
        SameBy.AUDIO,
    ),
    "the audio is encoded inside another address": (
        changed(**NEW, audio_url="https://go.example/r?u=https%3A%2F%2Ftraffic.host.example%2FSHOW123456.mp3"),
        SameBy.AUDIO,
    ),
    "the audio gets a token": (changed(**NEW, audio_url=f"{TALK.audio_url}&token=s3cret&expires=99"), SameBy.AUDIO),
    "the feed moves host and keeps its guids": (
        changed(feed_id=2, audio_url="https://new.example/a/b.mp3"),
        SameBy.GUID,
    ),
    "the feed moves host and changes guids and files": (
        changed(**NEW, audio_url="https://new.example/a/b.mp3"),
        SameBy.TITLE,
    ),
    "the title is corrected": (changed(title="13 days"), SameBy.GUID),
    "the date is corrected": (changed(published_at=AT + timedelta(days=3)), SameBy.GUID),
    "members hear it in their own feed": (changed(**MEMBER), SameBy.TITLE),
    "members hear it a day early, shorter by its advertisements": (
        changed(**MEMBER, published_at=AT - timedelta(hours=25), duration=2500.0),
        SameBy.TITLE,
    ),
    "members see a mark in the title": (changed(**MEMBER, title="[Ad-Free] Thirteen Days"), SameBy.TITLE),
}

HOUR = timedelta(hours=1)
OLD = replace(TALK, first_seen_at=AT + timedelta(days=30))  # seen long after it was published
ELSEWHERE: dict[str, object] = {**NEW, "audio_url": "https://new.example/a/b.mp3"}
STREAM = replace(TALK, audio_url="https://host.example/stream?cid=1001", duration=None)


def beside(e: Episode, **changes: object) -> Episode:
    return replace(e, id=0, identity="", **changes)  # type: ignore[arg-type]


# name: (what is known, what it looks like now, why it is the same)
ONE_OF_MANY = {
    "its guid, its file and its date by an hour are new, long after": (
        OLD,
        beside(OLD, **ELSEWHERE, published_at=AT + HOUR),
        SameBy.TITLE,
    ),
    "its guid and its file are new, and its date an hour earlier": (
        TALK,
        beside(TALK, **ELSEWHERE, published_at=AT - HOUR),
        SameBy.TITLE,
    ),
    "its guid stays, with its title, and it has another file a day later": (
        TALK,
        beside(TALK, audio_url="https://public.example/x.mp3", published_at=AT + timedelta(days=1)),
        SameBy.GUID,
    ),
    "its guid stays, and its title and its file are corrected": (
        TALK,
        beside(TALK, title="13 days", audio_url="https://new.example/x.mp3"),
        SameBy.GUID,
    ),
    "its guid stays, and host, zone and the numbering of its title change": (
        replace(TALK, title="Episode 12: The long way"),
        beside(TALK, title="12 - The long way", audio_url="https://new.example/x", published_at=AT + HOUR),
        SameBy.GUID,
    ),
    "a file that only its query names gets a token, too": (
        STREAM,
        beside(STREAM, **NEW, audio_url=f"{STREAM.audio_url}&sig=7"),
        SameBy.AUDIO,
    ),
    "two feeds have a file under one name, with a token each": (
        TALK,
        beside(TALK, **NEW, feed_id=2, show="All our shows", audio_url=f"{TALK.audio_url}&for=members"),
        SameBy.AUDIO,
    ),
}

# name: (what is known, what is another episode)
TWO_OF_MANY = {
    "its guid, and title, date and file are new": (
        replace(TALK, guid="bulletin", title="News 01:00", audio_url="https://n.example/0100.mp3"),
        beside(
            TALK,
            guid="bulletin",
            title="News 02:00",
            audio_url="https://n.example/0200.mp3",
            published_at=AT + HOUR,
        ),
    ),
    "its guid and its address, and title and date are new": (
        replace(TALK, guid="bulletin", title="News 01:00", audio_url="https://n.example/latest.mp3"),
        beside(
            TALK,
            guid="bulletin",
            title="News 02:00",
            audio_url="https://n.example/latest.mp3",
            published_at=AT + HOUR,
        ),
    ),
    "its address but for the query, in another show": (
        STREAM,
        beside(
            STREAM, feed_id=2, show="Harvest", guid="b", title="Rain", audio_url="https://host.example/stream?cid=2002"
        ),
    ),
    "its address but for the query, in another show, and its title": (
        STREAM,
        beside(STREAM, feed_id=2, show="Harvest", guid="b", audio_url="https://host.example/stream?cid=2002"),
    ),
    "its address but for the query, an hour later": (
        STREAM,
        beside(STREAM, **NEW, title="Rain", audio_url="https://host.example/stream?cid=1002", published_at=AT + HOUR),
    ),
    "its address but for the query, its title, an hour later": (
        STREAM,
        beside(STREAM, **NEW, audio_url="https://host.example/stream?cid=1002", published_at=AT + HOUR),
    ),
    "the address of its guid but for the query": (
        replace(TALK, guid="https://v.example/watch?v=id1"),
        beside(
            TALK,
            guid="https://v.example/watch?v=id2",
            title="Rain",
            audio_url="https://a.example/2.mp3",
            published_at=AT + HOUR,
        ),
    ),
    "the address of its guid but for the fragment": (
        replace(TALK, guid="https://v.example/list#1"),
        beside(
            TALK,
            guid="https://v.example/list#2",
            title="Rain",
            audio_url="https://a.example/2.mp3",
            published_at=AT + HOUR,
        ),
    ),
    "its title, an hour later, in time for the next edition": (
        replace(TALK, first_seen_at=AT + HOUR / 6),
        beside(TALK, **ELSEWHERE, published_at=AT + HOUR),
    ),
    "the address of every episode, the next day": (
        replace(TALK, audio_url="https://n.example/latest.mp3", duration=None),
        beside(
            TALK,
            **NEW,
            title="Rain",
            audio_url="https://n.example/latest.mp3",
            duration=None,
            published_at=AT + timedelta(days=1),
        ),
    ),
}


@pytest.mark.parametrize("case", ONE_OF_MANY, ids=str)
def test_weighed_together_it_is_the_same_episode_when(case: str) -> None:
    known, now, why = ONE_OF_MANY[case]
    assert match_episode(now, [known]) == (known, why)
    assert identity_keys(now, neighbouring_days=True) & identity_keys(known), "it would not be looked up"


@pytest.mark.parametrize("case", TWO_OF_MANY, ids=str)
def test_weighed_together_it_is_another_episode_when_it_only_has(case: str) -> None:
    known, now = TWO_OF_MANY[case]
    assert match_episode(now, [known]) is None
    if known.title != now.title:  # with its title, what is earlier by an hour was moved: see ONE_OF_MANY
        assert match_episode(known, [now]) is None, "in the other direction, too"


@pytest.mark.parametrize("name", ["listen", "get", "track", "show", "podcast", "dl", "mp3", "latest", "feed", "x"])
@pytest.mark.parametrize("ending", [".mp3", ".php", ""])
@pytest.mark.parametrize("parameter", ["id", "ep", "cid", "v", "t", "token", "key", "ts", "_"])
def test_no_name_of_a_file_or_parameter_makes_two_episodes_one(name: str, ending: str, parameter: str) -> None:
    first = replace(TALK, title="Rain", audio_url=f"https://pod.example/{name}{ending}?{parameter}=1")
    second = beside(
        TALK,
        guid="b",
        title="Snow",
        audio_url=f"https://pod.example/{name}{ending}?{parameter}=2",
        published_at=AT + HOUR,
    )
    assert match_episode(second, [first]) is None


def test_dates_moved_by_a_zone_show_in_two_items_with_titles_of_their_own() -> None:
    known = [replace(OLD, id=n, guid=f"g{n}", title=f"Part {n}", published_at=AT - n * 24 * HOUR) for n in range(3)]
    moved = [beside(k, **ELSEWHERE, published_at=k.published_at + 9 * HOUR) for k in known if k.published_at]
    shift = find_shift(zip(moved, known, strict=True))
    assert shift == 9 * 60
    assert [match_episode(e, known, shift=shift) for e in moved] == [(k, SameBy.TITLE) for k in known]
    assert find_shift(zip(moved[:1], known[:1], strict=True)) == 0, "one may be the evening edition"
    fresh = [replace(k, first_seen_at=k.published_at) for k in known]
    assert find_shift(zip(moved, fresh, strict=True)) == 0, "those of a feed that is made anew each morning"


# name: what looks alike and is another episode
TWO = {
    "another episode of the show": changed(
        guid="b", title="Fourteen days", audio_url="https://traffic.host.example/X.mp3"
    ),
    "the same title that evening": changed(
        guid="b", audio_url="https://traffic.host.example/X.mp3", published_at=AT + timedelta(hours=8)
    ),
    "the same title in another show": changed(
        feed_id=2, show="The News", guid="b", audio_url="https://other.example/X.mp3"
    ),
    "the same short guid in another feed": changed(
        feed_id=2, guid="12", show="The News", title="Something", audio_url="https://other.example/12.mp3"
    ),
    "one address for every episode": changed(guid="b", title="Next week", published_at=AT + timedelta(days=7)),
    "the same title, but five times as long": changed(guid="b", audio_url=None, duration=15000.0),
    "no date, another guid": changed(guid="b", audio_url=None, published_at=None),
}


@pytest.mark.parametrize("case", ONE, ids=str)
def test_it_is_the_same_episode_when(case: str) -> None:
    now, why = ONE[case]
    assert match_episode(now, [TALK]) == (TALK, why)
    assert identity_keys(now, neighbouring_days=True) & identity_keys(TALK), "it would not be looked up"


def test_a_guid_that_is_an_address_may_get_https_and_parameters() -> None:
    known = replace(TALK, guid="http://www.a.example/?p=12", audio_url=None, title="x")
    now = changed(guid="https://a.example/?p=12&utm_source=feed", audio_url=None, title="y")
    assert match_episode(now, [known]) == (known, SameBy.GUID)
    assert match_episode(replace(now, guid="https://a.example/?p=13"), [known]) is None


@pytest.mark.parametrize("case", TWO, ids=str)
def test_it_is_another_episode_when_it_only_has(case: str) -> None:
    known = replace(TALK, guid="12") if "short guid" in case else TALK
    assert match_episode(TWO[case], [known]) is None


def test_two_items_that_one_document_lists_side_by_side_are_two_episodes() -> None:
    twin = changed(guid="b", published_at=AT + timedelta(seconds=30))
    assert match_episode(twin, [TALK], lists={TALK.guid, "b"}.__contains__) is None
    assert match_episode(twin, [TALK], lists={"b"}.__contains__) == (TALK, SameBy.AUDIO)


def test_a_members_item_finds_the_right_one_of_two_with_its_title() -> None:
    morning = replace(TALK, id=1, identity="morning", title="Headlines", audio_url="https://a.example/1.mp3")
    evening = replace(
        morning,
        id=2,
        identity="evening",
        guid="e",
        published_at=AT + timedelta(hours=10),
        audio_url="https://a.example/2.mp3",
    )
    found = changed(**MEMBER, title="Headlines", published_at=AT + timedelta(hours=10, minutes=2))
    assert match_episode(found, [morning, evening]) == (evening, SameBy.TITLE)
    between = replace(found, published_at=AT + timedelta(hours=5))
    assert match_episode(between, [morning, evening]) is None, "better two than the wrong one"


ADDRESSES = {
    "http://www.a.example/x.mp3": "a.example/x.mp3",
    "https://a.example/x.mp3?utm_source=y#t=3": "a.example/x.mp3?utm_source=y",
    "https://a.example/download.php?token=9&id=7": "a.example/download.php?id=7&token=9",
    "https://a.example/?p=12": "a.example?p=12",
    "https://play.example/e/ID/media.blob.example/pod/ep 1.mp3": "media.blob.example/pod/ep 1.mp3",
    "https://a.example/v1.2/x.mp3": "a.example/v1.2/x.mp3",
    "https://go.example/https://a.example/x.mp3": "a.example/x.mp3",
    "https://go.example/r?u=https%3A%2F%2Fa.example%2Fx.mp3": "a.example/x.mp3",
    "https://go.example/r?id=1&u=https%3A%2F%2Fa.example%2Fx.mp3": "go.example/r?id=1&u=https%3A%2F%2Fa.example%2Fx.mp3",
    "https://go.example/listen?back=https://a.example/": "go.example/listen?back=https://a.example/",
    "urn:x:1": "urn:x:1",
    "http://[broken": "http://[broken",
    "": "",
}


@pytest.mark.parametrize("url", ADDRESSES, ids=str)
def test_an_address_is_compared_without_what_never_tells_files_apart(url: str) -> None:
    assert canonical_url(url) == ADDRESSES[url]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Episode 1: Ünder", "episode 1 under"),
        ("Ad-free: The talk", "The Talk"),
        ("The talk (Members only)", "The talk"),
        ("The talk | Premium", "the talk"),
    ],
)
def test_titles_are_compared_without_marks(a: str, b: str) -> None:
    assert plain_title(a) == plain_title(b)


def test_shows_are_compared_without_what_makes_a_members_feed() -> None:
    assert (
        plain_show("Back Channel+ (Ad-Free)") == plain_show("Back Channel: Premium Feed") == plain_show("Back Channel")
    )
    assert plain_show("Premium") != "", "a show may be called so"


@given(st.text(max_size=80))
def test_a_canonical_address_stays_as_it_is(text: str) -> None:
    assert isinstance(canonical_url(text), str)
    assert isinstance(plain_title(text), str)


@given(st.text(st.characters(max_codepoint=127)))
def test_the_fast_path_for_ascii_gives_the_same_letters(text: str) -> None:
    assert _letters(f"{text} \u00e9") == f"{_letters(text)} e".strip()


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10**6,
        "http://a.example/" + "a-" * 10**6,
        "(" * 10**5 + "ad-free",
        "http://a/" + "a.b/" * 10**5,
        "http://x" * 10**5,
    ],
)
@pytest.mark.timeout(600)  # a guard against a hang: it takes milliseconds, a pattern that backtracks takes minutes
def test_no_text_makes_a_pattern_backtrack(text: str) -> None:
    canonical_url(text), canonical_url(f"https://a.example/{text[:4000]}"), plain_title(text), plain_show(text)
