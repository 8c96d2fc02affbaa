"""`make backfill-test`: the past through a real Airflow, how fast, and whether kills change what it ends with.

SHORT=1 or --short: some minutes. --only NAME,...: the runs whose name holds it.

    once     the DAG podwatch_backfill over 10,000 hours of 200 shows, with 1,000 watches, as `make run` sets Airflow up
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

from benchmarks.backfill.archive_server import Shows
from benchmarks.backfill.kills import Killer
from benchmarks.backfill.store_state import rates, rows, settle
from benchmarks.fetch import hours, vtt
from benchmarks.harness import show, verdict
from podwatch import runtime
from podwatch.settings import from_environment
from tests.support.real_airflow import DONE, ROOT, Airflow
from tests.support.slack.emulator import Emulator

Rows = Mapping[str, tuple[int, str]]
WATCHES = 1000


@dataclass
class Result:
    """What came of a run. speed: episodes a second, by what was done with them; twice: transcripts asked for again."""

    name: str
    seconds: float
    state: str
    rows: Rows
    messages: int
    twice: int
    speed: Mapping[str, float] = field(default_factory=dict)
    deaths: Counter[str] = field(default_factory=Counter)

    def row(self) -> list[object]:
        transcripts, mentions = self.rows["transcripts"][0], self.rows["mentions"][0]
        fetched, looked = (f"{self.speed[w]:.0f}" if w in self.speed else "-" for w in WORK)
        return [
            self.name, self.state, f"{self.seconds:.0f}", f"{transcripts:,}", f"{mentions:,}", fetched, looked,
            f"{transcripts / self.seconds:.0f}", sum(self.deaths.values()), self.twice, self.messages,
        ]  # fmt: skip


WORK = ("episodes asked for", "transcripts looked through")
COLUMNS = (
    "run", "ended as", "s", "transcripts", "mentions", "fetched/s", "looked through/s", "both and Airflow, episodes/s",
    "kills", "asked for twice", "messages in Slack",
)  # fmt: skip


class Bench:
    """Shows, a Slack, and a folder; each run has a store and an Airflow of its own."""

    def __init__(self, folder: Path, slack: Emulator, shows: int, each: int, days: int) -> None:
        self.folder, self.slack = folder, slack
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.first = (self.now - timedelta(days=days + 10)).replace(hour=0, minute=0, second=0)
        self.last = self.first + timedelta(days=days - 1)
        self.count, self.total = shows, shows * each
        chance = random.Random(1)
        self.talks = hours(200, None)
        bodies = [vtt(words, chance) for words in self.talks]
        self.shows = Shows(bodies, shows=shows, each=each, days=days, first=self.first, now=self.now)

    def env(self, name: str) -> dict[str, str]:
        """A store that has been listening for a day, and what podwatch and Airflow run with over it."""
        env = {
            "PODWATCH_HOME": str(self.folder / name),
            "PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8",
            "PODWATCH_ENTITIES": "off",
            "PODWATCH_SCHEDULE": "0 0 * * *",
            "PODWATCH_RETRY_DELAY": "1",
        }
        template = self.folder / "template"
        if not template.exists():
            urls = [self.shows.url(n) for n in range(self.count)]
            settle(env | {"PODWATCH_HOME": str(template)}, urls, self.talks, WATCHES, self.now - timedelta(days=1))
        shutil.copytree(template, self.folder / name)
        return env | {"SLACK_BOT_TOKEN": self.slack.token, "PODWATCH_SLACK_BASE_URL": self.slack.base_url}

    def messages(self) -> int:
        return sum(len(self.slack.messages(name)) for name in ("#podcasts", "#trade", "#general"))

    def result(self, name: str, env: Mapping[str, str], seconds: float, state: str, before: int) -> Result:
        with runtime.build(from_environment(env)) as rt:
            found = rows(rt)
        asked = self.shows.asked()
        twice = sum(n - 1 for path, n in asked.items() if "/old" in path and n > 1)
        return Result(name, seconds, state, found, self.messages() - before, twice)

    def form(self, name: str, killer: Killer | None = None) -> Result:
        """The DAG podwatch_backfill over all days."""
        env, before = self.env(name), self.messages()
        self.shows.asked()
        conf = {"since": f"{self.first:%Y-%m-%d}", "until": f"{self.last:%Y-%m-%d}"}
        with Airflow(self.folder / name / "airflow", env) as airflow:
            airflow.until(lambda: all(r["state"] in DONE for r in airflow.runs("podwatch")), 300)
            began = time.monotonic()
            run = airflow.ask("POST", "/api/v2/dags/podwatch_backfill/dagRuns", {"logical_date": None, "conf": conf})
            assert run is not None, airflow.api.trouble
            path = f"/api/v2/dags/podwatch_backfill/dagRuns/{run['dag_run_id']}"
            state = ""
            while state not in DONE:  # asked without patience: the API server may be the one that was killed
                if killer is not None:
                    killer.tick(airflow, env, self.total)
                time.sleep(0.5)
                assert time.monotonic() - began < 3600, "not within an hour"
                state = (airflow.ask("GET", path) or {"state": ""})["state"]
            seconds = time.monotonic() - began
        result = self.result(name, env, seconds, state, before)
        result.speed = rates(self.folder / name / "airflow" / "logs")
        if killer is not None:
            result.deaths = killer.deaths
        return result

    def days(self, name: str, *, by: str) -> Result:
        """A run a day, by the command or by the REST API."""
        env, before = self.env(name), self.messages()
        self.shows.asked()
        with Airflow(self.folder / name / "airflow", env) as airflow:
            airflow.until(lambda: all(r["state"] in DONE for r in airflow.runs("podwatch")), 300)
            began = time.monotonic()
            if by == "command":
                days = ("--from-date", f"{self.first:%Y-%m-%d}", "--to-date", f"{self.last:%Y-%m-%d}")
                airflow.airflow("backfill", "create", "--dag-id", "podwatch", *days)
            else:
                spec = {"dag_id": "podwatch", "from_date": self.first.isoformat(), "to_date": self.last.isoformat()}
                assert airflow.ask("POST", "/api/v2/backfills", spec) is not None, airflow.api.trouble
            runs = airflow.runs("podwatch")
            while any(r["state"] not in DONE for r in runs):
                time.sleep(1)
                assert time.monotonic() - began < 3600, "not within an hour"
                runs = airflow.runs("podwatch")
            past = [r["state"] for r in runs if r["run_type"] == "backfill"]
        state = "success" if set(past) == {"success"} else f"{past.count('failed')} failed"
        return self.result(f"{name}: {len(past)} runs", env, time.monotonic() - began, state, before)

    def alone(self, name: str) -> Result:
        """`podwatch backfill` of the same days."""
        env, before = self.env(name), self.messages()
        self.shows.asked()
        words = ("backfill", "--since", f"{self.first:%Y-%m-%d}", "--until", f"{self.last:%Y-%m-%d}")
        began = time.monotonic()
        command = [sys.executable, "-m", "podwatch", *words]
        subprocess.run(command, env=os.environ | env, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        return self.result(name, env, time.monotonic() - began, "success", before)


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
        print(*result.row(), *result.deaths.items(), sep=" | ", flush=True)
        return result

    def asks(name: str) -> bool:
        return any(part in name for part in only)

    try:
        with Emulator() as slack:
            if asks("once") or asks("killed"):
                # A host may be asked twice a second: for a hundred episodes a second it takes more than fifty.
                each = 20 if short else 50
                bench = Bench(folder / "form", slack, options.shows or (100 if short else 200), each, each)
                with bench.shows:
                    once = note(bench.form("once"))
                    held.append(verdict("episodes fetched a second", once.speed.get(WORK[0], 0), 100))
                    held.append(verdict("episodes looked through a second", once.speed.get(WORK[1], 0), 60))
                    if asks("killed"):
                        killed = note(bench.form("killed", Killer()))
                        held.append(verdict("kills", sum(killed.deaths.values()), 10))
                        held.append(same("killed ten times, the rows of a run without a kill", killed.rows, once.rows))
            if asks("days"):
                n = 5 if short else 30
                bench = Bench(folder / "days", slack, 20, n, n)
                with bench.shows:
                    alone = note(bench.alone("podwatch backfill"))
                    for by in ("command", "API"):
                        by_days = note(bench.days(f"by the {by}", by=by))
                        held.append(
                            same(f"{n} daily runs by the {by}, the rows of one backfill", by_days.rows, alone.rows)
                        )
        held.append(verdict("messages in Slack", sum(r.messages for r in results), 0, least=False))
        held.append(verdict("runs that failed", sum(r.state != "success" for r in results), 0, least=False))
    finally:
        if os.environ.get("KEEP", "") in ("", "0"):
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"kept: {folder}")
    show("The past through Airflow", COLUMNS, [r.row() for r in results])
    print(f"\n{sum(held)} of {len(held)} figures hold")
    return 0 if all(held) else 1


def same(name: str, a: Rows, b: Rows) -> bool:
    """Whether two stores hold the same rows; says which tables differ."""
    differ = [f"{table} ({a[table][0]} and {b[table][0]} rows)" for table in b if a[table] != b[table]]
    print(f"MISS {name}: {', '.join(differ)}" if differ else f"ok   {name}")
    return not differ


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that everything that was started is ended
    sys.exit(main())
