"""Many polls saved at once give the same rows as when each is saved alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from podwatch.feeds.guids import ItemName, disambiguate_guids
from podwatch.model import Episode, Feed, FeedFacts, Person, PollResult, Soundbite, TranscriptRef
from podwatch.policy.episode_identity import plain_title
from podwatch.settings import Secret, Settings
from podwatch.store.connection import from_json, to_json
from podwatch.store.database import Store, open_store
from podwatch.store.episodes import episode_columns
from podwatch.store.tables import episode_keys, episodes, feed_items, feeds
from tests.support.hypothesis_profiles import examples
from tests.support.stored_transcripts import list_wanted

NOW = datetime(2026, 11, 3, 12, tzinfo=UTC)
URLS = [f"https://show{n}.example/feed" for n in range(3)]


@dataclass(frozen=True)
class Document:
    """The episodes of one feed's document at one poll."""

    feed: int
    episodes: tuple[Episode, ...]


def _episode(guid: str, title: str, audio: str, day: int, offers: bool, season: int) -> Episode:
    return Episode(
        guid=guid,
        title=title,
        audio_url=f"https://audio.example/{audio}.mp3",
        published_at=NOW + timedelta(days=day),
        transcripts=(TranscriptRef(url=f"https://a.example/{guid}.vtt"),) if offers else (),
        season=season or None,
    )


# Few values, so that feeds often list the same episode, and a feed often changes one.
EPISODES = st.builds(
    _episode,
    st.sampled_from(["a", "b", "c", "https://a.example/1", "urn:uuid:1b9d6bcd-bbfd"]),
    st.sampled_from(["News", "News (ad-free)", "Talk"]),
    st.sampled_from(["1", "2", "latest"]),
    st.integers(0, 1),
    st.booleans(),
    st.integers(0, 1),
)
DOCUMENTS = st.builds(
    Document, st.integers(0, 2), st.lists(EPISODES, max_size=3, unique_by=lambda e: e.guid).map(tuple)
)
ROUNDS = st.lists(st.lists(DOCUMENTS, min_size=1, max_size=3, unique_by=lambda s: s.feed), min_size=1, max_size=4)


def reset(store: Store) -> Store:
    with store.writing() as c:
        for table in (episode_keys, episodes, feed_items, feeds):
            c.execute(delete(table))
    store.add_feeds([Feed(url=u, title="Show" if n else "Show+") for n, u in enumerate(URLS)], NOW)
    return store


def poll_result(store: Store, document: Document) -> PollResult:
    feed = next(f for f in store.feeds() if f.url == URLS[document.feed])
    guids = {e.guid for e in document.episodes}
    return PollResult(feed=feed, episodes=document.episodes, lists=guids.__contains__, items=b"known")


def load_rows(store: Store) -> list[Any]:
    """All columns of the episodes and their keys, without the ids that the database assigns."""
    with store.reading() as c:
        urls = {r.id: r.url for r in c.execute(select(feeds.c.id, feeds.c.url))}
        every = {r.id: r for r in c.execute(select(episodes))}
        keyed = [(r.key, urls[every[r.episode_id].feed_id], every[r.episode_id].guid) for r in c.execute(select(episode_keys))]  # fmt: skip
        found = [(urls[r.feed_id], *r[2:]) for r in every.values()]
    return [sorted(found, key=str), sorted(keyed)]


def save_rounds(store: Store, rounds: Sequence[Sequence[Document]], *, at_once: bool) -> tuple[list[int], list[Any]]:
    counts = []
    for n, documents in enumerate(rounds):
        now = NOW + timedelta(hours=n)
        each = [poll_result(store, s) for s in documents]
        groups = [each] if at_once else [[p] for p in each]
        counts.append(sum(store.save_polls(group, now, first=1) for group in groups))
    return counts, load_rows(store)


def test_polls_saved_together_give_the_rows_of_polls_saved_one_by_one(tmp_path: Path) -> None:
    def opened(name: str) -> Store:
        return open_store(Settings(home=tmp_path, database_url=Secret(f"sqlite:///{tmp_path / name}")))

    together, alone = opened("together.db"), opened("alone.db")

    @settings(max_examples=examples(150), derandomize=True, suppress_health_check=list(HealthCheck))
    @given(ROUNDS)
    def same(rounds: list[list[Document]]) -> None:
        assert save_rounds(reset(together), rounds, at_once=True) == save_rounds(reset(alone), rounds, at_once=False)

    same()
    together.close()
    alone.close()


