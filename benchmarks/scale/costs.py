"""What a feed, an episode and a watch cost, measured on PostgreSQL, and what a large site needs by that.

    python -m benchmarks.scale.costs [--feeds 2000] [--episodes 300] [--watches 1000,10000,100000]      SHORT=1: a fifth

Processor time is that of podwatch, its sandboxes and the database server together; bytes are those that the database
grew by. The plan multiplies: it is no measurement of such a site.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text, update

from benchmarks.harness import check_figure, print_table
from benchmarks.scale.processes import cpu_seconds, find_descendants, memory_of
from benchmarks.scale.shows import Shows
from podwatch import runtime
from podwatch.line.bugs import Bugs
from podwatch.line.detect import detect
from podwatch.line.entities import find_entities
from podwatch.line.fetch import fetch
from podwatch.line.poll import poll
from podwatch.model import ALL, DeliverMode, Feed, Watch
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings, parse_networks
from podwatch.store.tables import feeds
from tests.support.postgres import Postgres

# A site to plan for, and what a month of it is assumed to cost: round list prices of a large cloud, in dollars.
SITE_FEEDS, SITE_EPISODES, SITE_WATCHES, POLLS_A_DAY = 500_000, 35_000, 100_000, 4.0
CORE_PRICE, DATABASE_CORE_PRICE, GIGABYTE_PRICE = 30.0, 60.0, 0.12
BUSY = 0.4  # of a core's day that is planned with: the rest is for peaks, restarts and Airflow itself
KEPT_DAYS = 365


@dataclass(frozen=True)
class Costs:
    """CPU seconds and bytes of one. names: of reading an hour for names; detect: by the number of watches."""

    first_poll: float
    poll: float
    changed_poll: float
    feed_bytes: float
    fetch: float
    episode_bytes: float
    names: float
    detect: dict[int, float]
    compile: dict[int, float]
    memory: dict[int, float]


def measure(feeds_count: int, episodes: int, watch_counts: list[int]) -> Costs:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="podwatch-costs-")))
        server = stack.enter_context(Postgres())
        shows = stack.enter_context(Shows(feeds_count, minutes=60, watches=1000, with_transcripts=feeds_count))
        settings = Settings(
            home=folder, database_url=Secret(server.new_database()), first_poll=0, host_pause=0.0,
            allow_addresses=parse_networks("127.0.0.0/8"), entities=False,
        )  # fmt: skip
        rt = stack.enter_context(runtime.build(settings))

        def used(work: Callable[[], object]) -> float:
            """CPU seconds of us, of what we have started, and of the database."""
            began = total()
            work()
            return total() - began

        def total() -> float:
            mine = [p for p in find_descendants(os.getpid()) if p != shows.pid]
            return cpu_seconds([os.getpid(), *mine, server.pid, *find_descendants(server.pid)])

        def size() -> int:
            with rt.store.writing() as c:
                return int(c.execute(text("SELECT pg_database_size(current_database())")).scalar_one())

        def due() -> None:
            rt.store.execute(update(feeds).values(next_poll_at=rt.store.clock()))

        now = rt.store.clock()
        before = size()
        rt.store.add_feeds([Feed(url=shows.url(n)) for n in range(feeds_count)], now)
        first = used(lambda: poll(rt, rt.store.clock())) / feeds_count
        feed_bytes = (size() - before) / feeds_count
        due()
        unchanged = used(lambda: poll(rt, rt.store.clock())) / feeds_count
        chosen = range(min(episodes, feeds_count))
        shows.publish(chosen)
        due()
        changed = (used(lambda: poll(rt, rt.store.clock())) - unchanged * (feeds_count - len(chosen))) / len(chosen)
        before = size()
        fetched = used(lambda: fetch(rt, rt.store.clock()))
        count = rt.store.counts()["transcripts"]
        assert count == len(chosen), (count, len(chosen))
        detects, compiles, memory = {}, {}, {}
        for watches in watch_counts:
            found = measure_detect(rt, watches, used)
            compiles[watches], detects[watches], memory[watches] = found[0], found[1] / count, found[2]
        episode_bytes = (size() - before) / count
        names = used(lambda: find_entities(rt_with_names(rt), rt.store.clock(), ALL, Bugs("detect"))) / count
    return Costs(
        first, unchanged, changed, feed_bytes, fetched / count, episode_bytes, names, detects, compiles, memory
    )


def rt_with_names(rt: Runtime) -> Runtime:
    return replace(rt, settings=replace(rt.settings, entities=True))


def measure_detect(
    rt: Runtime, watches: int, used: Callable[[Callable[[], object]], float]
) -> tuple[float, float, float]:
    """(CPU s to compile the watches, CPU s to search all transcripts for them, MB of this process then)."""
    wanted = [
        Watch(name=f"w{watches}-{n}", query=f"watch{n}x OR (ship NEAR/5 name{n})", deliver=DeliverMode.NONE)
        for n in range(watches)
    ]
    rt.store.sync_watches(wanted, rt.store.clock())
    together = used(lambda: detect(rt, rt.store.clock()))
    alone = used(lambda: detect(rt, rt.store.clock() + timedelta(seconds=1)))  # nothing is left: it only compiles
    return alone, max(0.0, together - alone), memory_of(os.getpid())


def plan(c: Costs) -> list[tuple[str, str]]:
    """What the site needs a day and a month, line by line."""
    most = max(c.detect)
    watch = c.detect[most] * SITE_WATCHES / most if most < SITE_WATCHES else c.detect[most]
    day = {
        "polls": SITE_FEEDS * POLLS_A_DAY * c.poll,
        "changed feeds": SITE_EPISODES * c.changed_poll,
        "transcripts": SITE_EPISODES * c.fetch,
        "names (PODWATCH_ENTITIES)": SITE_EPISODES * c.names,
        f"{SITE_WATCHES:,} watches": SITE_EPISODES * watch,
    }
    cores = sum(day.values()) / 86400 / BUSY
    gigabytes = (SITE_FEEDS * c.feed_bytes + KEPT_DAYS * SITE_EPISODES * c.episode_bytes) / 1e9
    machines = max(2, round(cores / 4 + 0.5))
    money = machines * 4 * CORE_PRICE + 4 * DATABASE_CORE_PRICE + gigabytes * GIGABYTE_PRICE
    return [
        *((f"CPU hours a day: {name}", f"{seconds / 3600:.1f}") for name, seconds in day.items()),
        (f"cores, {BUSY:.0%} busy", f"{cores:.1f}"),
        ("machines of 4 cores and 16 GB", f"{machines}"),
        (f"database after {KEPT_DAYS} days, GB", f"{gigabytes:.0f}"),
        (
            f"dollars a month (${CORE_PRICE:.0f} a core, ${DATABASE_CORE_PRICE:.0f} a core of the database's 4, "
            f"${GIGABYTE_PRICE} a GB)", f"{money:,.0f}",
        ),
    ]  # fmt: skip


def main() -> int:
    short = os.environ.get("SHORT", "") not in ("", "0")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=400 if short else 2000)
    parser.add_argument("--episodes", type=int, default=60 if short else 300)
    parser.add_argument("--watches", default="1000,10000" if short else "1000,10000,100000")
    options = parser.parse_args()
    c = measure(options.feeds, options.episodes, [int(n) for n in options.watches.split(",")])
    print_table(
        f"Measured: {options.feeds:,} feeds, {options.episodes:,} episodes of an hour, PostgreSQL",
        ("what", "CPU ms", "bytes"),
        [
            ("a feed that is new", f"{1000 * c.first_poll:.2f}", f"{c.feed_bytes:,.0f}"),
            ("a feed that is unchanged", f"{1000 * c.poll:.2f}", "0"),
            ("a feed with a new episode", f"{1000 * c.changed_poll:.2f}", ""),
            ("its transcript, an hour", f"{1000 * c.fetch:.1f}", f"{c.episode_bytes:,.0f}"),
            ("the same read for names", f"{1000 * c.names:.0f}", ""),
            *(
                (f"an hour searched for {n:,} watches", f"{1000 * c.detect[n]:.2f}", f"{c.memory[n]:.0f} MB of memory")
                for n in c.detect
            ),
            *((f"{n:,} watches compiled, once a run", f"{1000 * c.compile[n]:,.0f}", "") for n in c.compile),
        ],
    )
    print_table(
        f"On paper: {SITE_FEEDS:,} feeds, {POLLS_A_DAY:g} polls a day of each, {SITE_EPISODES:,} new hours a day",
        ("what", "needs"),
        plan(c),
    )
    fewest, most = min(c.detect), max(c.detect)
    times = c.detect[most] / max(c.detect[fewest], 1e-6)
    what = f"an hour searched for {most:,} watches, times that for {fewest:,}"
    holds = check_figure(what, times, most / fewest, least=False)
    print("holds" if holds else "MISS")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
