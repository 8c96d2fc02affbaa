"""What it costs to search everything that is stored: backtest, rescan, detect, and one changed watch.

    .venv/bin/python -m benchmarks.past [--short] [--hours N] [--watches N] [--real DIR] [--postgres]

Hours of talk (10,000 words each), generated as in benchmarks.fetch or cut from the text files below DIR, stored on
SQLite or on a PostgreSQL of its own; watches are phrases, names and proximity queries over the words of the talk.
Detect, several processes and backtest must find the same mentions, and in some hours those of the tests' oracle. With
one process the rates are of CPU time (PostgreSQL's not counted), with several of the clock. What decides is the CPU
time beside the query engine alone over texts in memory, and that of one changed watch beside all of them.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from benchmarks.fetch import generate_hours, read_cpu_seconds
from benchmarks.harness import check_figure, measure_cpu, print_table
from podwatch import query, runtime
from podwatch.history.backtest import BacktestResult, backtest, find_differences, merge_results
from podwatch.history.parallel_detection import detect_in_processes
from podwatch.history.process_pool import usable_cores
from podwatch.line.detect import detect
from podwatch.model import Episode, Feed, PollResult, Segment, TranscriptRef, Watch, join_segments
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings
from podwatch.store.fetch import FetchResult
from podwatch.transcripts import sandboxed
from tests.support import query_oracle
from tests.support.postgres import Postgres

WORDS_PER_CUE = 10
T = TypeVar("T")
# A changed watch: its query, and the most CPU time it may take beside all watches.
CHANGED = {
    "a watch changed, in no text": ("Qorvathil", 0.5),
    "a watch changed, in most texts": ("missiles OR bitcoin", 1.0),
}


def fill_store(rt: Runtime, talks: list[list[str]], count: int, now: datetime) -> None:
    """Stores ``count`` hours, an episode a day of ten feeds; the talks are repeated."""
    fields = []
    for words in talks:
        cues = [
            Segment(3.6 * i, 3.6 * i + 3.6, " ".join(words[j : j + WORDS_PER_CUE]))
            for i, j in enumerate(range(0, len(words), WORDS_PER_CUE))
        ]
        fields.append(asdict(sandboxed.pack_transcript(join_segments(cues), "en")) | {"source": "made"})
    rt.store.add_feeds([Feed(url=f"https://made.example/{n}") for n in range(10)], now)
    offer = (TranscriptRef(url="https://made.example/t.vtt"),)
    for n, feed in enumerate(rt.store.feeds()):
        found = tuple(
            Episode(guid=f"{n}-{i}", title=f"Episode {i}", published_at=now - timedelta(days=i), transcripts=offer)
            for i in range(count // 10)
        )
        rt.store.save_polls([PollResult(feed=feed, episodes=found, lists=lambda guid: True)], now, first=count)
    wanted = rt.store.claim_wanted(now, now + timedelta(hours=1))
    for start in range(0, len(wanted), 200):
        some = [
            FetchResult(episode=w.episode, fields=fields[(start + k) % len(fields)], next_fetch_at=None)
            for k, w in enumerate(wanted[start : start + 200])
        ]
        rt.store.save_transcripts(some, now)


def build_watchlist(talks: list[list[str]], count: int) -> list[Watch]:
    """One watch in fifty is a phrase of the talk; the others are rare names, and phrases and NEAR queries with one.

    So an hour has some dozen mentions, as with a real watchlist of names.
    """
    chance = random.Random(3)
    found = []
    for n in range(count):
        talk = [w.strip('.,;:?!"').replace('"', "") for w in chance.choice(talks)]
        i = chance.randrange(len(talk) - 4)
        a, b, c = (w if w.isalpha() else "harbour" for w in talk[i : i + 3])
        rare = f"Zorvath{n}"
        kinds = (f'"{rare} Quillim"', f'"{a} {b}" NEAR/10 {rare}', f'"{b} {rare} {c}"', f"{rare} OR Quillim{n}")
        found.append(Watch(name=f"w{n}", query=f'"{a} {b} {c}"' if n % 50 == 0 else kinds[n % 4]))
    return found


def run_timed(work: Callable[[], T]) -> tuple[T, float, float]:
    """(what ``work`` returns, seconds, CPU seconds of this process and of its children that have ended)."""
    began, spent = time.perf_counter(), read_cpu_seconds()
    found = work()
    return found, time.perf_counter() - began, read_cpu_seconds() - spent


def run_backtest(settings: Settings, rt: Runtime, then: Sequence[Watch], processes: int) -> BacktestResult:
    different = find_differences(rt.store.watches(), then)
    return merge_results(backtest(settings, different, rt.store.transcript_ids(), processes))


def count_hits(part: BacktestResult) -> int:
    return sum(o.hits for o in part.outcomes.values())


def check_against_oracle(rt: Runtime, watches: Sequence[Watch], count: int) -> None:
    """Asserts that the stored mentions of ``count`` hours are those of the tests' oracle."""
    names = {w.id: w for w in rt.store.watches()}
    ids = rt.store.transcript_ids()
    some = random.Random(5).sample(ids, count)
    checked = [w for i, w in enumerate(watches) if i % 50 == 0 or i % 97 == 0]
    stored = rt.store.load_mentions(some, [n for n, w in names.items() if w.name in {a.name for a in checked}])
    for source in rt.store.load_sources(some):
        text = source.transcript.text
        theirs = sorted((w.name, *f) for w in checked for f in query_oracle.find_surfaces(query.query_clause(w), text))
        mine = sorted((m.watch, m.start, m.end, m.surface) for m in stored.get(source.transcript.id, ()))
        assert mine == theirs, f"transcript {source.transcript.id}: {len(mine)} mentions, {len(theirs)} by the oracle"


