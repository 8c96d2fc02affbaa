"""Kills the processes that work on a backfill, spread over its progress, and restarts what a supervisor would."""

from __future__ import annotations

import os
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from tests.support.real_airflow import Airflow, kill_process, parent_pids

# task: a task's own process; worker: the executor's process above it; scheduler: its workers go on without it;
# parser: a sandbox's process; api-server.
KILL_ORDER = ("task", "parser", "scheduler", "task", "worker", "api-server", "task", "scheduler", "parser", "worker")
COMMAND_PARTS = {"scheduler": "airflow_component.py scheduler", "api-server": "airflow api_server"}


class Killer:
    """deaths: what of KILL_ORDER was killed, and how often."""

    def __init__(self) -> None:
        self.deaths: Counter[str] = Counter()
        self._left = list(KILL_ORDER)
        self._next = 0.0

    def kill_when_due(self, airflow: Airflow, env: Mapping[str, str], total: int) -> None:
        """Kills the next process when the work has come far enough, and restarts a part that ended. Call it often."""
        for name, _ in airflow.poll_ended():
            airflow.start(name)
        if not self._left or time.monotonic() < self._next or _progress(env, total) < self._next_point():
            return
        what = self._left[0]
        if victims := find_victims(airflow, what):
            kill_process(victims[0])
            self.deaths[what] += 1
            self._left.pop(0)
            self._next = time.monotonic() + 2.0
            print(f"  killed: {what} at {_progress(env, total):.0%}", flush=True)

    def _next_point(self) -> float:
        return (len(KILL_ORDER) - len(self._left) + 0.5) / (len(KILL_ORDER) + 1)


def _progress(env: Mapping[str, str], total: int) -> float:
    """Progress from 0 to 1: one half is transcripts fetched, the other transcripts searched."""
    with closing(sqlite3.connect(Path(env["PODWATCH_HOME"]) / "podwatch.db", timeout=60)) as c:
        query = "SELECT count(*), sum(t.detected_through > 0) FROM transcripts t JOIN episodes e ON e.id = t.episode_id"
        row: tuple[int, int | None] = c.execute(f"{query} WHERE e.backlog").fetchone()
    fetched, searched = row
    return (fetched + (searched or 0)) / (2 * total)


def find_victims(airflow: Airflow, what: str) -> list[int]:
    """The processes of a kind that are alive and work on a task of the backfill."""
    names, parents = airflow.list_processes(), parent_pids()
    parsers = [p for p, name in names.items() if "podwatch.sandbox.worker" in name]
    if what == "parser":
        return parsers
    if what in COMMAND_PARTS:
        return [p for p, name in names.items() if COMMAND_PARTS[what] in name]
    tasks = [parents[p] for p in parsers if parents.get(p) in names]  # a parser's parent fetches
    if not tasks:
        tasks = [
            p for p, name in names.items() if _is_task(name) and "LocalExecutor" in names.get(parents.get(p, 0), "")
        ]
    return tasks if what == "task" else [parents[p] for p in tasks if parents.get(p, os.getpid()) in names]


def _is_task(name: str) -> bool:
    return name.startswith("airflow worker -- ") and "LocalExecutor" not in name
