"""listen's to-do list, claims, recordings and saves, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from podwatch.model import (
    SPEECH,
    BackfillRange,
    Episode,
    Feed,
    ListenRequest,
    RecognisedChunk,
    RecognisedSegment,
    RecognisedWord,
    Segment,
    TranscriptRef,
    VoiceWindow,
    join_segments,
)
from podwatch.store.database import Store
from podwatch.store.listen import pack_chunk, unpack_chunk
from podwatch.store.recording_tables import recording_chunks
from podwatch.store.tables import deliveries, episodes, transcripts
from podwatch.transcripts.sandboxed import pack_transcript
from tests.support.stored_transcripts import list_wanted, save_poll, save_text

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=3)
AUDIO = "https://cdn.example/one.mp3"
NAMED = (TranscriptRef(url="https://a.example/1.vtt", media_type="text/vtt"),)
CHUNK = RecognisedChunk(
    0.0, 300.0, (RecognisedSegment(1.0, 2.0, " Grain.", (RecognisedWord(1.0, 2.0, " Grain.", 0.9),)),), "en", 120.0
)


def add(store: Store, *found: Episode, feed: str = "a", listen: bool | None = None) -> list[Episode]:
    """Has a feed list these episodes; returns them as they are stored."""
    url = f"https://{feed}.example/feed"
    store.add_feeds([Feed(url=url, tags=(feed,))], NOW)
    [row] = [f for f in store.feeds() if f.url == url]
    save_poll(store, row, NOW, *found)
    store.set_listen(row.id, listen)
    guids = [e.guid for e in found]
    return [e for e in store.episodes_without_transcript() if e.feed_id == row.id and e.guid in guids]


def episode(guid: str = "one", **facts: Any) -> Episode:
    given_: dict[str, Any] = {"guid": guid, "title": guid, "audio_url": AUDIO, "published_at": NOW}
    return Episode(**(given_ | facts))


def requests(store: Store, now: datetime = NOW) -> list[ListenRequest]:
    """Those of all feeds."""
    return store.episodes_to_hear(now, [f.id for f in store.feeds()])


def to_hear(store: Store, now: datetime = NOW) -> list[str]:
    return [r.episode.guid for r in requests(store, now)]


def speech_fields(text: str = "Grain came.") -> dict[str, Any]:
    return asdict(pack_transcript(join_segments([Segment(0.0, 5.0, text)]), "en")) | {"source": f"{SPEECH}test"}


def hear(store: Store, e: Episode, text: str = "Grain came.", digest: str = "d" * 64) -> bool:
    """Claims an episode, and saves what was heard in it."""
    assert store.claim_listening(e.id, NOW, LATER)
    recording = store.open_recording(digest, "test", NOW, LATER)
    assert recording is not None
    store.count_heard(e.id, 1800.0, NOW)
    return store.save_heard(e, speech_fields(text), recording.id, {"mean_probability": 0.9}, NOW)


# An episode -> whether it is to be heard.
EPISODES: dict[str, tuple[Episode, bool]] = {
    "its feed names no transcript": (episode(), True),
    "it has no audio": (episode(audio_url=None), False),
    "the address of its audio is empty": (episode(audio_url=""), False),
    "its transcript is not fetched yet": (episode(transcripts=NAMED), False),
}


@pytest.mark.parametrize("name", EPISODES)
def test_an_episode_is_to_be_heard_when_it_has_audio_and_no_transcript_is_to_come(name: str, store: Store) -> None:
    found, expected = EPISODES[name]
    add(store, found)
    assert to_hear(store) == (["one"] if expected else [])


def test_only_episodes_of_the_feeds_that_are_asked_for_are_read(store: Store) -> None:
    add(store, episode("one"), feed="a")
    add(store, episode("two"), feed="b")
    ids = {f.url: f.id for f in store.feeds()}
    [only] = store.episodes_to_hear(NOW, [ids["https://b.example/feed"]])
    assert only.episode.guid == "two"
    assert store.episodes_to_hear(NOW, []) == []


def test_what_a_feed_says_of_listening_comes_with_its_episodes(store: Store) -> None:
    add(store, episode("one"), feed="a", listen=True)
    add(store, episode("two"), feed="b", listen=False)
    add(store, episode("three"), feed="c")
    assert {(listen, tags) for _, listen, tags in store.listen_choices()} == {
        (True, ("a",)),
        (False, ("b",)),
        (None, ("c",)),
    }
    said = {r.episode.guid: (r.listen, r.tags) for r in requests(store)}
    assert said == {"one": (True, ("a",)), "two": (False, ("b",)), "three": (None, ("c",))}


def test_a_transcript_that_was_given_up_or_fails_for_a_day_is_no_longer_waited_for(store: Store) -> None:
    add(store, episode("gone", transcripts=NAMED), episode("failing", transcripts=NAMED))
    wanted = {w.episode.guid: w.episode for w in list_wanted(store, NOW)}
    store.save_fetch_failures([(wanted["gone"], "404", None), (wanted["failing"], "503", NOW + timedelta(hours=1))])
    assert to_hear(store) == ["gone"]
    assert to_hear(store, NOW + timedelta(hours=25)) == ["gone", "failing"]


def test_the_newest_episodes_are_ranked_within_their_feed_and_later_ones_were_not_there(store: Store) -> None:
    add(store, *(episode(f"a{n}", published_at=NOW - timedelta(days=n)) for n in range(3)), feed="a")
    add(store, episode("b"), feed="b")
    [feed] = [f for f in store.feeds() if f.url == "https://a.example/feed"]
    later = NOW + timedelta(hours=1)
    save_poll(store, feed, later, episode("new", published_at=later))
    ranked = {r.episode.guid: (r.rank, r.was_there) for r in requests(store, later)}
    assert ranked == {"new": (0, False), "a0": (1, True), "a1": (2, True), "a2": (3, True), "b": (0, True)}


def test_one_run_claims_an_episode_and_after_the_claim_another_one_may(store: Store) -> None:
    [e] = add(store, episode())
    assert store.claim_listening(e.id, NOW, LATER)
    assert not store.claim_listening(e.id, NOW, LATER)
    assert to_hear(store) == []
    assert store.claim_listening(e.id, LATER, LATER + timedelta(minutes=3))


def test_an_extended_claim_lasts_longer_and_a_released_one_is_due_at_once(store: Store) -> None:
    [e] = add(store, episode())
    store.claim_listening(e.id, NOW, LATER)
    store.extend_listening(e.id, None, LATER + timedelta(minutes=3))
    assert not store.claim_listening(e.id, LATER, LATER + timedelta(minutes=9))
    store.release_listening(e.id, None, NOW)
    assert to_hear(store) == ["one"]


def test_two_runs_do_not_hear_the_same_audio_though_it_is_in_two_feeds(store: Store) -> None:
    first = store.open_recording("d" * 64, "test", NOW, LATER)
    assert first is not None
    assert store.open_recording("d" * 64, "test", NOW, LATER) is None
    assert store.open_recording("d" * 64, "another model", NOW, LATER) is not None
    again = store.open_recording("d" * 64, "test", LATER, LATER + timedelta(minutes=3))
    assert again is not None
    assert again.id == first.id


def test_chunks_are_kept_as_they_come_and_the_first_ones_language_for_the_rest(store: Store) -> None:
    recording = store.open_recording("d" * 64, "test", NOW, LATER)
    assert recording is not None
    silent = RecognisedChunk(0.0, 10.0, ())
    for number, chunk in enumerate([silent, CHUNK, replace(CHUNK, language="cy")]):
        store.save_chunk(recording.id, number, chunk)
    store.save_chunk(recording.id, 1, silent)  # another run, whose claim has ended
    assert store.chunks_of(recording.id) == {0: silent, 1: CHUNK, 2: replace(CHUNK, language="cy")}
    again = store.open_recording("d" * 64, "test", LATER, LATER + timedelta(minutes=3))
    assert again is not None
    assert (again.language, again.is_whole) == ("en", False)


def test_what_was_heard_becomes_a_transcript_and_counts_on_the_day(store: Store) -> None:
    [e] = add(store, episode())
    assert hear(store, e)
    [row] = store.read_rows(select(transcripts))
    assert (row.episode_id, row.source, row.revision) == (e.id, "speech:test", 1)
    assert to_hear(store, NOW + timedelta(days=9)) == []
    assert store.seconds_heard(NOW) == 1800.0
    assert store.seconds_heard(NOW + timedelta(seconds=1)) == 0.0


def test_a_published_transcript_that_came_meanwhile_is_not_replaced(store: Store) -> None:
    [e] = add(store, episode())
    assert store.claim_listening(e.id, NOW, LATER)
    recording = store.open_recording("d" * 64, "test", NOW, LATER)
    assert recording is not None
    save_text(store, e, "What was published.", NOW)
    assert not store.save_heard(e, speech_fields(), recording.id, {}, NOW)
    [source] = store.load_sources(store.transcript_ids())
    assert source.transcript.text == "What was published."


def test_a_transcript_that_is_published_later_replaces_what_was_heard_as_its_next_revision(store: Store) -> None:
    [e] = add(store, episode())
    hear(store, e)
    assert save_text(store, e, "What was published.", LATER)
    [source] = store.load_sources(store.transcript_ids())
    assert (source.transcript.text, source.transcript.revision) == ("What was published.", 2)
    assert not source.transcript.source.startswith(SPEECH)


def test_audio_that_another_feed_has_too_is_not_heard_again(store: Store) -> None:
    [one] = add(store, episode(), feed="a")
    [two] = add(store, episode("two", title="other"), feed="b")
    hear(store, one)
    assert store.claim_listening(two.id, NOW, LATER)
    recording = store.open_recording("d" * 64, "test", NOW, LATER)
    assert recording is not None
    assert recording.is_whole
    fields = store.same_recording(recording.id)
    assert fields is not None
    assert store.save_heard(two, fields, recording.id, {}, NOW)
    assert {s.transcript.text for s in store.load_sources(store.transcript_ids())} == {"Grain came."}
    assert store.seconds_heard(NOW) == 1800.0


def test_a_failure_is_on_the_episode_and_frees_the_recording(store: Store) -> None:
    [e] = add(store, episode())
    store.claim_listening(e.id, NOW, LATER)
    recording = store.open_recording("d" * 64, "test", NOW, LATER)
    assert recording is not None
    store.save_listen_failure(e.id, recording.id, "nobody speaks", LATER)
    assert to_hear(store) == []
    [again] = requests(store, LATER)
    assert again.failures == 1
    assert store.open_recording("d" * 64, "test", NOW, LATER) is not None
    store.save_listen_failure(e.id, None, "nobody speaks", None)
    assert to_hear(store, LATER + timedelta(days=99)) == []


def test_what_is_beyond_the_days_hours_waits_and_is_due_on_the_next_day(store: Store) -> None:
    [e] = add(store, episode())
    tomorrow = NOW + timedelta(days=1)
    store.postpone_listening([e.id], tomorrow)
    assert to_hear(store) == []
    assert to_hear(store, tomorrow) == ["one"]


def test_an_episode_that_a_backfill_asks_for_is_heard_and_nobody_is_told_of_it(store: Store) -> None:
    [e] = add(store, episode(), listen=False)
    [row] = store.feeds()
    past = BackfillRange(NOW - timedelta(days=9), NOW + timedelta(days=1), [row.id])
    assert [r.episode.id for r in store.past_to_hear(past, NOW)] == [e.id]
    assert store.request_listening([e.id], NOW) == 1
    assert store.request_listening([e.id], NOW) == 0
    [asked] = store.episodes_to_hear(NOW, [])
    assert (asked.requested, asked.episode.backlog) == (True, True)
    assert store.read_rows(select(deliveries)) == []


def test_a_backfill_leaves_an_episode_whose_transcript_is_still_to_come_to_fetch(store: Store) -> None:
    add(store, episode("named", transcripts=NAMED), episode("none"))
    [row] = store.feeds()
    past = BackfillRange(NOW - timedelta(days=9), NOW + timedelta(days=1), [row.id])
    assert [r.episode.guid for r in store.past_to_hear(past, NOW)] == ["none"]


def test_a_feed_that_is_removed_takes_what_was_heard_with_it_but_not_the_recording(store: Store) -> None:
    [e] = add(store, episode())
    hear(store, e)
    store.remove_feed("https://a.example/feed")
    assert store.read_rows(select(episodes)) == []
    recording = store.open_recording("d" * 64, "test", NOW, LATER)
    assert recording is not None
    assert store.same_recording(recording.id) is None


def test_the_chunks_go_once_the_transcript_is_there(store: Store) -> None:
    recording = store.open_recording("d" * 64, "test", NOW, LATER)
    assert recording is not None
    store.save_chunk(recording.id, 0, CHUNK)
    store.forget_chunks(recording.id)
    assert store.read_rows(select(recording_chunks)) == []


SECONDS = st.floats(0, 40_000)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
WORDS = st.builds(RecognisedWord, SECONDS, SECONDS, TEXTS, st.one_of(st.none(), st.floats(0, 1)))
SEGMENTS = st.builds(
    RecognisedSegment, SECONDS, SECONDS, TEXTS, st.lists(WORDS, max_size=4).map(tuple), st.one_of(st.none(), TEXTS)
)


@given(
    st.builds(
        RecognisedChunk,
        SECONDS,
        SECONDS,
        st.lists(SEGMENTS, max_size=4).map(tuple),
        st.sampled_from([None, "en"]),
        st.one_of(st.none(), SECONDS),
        st.lists(st.builds(VoiceWindow, SECONDS, SECONDS, st.text("AB+/=", max_size=8)), max_size=3).map(tuple),
    )
)
def test_a_chunk_comes_back_as_it_was_kept(chunk: RecognisedChunk) -> None:
    assert unpack_chunk(pack_chunk(chunk)) == chunk


def test_a_chunk_that_an_older_podwatch_kept_has_no_voices() -> None:
    kept = orjson.loads(zstandard.decompress(pack_chunk(RecognisedChunk(0, 9, (), "en"))))
    del kept["voices"]
    assert unpack_chunk(zstandard.compress(orjson.dumps(kept))) == RecognisedChunk(0, 9, (), "en")
