"""detect reads each transcript for names once, says what it cannot read, and stops at no bug."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from podwatch import runtime
from podwatch.entities import recognition
from podwatch.entities.recognition import LabelledSpan, missing_requirement
from podwatch.line import entities
from podwatch.line.bugs import RETRY_AFTER_BUG, Bugs
from podwatch.line.detect import detect
from podwatch.model import ALL, Kind, Transcript, UnreadReason, Watch
from podwatch.runtime import Runtime
from podwatch.settings import Settings
from tests.support.migrated_database import place_database
from tests.support.stored_entities import list_unread
from tests.support.stored_transcripts import save_text, store_episodes

needs_model = pytest.mark.skipif(missing_requirement() is not None, reason=missing_requirement() or "")


@pytest.fixture
def reading(settings: Settings) -> Iterator[Runtime]:
    place_database(settings.home)
    with runtime.build(replace(settings, entities=True)) as built:
        yield built


def find(rt: Runtime, now: datetime) -> tuple[str, ...]:
    bugs = Bugs("detect")
    notes = entities.find_entities(rt, now, ALL, bugs)
    bugs.raise_all()
    return notes


@needs_model
def test_detect_reads_each_transcript_for_names_once(reading: Runtime, now: datetime) -> None:
    store = reading.store
    store.sync_watches(
        [Watch(name="k", entity="Robert Kennedy", type="person", aliases=("the Attorney General",))], now
    )
    for e in store_episodes(store, now, "a", 2, 1):
        save_text(store, e, "Then Robert Kennedy met Anatoly Dobrynin in Washington. Kennedy was tired.", now)
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
    [e] = store_episodes(store, now, "a", 1)
    save_text(
        store, e, "Robert Kennedy met Anatoly Dobrynin. Ambassador Dobrynin cabled Moscow. They had met before.", now
    )
    detect(reading, now)
    found = [f.mention for f in store.mentions()]
    assert [m.surface for m in found] == ["Anatoly Dobrynin", "Ambassador Dobrynin"]
    assert [m.kind for m in found] == [Kind.EXACT, Kind.ENTITY], "the words of the name, and who was recognised"


def test_the_setting_turns_it_off(rt: Runtime, now: datetime) -> None:
    [e] = store_episodes(rt.store, now, "a", 1)
    save_text(rt.store, e, "Robert Kennedy.", now)
    assert detect(rt, now).notes == ()
    assert len(list_unread(rt.store, now)) == 1


@pytest.mark.parametrize("package", ["spacy", *recognition.MODELS])
def test_without_spacy_or_its_model_it_is_off_with_one_clear_note(
    reading: Runtime, now: datetime, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    hidden = {"spacy"} if package == "spacy" else set(recognition.MODELS)
    real = recognition.importlib.util.find_spec  # type: ignore[attr-defined]
    monkeypatch.setattr(recognition.importlib.util, "find_spec", lambda n: None if n in hidden else real(n))  # type: ignore[attr-defined]
    for e in store_episodes(reading.store, now, "a", 2, 1):
        save_text(reading.store, e, "Robert Kennedy.", now)
    [note] = detect(reading, now).notes
    assert "not installed" in note
    assert "PODWATCH_ENTITIES=off" in note
    assert len(list_unread(reading.store, now)) == 2, "they are read when it is installed"


def test_a_transcript_in_another_language_is_marked_unread_and_not_tried_again(reading: Runtime, now: datetime) -> None:
    [e] = store_episodes(reading.store, now, "a", 1)
    save_text(reading.store, e, "und dann kam Herr Kennedy zur Tür herein und sagte guten Tag", now, "de")
    if missing_requirement() is None:
        assert find(reading, now) == ()
        assert list_unread(reading.store, now) == []
        assert reading.store.episodes_read_by_feed(now - timedelta(days=9), now) == {}
    assert UnreadReason.LANGUAGE.value == "it is not in English"


def test_a_bug_stops_its_transcript_only_and_is_raised_at_the_end(
    reading: Runtime, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def recogniser(transcripts: Sequence[Transcript]) -> list[list[LabelledSpan]]:
        if any("boom" in t.text for t in transcripts):
            raise ZeroDivisionError
        return [[LabelledSpan(0, len(t.text), "PERSON")] for t in transcripts]

    monkeypatch.setattr(recognition, "missing_requirement", lambda: None)
    monkeypatch.setattr(recognition, "recognise_spans", recogniser)
    for e, text in zip(store_episodes(reading.store, now, "a", 3, 2, 1), ("Ann Lee", "boom", "Bob Ray"), strict=True):
        save_text(reading.store, e, text, now)
    with pytest.raises(ExceptionGroup) as raised:
        detect(reading, now)
    assert len(raised.value.exceptions) == 1
    assert [x.name for x in reading.store.entity_counts(None, None, 9)] == ["Ann Lee", "Bob Ray"]
    assert list_unread(reading.store, now) == [], "a retry leaves it out"
    assert len(list_unread(reading.store, now + RETRY_AFTER_BUG)) == 1


def test_an_old_store_is_read_over_several_runs(
    reading: Runtime, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognition, "missing_requirement", lambda: None)
    monkeypatch.setattr(recognition, "recognise_spans", lambda ts: [[] for _ in ts])
    for e in store_episodes(reading.store, now, "a", *range(20)):
        save_text(reading.store, e, "so it goes", now)
    bugs = Bugs("detect")
    assert entities.find_entities(reading, now, ALL, bugs, most=1) == (
        "names: 4 older transcripts are read in the next runs",
    )
    assert entities.find_entities(reading, now, ALL, bugs, most=1) == ()
