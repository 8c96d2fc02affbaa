"""Entities come back from the store as they were saved, are counted over time, and surge."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from podwatch.entities.surges import find_surges
from podwatch.model import EntityType, KnownName, Shard
from podwatch.store.database import Store
from podwatch.store.entities import TranscriptEntities
from tests.support.stored_entities import KELLOGG, MOSCOW, list_unread, save_for_all
from tests.support.stored_transcripts import save_text, store_episodes


def test_entities_come_back_as_they_were_saved(store: Store, now: datetime) -> None:
    [e] = store_episodes(store, now, "a", 1)
    save_text(store, e, "Kellogg, Moscow", now)
    [t] = list_unread(store, now)
    assert store.entities_of([t.id]) == {}
    assert store.save_entities([TranscriptEntities(t, (KELLOGG, MOSCOW), (0, 0))], now) == 2
    assert store.entities_of([t.id, 77]) == {t.id: (KELLOGG, MOSCOW)}
    assert list_unread(store, now) == []


def test_saving_them_again_changes_nothing(store: Store, now: datetime) -> None:
    [e] = store_episodes(store, now, "a", 1)
    save_text(store, e, "Kellogg, Moscow", now)
    [t] = list_unread(store, now)
    for _ in range(2):
        store.save_entities([TranscriptEntities(t, (KELLOGG, MOSCOW), (0, 0))], now)
    assert [(x.name, x.count) for x in store.entity_counts(None, None, 9)] == [("Keith Kellogg", 3), ("Moscow", 1)]


def test_a_new_revision_is_read_anew_and_replaces_what_was_there(store: Store, now: datetime) -> None:
    [e] = store_episodes(store, now, "a", 1)
    save_text(store, e, "Kellogg, Moscow", now)
    [old] = list_unread(store, now)
    store.save_entities([TranscriptEntities(old, (KELLOGG, MOSCOW), (0, 0))], now)
    save_text(store, e, "Moscow, Moscow", now)
    assert store.entities_of([old.id]) == {}
    assert store.save_entities([TranscriptEntities(old, (KELLOGG,), (0,))], now) == 0, "of a revision that was replaced"
    [new] = list_unread(store, now)
    assert (new.id, new.revision) == (old.id, 2)
    store.save_entities([TranscriptEntities(new, (MOSCOW,), (0,))], now)
    assert store.entities_of([new.id]) == {new.id: (MOSCOW,)}
    assert [x.name for x in store.entity_counts(None, None, 9)] == ["Moscow"]


def test_the_newest_are_read_first_and_each_shard_reads_its_own(store: Store, now: datetime) -> None:
    for e in store_episodes(store, now, "a", 5, 4, 3, 2, 1):
        save_text(store, e, "x", now)
    ids = [t.id for t in list_unread(store, now)]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 5
    parts = [[t.id for t in list_unread(store, now, Shard(i, 2))] for i in range(2)]
    assert sorted(parts[0] + parts[1]) == sorted(ids)
    assert not set(parts[0]) & set(parts[1])


def test_a_failure_waits_for_its_retry_and_does_not_count_as_read(store: Store, now: datetime) -> None:
    [e] = store_episodes(store, now, "a", 1)
    save_text(store, e, "x", now)
    [t] = list_unread(store, now)
    later = now + timedelta(hours=1)
    store.save_entities_failure(t, "a bug", later, now)
    assert list_unread(store, now) == []
    assert [u.id for u in list_unread(store, later)] == [t.id]
    assert store.entities_of([t.id]) == {}
    assert store.episodes_read_by_feed(now - timedelta(days=9), later) == {}


def test_entities_are_counted_by_episodes_without_those_in_boilerplate(store: Store, now: datetime) -> None:
    for e in (*store_episodes(store, now, "a", 1, 20), *store_episodes(store, now, "b", 2)):
        save_text(store, e, "x", now)
    save_for_all(store, now, KELLOGG, MOSCOW, aside=(1, 1))
    [found] = store.entity_counts(None, None, 9)
    assert (found.name, found.episodes, found.feeds, found.count) == ("Keith Kellogg", 3, 2, 6)
    assert found.last_at == now - timedelta(days=1)
    assert store.entity_counts(now - timedelta(days=3), None, 9)[0].episodes == 2
    assert store.entity_counts(None, EntityType.PLACE, 9) == []
    assert store.entity_counts(None, EntityType.PERSON, 9)[0].type is EntityType.PERSON


def test_a_name_that_is_suddenly_in_every_show_surges_and_the_usual_one_does_not(store: Store, now: datetime) -> None:
    recent = set()
    for show in ("a", "b", "c"):
        for i, e in enumerate(store_episodes(store, now, show, *[d + 0.5 for d in range(40)])):
            save_text(store, e, f"{show} {i}", now)
            recent |= {e.id} if i < 2 else set()
    surname = replace(KELLOGG, key="kellogg", name="Kellogg")
    for n, t in enumerate(list_unread(store, now)):
        said = (MOSCOW, surname if n % 2 else KELLOGG) if t.episode_id in recent else (MOSCOW,)
        store.save_entities([TranscriptEntities(t, said, [0] * len(said))], now)
    [found] = find_surges(store, now)
    assert (found.name, set(found.keys)) == ("Keith Kellogg", {"keith kellogg", "kellogg"})
    assert (found.surge.named, found.surge.episodes, found.surge.feeds) == (6, 9, 3)
    assert find_surges(store, now, [KnownName(name="Keith Kellogg")]) == [], "who is watched is no news"
    assert find_surges(store, now, types={EntityType.PLACE}) == []
    assert find_surges(store, now, wanted=lambda feed: feed != found.episodes[0].feed_id) == []
    assert find_surges(store, now - timedelta(days=10)) == []
