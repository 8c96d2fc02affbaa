"""Live, backfill, rescan and backtest find the same: the same text and watches, whoever looks, in whatever order."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podwatch import query, runtime
from podwatch.history.backlog import detect_range
from podwatch.history.backtest import Difference, WatchChange, backtest, merge_results
from podwatch.history.parallel_detection import detect_in_processes
from podwatch.line.detect import detect
from podwatch.line.repeated_passages import PassageLabeller
from podwatch.model import BackfillRange, Watch
from podwatch.query import EpisodeFields
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings
from tests.support.hypothesis_profiles import examples
from tests.support.migrated_database import place_database
from tests.support.stored_transcripts import correct_transcripts, store_transcripts

NOW = datetime(2026, 11, 3, 6, tzinfo=UTC)
WORDS = ("grain", "Grain's", "Black", "Sea", "corn", "ships", "left,", "Dobrynin", "Élysée", "not", "U.S.")
texts = st.lists(
    st.lists(st.sampled_from((*WORDS, "\n")), min_size=1, max_size=25).map(" ".join), min_size=1, max_size=4
)
queries = st.lists(
    st.sampled_from(
        (
            "grain",
            '"black sea"',
            "grain NEAR/3 ships",
            "corn AND NOT left",
            "gr*n",
            "elysee",
            "title:t1 AND corn",
            "grain~1 OR sea",
        )
    ),
    min_size=1,
    max_size=5,
    unique=True,
)

Span = tuple[str, str, int, int, str]


def said(rt: Runtime) -> list[Span]:
    return sorted(
        (f.episode.title, f.mention.watch, f.mention.start, f.mention.end, f.mention.surface)
        for f in rt.store.mentions()
    )


def alone(rt: Runtime, watches: Sequence[Watch]) -> list[Span]:
    """The oracle: each watch in an engine of its own, over each text."""
    found: list[Span] = []
    for source in rt.store.load_sources(rt.store.transcript_ids()):
        e = source.episode
        about = EpisodeFields(title=e.title, notes=e.notes, show=e.show, feed_url=source.feed_url)
        for watch in watches:
            for m in query.build_engine([watch])(source.transcript, about).mentions:
                found.append((e.title, m.watch, m.start, m.end, m.surface))
    return sorted(found)


@given(texts=texts, queries=queries, cut=st.integers(0, 5))
@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.too_slow])
def test_live_backfill_rescan_and_backtest_find_the_same(texts: list[str], queries: list[str], cut: int) -> None:
    watches = [Watch(name=f"w{i}", query=q) for i, q in enumerate(queries)]
    ways = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("live", "backfill", "rescan"):
            home = Path(folder) / name
            url = Secret(f"sqlite:///{home}/podwatch.db")
            place_database(home)
            with runtime.build(Settings(home=home, database_url=url, entities=False)) as rt:
                store_transcripts(rt.store, NOW, {f"t{i}": text for i, text in enumerate(texts)})
                if name == "live":  # one watch after another
                    rt.store.sync_watches(watches[:cut], NOW)
                    detect(rt, NOW)
                    rt.store.sync_watches(watches, NOW)
                    detect(rt, NOW)
                    expected = alone(rt, watches)
                    everything = [
                        Difference(change=WatchChange.CHANGED, present=w, proposed=replace(w))
                        for w in rt.store.watches()
                    ]
                    whole = merge_results(backtest(rt.settings, everything, rt.store.transcript_ids(), 1))
                    tried = {n: (o.hits, o.gained, o.lost) for n, o in whole.outcomes.items()}
                elif name == "backfill":
                    rt.store.sync_watches(watches, NOW)
                    [feed] = rt.store.feeds()
                    days = BackfillRange(NOW - timedelta(days=9), NOW + timedelta(days=1), [feed.id])
                    detect_range(rt, days, NOW)
                else:
                    rt.store.sync_watches(watches, NOW)
                    detect(rt, NOW)
                    rt.store.requeue_watches(None, None)
                    detect_in_processes(rt.settings, NOW, 1)
                ways.append(said(rt))
    assert ways == [expected] * 3
    assert tried == {
        w.name: (n, 0, 0) for w in watches if (n := len([s for s in expected if s[1] == w.name]))
    }  # the same hits, none gained, none lost


LABELLED = "This episode is sponsored by Grain Ships. Use the code GRAIN at checkout. grain"
# What may happen to a store between two runs of detect: each is done to it, in any order.
STEPS = (
    "detect",
    "two processes",
    "correct",
    "undo",
    "rename",
    "remove",
    "change",
    "rescan",
    "rescan since",
    "rescan one",
)
steps = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 30)), max_size=8)


@given(steps=steps, queries=queries, said_else=texts)
@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.too_slow])
def test_whatever_happened_before_in_the_end_there_is_what_one_look_finds(
    steps: list[tuple[str, int]], queries: list[str], said_else: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        place_database(home)
        url = Secret(f"sqlite:///{home}/podwatch.db")
        with runtime.build(Settings(home=home, database_url=url, entities=False)) as rt:
            # More transcripts than are read before an engine has settled on what it waits for.
            at_first = {
                f"t{i}": (LABELLED, "corn left, Grain's ships", "Nothing.")[i % 3] + f"\n{i}" for i in range(24)
            }
            store_transcripts(rt.store, NOW, at_first)
            watches = [Watch(name=f"w{i}", query=q, skip=("sponsor",) if i % 2 else ()) for i, q in enumerate(queries)]
            rt.store.sync_watches(watches, NOW)
            for step, n in steps:
                watches = happens(rt, watches, step, n, at_first, said_else[n % len(said_else)])
            rt.store.sync_watches(watches, NOW)
            detect(rt, NOW)
            expected = alone(rt, watches)
            assert said(rt) == expected
            rt.store.requeue_watches(None, None)
            assert detect_in_processes(rt.settings, NOW, 1).new == 0
            assert said(rt) == expected
            marks = PassageLabeller(rt.store)
            for source in rt.store.load_sources(rt.store.transcript_ids()):
                stored = rt.store.load_mentions([source.transcript.id], [w.id for w in rt.store.watches()])
                there = stored.get(source.transcript.id, [])
                assert [m.label for m in marks.label_mentions(source, [replace(m, label=None) for m in there])] == [
                    m.label for m in there
                ]
            everything = [
                Difference(change=WatchChange.CHANGED, present=w, proposed=replace(w)) for w in rt.store.watches()
            ]
            whole = merge_results(backtest(rt.settings, everything, rt.store.transcript_ids(), 1))
            assert {(o.gained, o.lost) for o in whole.outcomes.values()} <= {(0, 0)}
            assert sum(o.hits for o in whole.outcomes.values()) == len(expected)


def happens(rt: Runtime, watches: list[Watch], step: str, n: int, at_first: dict[str, str], text: str) -> list[Watch]:
    """One step; returns the watchlist after it."""
    i = n % max(1, len(watches))
    match step:
        case "detect":
            detect(rt, NOW)
        case "two processes":
            detect_in_processes(rt.settings, NOW, 2)
        case "correct":
            correct_transcripts(rt.store, NOW, {f"t{n % 24}": text})
        case "undo":
            correct_transcripts(rt.store, NOW, {f"t{n % 24}": at_first[f"t{n % 24}"]})
        case "rename" if watches:
            watches = [*watches[:i], replace(watches[i], name=f"{watches[i].name} anew"), *watches[i + 1 :]]
        case "remove" if watches:
            watches = [*watches[:i], *watches[i + 1 :]]
        case "change" if watches:
            watches = [*watches[:i], replace(watches[i], query=("ships", "corn", "dobrynin")[n % 3]), *watches[i + 1 :]]
        case "rescan":
            rt.store.requeue_watches(None, None)
        case "rescan since":
            rt.store.requeue_watches(None, NOW - timedelta(days=n))
        case "rescan one" if watches:
            rt.store.requeue_watches([watches[i].name], None)
    rt.store.sync_watches(watches, NOW)
    return watches
