"""What it costs to look through everything stored: rescan, backtest, one changed watch; and to bring the past in.

    .venv/bin/python -m benchmarks.past [--short] [--hours N] [--watches N]

Hours of talk (10,000 words each), made as in benchmarks.fetch, stored on SQLite; watches are phrases, names and
proximity queries over the words of the talk. What detect, with several processes, and backtest find is checked equal.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.fetch import hours
from benchmarks.table import show, verdict
from pipeline import runtime
from pipeline.backtest import Part, backtest, differences
from pipeline.detect import detect
from pipeline.model import Episode, Feed, Polled, Segment, Tally, TranscriptRef, Watch, joined
from pipeline.processes import cores
from pipeline.rescan import detect_with
from pipeline.runtime import Runtime
from pipeline.settings import Secret, Settings
from pipeline.store.fetch import Fetched
from pipeline.transcripts import boxed

CUE = 10


def fill(rt: Runtime, talks: list[list[str]], count: int, now: datetime) -> None:
    """``count`` stored hours, an episode a day of ten feeds; the talks are repeated."""
    fields = []
    for words in talks:
        cues = [
            Segment(3.6 * i, 3.6 * i + 3.6, " ".join(words[j : j + CUE]))
            for i, j in enumerate(range(0, len(words), CUE))
        ]
        fields.append(asdict(boxed.ready(joined(cues), "en")) | {"source": "made"})
    rt.store.add_feeds([Feed(url=f"https://made.example/{n}") for n in range(10)], now)
    offer = (TranscriptRef(url="https://made.example/t.vtt"),)
    for n, feed in enumerate(rt.store.feeds()):
        found = tuple(
            Episode(guid=f"{n}-{i}", title=f"Episode {i}", published_at=now - timedelta(days=i), transcripts=offer)
            for i in range(count // 10)
        )
        rt.store.save_polls([Polled(feed=feed, episodes=found, lists=lambda guid: True)], now, first=count)
    wanted = rt.store.take_wanted(now, now + timedelta(hours=1))
    for start in range(0, len(wanted), 200):
        some = [
            Fetched(episode=w.episode, fields=fields[(start + k) % len(fields)], again_at=None)
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
        a, b, c = (w if any(x.isalpha() for x in w) else "harbour" for w in talk[i : i + 3])
        rare = f"Zorvath{n}"
        kinds = (f'"{rare} Quillim"', f'"{a} {b}" NEAR/10 {rare}', f'"{b} {rare} {c}"', f"{rare} OR Quillim{n}")
        found.append(Watch(name=f"w{n}", query=f'"{a} {b} {c}"' if n % 50 == 0 else kinds[n % 4]))
    return found


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="500 hours instead of 10,000")
    parser.add_argument("--hours", type=int, default=0)
    parser.add_argument("--watches", type=int, default=1000)
    asked = parser.parse_args()
    count = asked.hours or (500 if asked.short else 10_000)
    home = Path(tempfile.mkdtemp(prefix="podwatch-past-"))
    now = datetime.now(UTC)
    talks = hours(100, None)
    watches = watchlist(talks, asked.watches)
    n = cores()
    try:
        settings = Settings(home=home, database_url=Secret(f"sqlite:///{home / 'podwatch.db'}"), entities=False)
        with runtime.build(settings) as rt:
            fill(rt, talks, count, now)
            ids = rt.store.transcript_ids()
            size = sum(len(s.transcript.text) for s in rt.store.sources(ids)) / 1e6
            rows = []

            def row(what: str, seconds: float, hits: int) -> float:
                rows.append((what, f"{seconds:.1f}", f"{size / seconds:.1f}", f"{count / seconds:.0f}", f"{hits:,}"))
                return size / seconds

            tried: dict[int, Part] = {}
            speeds: dict[str, float] = {}
            for processes in dict.fromkeys((1, n)):
                whole = Part()
                different = differences(rt.store.watches(), watches)
                began = time.perf_counter()
                for part in backtest(settings, different, ids, processes):
                    whole.add(part)
                seconds = time.perf_counter() - began
                hits = sum(o.hits for o in whole.outcomes.values())
                speeds[f"backtest {processes}"] = row(f"backtest, {processes} processes", seconds, hits)
                tried[processes] = whole
            assert tried[1] == tried[n], "several processes find something else"
            rt.store.sync_watches(watches, now)
            told: list[Tally] = []
            seconds = timed(lambda: told.append(detect(rt, now)))
            assert told[0].new == sum(o.hits for o in tried[1].outcomes.values()), "detect and backtest differ"
            row("detect, all new, 1 process, with rows", seconds, told[0].new)
            rt.store.look_again(None, None)
            seconds = timed(lambda: told.append(detect(rt, now)))
            assert told[1].new == 0, "a rescan finds something new"
            speeds["rescan 1"] = row("rescan, 1 process", seconds, told[0].new)
            rt.store.look_again(None, None)
            seconds = timed(lambda: told.append(detect_with(settings, now, n)))
            assert (told[2].done, told[2].new) == (count, 0)
            speeds[f"rescan {n}"] = row(f"rescan, {n} processes", seconds, told[0].new)
            rt.store.sync_watches([replace(watches[0], query="harbour"), *watches[1:]], now)
            changed = timed(lambda: told.append(detect_with(settings, now, n)))
            row(f"one watch changed, {n} processes", changed, told[3].new)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    title = f"{count:,} hours, {size:.0f} MB of text, {len(watches):,} watches"
    show(title, ("what", "seconds", "MB of text/s", "hours/s", "mentions"), rows)
    held = [
        verdict("backtest on one core, MB/s", speeds["backtest 1"], 20),
        verdict("rescan on one core, MB/s", speeds["rescan 1"], 20),
        verdict("one changed watch over 10,000 hours, seconds", changed * 10_000 / count, 30, least=False),
    ]
    print(f"\n{sum(held)} of {len(held)} figures hold")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
