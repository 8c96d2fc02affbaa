"""A real Airflow that runs the line every few minutes over shows on loopback: how soon, how even, how much for nothing.

    python -m benchmarks.scale.airflow_line [--minutes 120] [--every 1] [--idle-rounds 5]       SHORT=1: 12 minutes

- from a transcript that was seen to the alert that was posted: 95 of 100 within a minute, although two hosts never
  answer;
- runs do not pile up: never two of a DAG at once, and none is left behind;
- the memory of each component of Airflow at the end beside the beginning;
- a run with nothing to do beside one of the same DAG with empty tasks: processor time of all processes, side by side.
  With the run an hour in which all verbs run, whatever is due, and the mean of an hour of runs every ten minutes.
"""

from __future__ import annotations

import argparse
import compileall
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update

from benchmarks.harness import check_figure, print_table
from benchmarks.scale.processes import cpu_seconds, find_descendants, memory_of
from benchmarks.scale.shows import Shows
from podwatch import runtime
from podwatch.line.poll import poll
from podwatch.model import Feed, Watch
from podwatch.settings import Secret, Settings, parse_networks
from podwatch.store.database import open_store
from podwatch.store.marks import FULL_LINE
from podwatch.store.tables import deliveries, feeds, marks, transcripts
from tests.support.real_airflow import ROOT, Airflow, parent_pids
from tests.support.slack.emulator import Emulator

CHANNELS, PER_MINUTE, SILENT = 20, 12, 2
POLLED = 200  # feeds a minute that are due beside those with something new: each is polled in ten minutes
EMPTY = "empty_line"
EMPTY_DAG = f'''"""The line of podwatch with tasks that do nothing: what Airflow itself costs."""
from airflow.sdk import dag, task

@dag(dag_id="{EMPTY}", schedule=None, catchup=False, max_active_runs=1, default_args={{"retries": 3}})
def line():
    @task
    def poll(): return {{}}
    @task
    def fetch(): return {{}}
    @task
    def detect(): return {{}}
    @task
    def deliver(): return {{}}
    poll() >> fetch() >> detect() >> deliver()

line()
'''


def make_due(settings: Settings, numbers: Sequence[int]) -> None:
    """These shows are to be polled now, however seldom they publish."""
    with closing(open_store(settings)) as store:
        of = feeds.c.id.in_([n + 1 for n in numbers])
        store.execute(update(feeds).where(of).values(next_poll_at=store.clock()))


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def seconds_until_posted(settings: Settings, since: datetime) -> list[float]:
    """From each transcript that was fetched since, by the begin of its fetch, to its alert in Slack."""
    d, t = deliveries.c, transcripts.c
    query = select(t.fetched_at, d.sent_at).join(deliveries, d.episode_id == t.episode_id)
    with closing(open_store(settings)) as store:
        rows = store.read_rows(query.where(d.kind == "alert", d.sent_at.is_not(None), t.fetched_at >= since))
    return [(r.sent_at - r.fetched_at).total_seconds() for r in rows]


def run_once(airflow: Airflow, dag: str) -> float:
    """Processor seconds of all of Airflow's processes while a run of the DAG goes from its trigger to its end."""

    def everything() -> float:
        return cpu_seconds(find_descendants(airflow.guard_pid))

    began = everything()
    run = airflow.request_until_answered("POST", f"/api/v2/dags/{dag}/dagRuns", {"logical_date": None})
    path = f"/api/v2/dags/{dag}/dagRuns/{run['dag_run_id']}"
    airflow.wait_until(lambda: (airflow.request("GET", path) or {}).get("state") in ("success", "failed"), 300, 1.0)
    return everything() - began


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def components(airflow: Airflow) -> dict[str, float]:
    """MB of each component with all that it has started."""
    found: dict[str, float] = {}
    for pid, parent in parent_pids().items():
        if parent == airflow.guard_pid:
            command = command_of(pid).replace("_", "-")
            name = next((n for n in ("api-server", "scheduler", "dag-processor") if n in command), command[:30])
            found[name] = memory_of(pid) + sum(map(memory_of, find_descendants(pid)))
    return found


def most_at_once(runs: Sequence[dict[str, Any]]) -> int:
    """How many of these runs were under way at one moment."""
    events = [(r["start_date"], 1) for r in runs if r["start_date"]] + [
        (r["end_date"], -1) for r in runs if r["end_date"]
    ]
    most = now = 0
    for _, change in sorted(events):
        now += change
        most = max(most, now)
    return most


