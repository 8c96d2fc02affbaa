"""Backtest: what another watchlist gains and loses over the store, by the same engine, with nothing stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from podwatch.history.backtest import (
    BacktestResult,
    Difference,
    WatchChange,
    backtest,
    find_differences,
    merge_results,
    most_frequent_surfaces,
    per_week,
    sum_outcomes,
)
from podwatch.line.detect import detect
from podwatch.model import DeliverMode, EntityType, Scope, Watch
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings
from podwatch.store.database import Store
from tests.support.stored_transcripts import store_transcripts

GRAIN = Watch(name="grain", query="grain")
SEA = Watch(name="sea", query='"black sea"')
TEXTS = {
    "one": "The grain ships left.\nGrain again.",
    "two": "Over the Black Sea.\nNo corn today.",
    "three": "Nothing here.",
}


def run_backtest(rt: Runtime, *proposed: Watch, processes: int = 1, since: datetime | None = None) -> BacktestResult:
    differences = find_differences(rt.store.watches(), proposed)
    return merge_results(backtest(rt.settings, differences, rt.store.transcript_ids(since), processes))


@pytest.fixture
def filled(rt: Runtime, now: datetime) -> Runtime:
    store_transcripts(rt.store, now, TEXTS)
    rt.store.sync_watches([GRAIN, SEA], now)
    detect(rt, now)
    return rt


# name: (the new list, how each watch that differs does)
DIFFERENCES: dict[str, tuple[list[Watch], list[tuple[str, WatchChange]]]] = {
    "the same": ([GRAIN, SEA], []),
    "another channel finds the same": ([replace(GRAIN, channel="#else"), SEA], []),
    "another order": ([SEA, GRAIN], []),
    "a changed query": ([replace(GRAIN, query="corn"), SEA], [("grain", WatchChange.CHANGED)]),
    "another scope": ([replace(GRAIN, scope=Scope(tags=("x",))), SEA], [("grain", WatchChange.CHANGED)]),
    "a surge, which is in no transcript": ([GRAIN, SEA, Watch(name="who", surge=(EntityType.PERSON,))], []),
    "a query that became a surge": ([Watch(name="grain", surge=()), SEA], [("grain", WatchChange.REMOVED)]),
    "one more": ([GRAIN, SEA, Watch(name="corn", query="corn")], [("corn", WatchChange.NEW)]),
    "one less": ([SEA], [("grain", WatchChange.REMOVED)]),
    "nothing": ([], [("grain", WatchChange.REMOVED), ("sea", WatchChange.REMOVED)]),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_only_watches_that_find_something_else_differ(name: str) -> None:
    then, expected = DIFFERENCES[name]
    assert [(d.name, d.change) for d in find_differences([GRAIN, SEA], then)] == expected


def test_a_changed_query_says_what_it_gains_and_loses(filled: Runtime) -> None:
    [(name, o)] = run_backtest(filled, replace(GRAIN, query="corn OR ships"), SEA).outcomes.items()
    assert (name, o.hits, o.gained, o.lost) == ("grain", 2, 2, 2)
    assert most_frequent_surfaces(o) == [("corn", 1), ("ships", 1)]
    assert sorted(s.mention.surface for s in o.samples_gained) == ["corn", "ships"]
    assert {s.mention.snippet for s in o.samples_lost} == {"The grain ships left.", "Grain again."}
    assert (len(o.alerts_now), len(o.alerts)) == (1, 2)


def test_a_removed_watch_loses_all_and_a_new_one_gains_all(filled: Runtime) -> None:
    found = run_backtest(filled, SEA, Watch(name="corn", query="corn")).outcomes
    assert (found["grain"].gained, found["grain"].lost, found["grain"].hits) == (0, 2, 0)
    assert (found["corn"].gained, found["corn"].lost, found["corn"].hits) == (1, 0, 1)


def test_nothing_is_stored(filled: Runtime) -> None:
    before = filled.store.counts(), filled.store.watches_to_detect(), [f.mention for f in filled.store.mentions()]
    run_backtest(filled, replace(GRAIN, query="corn"), processes=2)
    assert (
        filled.store.counts(),
        filled.store.watches_to_detect(),
        [f.mention for f in filled.store.mentions()],
    ) == before


def test_what_was_not_looked_for_yet_is_evaluated_by_the_same_engine(rt: Runtime, now: datetime) -> None:
    store_transcripts(rt.store, now, TEXTS)
    rt.store.sync_watches([GRAIN, SEA], now)  # and no detect
    o = run_backtest(rt, replace(GRAIN, query="grain OR corn"), SEA).outcomes["grain"]
    assert (o.hits, o.gained, o.lost) == (3, 1, 0)


def test_several_processes_find_what_one_does(rt: Runtime, now: datetime) -> None:
    store_transcripts(rt.store, now, {f"t{n}": f"Number {n}\nthe grain of {n}" for n in range(450)})
    rt.store.sync_watches([SEA], now)
    one, three = run_backtest(rt, GRAIN), run_backtest(rt, GRAIN, processes=3)
    assert one == three
    assert one.outcomes["grain"].hits == 450
    assert len(one.outcomes["grain"].samples_gained) == 3


def test_since_leaves_out_what_came_before(filled: Runtime, now: datetime) -> None:
    assert run_backtest(filled, replace(GRAIN, query="corn"), SEA, since=now - timedelta(hours=1)).transcripts == 1


def test_the_scope_of_a_watch_holds_here_too(filled: Runtime) -> None:
    assert not run_backtest(filled, GRAIN, SEA, Watch(name="x", query="corn", scope=Scope(tags=("sports",)))).outcomes


def test_a_watch_that_tells_nobody_makes_no_alerts(filled: Runtime) -> None:
    silent = Watch(name="corn", query="corn", deliver=DeliverMode.NONE)
    o = run_backtest(filled, GRAIN, SEA, silent).outcomes["corn"]
    assert (o.hits, len(o.alerts)) == (1, 0)


def test_alerts_a_week_count_each_watch_and_episode_once(rt: Runtime, now: datetime) -> None:
    store_transcripts(
        rt.store, now, {f"t{n}": "grain and grain" for n in range(29)}
    )  # 28 days from the first to the last
    whole = run_backtest(rt, GRAIN, Watch(name="again", query="grain"))
    assert per_week(len(whole.outcomes["grain"].alerts), whole) == 7.25
    assert per_week(len(sum_outcomes(whole.outcomes).alerts), whole) == 14.5


def test_the_same_on_every_database(store: Store, settings: Settings, now: datetime) -> None:
    store_transcripts(store, now, TEXTS)
    store.sync_watches([GRAIN], now)
    url = store.engine.url.render_as_string(hide_password=False)
    proposed = replace(GRAIN, query="corn OR sea")
    difference = Difference(change=WatchChange.CHANGED, present=store.watches()[0], proposed=proposed)
    there = replace(settings, database_url=Secret(url))
    o = merge_results(backtest(there, [difference], store.transcript_ids(), 2)).outcomes["grain"]
    assert (o.gained, o.lost) == (2, 2)
