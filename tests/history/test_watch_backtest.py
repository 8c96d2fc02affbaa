"""The backtest beside the editor: what the index leaves out changes nothing, and it says how far it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from podwatch.errors import PodwatchError
from podwatch.history.backtest import BacktestResult, Outcome, backtest, find_differences, merge_results
from podwatch.history.search import compile_search
from podwatch.history.watch_backtest import WatchBacktest, backtest_watch
from podwatch.line.detect import detect
from podwatch.line.search_index import index_transcripts
from podwatch.model import DeliverMode, EntityType, Scope, Watch
from podwatch.runtime import Runtime
from tests.history.test_search import TEXTS
from tests.query.test_narrowing import QUERIES
from tests.support.stored_transcripts import correct_transcripts, store_episodes, store_transcripts

GRAIN = Watch(name="grain", query="grain")
LEE = Watch(name="lee", entity="O'Brien", aliases=("Brien",), sounds_like=True)
LONG = timedelta(days=3650)


@pytest.fixture
def filled(rt: Runtime, now: datetime) -> Runtime:
    store_transcripts(rt.store, now, TEXTS)
    index_transcripts(rt.store, lambda done, of: None, None)
    rt.store.sync_watches([GRAIN, LEE], now)
    detect(rt, now)
    return rt


def present(rt: Runtime, name: str) -> Watch:
    [found] = [w for w in rt.store.watches() if w.name == name]
    return found


def by_every_transcript(rt: Runtime, proposed: Watch, since: datetime) -> Outcome:
    """The oracle: `podwatch backtest` over the same list with this one watch changed, which reads every transcript."""
    rest = [w for w in rt.store.watches() if w.name != proposed.name]
    differences = find_differences(rt.store.watches(), [*rest, proposed])
    whole: BacktestResult = merge_results(backtest(rt.settings, differences, rt.store.transcript_ids(since), 1))
    return whole.outcomes.get(proposed.name, Outcome())


SCOPES = st.sampled_from([Scope(), Scope(languages=("en",)), Scope(not_tags=("none",))])


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES, scope=SCOPES, is_new=st.booleans())
def test_what_the_index_leaves_out_changes_nothing(
    query: str, scope: Scope, is_new: bool, filled: Runtime, now: datetime
) -> None:
    try:
        compile_search(query)
    except PodwatchError:
        return
    was = None if is_new else present(filled, "grain")
    proposed = replace(was or GRAIN, name="new" if is_new else "grain", query=query, scope=scope)
    found = backtest_watch(filled.store, was, proposed, now - LONG)
    expected = by_every_transcript(filled, proposed, now - LONG)
    if was is None or was.fingerprint != proposed.fingerprint:
        assert found.outcome == expected
    assert found.read <= found.of
    assert found.is_whole


@pytest.mark.parametrize(
    "change",
    [
        {"query": "corn"},
        {"query": "grain OR corn"},
        {"query": None, "entity": "O'Brien", "sounds_like": True},
        {"deliver": DeliverMode.NONE, "query": "corn"},
        {"minimum": 2, "query": "grain again OR grain"},
        {"scope": Scope(tags=("elsewhere",))},
    ],
    ids=str,
)
def test_every_edit_says_what_a_backtest_of_the_whole_list_says(
    change: dict[str, object], filled: Runtime, now: datetime
) -> None:
    was = present(filled, "grain")
    proposed = replace(was, **change)  # type: ignore[arg-type]
    found = backtest_watch(filled.store, was, proposed, now - LONG)
    assert found.outcome == by_every_transcript(filled, proposed, now - LONG)


def test_the_sound_of_a_name_reads_every_transcript(filled: Runtime, now: datetime) -> None:
    was = present(filled, "lee")
    proposed = replace(was, aliases=())
    found = backtest_watch(filled.store, was, proposed, now - LONG)
    assert (found.is_narrowed, found.read) == (False, found.of)
    assert found.outcome == by_every_transcript(filled, proposed, now - LONG)


def test_a_renamed_watch_is_compared_with_what_it_was(filled: Runtime, now: datetime) -> None:
    was = present(filled, "grain")
    found = backtest_watch(filled.store, was, replace(was, name="wheat", query="corn"), now - LONG)
    assert (found.outcome.gained, found.outcome.lost) == (1, 2)


def test_where_nothing_was_looked_for_yet_the_present_watch_is_evaluated(rt: Runtime, now: datetime) -> None:
    store_transcripts(rt.store, now, TEXTS)
    rt.store.sync_watches([GRAIN], now)
    was = present(rt, "grain")
    found = backtest_watch(rt.store, was, replace(was, query="corn"), now - LONG)
    assert (found.outcome.gained, found.outcome.lost) == (1, 2)


def test_what_was_corrected_since_is_read_as_it_is_now(filled: Runtime, now: datetime) -> None:
    correct_transcripts(filled.store, now, {"latin": "The corn ships left."})
    was = present(filled, "grain")
    found = backtest_watch(filled.store, was, replace(was, query="corn"), now - LONG)
    assert found.outcome == by_every_transcript(filled, replace(was, query="corn"), now - LONG)


def test_only_the_days_that_are_asked_for_count(rt: Runtime, now: datetime) -> None:
    from tests.support.stored_transcripts import save_text

    for e in store_episodes(rt.store, now, "show", 1.0, 50.0, 100.0):
        save_text(rt.store, e, "The grain ships left.", now)
    found = backtest_watch(rt.store, None, GRAIN, now - timedelta(days=90))
    assert (found.of, found.outcome.hits) == (2, 2)
    assert round(found.result.weeks) == 7


def test_it_says_how_far_it_is_and_ends_when_it_is_told_to(rt: Runtime, now: datetime) -> None:
    store_transcripts(rt.store, now, {f"e{i}": "The grain ships left." for i in range(60)})
    seen: list[tuple[int, int]] = []

    def report(found: WatchBacktest) -> bool:
        seen.append((found.read, found.outcome.hits))
        return len(seen) < 2

    found = backtest_watch(rt.store, None, GRAIN, now - LONG, report)
    assert seen == [(10, 10), (35, 35)]
    assert (found.read, found.candidates, found.is_whole) == (35, 60, False)


def test_a_surge_is_in_no_transcript(filled: Runtime, now: datetime) -> None:
    found = backtest_watch(filled.store, None, Watch(name="who", surge=(EntityType.PERSON,)), now - LONG)
    assert (found.candidates, found.read) == (0, 0)


def test_what_cannot_be_looked_for_is_said(filled: Runtime, now: datetime) -> None:
    with pytest.raises(PodwatchError, match="quotes of the phrase"):
        backtest_watch(filled.store, None, Watch(name="x", query='grain "'), now - LONG)
