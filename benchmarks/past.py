"""What it costs to look through everything stored: rescan, backtest, one changed watch; and to bring the past in.

    .venv/bin/python -m benchmarks.past [--short] [--hours N] [--watches N] [--real DIR] [--postgres]

Hours of talk (10,000 words each), made as in benchmarks.fetch or cut from the text files below DIR, stored on SQLite or
on a PostgreSQL of its own; watches are phrases, names and proximity queries over the words of the talk. What detect,
several processes and backtest find is checked equal, and in some hours against the tests' oracle. With one process the
rates are of its CPU time (of PostgreSQL's none), with several of the clock.
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
from pathlib import Path
from typing import TypeVar

from benchmarks.fetch import cpu, hours
from benchmarks.harness import show, verdict
from podwatch import query as detectors
from podwatch import runtime
from podwatch.history.backtest import Part, backtest, find_differences
from podwatch.history.process_pool import usable_cores
from podwatch.history.rescan import detect_in_processes
from podwatch.line.detect import detect
from podwatch.model import Episode, Feed, PollResult, Segment, TranscriptRef, Watch, join_segments
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings
from podwatch.store.fetch import FetchResult
from podwatch.transcripts import sandboxed as boxed
from tests.support import query_oracle
from tests.support.postgres import Postgres

CUE = 10
T = TypeVar("T")
CHANGED = {"a watch changed, in no text": "Qorvathil", "a watch changed, in most texts": "missiles OR bitcoin"}


def fill(rt: Runtime, talks: list[list[str]], count: int, now: datetime) -> None:
    """``count`` stored hours, an episode a day of ten feeds; the talks are repeated."""
    fields = []
    for words in talks:
        cues = [
            Segment(3.6 * i, 3.6 * i + 3.6, " ".join(words[j : j + CUE]))
            for i, j in enumerate(range(0, len(words), CUE))
        ]
        fields.append(asdict(boxed.pack_transcript(join_segments(cues), "en")) | {"source": "made"})
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


def watchlist(talks: list[list[str]], count: int) -> list[Watch]:
    """One in fifty is a phrase that is said; the others are names, and phrases and proximity queries with one in them.

    So an hour has some dozen mentions: what a watchlist of names finds.
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


def timed(work: Callable[[], T]) -> tuple[T, float, float]:
    """(what it gives, seconds, CPU seconds of this process and of those it has seen off)."""
    began, spent = time.perf_counter(), cpu()
    found = work()
    return found, time.perf_counter() - began, cpu() - spent


def tried(settings: Settings, rt: Runtime, then: Sequence[Watch], processes: int) -> Part:
    whole = Part()
    different = find_differences(rt.store.watches(), then)
    for part in backtest(settings, different, rt.store.transcript_ids(), processes):
        whole.add(part)
    return whole


def hits(part: Part) -> int:
    return sum(o.hits for o in part.outcomes.values())


def checked(rt: Runtime, watches: Sequence[Watch], count: int) -> None:
    """Compares the stored mentions of some hours with the tests' oracle."""
    names = {w.id: w for w in rt.store.watches()}
    ids = rt.store.transcript_ids()
    some = random.Random(5).sample(ids, count)
    asked = [w for i, w in enumerate(watches) if i % 50 == 0 or i % 97 == 0]
    stored = rt.store.load_mentions(some, [n for n, w in names.items() if w.name in {a.name for a in asked}])
    for source in rt.store.load_sources(some):
        text = source.transcript.text
        theirs = sorted((w.name, *f) for w in asked for f in query_oracle.finds(detectors.query_clause(w), text))
        mine = sorted((m.watch, m.start, m.end, m.surface) for m in stored.get(source.transcript.id, ()))
        assert mine == theirs, f"transcript {source.transcript.id}: {len(mine)} mentions, {len(theirs)} by the oracle"


class Table:
    """The rows that are measured. size: MB of text; count: hours."""

    def __init__(self, size: float, count: int) -> None:
        self.size, self.count, self.rows = size, count, list[tuple[str, ...]]()

    def row(self, what: str, processes: int, seconds: float, spent: float, mentions: int) -> float:
        """Adds a row; returns its MB of text a second: of CPU with one process, else of the clock."""
        basis = spent if processes == 1 else seconds
        named = f"{what}, {processes} process" + ("es" if processes > 1 else "")
        rates = (f"{self.size / basis:.1f}", f"{self.count / basis:.0f}")
        self.rows.append((named, f"{seconds:.1f}", f"{spent:.1f}", *rates, f"{mentions:,}"))
        print(*self.rows[-1], sep="  ", flush=True)  # the whole takes some minutes
        return self.size / basis


