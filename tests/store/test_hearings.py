"""Doubts and hearings: the to-do list, claims and saves, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from podwatch.model import Doubt, Hearing, HearingOutcome, Period, Watch
from podwatch.store.database import Store
from podwatch.store.detect import Detection, TranscriptSource
from podwatch.store.hearings import DoubtfulTranscript, HeardPlace
from tests.support.stored_transcripts import save_text, store_episodes

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SOON = NOW + timedelta(minutes=15)
TEXT = "Grain came from witcop today, and witcop left."
FIRST = Doubt(name="Steve Witkoff", start=16, end=22, surface="witcop", score=0.25)
SECOND = replace(FIRST, start=34, end=40)
WITKOFF = Watch(name="witkoff", entity="Steve Witkoff", sounds_like=True)
NUMBERS = (-0.1, 3.0, -1.0, 1.0, -1.0)


def store_doubts(store: Store, *doubts: Doubt, age: float = 0.0) -> TranscriptSource:
    """A transcript in which detect has found these doubts."""
    [episode] = store_episodes(store, NOW, f"show{age:g}", age)
    save_text(store, episode, TEXT, NOW)
    store.sync_watches([WITKOFF], NOW)
    [source] = [s for s in store.load_sources(store.transcript_ids()) if s.episode.id == episode.id]
    save_doubts(store, source, *doubts)
    return source


def save_doubts(store: Store, source: TranscriptSource, *doubts: Doubt) -> None:
    todo = store.watches_to_detect()
    watches = {w.name: w for _, w in todo.watches}
    store.save_detections([Detection(source, watches, (), (), None, doubts)], todo.latest, NOW)


def heard(doubt: Doubt, outcome: HearingOutcome = HearingOutcome.HEARD) -> HeardPlace:
    likelihoods = NUMBERS if outcome is HearingOutcome.HEARD else ()
    return HeardPlace(Hearing(doubt=doubt, outcome=outcome, likelihoods=likelihoods, recogniser="tones 1"), 8.0)


def waiting(store: Store, now: datetime = NOW) -> list[DoubtfulTranscript]:
    return store.transcripts_to_hear_again(now)


def test_doubts_are_stored_once_and_wait(store: Store) -> None:
    source = store_doubts(store, FIRST, SECOND)
    save_doubts(store, source, FIRST, SECOND)
    assert store.doubts_waiting(source.transcript.id) == [FIRST, SECOND]
    assert [(d.transcript_id, d.episode.id, d.failures) for d in waiting(store)] == [
        (source.transcript.id, source.episode.id, 0)
    ]
    assert store.count_waiting_hearings() == 2
    assert store.hearings_of([source.transcript.id]) == {}


def test_the_newest_episodes_are_heard_first(store: Store) -> None:
    old, new = store_doubts(store, FIRST, age=3.0), store_doubts(store, FIRST, age=1.0)
    assert [d.episode.id for d in waiting(store)] == [new.episode.id, old.episode.id]


def test_one_run_at_a_time_has_the_doubts_of_a_transcript(store: Store) -> None:
    store_doubts(store, FIRST)
    [mine] = waiting(store)
    assert store.claim_hearings(mine, NOW, SOON)
    assert not store.claim_hearings(mine, NOW, SOON)
    assert waiting(store) == []
    assert len(waiting(store, SOON)) == 1


def test_a_failure_is_counted_and_postpones(store: Store) -> None:
    store_doubts(store, FIRST)
    [mine] = waiting(store)
    store.postpone_hearings(mine, SOON, failed=True)
    assert waiting(store) == []
    assert [d.failures for d in waiting(store, SOON)] == [1]
    store.postpone_hearings(mine, NOW, failed=False)
    assert [d.failures for d in waiting(store)] == [1]


def test_a_transcript_is_searched_again_once_all_its_doubts_are_decided(store: Store) -> None:
    source = store_doubts(store, FIRST, SECOND)
    latest = store.watches_to_detect().latest
    [mine] = waiting(store)
    store.save_hearings(mine, [heard(FIRST)], NOW)
    assert store.transcript_ids_due(latest, NOW) == []
    store.save_hearings(mine, [heard(SECOND, HearingOutcome.NO_AUDIO)], NOW)
    assert store.transcript_ids_due(latest, NOW) == [source.transcript.id]
    found = store.hearings_of([source.transcript.id])[source.transcript.id]
    assert [(h.doubt, h.outcome, h.likelihoods) for h in found] == [
        (FIRST, HearingOutcome.HEARD, NUMBERS),
        (SECOND, HearingOutcome.NO_AUDIO, ()),
    ]
    assert waiting(store, SOON) == []
    assert store.seconds_heard_again(NOW) == 16.0
    assert store.seconds_heard_again(SOON) == 0.0


def test_what_was_heard_counts_for_the_next_text_where_the_same_is_said(store: Store) -> None:
    source = store_doubts(store, FIRST, SECOND)
    [mine] = waiting(store)
    store.save_hearings(mine, [heard(FIRST)], NOW)
    front = "A new text: "
    save_text(store, source.episode, front + TEXT, NOW)
    [moved] = store.hearings_of([source.transcript.id])[source.transcript.id]
    assert moved == replace(heard(FIRST).hearing, doubt=replace(FIRST, start=16 + len(front), end=22 + len(front)))
    assert store.count_waiting_hearings() == 0
    assert store.seconds_heard_again(NOW) == heard(FIRST).seconds


def test_what_was_heard_of_another_text_does_not_count(store: Store) -> None:
    source = store_doubts(store, FIRST, SECOND)
    [mine] = waiting(store)
    store.save_hearings(mine, [heard(FIRST)], NOW)
    save_text(store, source.episode, "Nobody knows what witcop means where it is written so.", NOW)
    assert store.hearings_of([source.transcript.id]) == {}
    assert store.list_hearings() == []
    assert store.count_waiting_hearings() == 0
    assert store.coverage_facts(Period(None, NOW + DAY)).doubts == []


def test_the_list_has_what_waits_and_what_was_decided(store: Store) -> None:
    source = store_doubts(store, FIRST, SECOND)
    [mine] = waiting(store)
    store.save_hearings(mine, [heard(FIRST)], NOW)
    found = store.list_hearings()
    assert [(h.hearing.doubt, h.is_decided, h.show) for h in found] == [
        (FIRST, True, "show0"),
        (SECOND, False, "show0"),
    ]
    assert store.list_hearings(transcript_id=source.transcript.id + 1) == []
    assert len(store.list_hearings(limit=1)) == 1


def test_coverage_knows_what_the_audio_has_not_decided(store: Store) -> None:
    third = replace(FIRST, start=0, end=5, surface="Grain")
    store_doubts(store, FIRST, SECOND, third)
    [mine] = waiting(store)
    store.save_hearings(mine, [heard(FIRST), heard(SECOND, HearingOutcome.NO_TIMES)], NOW)
    old = store_doubts(store, FIRST, age=3.0)

    def outcomes(period: Period) -> list[str | None]:
        return sorted((d.outcome or "waits" for d in store.coverage_facts(period).doubts), key=str)

    assert outcomes(Period(NOW - DAY, NOW + DAY)) == ["no_times", "waits"]
    assert outcomes(Period(None, NOW + DAY)) == ["no_times", "waits", "waits"]
    [found] = store.coverage_facts(Period(None, NOW - DAY)).doubts
    assert (found.episode_id, found.name, found.language) == (old.episode.id, "Steve Witkoff", "en")
    assert store.coverage_facts(Period(None, NOW + DAY), [99]).doubts == []
    undecided = store.list_hearings(undecided_of=["Steve Witkoff"])
    assert sorted(str(h.hearing.outcome if h.is_decided else None) for h in undecided) == ["None", "None", "no_times"]
    assert store.list_hearings(undecided_of=["Kaja Kallas"]) == []


def test_hearings_go_with_their_feed(store: Store) -> None:
    store_doubts(store, FIRST)
    [feed] = store.feeds()
    store.remove_feed(feed.url)
    assert store.list_hearings() == []
