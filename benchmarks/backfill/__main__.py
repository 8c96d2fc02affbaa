"""`make backfill-test`: a backfill in a real Airflow: how fast it is, and whether kills change what it ends with.

SHORT=1 or --short: some minutes. --only NAME,...: the runs whose name contains it.

    once     `podwatch backfill` over 10,000 hours of 200 shows, with 1,000 watches; then the DAG podwatch_backfill over
             the same, in Airflow as `make run` sets it up: the same rows, at no less than a share of its speed
    killed   the same, with ten kill -9 of tasks, workers, schedulers and parsers on the way: the same rows
    days     30 daily runs by `airflow backfill create`, 30 more by the REST API: the same rows as `podwatch backfill`

Every run counts the messages that arrived in the Slack emulator: none.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.backfill.archive_server import ArchiveServer
from benchmarks.backfill.kills import Killer
from benchmarks.backfill.store_state import hash_rows, prepare_store, read_rates
from benchmarks.fetch import generate_hours, render_vtt
from benchmarks.harness import check_figure, print_table
from podwatch import runtime
from podwatch.settings import from_environment
from tests.support.real_airflow import DONE, ROOT, Airflow
from tests.support.slack.emulator import Emulator

Rows = Mapping[str, tuple[int, str]]
WATCHES = 1000


@dataclass
class Result:
    """What a run ended with. rates: step -> episodes a second; requested_twice: requests for a transcript but one."""

    name: str
    seconds: float
    state: str
    rows: Rows
    messages: int
    requested_twice: int
    rates: Mapping[str, float] = field(default_factory=dict)
    deaths: Counter[str] = field(default_factory=Counter)

    def table_row(self) -> list[object]:
        transcripts, mentions = self.rows["transcripts"][0], self.rows["mentions"][0]
        fetched, looked = (f"{self.rates[w]:.0f}" if w in self.rates else "-" for w in STEPS)
        return [
            self.name, self.state, f"{self.seconds:.0f}", f"{transcripts:,}", f"{mentions:,}", fetched, looked,
            f"{transcripts / self.seconds:.0f}", sum(self.deaths.values()), self.requested_twice, self.messages,
        ]  # fmt: skip


# `podwatch`, with what the library logs on stderr.
WITH_LOG = "import logging; logging.basicConfig(level=logging.INFO); from podwatch.commands import app; app()"
SHARE_OF_COMMAND = 0.5  # of the rates of `podwatch backfill`: Airflow's own processes share the cores
STEPS = ("episodes asked for", "transcripts looked through")
COLUMNS = (
    "run", "ended as", "s", "transcripts", "mentions", "fetched/s", "searched/s", "both, episodes/s", "kills",
    "requested twice", "messages in Slack",
)  # fmt: skip


class BackfillBench:
    """A podcast host and a Slack emulator for several runs, each with a store, and an Airflow, of its own."""

    def __init__(self, folder: Path, slack: Emulator, shows: int, each: int, days: int) -> None:
        self.folder, self.slack = folder, slack
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.first = (self.now - timedelta(days=days + 10)).replace(hour=0, minute=0, second=0)
        self.last = self.first + timedelta(days=days - 1)
        self.count, self.total = shows, shows * each
        chance = random.Random(1)
        self.talks = generate_hours(200, None)
        bodies = [render_vtt(words, chance) for words in self.talks]
        self.server = ArchiveServer(bodies, shows=shows, each=each, days=days, first=self.first, now=self.now)

    def new_store(self, name: str) -> dict[str, str]:
        """Makes a store that has been in use for a day; returns the environment of podwatch and Airflow for it."""
        env = {
            "PODWATCH_HOME": str(self.folder / name),
            "PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8",
            "PODWATCH_ENTITIES": "off",
            "PODWATCH_SCHEDULE": "0 0 * * *",
            "PODWATCH_RETRY_DELAY": "1",
        }
        template = self.folder / "template"
        if not template.exists():
            urls = [self.server.url(n) for n in range(self.count)]
            prepare_store(
                env | {"PODWATCH_HOME": str(template)}, urls, self.talks, WATCHES, self.now - timedelta(days=1)
            )
        shutil.copytree(template, self.folder / name)
        return env | {"SLACK_BOT_TOKEN": self.slack.token, "PODWATCH_SLACK_BASE_URL": self.slack.base_url}

    def count_messages(self) -> int:
        return sum(len(self.slack.messages(name)) for name in ("#podcasts", "#trade", "#general"))

    def collect_result(self, name: str, env: Mapping[str, str], seconds: float, state: str, before: int) -> Result:
        with runtime.build(from_environment(env)) as rt:
            found = hash_rows(rt)
        requests = self.server.take_request_counts()
        twice = sum(n - 1 for path, n in requests.items() if "/old" in path and n > 1)
        return Result(name, seconds, state, found, self.count_messages() - before, twice)

    def run_dag(self, name: str, killer: Killer | None = None) -> Result:
        """Runs the DAG podwatch_backfill over all days."""
        env, before = self.new_store(name), self.count_messages()
        self.server.take_request_counts()
        conf = {"since": f"{self.first:%Y-%m-%d}", "until": f"{self.last:%Y-%m-%d}"}
        with Airflow(self.folder / name / "airflow", env) as airflow:
            airflow.wait_until(lambda: all(r["state"] in DONE for r in airflow.dag_runs("podwatch")), 300)
            began = time.monotonic()
            run = airflow.request(
                "POST", "/api/v2/dags/podwatch_backfill/dagRuns", {"logical_date": None, "conf": conf}
            )
            assert run is not None, airflow.api.trouble
            path = f"/api/v2/dags/podwatch_backfill/dagRuns/{run['dag_run_id']}"
            state = ""
            while state not in DONE:  # `ask` returns None when there is no answer: the API server may have been killed
                if killer is not None:
                    killer.kill_when_due(airflow, env, self.total)
                time.sleep(0.5)
                assert time.monotonic() - began < 3600, "not within an hour"
                state = (airflow.request("GET", path) or {"state": ""})["state"]
            seconds = time.monotonic() - began
        result = self.collect_result(name, env, seconds, state, before)
        result.rates = read_rates(self.folder / name / "airflow" / "logs")
        if killer is not None:
            result.deaths = killer.deaths
        return result

    def run_daily(self, name: str, *, by: str) -> Result:
        """Runs the daily DAG once a day, by `airflow backfill create` or by the REST API."""
        env, before = self.new_store(name), self.count_messages()
        self.server.take_request_counts()
        with Airflow(self.folder / name / "airflow", env) as airflow:
            airflow.wait_until(lambda: all(r["state"] in DONE for r in airflow.dag_runs("podwatch")), 300)
            began = time.monotonic()
            if by == "command":
                days = ("--from-date", f"{self.first:%Y-%m-%d}", "--to-date", f"{self.last:%Y-%m-%d}")
                airflow.run_command("backfill", "create", "--dag-id", "podwatch", *days)
            else:
                spec = {"dag_id": "podwatch", "from_date": self.first.isoformat(), "to_date": self.last.isoformat()}
                assert airflow.request("POST", "/api/v2/backfills", spec) is not None, airflow.api.trouble
            runs = airflow.dag_runs("podwatch")
            while any(r["state"] not in DONE for r in runs):
                time.sleep(1)
                assert time.monotonic() - began < 3600, "not within an hour"
                runs = airflow.dag_runs("podwatch")
            past = [r["state"] for r in runs if r["run_type"] == "backfill"]
        state = "success" if set(past) == {"success"} else f"{past.count('failed')} failed"
        return self.collect_result(f"{name}: {len(past)} runs", env, time.monotonic() - began, state, before)

    def run_alone(self, name: str) -> Result:
        """Runs `podwatch backfill` over the same days, with its log in a file."""
        env, before = self.new_store(name), self.count_messages()
        self.server.take_request_counts()
        words = ("backfill", "--since", f"{self.first:%Y-%m-%d}", "--until", f"{self.last:%Y-%m-%d}")
        command = [sys.executable, "-c", WITH_LOG, *words]
        logs = self.folder / name / "logs"
        logs.mkdir()
        began = time.monotonic()
        with (logs / "backfill.log").open("w") as log:
            subprocess.run(command, env=os.environ | env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=log)
        result = self.collect_result(name, env, time.monotonic() - began, "success", before)
        result.rates = read_rates(logs)
        return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", default=os.environ.get("SHORT", "") not in ("", "0"))
    parser.add_argument("--only", default="", help="once, killed, days")
    parser.add_argument("--shows", type=int, default=0, help="how many, each on a host of its own")
    options = parser.parse_args()
    only, short = options.only.split(","), options.short
    results: list[Result] = []
    held: list[bool] = []
    folder = Path(tempfile.mkdtemp(prefix="podwatch-backfill-"))

    def note(result: Result) -> Result:
        results.append(result)
        print(*result.table_row(), *result.deaths.items(), sep=" | ", flush=True)
        return result

    def asks(name: str) -> bool:
        return any(part in name for part in only)

    try:
        with Emulator() as slack:
            if asks("once") or asks("killed"):
                # A host takes two requests a second: a hundred episodes a second take more than fifty hosts.
                each = 20 if short else 50
                bench = BackfillBench(folder / "form", slack, options.shows or (100 if short else 200), each, each)
                with bench.server:
                    command = note(bench.run_alone("podwatch backfill, the same days"))
                    once = note(bench.run_dag("once"))
                    held.append(check_same_rows("the DAG, the rows of the command", once.rows, command.rows))
                    for step in STEPS:
                        share = once.rates.get(step, 0) / command.rates[step]
                        held.append(check_figure(f"{step}, rate beside the command's", share, SHARE_OF_COMMAND))
                    if asks("killed"):
                        killed = note(bench.run_dag("killed", Killer()))
                        held.append(check_figure("kills", sum(killed.deaths.values()), 10))
                        name = "killed ten times, the rows of a run without a kill"
                        held.append(check_same_rows(name, killed.rows, once.rows))
            if asks("days"):
                n = 5 if short else 30
                bench = BackfillBench(folder / "days", slack, 20, n, n)
                with bench.server:
                    alone = note(bench.run_alone("podwatch backfill"))
                    for by in ("command", "API"):
                        by_days = note(bench.run_daily(f"by the {by}", by=by))
                        held.append(
                            check_same_rows(
                                f"{n} daily runs by the {by}, the rows of one backfill", by_days.rows, alone.rows
                            )
                        )
        held.append(check_figure("messages in Slack", sum(r.messages for r in results), 0, least=False))
        held.append(check_figure("runs that failed", sum(r.state != "success" for r in results), 0, least=False))
    finally:
        if os.environ.get("KEEP", "") in ("", "0"):
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"kept: {folder}")
    print_table("The past through Airflow", COLUMNS, [r.table_row() for r in results])
    print(f"\n{sum(held)} of {len(held)} figures hold")
    return 0 if all(held) else 1


def check_same_rows(name: str, a: Rows, b: Rows) -> bool:
    """Prints and returns whether two stores hold the same rows, and which tables differ."""
    differ = [f"{table} ({a[table][0]} and {b[table][0]} rows)" for table in b if a[table] != b[table]]
    print(f"MISS {name}: {', '.join(differ)}" if differ else f"ok   {name}")
    return not differ


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that everything that was started is ended
    sys.exit(main())
