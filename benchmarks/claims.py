"""Claims a second of four processes on one database: messages one by one, episodes by the shard; each is claimed once.

    python -m benchmarks.claims [--short]

Beside them the same claims without SKIP LOCKED, where a worker waits for a row that another one is claiming.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.sql.selectable import Select

from benchmarks.harness import check_figure, print_table
from podwatch.model import Feed, Shard, Watch
from podwatch.settings import Secret, Settings
from podwatch.store.database import Store, open_store
from podwatch.store.tables import deliveries, episodes
from tests.support.postgres import Postgres

WORKERS, CHANNELS = 4, 100
AHEAD = 3600.0  # seconds: no claim waits for its channel's next second, which is not what is measured
MESSAGES, EPISODES, LEASE = "messages", "episodes", timedelta(minutes=5)


def settings_of(url: str, home: Path) -> Settings:
    return Settings(home=home, database_url=Secret(url))


def fill(settings: Settings, rows: int) -> None:
    with closing(open_store(settings)) as store:
        now = store.clock()
        store.sync_watches([Watch(name=f"w{n}", query="x", channel=f"#c{n}") for n in range(CHANNELS)], now)
        store.add_feeds([Feed(url="https://a.example/feed")], now)
        feed = store.feeds()[0].id
        facts = {"feed_id": feed, "first_seen_at": now, "next_fetch_at": now, "transcripts": [], "details": {}}
        with store.writing() as c:
            c.execute(insert(episodes), [facts | {"guid": f"{n}", "identity": f"{n:032d}"} for n in range(rows)])
            c.execute(
                insert(deliveries),
                [
                    {"key": f"{n}", "watch_id": n % CHANNELS + 1, "episode_id": n + 1, "channel": f"#c{n % CHANNELS}",
                     "state": "due", "next_attempt_at": now, "created_at": now} for n in range(rows)
                ],
            )  # fmt: skip


def claim_messages(store: Store) -> Iterator[int]:
    """Claims due messages as deliver does, until there are none."""
    while due := store.deliveries_due(now := store.clock()):
        random.shuffle(due)
        for delivery in due[:CHANNELS]:
            claimed = store.claim_delivery(delivery, now, now + LEASE, ahead=AHEAD)
            if claimed is not None:
                yield claimed[0].id


def claim_episodes(store: Store) -> Iterator[int]:
    """Claims the due episodes of sixteen shards, each process beginning at another one, as all do in turn."""
    for index in random.sample(range(16), 16):
        now = store.clock()
        for wanted in store.claim_wanted(now, now + LEASE, Shard(index, 16)):
            yield wanted.episode.id


def work(url: str, home: Path, what: str, skips: bool, start: Barrier, results: Any) -> None:
    if not skips:  # the same statements, but for the two words
        plain = Select.with_for_update
        Select.with_for_update = lambda self, **_: plain(self)  # type: ignore[method-assign]
    with closing(open_store(settings_of(url, home))) as store:
        store.clock()
        random.seed(os.getpid())
        start.wait()
        began = time.monotonic()
        found = list((claim_messages if what == MESSAGES else claim_episodes)(store))
        results.put((found, time.monotonic() - began, time.process_time()))


def run(url: str, home: Path, what: str, rows: int, skips: bool) -> float:
    """Claims a second, all processes together; raises when one was claimed twice or not at all."""
    context = multiprocessing.get_context("spawn")
    start, results = context.Barrier(WORKERS), context.Queue()
    processes = [context.Process(target=work, args=(url, home, what, skips, start, results)) for _ in range(WORKERS)]
    for process in processes:
        process.start()
    done = [results.get(timeout=300) for _ in processes]
    for process in processes:
        process.join()
    claimed = [n for found, *_ in done for n in found]
    assert len(claimed) == len(set(claimed)) == rows, (len(claimed), len(set(claimed)), rows)
    with closing(open_store(settings_of(url, home))) as store:  # due again, for the next round
        now = store.clock()
        with store.writing() as c:
            c.execute(update(deliveries).values(state="due", next_attempt_at=now, posted_at=None))
            c.execute(update(episodes).values(next_fetch_at=now))
            assert c.execute(select(deliveries.c.id).limit(1)).first()
    return float(rows / max(seconds for _, seconds, _ in done))


@contextmanager
def databases() -> Iterator[dict[str, tuple[str, Path]]]:
    with tempfile.TemporaryDirectory() as folder, Postgres() as server:
        home = Path(folder)
        yield {"SQLite": (f"sqlite:///{home}/podwatch.db", home), "PostgreSQL": (server.new_database(), home)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", default=os.environ.get("SHORT", "") not in ("", "0"))
    options = parser.parse_args()
    rows, rounds = (300, 3) if options.short else (3000, 5)
    table, holds = [], True
    with databases() as there:
        for name, (url, home) in there.items():
            fill(settings_of(url, home), rows)
            for what in (MESSAGES, EPISODES):
                if name == "SQLite":  # has one writer, and no rows to skip
                    table.append([name, what, f"{run(url, home, what, rows, True):,.0f}", "", ""])
                    continue
                rates: dict[bool, list[float]] = {True: [], False: []}
                for _ in range(rounds):
                    for skips in rates:
                        rates[skips].append(run(url, home, what, rows, skips))
                skipping, waiting = (sorted(r)[rounds // 2] for r in rates.values())
                table.append([name, what, f"{skipping:,.0f}", f"{waiting:,.0f}", f"{skipping / waiting:.2f}"])
                if (
                    what == MESSAGES
                ):  # of episodes a process claims a whole shard in one statement, with which none meets
                    holds &= check_figure("claims of messages beside waiting for rows", skipping / waiting, 0.9)
    print_table(
        f"Claims a second of {WORKERS} processes, {rows:,} rows, each claimed once",
        ("database", "what", "claims/s", "without SKIP LOCKED", "ratio"),
        table,
    )
    print("holds: every row was claimed once" if holds else "MISS")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
