"""The whole line through Airflow: the embedded default, one Celery worker and two, the same work on the same machine.

    python -m benchmarks.scale.workers [--feeds 10000] [--episodes 2000] [--watches 1000]     SHORT=1: a tenth of it

Each worker is a process that runs one task at a time, over PostgreSQL and Redis (redis-server has to be installed); the
line has two shards. The embedded default is Airflow's LocalExecutor with SQLite and one shard: its tasks follow each
other, but each of them parses in as many processes as there are cores. Beside them the library alone (`podwatch run`'s
verbs in one process, and those that parse), before the embedded line and after it: what the DAG takes longer than the
quicker of the two is Airflow's own.

Each has to find the same: mentions with their places, alerts by their keys.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from benchmarks.harness import check_figure, print_table
from benchmarks.scale.processes import cpu_seconds, find_descendants
from benchmarks.scale.shows import OLDER, TALKS, Shows
from podwatch import runtime
from podwatch.line.verbs import LINE
from podwatch.model import DeliverMode, Feed, Watch
from podwatch.settings import Secret, Settings, parse_networks
from podwatch.store.database import open_store
from podwatch.store.tables import complete_metadata, deliveries, episodes, mentions, watches
from tests.support.postgres import Postgres
from tests.support.real_airflow import AIRFLOW_COMMAND, MIGRATE_COMMAND, Airflow

SHARDS = 2
NEVER = {f"PODWATCH_{n}SCHEDULE": "0 0 1 1 *" for n in ("", "DELIVER_", "LISTEN_")}


@dataclass(frozen=True)
class Size:
    """How much there is to do. episodes: with a transcript of an hour; the other feeds have none that is new."""

    feeds: int
    episodes: int
    watches: int


@dataclass(frozen=True)
class Took:
    """Of one whole line: seconds of the clock, processor seconds of all processes, and what was found.

    found: how many episodes, transcripts, mentions, alerts. answers: a digest of the mentions and the alerts.
    """

    name: str
    wall: float
    cpu: float
    found: tuple[int, int, int, int]
    answers: str


class CeleryAirflow(Airflow):
    """The same with Celery; its database has to be migrated. ``add_worker`` starts one that runs a task at a time."""

    def __init__(self, home: Path, env: Mapping[str, str]) -> None:
        home.mkdir(parents=True)
        super().__init__(home, env)
        subprocess.run(MIGRATE_COMMAND, env=self.env, check=True, capture_output=True)

    def add_worker(self, number: int) -> None:
        options = ("--concurrency", "1", "--celery-hostname", f"worker{number}@%h", "--skip-serve-logs")
        command = [*AIRFLOW_COMMAND, "celery", "worker", *options]
        self._guard.start(f"worker{number}", command, self.home / f"worker{number}.log")
        log = self.home / f"worker{number}.log"
        self.wait_until(lambda: log.exists() and "ready" in log.read_text(errors="replace"), 180, 1.0)


@contextmanager
def redis_server(folder: Path) -> Iterator[str]:
    program = shutil.which("redis-server")
    assert program, "redis-server is not installed: apt-get install redis-server"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with (folder / "redis.log").open("wb") as log, subprocess.Popen(command, stdout=log) as process:
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()


def settings_for(home: Path, url: str) -> Settings:
    return Settings(
        home=home, database_url=Secret(url), allow_addresses=parse_networks("127.0.0.0/8"), host_pause=0.0,
        first_poll=1, entities=False,
    )  # fmt: skip


def reset(settings: Settings, shows: Shows, size: Size) -> None:
    """Nothing but the feeds and the watches, all due. Only so many feeds have an episode that is not of the backlog."""
    with closing(open_store(settings)) as store:
        with store.writing() as c:
            for table in reversed(complete_metadata().sorted_tables):
                c.execute(table.delete())
        now = store.clock()
        store.add_feeds([Feed(url=shows.url(n)) for n in range(size.feeds)], now)
        store.sync_watches(
            [
                Watch(name=f"w{n}", query=f"watch{n}x OR (ship NEAR/5 word{n})", deliver=DeliverMode.DIGEST)
                for n in range(size.watches)
            ],
            now,
        )


def read_answers(settings: Settings) -> tuple[tuple[int, int, int, int], str]:
    """(how many episodes, transcripts, mentions and alerts there are, a digest of the last two)"""
    m, place = mentions.c, (watches.c.name, episodes.c.guid)
    said = select(*place, m.start, m.end, m.surface).join(watches, watches.c.id == m.watch_id)
    said = said.join(episodes, episodes.c.id == m.episode_id).order_by(*place, m.start, m.end)
    with closing(open_store(settings)) as store:
        found = store.counts()
        rows = [tuple(r) for r in store.read_rows(said)]
        keys = sorted(r.key for r in store.read_rows(select(deliveries.c.key)))
    counts = (found["episodes"], found["transcripts"], found["mentions"], len(keys))
    return counts, hashlib.sha256(repr((rows, keys)).encode()).hexdigest()[:16]


def run_dag(airflow: Airflow, settings: Settings, name: str) -> Took:
    began = cpu_seconds(find_descendants(airflow.guard_pid))
    run = airflow.request_until_answered("POST", "/api/v2/dags/podwatch/dagRuns", {"logical_date": None})
    path = f"/api/v2/dags/podwatch/dagRuns/{run['dag_run_id']}"
    airflow.wait_until(lambda: (airflow.request("GET", path) or {}).get("state") in ("success", "failed"), 1800, 1.0)
    done = airflow.request_until_answered("GET", path)
    assert done["state"] == "success", done
    times = [datetime.fromisoformat(done[n].replace("Z", "+00:00")) for n in ("start_date", "end_date")]
    cpu = cpu_seconds(find_descendants(airflow.guard_pid)) - began
    print("  " + describe_tasks(airflow.task_instances("podwatch", run["dag_run_id"])), flush=True)
    return Took(name, (times[1] - times[0]).total_seconds(), cpu, *read_answers(settings))


def describe_tasks(tasks: Sequence[Mapping[str, Any]]) -> str:
    """How long each task was under way, those of a verb beside each other: what the run's time is made of."""
    by_verb: dict[str, list[float]] = {}
    for t in sorted(tasks, key=lambda t: str(t["start_date"])):
        if t["duration"] is not None:
            by_verb.setdefault(t["task_id"], []).append(float(t["duration"]))
    return ", ".join(f"{verb} {' and '.join(f'{s:.1f}' for s in took)} s" for verb, took in by_verb.items())


