"""A new or changed watch is looked for over all that is stored, alone; a rescan looks for what was looked for again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from podwatch import query
from podwatch.history.parallel_detection import DetectionResult, combine_results, detect_in_processes
from podwatch.line import detect as detect_module
from podwatch.line.detect import detect
from podwatch.model import EntityType, HoldReason, Tally, Watch
from podwatch.policy.holds import old_episode_reason
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings
from podwatch.store.database import Store
from podwatch.store.detect import Detection
from tests.support.builders import episode
from tests.support.stored_transcripts import count_undetected, store_transcripts

GRAIN = Watch(name="grain", query="grain")
SEA = Watch(name="sea", query='"black sea"')
TEXTS = {f"t{n}": f"Number {n}\ngrain on the Black Sea" for n in range(120)}
WEEK = timedelta(days=7)


def found(store: Store) -> list[tuple[int, str, int, int]]:
    return sorted((f.transcript_id, f.mention.watch, f.mention.start, f.mention.end) for f in store.mentions())


def test_of_a_changed_watchlist_only_what_changed_is_evaluated(
    rt: Runtime, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_transcripts(rt.store, now, TEXTS)
    rt.store.sync_watches([GRAIN, SEA], now)
    detect(rt, now)
    evaluated: set[str] = set()
    real = detect_module.evaluate

    def spy(
        store: Store, engine: query.Engine, source: object, only: frozenset[str], **how: bool
    ) -> query.EngineResult:
        evaluated.update(only)
        return real(store, engine, source, only, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(detect_module, "evaluate", spy)
    rt.store.sync_watches([replace(GRAIN, query="number"), SEA, Watch(name="new", query="on")], now)
    assert detect(rt, now).done == 120
    assert evaluated == {"grain", "new"}
    assert detect(rt, now).done == 0


def test_several_processes_find_what_one_does(store: Store, settings: Settings, now: datetime) -> None:
    store_transcripts(store, now, TEXTS)
    store.sync_watches([GRAIN, SEA], now)
    url = store.engine.url.render_as_string(hide_password=False)
    t = detect_in_processes(replace(settings, database_url=Secret(url)), now, 3)
    assert (t.done, t.new, t.failed) == (120, 240, 0)
    assert len(found(store)) == 240
    assert count_undetected(store) == 0


# name: (watches, days since, how many transcripts are due afterwards, for which watches)
AGAIN: dict[str, tuple[list[str] | None, int | None, int, list[str]]] = {
    "everything": (None, None, 5, ["grain", "sea"]),
    "one watch": (["grain"], None, 5, ["grain"]),
    "what came out lately": (None, 2, 3, ["grain", "sea"]),
    "one watch in what came out lately": (["sea"], 2, 3, ["sea"]),
    "nothing so young": (None, -1, 0, []),
}


@pytest.mark.parametrize("name", AGAIN)
def test_a_rescan_puts_on_the_to_do_list_what_was_asked_for_and_finds_the_same(
    store: Store, settings: Settings, now: datetime, name: str
) -> None:
    watches, days, due, looked_for = AGAIN[name]
    store_transcripts(store, now, dict(list(TEXTS.items())[:5]))
    store.sync_watches([GRAIN, SEA], now)
    rt = Runtime(settings=settings, store=store)
    detect(rt, now)
    before = found(store)
    assert store.requeue_watches(watches, None if days is None else now - timedelta(days=days)) == due
    todo = store.watches_to_detect()
    sources = list(store.transcripts_due(todo.latest, now))
    assert len(sources) == due
    assert sorted({w.name for s in sources for w in todo.after(s.detected_through)}) == looked_for
    assert detect(rt, now).new == 0
    assert found(store) == before
    assert not list(store.transcripts_due(store.watches_to_detect().latest, now))


# name: (what was looked for in it before, days since the episode was first seen, why nobody is told)
PAST: dict[str, tuple[int, float, HoldReason | None]] = {
    "looked through for the first time": (0, 400, None),
    "looked through again, the episode is new": (3, 6.9, None),
    "looked through again, the episode is old": (3, 7.1, HoldReason.OLD_EPISODE),
}


@pytest.mark.parametrize("name", PAST)
def test_what_is_found_again_in_old_episodes_is_the_past(now: datetime, name: str) -> None:
    through, days, why = PAST[name]
    seen = episode(first_seen_at=now - timedelta(days=days))
    assert old_episode_reason(seen, through, now, WEEK) is why


def test_a_watch_that_finds_more_after_an_upgrade_posts_nothing_of_old_episodes(rt: Runtime, now: datetime) -> None:
    store_transcripts(rt.store, now, {"one": "corn"})
    rt.store.sync_watches([replace(GRAIN, query="corn")], now)
    later = now + timedelta(days=30)
    rt.store.sync_watches([GRAIN, Watch(name="corn", query="corn")], now)  # made long ago, never looked for: as if
    detect(rt, now)  # an older podwatch had not found it
    with rt.store.engine.begin() as c:
        c.exec_driver_sql("DELETE FROM mentions")
        c.exec_driver_sql("DELETE FROM deliveries")
    rt.store.requeue_watches(None, None)
    assert detect(rt, later).new == 1
    assert rt.store.alert_states() == {f"held: {HoldReason.OLD_EPISODE.value}": 1}
    assert not rt.store.deliveries_due(later)


def test_a_transcript_that_cannot_be_kept_does_not_keep_the_others_from_it(
    rt: Runtime, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_transcripts(rt.store, now, dict(list(TEXTS.items())[:4]))
    rt.store.sync_watches([GRAIN], now)
    real = rt.store.save_detections

    def broken(done: list[Detection], through: int, at: datetime) -> int:
        if any(d.source.episode.title == "t2" for d in done):
            raise KeyError("t2")
        return real(done, through, at)

    monkeypatch.setattr(type(rt.store), "save_detections", lambda self, *a: broken(*a))
    with pytest.raises(ExceptionGroup, match="1 item"):
        detect(rt, now)
    assert len(found(rt.store)) == 3


def test_tallies_of_shards_count_a_broken_watch_once() -> None:
    a = DetectionResult(3, 1, ("names: later",), {"x": "watch x: bad"})
    b = DetectionResult(4, 2, ("names: later",), {"x": "watch x: bad", "y": "watch y: worse"})
    assert combine_results([a, b]) == Tally("detect", 7, 3, 2, ("names: later", "watch x: bad", "watch y: worse"))


def test_a_watch_of_surges_leaves_nothing_to_be_looked_through(store: Store, settings: Settings, now: datetime) -> None:
    store_transcripts(store, now, TEXTS)
    surge = Watch(name="who", surge=(EntityType.PERSON,))
    store.sync_watches([GRAIN, surge], now)
    url = store.engine.url.render_as_string(hide_password=False)
    assert detect_in_processes(replace(settings, database_url=Secret(url)), now, 1).done == 120
    assert count_undetected(store) == 0
    store.requeue_watches(["who"], None)
    assert count_undetected(store) == 0
    assert store.requeue_watches(None, now - timedelta(days=9)) == 10
    assert count_undetected(store) == 10