def measured(rt: Runtime, settings: Settings, watches: list[Watch], table: Table, now: datetime) -> dict[str, float]:
    """Each way over all of the store, one after the other; returns the figures that are asked for."""
    figures: dict[str, float] = {}
    n = usable_cores()
    found: dict[int, Part] = {}
    for processes in dict.fromkeys((1, n)):
        found[processes], seconds, spent = timed(lambda p=processes: tried(settings, rt, watches, p))  # type: ignore[misc]
        figures[f"backtest {processes}"] = table.row("backtest", processes, seconds, spent, hits(found[processes]))
    assert found[1] == found[n], "several processes find something else"
    rt.store.sync_watches(watches, now)
    first, seconds, spent = timed(lambda: detect(rt, now))
    assert first.new == hits(found[1]), "detect and backtest differ"
    table.row("detect, all new, with rows", 1, seconds, spent, first.new)
    checked(rt, watches, 10)
    for processes in dict.fromkeys((1, n)):
        rt.store.requeue_watches(None, None)
        again, seconds, spent = timed(lambda p=processes: detect_in_processes(settings, now, p))  # type: ignore[misc]
        assert (again.done, again.new) == (table.count, 0), "a rescan finds something else"
        figures[f"rescan {processes}"] = table.row("rescan", processes, seconds, spent, first.new)
    for what, query in (
        ("a watch changed, in no text", "Qorvathil"),
        ("a watch changed, in most texts", "missiles OR bitcoin"),
    ):
        changed = [replace(watches[0], query=query), *watches[1:]]
        part, seconds, spent = timed(lambda c=changed: tried(settings, rt, c, 1))  # type: ignore[misc]
        table.row(f"backtest: {what}", 1, seconds, spent, hits(part))
        rt.store.sync_watches(changed, now)
        new, seconds, spent = timed(lambda: detect_in_processes(settings, now, n))
        assert new.new == hits(part), "detect and backtest differ in a changed watch"
        expression = re.compile(rf"\b({query.replace(' OR ', '|')})s?\b", re.IGNORECASE)
        naive = sum(len(expression.findall(s.transcript.text)) for s in rt.store.load_sources(rt.store.transcript_ids()))
        assert new.new == naive, f"{new.new} mentions, {naive} by a naive count"
        table.row(f"detect: {what}", n, seconds, spent, new.new)
        figures[what] = seconds * 10_000 / table.count
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="500 hours instead of 10,000")
    parser.add_argument("--hours", type=int, default=0)
    parser.add_argument("--watches", type=int, default=1000)
    parser.add_argument("--real", type=Path, help="a folder of plain text files to take the talk from")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL")
    asked = parser.parse_args()
    count = asked.hours or (500 if asked.short else 10_000)
    home = Path(tempfile.mkdtemp(prefix="podwatch-past-"))
    now = datetime.now(UTC)
    talks = hours(100 if asked.real is None else 1000, asked.real)
    watches = watchlist(talks, asked.watches)
    try:
        with ExitStack() as stack:
            url = f"sqlite:///{home / 'podwatch.db'}"
            if asked.postgres:
                url = stack.enter_context(Postgres()).new_database()
            settings = Settings(home=home, database_url=Secret(url), entities=False)
            with runtime.build(settings) as rt:
                _, seconds, _ = timed(lambda: fill(rt, talks, count, now))
                kept = rt.store.transcript_bytes() / count / 1000
                print(f"filled in {seconds:.0f} s, {kept:.1f} kB an hour", flush=True)
                size = sum(len(s.transcript.text) for s in rt.store.load_sources(rt.store.transcript_ids())) / 1e6
                table = Table(size, count)
                figures = measured(rt, settings, watches, table, now)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    where = "PostgreSQL" if asked.postgres else "SQLite"
    title = f"{count:,} hours, {size:.0f} MB of text, {len(watches):,} watches, {where}"
    show(title, ("what", "seconds", "CPU seconds", "MB of text/s", "hours/s", "mentions"), table.rows)
    held = [
        verdict("backtest on one core, MB/s", figures["backtest 1"], 20),
        verdict("rescan on one core, MB/s", figures["rescan 1"], 20),
        *(verdict(f"{w}, seconds for 10,000 hours", figures[w], 30, least=False) for w in figures if "changed" in w),
    ]
    print(f"\n{sum(held)} of {len(held)} figures hold")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
