"""The to-do queries and saves of the verbs, claims and the schema, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from podwatch.errors import SettingsError, StoreError
from podwatch.model import (
    DeliveryState,
    Episode,
    Feed,
    HoldReason,
    Segment,
    Shard,
    TranscriptRef,
    Watch,
    join_segments,
)
from podwatch.settings import Secret, Settings
from podwatch.store.connection import HEAD, connect
from podwatch.store.database import Store, inspect_database, open_store
from podwatch.store.detect import Detection
from podwatch.store.tables import metadata
from podwatch.transcripts.formats import Columns
from podwatch.transcripts.sandboxed import pack_transcript
from tests.support.stored_transcripts import GRAIN, list_wanted, save_poll, save_transcript, store_alert

OFFER = (TranscriptRef(url="https://a.example/1.vtt", media_type="text/vtt"),)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """The settings of a database without tables, of either kind."""
    if request.param == "sqlite":
        return settings
    return replace(settings, database_url=Secret(request.getfixturevalue("postgres").new_database()))


def episode(guid: str = "one", **changes: object) -> Episode:
    return replace(Episode(guid=guid, title=guid, transcripts=OFFER), **changes)  # type: ignore[arg-type]


def feed_with(store: Store, now: datetime, *found: Episode) -> Feed:
    store.add_feeds([Feed(url="https://a.example/feed")], now)
    [feed] = store.feeds()
    save_poll(store, feed, now, *found)
    return feed


def episodes_due(store: Store, now: datetime) -> list[Episode]:
    return [w.episode for w in list_wanted(store, now)]


def test_the_migrations_make_the_tables_that_the_code_knows(store: Store) -> None:
    assert inspect(store.engine).has_table("alembic_version")
    for table in metadata.sorted_tables:
        columns = {c["name"] for c in inspect(store.engine).get_columns(table.name)}
        assert columns == {c.name for c in table.columns}, table.name
        made = {i["name"] for i in inspect(store.engine).get_indexes(table.name)}
        assert {i.name for i in table.indexes} <= made, table.name
    versions = Path(__file__).parents[2] / "pipeline/podwatch/store/migrations/versions"
    assert max(p.name[:4] for p in versions.glob("[0-9]*.py")) == HEAD


def test_a_database_of_a_newer_podwatch_is_refused_in_one_line(empty_database: Settings) -> None:
    open_store(empty_database).close()
    engine = connect(empty_database)
    with engine.begin() as c:
        c.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match=r"made by a newer podwatch \(version 9999"):
        open_store(empty_database)


def test_a_database_that_lacks_a_table_or_a_column_of_its_revision_is_not_called_fine(
    empty_database: Settings,
) -> None:
    open_store(empty_database).close()
    assert inspect_database(empty_database).revision == HEAD
    engine = connect(empty_database)
    with engine.begin() as c:
        c.execute(text("DROP TABLE entities"))
        c.execute(text("ALTER TABLE mutes DROP COLUMN reason"))
    engine.dispose()
    lacks = rf"at revision {HEAD}, but lacks entities, mutes.reason - restore a backup into an empty database"
    with pytest.raises(StoreError, match=lacks):
        inspect_database(empty_database)


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("postgresql://user:hunter2@127.0.0.1:1/x", "the database cannot be opened"),
        ("sqlite:////proc/nowhere/x.db", "the database cannot be opened"),
        ("mysql://root@127.0.0.1/x", "mysql is not supported"),
        ("no address", "is not a database address"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_line_without_the_password(
    settings: Settings, url: str, line: str
) -> None:
    with pytest.raises((StoreError, SettingsError)) as e:
        open_store(replace(settings, database_url=Secret(url)))
    assert line in str(e.value)
    assert "hunter2" not in str(e.value)


def test_two_processes_may_open_a_new_database_at_once(empty_database: Settings) -> None:
    failures: list[BaseException] = []

    def opening() -> None:
        try:
            open_store(empty_database).close()
        except BaseException as e:  # noqa: BLE001
            failures.append(e)

    threads = [threading.Thread(target=opening) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures


def test_importing_the_same_feeds_twice_changes_nothing_but_new_tags(store: Store, now: datetime) -> None:
    feed = Feed(url="https://a.example/feed", tags=("news",))
    assert store.add_feeds([feed], now) == 1
    assert store.add_feeds([feed], now) == 0
    assert store.add_feeds([replace(feed, tags=("policy", "news"))], now) == 0
    assert [f.tags for f in store.feeds()] == [("news", "policy")]


def test_a_feed_is_due_when_its_time_has_come_and_only_in_its_shard(store: Store, now: datetime) -> None:
    store.add_feeds([Feed(url=f"https://a.example/{i}") for i in range(6)], now)
    assert len(store.feeds_due(now)) == 6
    assert store.feeds_due(now - timedelta(seconds=1)) == []
    parts = [store.feeds_due(now, Shard(i, 3)) for i in range(3)]
    assert sorted(f.id for part in parts for f in part) == [f.id for f in store.feeds()]


def test_an_episode_seen_again_is_corrected_and_not_counted_again(store: Store, now: datetime) -> None:
    feed = feed_with(store, now, episode())
    assert save_poll(store, feed, now, episode(title="Better title")) == 0
    assert [e.title for e in episodes_due(store, now)] == ["Better title"]


def test_an_episode_whose_transcript_is_announced_later_becomes_due_then(store: Store, now: datetime) -> None:
    feed = feed_with(store, now, episode(transcripts=()))
    assert episodes_due(store, now) == []
    save_poll(store, feed, now, episode())
    assert [e.guid for e in episodes_due(store, now)] == ["one"]


def test_a_transcript_comes_back_as_it_was_stored(store: Store, now: datetime) -> None:
    feed_with(store, now, episode())
    [e] = episodes_due(store, now)
    segments = [
        Segment(0.0, 2.5, "Zürich 🎙️ first", "Ann"),
        Segment(math.nan, math.nan, "no times"),
        Segment(3.25, 7, "last", "Bob"),
    ]
    stored = replace(join_segments(segments, source="x", media_type="vtt", language="de"), episode_id=e.id)
    assert save_transcript(store, e, stored, now)
    store.sync_watches([GRAIN], now)
    [source] = store.transcripts_due(1, now)
    got = source.transcript
    assert (got.text, got.speakers, got.offsets) == (stored.text, stored.speakers, stored.offsets)
    assert repr(got.segments()) == repr(stored.segments())
    assert pack_transcript(got, None).digest == pack_transcript(stored, None).digest


def test_the_times_of_words_come_back_to_the_centisecond(store: Store, now: datetime) -> None:
    feed_with(store, now, episode())
    [e] = episodes_due(store, now)
    columns = Columns()
    columns.add("grain, the grain", 1.5, 4.0, "Ann", [("grain,", 1.5), ("the", 2.25), ("grain", 3.1)])
    columns.add("看見", 4.0, 6.0, None, [("看", 4.0), ("見", 5.0)])
    stored = columns.transcript(episode_id=e.id)
    assert save_transcript(store, e, stored, now)
    store.sync_watches([GRAIN], now)
    [source] = store.transcripts_due(1, now)
    got = source.transcript
    assert got.words == stored.words
    assert pack_transcript(got, None).digest == pack_transcript(stored, None).digest
    assert [got.seconds_at(at) for at in (0, 7, 11, 17, 18)] == [1.5, 2.25, 3.1, 4.0, 5.0]
    assert got.is_exact_at(11)


def test_the_same_transcript_again_changes_nothing_and_another_becomes_the_next_revision(
    store: Store, now: datetime
) -> None:
    store_alert(store, now)
    [e] = [f.episode for f in store.mentions()][:1]
    same = replace(join_segments([Segment(1.5, 4.0, "grain, the grain")]), episode_id=e.id)
    assert not save_transcript(store, e, same, now)
    assert list(store.transcripts_due(1, now)) == []
    assert save_transcript(store, e, join_segments([Segment(1.5, 4.0, "no wheat")]), now)
    [source] = store.transcripts_due(1, now)
    assert source.transcript.revision == 2


def test_what_was_found_in_a_transcript_replaced_meanwhile_is_not_saved(store: Store, now: datetime) -> None:
    store_alert(store, now)
    store.sync_watches([replace(GRAIN, query="wheat")], now)
    [source] = store.transcripts_due(2, now)
    save_transcript(store, source.episode, join_segments([Segment(0, 1, "another text")]), now)
    assert store.save_detections([Detection(source, {}, [], ())], 2, now) == 0
    assert [s.transcript.text for s in store.transcripts_due(2, now)] == ["another text"]


def test_mentions_and_the_delivery_of_their_alert_are_saved_together(store: Store, now: datetime) -> None:
    store_alert(store, now)
    assert [f.mention.start for f in store.mentions()] == [0, 11]
    [delivery] = store.deliveries_due(now)
    found = store.alert_of(delivery)
    assert found is not None
    alert, enabled = found
    assert enabled
    assert (alert.watch.name, alert.episode.title, len(alert.mentions)) == ("grain", "one", 2)


def test_a_delivery_is_claimed_once_and_again_only_when_its_lease_has_run_out(store: Store, now: datetime) -> None:
    store_alert(store, now)
    [due] = store.deliveries_due(now)
    lease = now + timedelta(minutes=5)
    claimed, _ = store.claim_delivery(due, now, lease) or (None, None)
    assert claimed is not None
    assert store.claim_delivery(due, now, lease) is None
    assert store.deliveries_due(now + timedelta(minutes=4)) == []
    [left_behind] = store.deliveries_due(lease)
    again, _ = store.claim_delivery(left_behind, lease, lease + timedelta(minutes=5)) or (None, None)
    assert again is not None
    assert not store.save_delivery(replace(claimed, state=DeliveryState.SENT, next_attempt_at=None), now), "the fence"
    assert store.save_delivery(replace(again, state=DeliveryState.SENT, next_attempt_at=None), now)
    assert store.deliveries_due(now + timedelta(days=9)) == []


def test_many_at_once_claim_each_delivery_once(store: Store, now: datetime) -> None:
    store_alert(store, now)
    [due] = store.deliveries_due(now)
    won: list[object] = []
    threads = [
        threading.Thread(target=lambda: won.append(store.claim_delivery(due, now, now + timedelta(minutes=5))))
        for _ in range(8)
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len([w for w in won if w is not None]) == 1


def test_a_watch_keeps_its_revision_until_it_would_find_something_else(store: Store, now: datetime) -> None:
    def sync(*watches: Watch) -> list[tuple[str, int]]:
        store.sync_watches(watches, now)
        return [(w.name, w.revision) for w in store.watches()]

    assert sync(GRAIN) == [("grain", 1)]
    assert sync(replace(GRAIN, channel="#elsewhere")) == [("grain", 1)]
    assert sync(replace(GRAIN, query="wheat")) == [("grain", 2)]
    assert sync() == []
    assert sync(replace(GRAIN, query="wheat")) == [("grain", 3)], (
        "back again: transcripts stored in between are searched"
    )


def test_a_naive_time_is_refused_instead_of_guessed(store: Store) -> None:
    with pytest.raises(Exception, match="a naive datetime"):
        store.feeds_due(datetime(2026, 1, 1))  # noqa: DTZ001


def test_no_alert_is_held_for_a_watch_that_came_back_meanwhile(store: Store, now: datetime) -> None:
    store_alert(store, now)
    [due] = store.deliveries_due(now)
    assert not store.hold_delivery(due, HoldReason.DISABLED, None)
    store.sync_watches([], now)
    assert store.hold_delivery(due, HoldReason.DISABLED, None)
