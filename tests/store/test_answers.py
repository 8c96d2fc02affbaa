"""Each answer is saved once, a person's last one counts, and they give the precision of a watch."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

import pytest

from podwatch.line.answers import save_answer
from podwatch.model import Answer, Precision, Verdict, Watch, measure_precision
from podwatch.store.database import Store
from tests.support.stored_transcripts import store_alert

MINUTE = timedelta(minutes=1)


@pytest.fixture
def key(store: Store, now: datetime) -> str:
    store_alert(store, now)
    [due] = store.deliveries_due(now)
    return due.key


def answer(key: str, verdict: Verdict, at: datetime, user: str = "U1") -> Answer:
    return Answer(key=key, verdict=verdict, user=user, at=at)


def standing(store: Store) -> list[Verdict]:
    return sorted(j.verdict for j in store.standing_verdicts())


def test_an_answer_is_saved_with_the_spellings_of_the_alert(store: Store, key: str, now: datetime) -> None:
    assert save_answer(store, answer(key, Verdict.WRONG, now), now).startswith("Noted: wrong.")
    [judged] = store.standing_verdicts()
    assert (judged.watch, judged.verdict, judged.spellings) == ("grain", Verdict.WRONG, (("grain", "exact"),))


def test_the_same_press_twice_is_one_answer(store: Store, key: str, now: datetime) -> None:
    said = {save_answer(store, answer(key, Verdict.RELEVANT, now), now + i * MINUTE) for i in range(3)}
    assert len(said) == 1
    assert standing(store) == [Verdict.RELEVANT]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_the_last_answer_of_a_person_counts_in_whatever_order_they_come_in(
    order: tuple[int, ...], store: Store, key: str, now: datetime
) -> None:
    verdicts = [Verdict.RELEVANT, Verdict.WRONG, Verdict.RELEVANT]
    for i in order:
        save_answer(store, answer(key, verdicts[i], now + i * MINUTE), now + 9 * MINUTE)
    assert standing(store) == [Verdict.RELEVANT]


def test_two_people_have_an_answer_each(store: Store, key: str, now: datetime) -> None:
    save_answer(store, answer(key, Verdict.RELEVANT, now, "U1"), now)
    save_answer(store, answer(key, Verdict.WRONG, now, "U2"), now)
    assert standing(store) == [Verdict.RELEVANT, Verdict.WRONG]
    assert measure_precision(store.standing_verdicts()) == {"grain": Precision(1, 1)}
    assert measure_precision(store.standing_verdicts())["grain"].share == 0.5


def test_a_snooze_is_no_judgement(store: Store, key: str, now: datetime) -> None:
    save_answer(store, answer(key, Verdict.SNOOZE_WATCH, now), now)
    assert store.standing_verdicts() == []
    assert Precision().share is None


def test_mute_show_mutes_the_show_for_thirty_days_once(store: Store, key: str, now: datetime) -> None:
    for _ in range(2):
        said = save_answer(store, answer(key, Verdict.MUTE_SHOW, now, "U7"), now)
        assert said.startswith("Noted: The show https://a.example/feed tells nobody until 2026-12-03 06:00 UTC.")
    [mute] = store.active_mutes(now)
    assert (mute.feed_id, mute.watch_id, mute.by) == (store.feeds()[0].id, None, "U7")
    assert mute.until == now + timedelta(days=30)


def test_snooze_watch_is_a_week_and_pressing_it_later_again_is_a_week_from_then(
    store: Store, key: str, now: datetime
) -> None:
    for at in (now, now + 60 * MINUTE):
        save_answer(store, answer(key, Verdict.SNOOZE_WATCH, at), at)
    assert [m.until for m in store.active_mutes(now)] == [now + timedelta(days=7), now + timedelta(days=7, hours=1)]
    assert {m.watch for m in store.active_mutes(now)} == {"grain"}


def test_an_alert_that_is_gone_takes_no_answer(store: Store, key: str, now: datetime) -> None:
    store.remove_feed("https://a.example/feed")
    assert (
        save_answer(store, answer(key, Verdict.WRONG, now), now)
        == "podwatch no longer has this alert; nothing was noted."
    )
    assert store.standing_verdicts() == []


def test_an_answer_outlives_its_episode(store: Store, key: str, now: datetime) -> None:
    save_answer(store, answer(key, Verdict.WRONG, now), now)
    store.remove_feed("https://a.example/feed")
    assert standing(store) == [Verdict.WRONG]


def test_precision_is_of_the_watch_as_it_is_now_and_learning_uses_older_answers_too(
    store: Store, key: str, now: datetime
) -> None:
    save_answer(store, answer(key, Verdict.WRONG, now), now)
    store.sync_watches([Watch(name="grain", query="wheat")], now)
    assert store.standing_verdicts(current=True) == []
    assert standing(store) == [Verdict.WRONG]
    store.sync_watches([], now)
    assert store.standing_verdicts() == []