HOSTS = st.sampled_from(["pod.example", "cdn.example/a", "v1.media.example/20261103", "op3.example/e/pod.example"])
FILES = st.sampled_from(["listen.mp3", "get", "stream", "play.php", "latest.mp3", "feed", "12345678.mp3", "e7.m4a"])
QUERIES = st.sampled_from(["", "?id=1", "?id=2", "?cid=1&t=2", "?cid=2&t=2", "?v=3", "?token=a", "?token=b&exp=9"])
ITEMS = st.builds(
    lambda host, file, query, guid, title, hours, duration: Episode(
        guid=guid or f"https://{host}/{file}{query}",
        title=title,
        audio_url=f"https://{host}/{file}{query}",
        published_at=NOW - timedelta(hours=hours),
        duration=duration,
    ),
    HOSTS,
    FILES,
    QUERIES,
    st.sampled_from(["", "show", "https://v.example/watch?v=1", "https://v.example/watch?v=2"]),
    st.sampled_from(["Rain", "Snow", "News 01:00", "News 02:00"]),
    st.sampled_from([0, 1, 8, 24, 72]),
    st.sampled_from([None, 300.0, 301.0, 900.0]),
)
LISTED = st.lists(st.tuples(st.integers(0, 2), st.lists(ITEMS, min_size=1, max_size=4)), min_size=1, max_size=5)


def test_what_one_document_lists_is_one_episode_only_with_one_guid_and_one_title(store: Store) -> None:
    """Over generated hosts and polls: neither stored as one, nor one by identity, by which an alert is suppressed."""

    @settings(max_examples=examples(150), derandomize=True, suppress_health_check=list(HealthCheck))
    @given(LISTED)
    def never_one(polls: list[tuple[int, list[Episode]]]) -> None:
        reset(store)
        for n, (feed, items) in enumerate(polls):
            names = [ItemName(e.guid, e.title, e.audio_url, e.published_at, e.duration) for e in items]
            listed = {g: replace(e, guid=g) for g, e in reversed([*zip(disambiguate_guids(names), items, strict=True)])}
            assert len(listed) >= len({(e.guid, plain_title(e.title)) for e in items}), "two became one"
            document = Document(feed, tuple(listed.values()))
            store.save_polls([poll_result(store, document)], NOW + timedelta(hours=n), first=10)
            with store.reading() as c:
                mine = select(episodes.c.guid, episodes.c.identity).join(feeds).where(feeds.c.url == URLS[feed])
                rows = {r.guid: r.identity for r in c.execute(mine)}
            assert set(listed) <= set(rows)
            assert len({rows[guid] for guid in listed}) == len(listed), "an alert of one would suppress the other's"

    never_one()


def test_two_items_that_both_look_like_a_vanished_one_stay_two(store: Store, now: datetime) -> None:
    reset(store)
    first = _episode("a", "News", "1", 0, False, 0)
    store.save_polls([poll_result(store, Document(0, (first,)))], now, 10)
    again = (replace(first, guid="b"), replace(first, guid="c"))
    assert store.save_polls([poll_result(store, Document(0, again))], now, 10) == 1
    assert store.counts()["episodes"] == 2


def test_an_episode_comes_back_with_all_that_its_feed_says(store: Store, now: datetime) -> None:
    reset(store)
    e = replace(
        _episode("a", "Talk \U0001f600", "1", 0, True, 3),
        number=4.5,
        persons=(Person(name="Ada", href="https://ada.example"),),
        soundbites=(Soundbite(start=1.5, duration=2.0, title="so"),),
        other_audio=("https://a.example/b.ogg",),
        note_links=("https://a.example/x",),
        duration=61.5,
        blocked=True,
    )
    store.save_polls([poll_result(store, Document(0, (e,)))], now, 10)
    assert store.save_polls([poll_result(store, Document(0, (e,)))], now, 10) == 0
    [due] = list_wanted(store, now)
    assert episode_columns(due.episode) == episode_columns(e)


def test_json_takes_what_orjson_does_not() -> None:
    for value in ({"a": "\ud800"}, [1 << 70, "x"], {"plain": [1.5, None, True]}):
        assert from_json(to_json(value)) == value
    assert from_json(to_json([FeedFacts(title="\ud800")]))[0]["title"] == "\ud800"