def run_library(settings: Settings) -> Took:
    """The verbs one after the other, in a process of their own, as cron would: nothing is loaded before."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(_run_verbs, settings.home, settings.database_url.reveal()).result()


def _run_verbs(home: Path, url: str) -> Took:
    settings, began = settings_for(home, url), time.monotonic()
    with runtime.build(settings) as rt:
        for name, verb in LINE.items():
            at = time.monotonic()
            tally = verb(rt, rt.store.clock())
            print(f"  {name}: {time.monotonic() - at:.1f} s, {tally.done} looked at, {tally.new} new", flush=True)
    wall, ended = time.monotonic() - began, os.times()
    used = ended.user + ended.system + ended.children_user + ended.children_system
    return Took("the library alone", wall, used + cpu_seconds(find_descendants(os.getpid())), *read_answers(settings))


def load_talks(shows: Shows, episodes: int) -> None:
    """Has the server make the talks, which it keeps: else the first line would wait for them."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for number in range(min(episodes, TALKS)):
        with direct.open(f"http://{shows.host(number)}/{number}/{OLDER}.vtt") as answer:
            answer.read()


def podwatch_env(home: Path, url: str, shards: int) -> dict[str, str]:
    return {
        "PODWATCH_HOME": str(home), "PODWATCH_DATABASE_URL": url, "PODWATCH_SHARDS": str(shards),
        "PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8", "PODWATCH_HOST_PAUSE": "0", "PODWATCH_FIRST_POLL": "1",
        "PODWATCH_ENTITIES": "off", "PODWATCH_RUN_SECONDS": "0", **NEVER,
    }  # fmt: skip


