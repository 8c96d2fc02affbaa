"""Entities in the store, on SQLite and PostgreSQL alike, and the part of detect that puts them there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta

import pytest

from podwatch import runtime
from podwatch.entities import recognition as recognise
from podwatch.entities.chunking import Span
from podwatch.entities.recognition import missing_requirement
from podwatch.entities.surges import find_surges
from podwatch.line import detect as detect_module
from podwatch.line import entities as stage
from podwatch.line.bugs import Bugs
from podwatch.line.detect import detect
from podwatch.model import (
    ALL,
    Entity,
    EntityType,
    Episode,
    Feed,
    Form,
    Kind,
    KnownName,
    PollResult,
    Segment,
    Shard,
    Transcript,
    UnreadReason,
    Watch,
    join_segments,
)
from podwatch.runtime import Runtime
from podwatch.settings import Settings
from podwatch.store.database import Store
from podwatch.store.entities import TranscriptEntities
from podwatch.store.fetch import FetchResult
from podwatch.transcripts import sandboxed as boxed

needs_model = pytest.mark.skipif(missing_requirement() is not None, reason=missing_requirement() or "")
KELLOGG = Entity(
    key="keith kellogg",
    name="Keith Kellogg",
    type=EntityType.PERSON,
    forms=(Form("Kellogg", 2), Form("Général Kellogg", 1)),
    spans=((0, 7), (100, 107), (70_000, 70_015)),
    votes=((EntityType.ORGANISATION, 2), (EntityType.PERSON, 1)),
)
MOSCOW = Entity(
    key="moscow", name="Moscow", type=EntityType.PLACE, forms=(Form("Moscow", 1),), spans=((9, 15),), votes=()
)


def episodes(store: Store, now: datetime, feed: str, *ages: float) -> list[Episode]:
    """Episodes of a feed that were published so many days ago; stored, in that order."""
    store.add_feeds([Feed(url=f"https://{feed}.example/feed", title=feed)], now)
    [row] = [f for f in store.feeds() if f.title == feed or f.url.startswith(f"https://{feed}.")]
    found = tuple(
        Episode(guid=f"{feed}{i}", title=f"{feed} {i}", published_at=now - timedelta(days=age))
        for i, age in enumerate(ages)
    )
    store.save_polls(
        [PollResult(feed=replace(row, title=feed), episodes=found, lists=lambda g: True)], now, first=len(found)
    )
    by = {e.guid: e for e in store.episodes_without_transcript()}
    return [by[e.guid] for e in found]


def keep(store: Store, e: Episode, text: str, now: datetime, language: str | None = "en") -> None:
    t = join_segments([Segment(0.0, 9.0, text)])
    fields = asdict(boxed.pack_transcript(t, language)) | {"source": "test"}
    store.save_transcripts([FetchResult(episode=e, fields=fields, next_fetch_at=None)], now)


def unnamed(store: Store, now: datetime, shard: Shard = ALL) -> list[Transcript]:
    return [u.transcript for page in store.unread_transcripts(now, shard, page=2) for u in page]


def name(store: Store, now: datetime, *found: Entity, aside: Sequence[int] | None = None) -> None:
    """Gives every unread transcript these entities."""
    for t in unnamed(store, now):
        store.save_entities([TranscriptEntities(t, found, aside or [0] * len(found))], now)


def test_entities_come_back_as_they_were_kept(store: Store, now: datetime) -> None:
    [e] = episodes(store, now, "a", 1)
    keep(store, e, "Kellogg, Moscow", now)
    [t] = unnamed(store, now)
    assert store.entities_of([t.id]) == {}
    assert store.save_entities([TranscriptEntities(t, (KELLOGG, MOSCOW), (0, 0))], now) == 2
    assert store.entities_of([t.id, 77]) == {t.id: (KELLOGG, MOSCOW)}
    assert unnamed(store, now) == []


def test_keeping_them_again_changes_nothing(store: Store, now: datetime) -> None:
    [e] = episodes(store, now, "a", 1)
    keep(store, e, "Kellogg, Moscow", now)
    [t] = unnamed(store, now)
    for _ in range(2):
        store.save_entities([TranscriptEntities(t, (KELLOGG, MOSCOW), (0, 0))], now)
    assert [(x.name, x.count) for x in store.entity_counts(None, None, 9)] == [("Keith Kellogg", 3), ("Moscow", 1)]


def test_a_new_revision_is_read_anew_and_replaces_what_was_there(store: Store, now: datetime) -> None:
    [e] = episodes(store, now, "a", 1)
    keep(store, e, "Kellogg, Moscow", now)
    [old] = unnamed(store, now)
    store.save_entities([TranscriptEntities(old, (KELLOGG, MOSCOW), (0, 0))], now)
    keep(store, e, "Moscow, Moscow", now)
    assert store.entities_of([old.id]) == {}
    assert store.save_entities([TranscriptEntities(old, (KELLOGG,), (0,))], now) == 0, "of the text that is no more"
    [new] = unnamed(store, now)
    assert (new.id, new.revision) == (old.id, 2)
    store.save_entities([TranscriptEntities(new, (MOSCOW,), (0,))], now)
    assert store.entities_of([new.id]) == {new.id: (MOSCOW,)}
    assert [x.name for x in store.entity_counts(None, None, 9)] == ["Moscow"]


def test_the_newest_are_read_first_and_each_shard_reads_its_own(store: Store, now: datetime) -> None:
    for e in episodes(store, now, "a", 5, 4, 3, 2, 1):
        keep(store, e, "x", now)
    ids = [t.id for t in unnamed(store, now)]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 5
    parts = [[t.id for t in unnamed(store, now, Shard(i, 2))] for i in range(2)]
    assert sorted(parts[0] + parts[1]) == sorted(ids)
    assert not set(parts[0]) & set(parts[1])


def test_a_failure_waits_for_its_time_and_counts_as_read_for_nothing(store: Store, now: datetime) -> None:
    [e] = episodes(store, now, "a", 1)
    keep(store, e, "x", now)
    [t] = unnamed(store, now)
    later = now + timedelta(hours=1)
    store.save_entities_failure(t, "a bug", later, now)
    assert unnamed(store, now) == []
    assert [u.id for u in unnamed(store, later)] == [t.id]
    assert store.entities_of([t.id]) == {}
    assert store.episodes_read_by_feed(now - timedelta(days=9), later) == {}


def test_who_is_talked_about_is_counted_by_episodes_and_boilerplate_is_not_talk(store: Store, now: datetime) -> None:
    for e in (*episodes(store, now, "a", 1, 20), *episodes(store, now, "b", 2)):
        keep(store, e, "x", now)
    name(store, now, KELLOGG, MOSCOW, aside=(1, 1))
    [found] = store.entity_counts(None, None, 9)
    assert (found.name, found.episodes, found.feeds, found.count) == ("Keith Kellogg", 3, 2, 6)
    assert found.last_at == now - timedelta(days=1)
    assert store.entity_counts(now - timedelta(days=3), None, 9)[0].episodes == 2
    assert store.entity_counts(None, EntityType.PLACE, 9) == []
    assert store.entity_counts(None, EntityType.PERSON, 9)[0].type is EntityType.PERSON


def test_a_name_that_is_suddenly_in_every_show_surges_and_the_usual_one_does_not(store: Store, now: datetime) -> None:
    recent = set()
    for show in ("a", "b", "c"):
        for i, e in enumerate(episodes(store, now, show, *[d + 0.5 for d in range(40)])):
            keep(store, e, f"{show} {i}", now)
            recent |= {e.id} if i < 2 else set()
    surname = replace(KELLOGG, key="kellogg", name="Kellogg")
    for n, t in enumerate(unnamed(store, now)):
        said = (MOSCOW, surname if n % 2 else KELLOGG) if t.episode_id in recent else (MOSCOW,)
        store.save_entities([TranscriptEntities(t, said, [0] * len(said))], now)
    [found] = find_surges(store, now)
    assert (found.name, set(found.keys)) == ("Keith Kellogg", {"keith kellogg", "kellogg"})
    assert (found.surge.named, found.surge.episodes, found.surge.feeds) == (6, 9, 3)
    assert find_surges(store, now, [KnownName(name="Keith Kellogg")]) == [], "who is watched is no news"
    assert find_surges(store, now, types={EntityType.PLACE}) == []
    assert find_surges(store, now, wanted=lambda feed: feed != found.namings[0].feed_id) == []
    assert find_surges(store, now - timedelta(days=10)) == []


# The stage.


@pytest.fixture
def reading(settings: Settings) -> Iterator[Runtime]:
    with runtime.build(replace(settings, entities=True)) as built:
        yield built


def find(rt: Runtime, now: datetime) -> tuple[str, ...]:
    bugs = Bugs("detect")
    notes = stage.find_entities(rt, now, ALL, bugs)
    bugs.raise_all()
    return notes


@needs_model
def test_detect_reads_each_transcript_for_names_once(reading: Runtime, now: datetime) -> None:
    store = reading.store
    store.sync_watches(
        [Watch(name="k", entity="Robert Kennedy", type="person", aliases=("the Attorney General",))], now
    )
    for e in episodes(store, now, "a", 2, 1):
        keep(store, e, "Then Robert Kennedy met Anatoly Dobrynin in Washington. Kennedy was tired.", now)
    assert detect(reading, now).notes == ()
    found = {x.name: x for x in store.entity_counts(None, None, 9)}
    assert (found["Robert Kennedy"].episodes, found["Robert Kennedy"].count) == (2, 4)
    before = store.counts()
    assert detect(reading, now).done == 0
    assert store.counts() == before


@needs_model
def test_a_query_finds_an_entity_by_all_its_forms(reading: Runtime, now: datetime) -> None:
    store = reading.store
    store.sync_watches([Watch(name="k", query='entity:"Anatoly Dobrynin"')], now)
    [e] = episodes(store, now, "a", 1)
    keep(store, e, "Robert Kennedy met Anatoly Dobrynin. Ambassador Dobrynin cabled Moscow. They had met before.", now)
    detect(reading, now)
    found = [f.mention for f in store.mentions()]
    assert [m.surface for m in found] == ["Anatoly Dobrynin", "Ambassador Dobrynin"]
    assert [m.kind for m in found] == [Kind.EXACT, Kind.ENTITY], "the words of the name, and who was recognised"


def test_the_setting_turns_it_off(rt: Runtime, now: datetime) -> None:
    [e] = episodes(rt.store, now, "a", 1)
    keep(rt.store, e, "Robert Kennedy.", now)
    assert detect(rt, now).notes == ()
    assert len(unnamed(rt.store, now)) == 1


@pytest.mark.parametrize("package", ["spacy", *recognise.MODELS])
def test_without_spacy_or_its_model_it_is_off_with_one_clear_note(
    reading: Runtime, now: datetime, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    hidden = {"spacy"} if package == "spacy" else set(recognise.MODELS)
    real = recognise.importlib.util.find_spec  # type: ignore[attr-defined]
    monkeypatch.setattr(recognise.importlib.util, "find_spec", lambda n: None if n in hidden else real(n))  # type: ignore[attr-defined]
    for e in episodes(reading.store, now, "a", 2, 1):
        keep(reading.store, e, "Robert Kennedy.", now)
    [note] = detect(reading, now).notes
    assert "not installed" in note
    assert "PODWATCH_ENTITIES=off" in note
    assert len(unnamed(reading.store, now)) == 2, "they are read when it is installed"


def test_what_cannot_be_read_is_said_and_not_asked_again(reading: Runtime, now: datetime) -> None:
    [e] = episodes(reading.store, now, "a", 1)
    keep(reading.store, e, "und dann kam Herr Kennedy zur Tür herein und sagte guten Tag", now, "de")
    if missing_requirement() is None:
        assert find(reading, now) == ()
        assert unnamed(reading.store, now) == []
        assert reading.store.episodes_read_by_feed(now - timedelta(days=9), now) == {}
    assert UnreadReason.LANGUAGE.value == "it is not in English"


def test_a_bug_stops_its_transcript_only_and_is_raised_at_the_end(
    reading: Runtime, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def recogniser(transcripts: Sequence[Transcript]) -> list[list[Span]]:
        if any("boom" in t.text for t in transcripts):
            raise ZeroDivisionError
        return [[Span(0, len(t.text), "PERSON")] for t in transcripts]

    monkeypatch.setattr(recognise, "missing_requirement", lambda: None)
    monkeypatch.setattr(recognise, "recognise_spans", recogniser)
    for e, text in zip(episodes(reading.store, now, "a", 3, 2, 1), ("Ann Lee", "boom", "Bob Ray"), strict=True):
        keep(reading.store, e, text, now)
    with pytest.raises(ExceptionGroup) as raised:
        detect_module.detect(reading, now)
    assert len(raised.value.exceptions) == 1
    assert [x.name for x in reading.store.entity_counts(None, None, 9)] == ["Ann Lee", "Bob Ray"]
    assert unnamed(reading.store, now) == [], "a retry walks past it"
    assert len(unnamed(reading.store, now + stage.AGAIN)) == 1


def test_an_old_store_is_read_over_several_runs(
    reading: Runtime, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognise, "missing_requirement", lambda: None)
    monkeypatch.setattr(recognise, "recognise_spans", lambda ts: [[] for _ in ts])
    for e in episodes(reading.store, now, "a", *range(20)):
        keep(reading.store, e, "so it goes", now)
    bugs = Bugs("detect")
    assert stage.find_entities(reading, now, ALL, bugs, most=1) == (
        "names: 4 older transcripts are read in the next runs",
    )
    assert stage.find_entities(reading, now, ALL, bugs, most=1) == ()
