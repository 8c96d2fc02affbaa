"""240 lines in one process on a simulated clock, an hour apart, with faults on every side: does anything but data grow?

    make soak                SHORT=1: 48 lines

2,000 shows, of which a few publish each hour; a share of all answers goes wrong, two hosts never answer, and Slack
fails as in the crash test. Measured after each line: memory of the process and of those that it started, open files,
threads; at the end: rows of every table, files in the data folder. Nothing may be lost, or left over.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select, text

from benchmarks.crash.recording_proxy import RecordingProxy
from benchmarks.crash.scenario import SCALE, scale_pace
from benchmarks.harness import check_figure, print_table
from benchmarks.scale.processes import Sample, sample_processes
from benchmarks.scale.shows import ALERT_WORD, Shows
from podwatch import runtime
from podwatch.line.retention import prune_expired
from podwatch.line.verbs import LINE
from podwatch.model import DeliverMode, Feed, Watch
from podwatch.net import client
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings, parse_networks
from podwatch.store.tables import deliveries, metadata
from tests.support.slack.emulator import Emulator

CHANNELS, FAULTS, SILENT, PER_LINE = 20, 0.04, 2, 12
# What may grow with what was heard, found and told, and with the days that pass.
DATA = {
    "episodes", "episode_keys", "transcripts", "mentions", "deliveries", "entities", "entity_names", "entity_spans",
    "feed_days", "search_documents", "feed_items",
}  # fmt: skip
MEMORY = 1.05  # of the second quarter's, at most


def run_line(rt: Runtime, hour: int) -> Counter[str]:
    """One run of the line, an hour after the one before; how many were new and failed at each verb."""
    found: Counter[str] = Counter()
    for name, verb in LINE.items():
        tally = verb(rt, rt.store.clock() + timedelta(hours=hour))
        found.update({f"{name} done": tally.done, f"{name} new": tally.new, f"{name} failed": tally.failed})
    prune_expired(rt, rt.store.clock() + timedelta(hours=hour))
    return found


def count_rows(rt: Runtime) -> dict[str, int]:
    with rt.store.reading() as c:
        return {n: c.execute(select(func.count()).select_from(text(n))).scalar_one() for n in sorted(metadata.tables)}


def count_untold(rt: Runtime) -> int:
    """Mentions whose alert is neither sent nor on its way: there should be none."""
    query = text(
        "SELECT count(*) FROM mentions m WHERE m.gone_at IS NULL AND NOT EXISTS (SELECT 1 FROM deliveries d "
        "WHERE d.watch_id = m.watch_id AND d.episode_id = m.episode_id)"
    )
    with rt.store.reading() as c:
        return int(c.execute(query).scalar_one())


def median_of(samples: Sequence[Sample], name: str) -> float:
    return float(statistics.median(getattr(s, name) for s in samples))


def soak(lines: int, shows: int, entities: bool) -> int:
    rng = random.Random(7)
    client.MORE_SECONDS *= SCALE  # as every wait here
    samples: list[Sample] = []
    totals: Counter[str] = Counter()
    with (
        tempfile.TemporaryDirectory(prefix="podwatch-soak-") as folder,
        Shows(shows, minutes=2, faults=FAULTS, silent=SILENT, watches=CHANNELS) as server,
        Emulator() as emulator,
        RecordingProxy(emulator, SCALE) as proxy,
    ):
        home = Path(folder)
        settings = Settings(
            home=home, database_url=Secret(f"sqlite:///{home}/podwatch.db"), slack_token=Secret("xoxb-crash"),
            slack_base_url=proxy.base_url, pace=scale_pace(SCALE), allow_addresses=parse_networks("127.0.0.0/8"),
            host_pause=0.0, poll_floor=300.0, run_seconds=3.0, first_poll=0, entities=entities, keep_days=5,
        )  # fmt: skip
        with runtime.build(settings) as rt:
            now = rt.store.clock()
            rt.store.add_feeds([Feed(url=server.url(n)) for n in range(shows)], now)
            for n in range(CHANNELS):
                emulator.call("conversations.create", name=f"soak{n}")
            rt.store.sync_watches(
                [Watch(name=f"watch{n}", query=f"watch{n}x", channel=f"#soak{n}") for n in range(CHANNELS)]
                + [Watch(name="all", query=ALERT_WORD, channel="console:", deliver=DeliverMode.NONE)],
                now,
            )
            first: dict[str, int] = {}
            ended: list[int] = []
            signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
            for line in range(lines):
                if ended:  # what was measured until then is reported all the same
                    break
                if line:
                    server.publish(rng.sample(range(shows), PER_LINE), now + timedelta(hours=line))
                began = time.monotonic()
                found = run_line(rt, line)
                totals += found
                gc.collect()
                samples.append(sample_processes(os.getpid(), threading.active_count()))
                s = samples[-1]
                print(
                    f"{line + 1:4} of {lines}: {time.monotonic() - began:5.1f} s, {s.memory:6.1f} MB, "
                    f"{s.children_memory:6.1f} MB in {s.children}, {s.files} files, {s.threads} threads; "
                    + ", ".join(f"{k} {v}" for k, v in found.items() if v), flush=True,
                )  # fmt: skip
                if line == lines // 4:
                    first = count_rows(rt)
            proxy._faulty = False
            for hour in (len(samples) + 6, len(samples) + 30):
                run_line(rt, hour)
            last, untold = count_rows(rt), count_untold(rt)
            with rt.store.reading() as c:
                query = select(deliveries.c.state, func.count().label("n")).group_by(deliveries.c.state)
                states = {r.state: r.n for r in c.execute(query)}
            files = sorted(p.name for p in home.iterdir())
    return report(samples, totals, first, last, untold, states, files)


def report(
    samples: Sequence[Sample], totals: Counter[str], first: dict[str, int], last: dict[str, int], untold: int,
    states: dict[str, int], files: Sequence[str],
) -> int:  # fmt: skip
    quarter = len(samples) // 4
    second, fourth = samples[quarter : 2 * quarter], samples[-quarter:]
    print_table(
        f"{len(samples)} lines",
        ("what", "second quarter", "last quarter"),
        [(n, f"{median_of(second, n):.1f}", f"{median_of(fourth, n):.1f}") for n in Sample.__annotations__],
    )
    grown = {n: (first[n], last[n]) for n in last if last[n] > first[n] and n not in DATA}
    print(f"rows of other tables that grew: {grown or 'none'}; files in the data folder: {', '.join(files)}")
    print(f"all lines: {dict(totals)}; deliveries: {states}")
    unfinished = sum(states.get(n, 0) for n in ("due", "retry", "attempting", "dead"))
    holds = [
        check_figure(
            "memory, last quarter beside the second", median_of(fourth, "memory") / median_of(second, "memory"),
            MEMORY, least=False,
        ),
        check_figure(
            "memory of all processes, the same",
            (median_of(fourth, "memory") + median_of(fourth, "children_memory"))
            / (median_of(second, "memory") + median_of(second, "children_memory")),
            MEMORY, least=False,
        ),
        check_figure("open files more", median_of(fourth, "files") - median_of(second, "files"), 2, least=False),
        check_figure("threads more", median_of(fourth, "threads") - median_of(second, "threads"), 2, least=False),
        check_figure("processes more", median_of(fourth, "children") - median_of(second, "children"), 0, least=False),
        check_figure("other tables that grew", len(grown), 0, least=False),
        check_figure("mentions without an alert", untold, 0, least=False),
        check_figure("messages that are neither sent nor held", unfinished, 0, least=False),
        check_figure("messages sent", states.get("sent", 0), len(samples)),
    ]  # fmt: skip
    print("holds: nothing grew but data" if all(holds) else "MISS")
    return 0 if all(holds) else 1


def main() -> int:
    short = os.environ.get("SHORT", "") not in ("", "0")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=48 if short else 240)
    parser.add_argument("--shows", type=int, default=2000)
    parser.add_argument("--entities", action="store_true", help="read transcripts for names, too")
    options = parser.parse_args()
    return soak(options.lines, options.shows, options.entities)


if __name__ == "__main__":
    sys.exit(main())