class RateTable:
    """Collects what was measured. size: MB of text; count: hours."""

    def __init__(self, size: float, count: int) -> None:
        self.size, self.count, self.rows = size, count, list[tuple[str, ...]]()

    def add_row(self, what: str, processes: int, seconds: float, spent: float, mentions: int) -> float:
        """Adds and prints a row; returns its CPU seconds."""
        basis = spent if processes == 1 else seconds
        named = f"{what}, {processes} process" + ("es" if processes > 1 else "")
        rates = (f"{self.size / basis:.1f}", f"{self.count / basis:.0f}")
        self.rows.append((named, f"{seconds:.1f}", f"{spent:.1f}", *rates, f"{mentions:,}"))
        print(*self.rows[-1], sep="  ", flush=True)  # all rows together take some minutes
        return spent


def measure_engine(rt: Runtime, watches: Sequence[Watch], hours: int) -> float:
    """CPU seconds an hour of the query engine alone, over ``hours`` transcripts in memory."""
    texts = [source.transcript for source in rt.store.load_sources(rt.store.transcript_ids()[:hours])]
    engine = query.build_engine(watches)
    engine(texts[0])
    return measure_cpu(lambda: [engine(text) for text in texts]) / len(texts)


def measure_all(
    rt: Runtime, settings: Settings, watches: list[Watch], table: RateTable, now: datetime
) -> dict[str, float]:
    """Each way over the whole store, one after the other; name -> CPU seconds."""
    cpu: dict[str, float] = {}
    n = usable_cores()
    found: dict[int, BacktestResult] = {}
    for processes in dict.fromkeys((n, 1)):
        part, seconds, spent = run_timed(partial(run_backtest, settings, rt, watches, processes))
        found[processes] = part
        cpu["backtest"] = table.add_row("backtest", processes, seconds, spent, count_hits(part))
    assert found[1] == found[n], "several processes find something else"
    rt.store.sync_watches(watches, now)
    first, seconds, spent = run_timed(lambda: detect(rt, now))
    assert first.new == count_hits(found[1]), "detect and backtest differ"
    cpu["detect"] = table.add_row("detect, all new, with rows", 1, seconds, spent, first.new)
    check_against_oracle(rt, watches, 10)
    for processes in dict.fromkeys((n, 1)):
        rt.store.requeue_watches(None, None)
        again, seconds, spent = run_timed(partial(detect_in_processes, settings, now, processes))
        assert (again.done, again.new) == (table.count, 0), "a rescan finds something else"
        cpu["rescan"] = table.add_row("rescan", processes, seconds, spent, first.new)
    for what, (text, _) in CHANGED.items():
        changed = [replace(watches[0], query=text), *watches[1:]]
        part, seconds, spent = run_timed(partial(run_backtest, settings, rt, changed, 1))
        cpu[f"backtest: {what}"] = table.add_row(f"backtest: {what}", 1, seconds, spent, count_hits(part))
        rt.store.sync_watches(changed, now)
        new, seconds, spent = run_timed(partial(detect_in_processes, settings, now, n))
        assert new.new == count_hits(part), "detect and backtest differ in a changed watch"
        pattern = re.compile(rf"\b({text.replace(' OR ', '|')})s?\b", re.IGNORECASE)
        naive = sum(len(pattern.findall(s.transcript.text)) for s in rt.store.load_sources(rt.store.transcript_ids()))
        assert new.new == naive, f"{new.new} mentions, {naive} by a naive count"
        cpu[f"detect: {what}"] = table.add_row(f"detect: {what}", n, seconds, spent, new.new)
    return cpu


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="500 hours instead of 10,000")
    parser.add_argument("--hours", type=int, default=0)
    parser.add_argument("--watches", type=int, default=1000)
    parser.add_argument("--real", type=Path, help="a folder of plain text files to take the talk from")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL")
    options = parser.parse_args()
    count = options.hours or (500 if options.short else 10_000)
    home = Path(tempfile.mkdtemp(prefix="podwatch-past-"))
    now = datetime.now(UTC)
    talks = generate_hours(100 if options.real is None else 1000, options.real)
    watches = build_watchlist(talks, options.watches)
    try:
        with ExitStack() as stack:
            url = f"sqlite:///{home / 'podwatch.db'}"
            if options.postgres:
                url = stack.enter_context(Postgres()).new_database()
            settings = Settings(home=home, database_url=Secret(url), entities=False)
            with runtime.build(settings) as rt:
                _, seconds, _ = run_timed(lambda: fill_store(rt, talks, count, now))
                stored_kb = rt.store.transcript_bytes() / count / 1000
                print(f"filled in {seconds:.0f} s, {stored_kb:.1f} kB an hour", flush=True)
                size = sum(len(s.transcript.text) for s in rt.store.load_sources(rt.store.transcript_ids())) / 1e6
                table = RateTable(size, count)
                cpu = measure_all(rt, settings, watches, table, now)
                engine = measure_engine(rt, watches, 200) * count
    finally:
        shutil.rmtree(home, ignore_errors=True)
    where = "PostgreSQL" if options.postgres else "SQLite"
    title = f"{count:,} hours, {size:.0f} MB of text, {len(watches):,} watches, {where}"
    print_table(title, ("what", "seconds", "CPU seconds", "MB of text/s", "hours/s", "mentions"), table.rows)
    held = [
        check_figure("backtest, CPU beside the engine alone", cpu["backtest"] / engine, 2, least=False),
        check_figure("rescan, CPU beside the engine alone", cpu["rescan"] / engine, 3, least=False),
    ]
    for what, (_, most) in CHANGED.items():
        for verb in ("backtest", "detect"):
            share = cpu[f"{verb}: {what}"] / cpu[verb]
            held.append(check_figure(f"{verb}: {what}, CPU beside all watches", share, most, least=False))
    print(f"\n{sum(held)} of {len(held)} figures hold")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