def measure(size: Size) -> list[Took]:
    found: list[Took] = []
    with (
        tempfile.TemporaryDirectory(prefix="podwatch-workers-") as made,
        Shows(size.feeds, minutes=60, watches=size.watches, with_transcripts=size.episodes) as shows,
    ):
        load_talks(shows, size.episodes)
        folder = Path(made)
        home = folder / "embedded"
        url = f"sqlite:///{home}/podwatch.db"
        settings = settings_for(home, url)
        reset(settings, shows, size)
        found.append(tell(run_library(settings)))
        reset(settings, shows, replace(size, feeds=0))
        with Airflow(folder / "airflow", podwatch_env(home, url, 1)) as airflow:
            run_dag(airflow, settings, "nothing: what is loaded once")
            reset(settings, shows, size)
            found.append(tell(run_dag(airflow, settings, "embedded: LocalExecutor, SQLite, one shard")))
        reset(settings, shows, size)
        found.append(tell(run_library(settings)))
        with Postgres() as server, redis_server(folder) as broker:
            url, home = server.new_database(), folder / "scaled"
            settings = settings_for(home, url)
            meta = server.new_database()
            reset(settings, shows, replace(size, feeds=0))
            env = podwatch_env(home, url, SHARDS) | {
                "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor", "C_FORCE_ROOT": "true",
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": meta.replace("postgresql:", "postgresql+psycopg2:", 1),
                "AIRFLOW__CELERY__RESULT_BACKEND": meta.replace("postgresql:", "db+postgresql:", 1),
                "AIRFLOW__CELERY__BROKER_URL": broker, "AIRFLOW__CORE__PARALLELISM": "8",
            }  # fmt: skip
            with CeleryAirflow(folder / "celery", env) as airflow:
                for workers in (1, 2):
                    airflow.add_worker(workers)
                    run_dag(airflow, settings, "nothing: what is loaded once")
                    reset(settings, shows, size)
                    name = f"Celery, PostgreSQL, {SHARDS} shards, {workers} worker{'s' * (workers > 1)}"
                    found.append(tell(run_dag(airflow, settings, name)))
    return found


def tell(took: Took) -> Took:
    print(f"{took.name}: {took.wall:.0f} s, {took.cpu:.0f} CPU s, found {took.found}", flush=True)
    return took


def main() -> int:
    short = os.environ.get("SHORT", "") not in ("", "0")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=1000 if short else 10_000)
    parser.add_argument("--episodes", type=int, default=200 if short else 2000)
    parser.add_argument("--watches", type=int, default=100 if short else 1000)
    options = parser.parse_args()
    size = Size(options.feeds, options.episodes, options.watches)
    found = measure(size)
    before, embedded, after, one, two = found
    library = min(before.wall, after.wall)
    cores = os.cpu_count() or 1
    print_table(
        f"{size.feeds:,} feeds, {size.episodes:,} new transcripts of an hour, {size.watches:,} watches, {cores} cores",
        ("what", "wall s", "CPU s", "episodes, transcripts, mentions, alerts"),
        [(t.name, f"{t.wall:.0f}", f"{t.cpu:.0f}", ", ".join(map(str, t.found))) for t in found],
    )
    busy = two.cpu / two.wall / cores
    print(f"with two workers Airflow's processes keep {busy:.0%} of {cores} cores busy, without servers and database")
    holds = [
        check_figure("different answers", len({(t.found, t.answers) for t in found}) - 1, 0, least=False),
        check_figure("transcripts found", two.found[1], size.episodes),
    ]
    speedup = one.wall / two.wall
    if cores >= 4:
        holds.append(check_figure("two workers beside one, times faster", speedup, 1.5))
    else:
        print(f"two workers beside one on {cores} cores: {speedup:.2f} times as fast")
    print(f"two workers beside the embedded default: {embedded.wall / two.wall:.2f} times as fast")
    overhead = (embedded.wall - library) / embedded.wall
    holds.append(check_figure("Airflow's share of the embedded line", overhead, 0.2, least=False))
    print("holds" if all(holds) else "MISS")
    return 0 if all(holds) else 1


if __name__ == "__main__":
    sys.exit(main())