@contextmanager
def prepared(shows: int, polled: bool) -> Iterator[tuple[Path, Settings, Shows, Emulator, dict[str, str]]]:
    """A folder, podwatch with feeds and watches, their servers, and the environment of an Airflow over them.

    polled: the feeds were all asked a moment ago, and nothing is due.
    """
    with (
        tempfile.TemporaryDirectory(prefix="podwatch-often-") as folder,
        Shows(shows, minutes=5, silent=0 if polled else SILENT, watches=CHANNELS) as server,
        Emulator() as emulator,
    ):
        home, dags = Path(folder) / "podwatch", Path(folder) / "dags"
        settings = Settings(
            home=home, database_url=Secret(f"sqlite:///{home}/podwatch.db"), first_poll=0, host_pause=0.0,
            allow_addresses=parse_networks("127.0.0.0/8"), poll_floor=3600.0 if polled else 60.0,
        )  # fmt: skip
        with runtime.build(settings) as rt:
            now = rt.store.clock()
            rt.store.add_feeds([Feed(url=server.url(n)) for n in range(shows)], now)
            for n in range(CHANNELS):
                emulator.call("conversations.create", name=f"often{n}")
            watches = [Watch(name=f"w{n}", query=f"watch{n}x", channel=f"#often{n}") for n in range(CHANNELS)]
            rt.store.sync_watches(watches, now)
            if polled:
                poll(rt, now)
        dags.mkdir()
        for file in (ROOT / "dags").glob("*.py"):
            (dags / file.name).symlink_to(file)
        (dags / "empty_line.py").write_text(EMPTY_DAG)
        env = {
            "PODWATCH_HOME": str(home), "PODWATCH_FIRST_POLL": "0", "PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8",
            "PODWATCH_HOST_PAUSE": "0", "PODWATCH_POLL_FLOOR": f"{settings.poll_floor:.0f}",
            "PODWATCH_SLACK_BASE_URL": emulator.base_url, "SLACK_BOT_TOKEN": emulator.token,
            "PODWATCH_ENTITIES": "off", "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        }  # fmt: skip
        yield Path(folder), settings, server, emulator, env


def run_line_often(minutes: float, every: int, shows: int) -> list[bool]:
    """The line by its schedule for so long; whether what was measured holds."""
    rng = random.Random(3)
    with prepared(shows, polled=False) as (folder, settings, server, _, env):
        env["PODWATCH_SCHEDULE"] = f"*/{every} * * * *"
        with Airflow(folder / "airflow", env) as airflow:
            airflow.wait_until(lambda: any(r["state"] == "success" for r in airflow.dag_runs("podwatch")), 400, 2.0)
            began, since = time.monotonic(), datetime.now(UTC)
            memory: list[dict[str, float]] = []
            while time.monotonic() - began < minutes * 60:
                chosen = rng.sample(range(shows), PER_MINUTE)
                server.publish(chosen)
                make_due(settings, [*chosen, *rng.sample(range(shows), POLLED)])
                time.sleep(60)
                memory.append(components(airflow))
                waits = seconds_until_posted(settings, since)
                print(
                    f"{(time.monotonic() - began) / 60:5.1f} min: {len(waits)} alerts, "
                    f"p95 {percentile(waits, 0.95) if waits else 0:.0f} s, "
                    + ", ".join(f"{n} {mb:.0f} MB" for n, mb in memory[-1].items()), flush=True,
                )  # fmt: skip
            runs = {dag: airflow.dag_runs(dag) for dag in ("podwatch", "podwatch_catch_up", "podwatch_deliver")}
            waits = seconds_until_posted(settings, since)
    return report(waits, runs, memory)


def forget_full_line(settings: Settings) -> None:
    """As an hour later: all verbs are to run, whatever is due."""
    with closing(open_store(settings)) as store:
        store.execute(delete(marks).where(marks.c.name == FULL_LINE))


def run_line_for_nothing(rounds: int, shows: int) -> list[bool]:
    """Runs with nothing to do and empty ones, in turn, in an Airflow in which nothing else runs."""
    never = "0 0 1 1 *"
    found: dict[str, list[float]] = {"full": [], "idle": [], EMPTY: []}
    # As in an installation: where nothing may be kept beside the sources, each task would compile them.
    compileall.compile_dir(str(ROOT), maxlevels=6, quiet=2, rx=re.compile(r"/\.|/node_modules/"))
    with prepared(shows, polled=True) as (folder, settings, _, _, env):
        env |= {f"PODWATCH_{n}SCHEDULE": never for n in ("", "DELIVER_", "LISTEN_")}
        with Airflow(folder / "airflow", env) as airflow:
            airflow.wait_until(lambda: airflow.request("GET", f"/api/v2/dags/{EMPTY}"), 120)
            for number in range(-1, rounds):
                for kind, took in found.items():
                    if kind == "full":
                        forget_full_line(settings)
                    seconds = run_once(airflow, EMPTY if kind == EMPTY else "podwatch")
                    if number >= 0:  # the first loads what is loaded once
                        took.append(seconds)
            measured = airflow.dag_runs("podwatch")[-2 * rounds :]  # a full one and an idle one in turn
            states = [{t["state"] for t in airflow.task_instances("podwatch", r["dag_run_id"])} for r in measured]
    full, idle, empty = (statistics.median(took) for took in found.values())
    hour = (full + 5 * idle) / 6
    shown = {kind: [round(s, 2) for s in took] for kind, took in found.items()}
    print(f"a run for nothing, CPU s: {idle:.2f}, once an hour {full:.2f}, of empty tasks {empty:.2f} ({shown})")
    wrong = states[::2].count({"success", "skipped"}) + states[1::2].count({"success"})
    return [
        check_figure("runs that skipped where they should not, or the other way", wrong, 0, least=False),
        check_figure("a run for nothing beside empty tasks, processor time", idle / empty, 1.5, least=False),
        check_figure("the mean of an hour, a run every ten minutes", hour / empty, 1.5, least=False),
    ]


def report(
    waits: Sequence[float], runs: dict[str, list[dict[str, Any]]], memory: Sequence[dict[str, float]]
) -> list[bool]:
    quarter = max(1, len(memory) // 4)

    def typical(samples: Sequence[dict[str, float]], name: str) -> float:
        """A fourth of the samples are lower: neither during a task, nor while a child is being replaced."""
        return percentile([m[name] for m in samples], 0.25)

    early, late = memory[quarter : 2 * quarter] or memory, memory[-quarter:]
    rows = [(n, f"{typical(early, n):.0f}", f"{typical(late, n):.0f}") for n in memory[0]]
    print_table(
        "Memory of Airflow's components, MB, the lower quartile: between tasks",
        ("component", "second quarter", "last quarter"),
        rows,
    )
    for dag, took in runs.items():
        states = {s: sum(r["state"] == s for r in took) for s in sorted({r["state"] for r in took})}
        print(f"{dag}: {len(took)} runs, {states}, at most {most_at_once(took)} at once")
    holds = [
        check_figure("alerts posted", len(waits), 10),
        check_figure("seconds from seen to posted, 95 of 100", percentile(waits, 0.95), 60, least=False),
        check_figure("runs of a DAG at once", max(map(most_at_once, runs.values())), 1, least=False),
        check_figure("runs waiting at the end", sum(r["state"] == "queued" for r in runs["podwatch"]), 1, least=False),
        check_figure("failed runs", sum(r["state"] == "failed" for t in runs.values() for r in t), 0, least=False),
    ]
    if len(memory) >= 20:
        grown = max(float(b) / float(a) for _, a, b in rows)
        holds.append(check_figure("memory of the worst component, last quarter beside second", grown, 1.1, least=False))
    return holds


def main() -> int:
    short = os.environ.get("SHORT", "") not in ("", "0")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=12 if short else 120)
    parser.add_argument("--every", type=int, default=1, help="minutes between two runs")
    parser.add_argument("--shows", type=int, default=2000)
    parser.add_argument("--idle-rounds", type=int, default=3 if short else 5)
    options = parser.parse_args()
    holds = run_line_often(options.minutes, options.every, options.shows) if options.minutes else []
    holds += run_line_for_nothing(options.idle_rounds, options.shows) if options.idle_rounds else []
    print("holds" if all(holds) else "MISS")
    return 0 if all(holds) else 1


if __name__ == "__main__":
    sys.exit(main())
