"""Kills what works on a backfill, at points spread over its way, and starts again what a supervisor would."""

from __future__ import annotations

import os
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from tests.support.real_airflow import Airflow, kill, parents_of_all

# What each kill is of, in this order: a task's own process, the executor's worker above it, the scheduler (whose
# workers go on without it), a process that parses documents, the API server.
ORDER = ("task", "parser", "scheduler", "task", "worker", "api-server", "task", "scheduler", "parser", "worker")
PARTS = {"scheduler": "airflow_component.py scheduler", "api-server": "airflow api_server"}


class Killer:
    """deaths: how often each of ORDER was killed."""

    def __init__(self) -> None:
        self.deaths: Counter[str] = Counter()
        self._left = list(ORDER)
        self._next = 0.0

    def tick(self, airflow: Airflow, env: Mapping[str, str], total: int) -> None:
        """Called often: kills the next when the work is as far as that, and starts a part again that has ended."""
        for name, _ in airflow.ended():
            airflow.start(name)
        if not self._left or time.monotonic() < self._next or _way(env, total) < self._point():
            return
        what = self._left[0]
        if victims := find(airflow, what):
            kill(victims[0])
            self.deaths[what] += 1
            self._left.pop(0)
            self._next = time.monotonic() + 2.0
            print(f"  killed: {what} at {_way(env, total):.0%}", flush=True)

    def _point(self) -> float:
        return (len(ORDER) - len(self._left) + 0.5) / (len(ORDER) + 1)


def _way(env: Mapping[str, str], total: int) -> float:
    """How far the work is: a half for the transcripts that came, a half for those that were looked through."""
    with closing(sqlite3.connect(Path(env["PODWATCH_HOME"]) / "podwatch.db", timeout=60)) as c:
        query = "SELECT count(*), sum(t.detected_through > 0) FROM transcripts t JOIN episodes e ON e.id = t.episode_id"
        row: tuple[int, int | None] = c.execute(f"{query} WHERE e.backlog").fetchone()
    came, looked = row
    return (came + (looked or 0)) / (2 * total)


def find(airflow: Airflow, what: str) -> list[int]:
    """The processes of a kind that are there now, those that work on a task of the backfill."""
    names, parents = airflow.processes(), parents_of_all()
    parsers = [p for p, name in names.items() if "podwatch.sandbox.worker" in name]
    if what == "parser":
        return parsers
    if what in PARTS:
        return [p for p, name in names.items() if PARTS[what] in name]
    tasks = [parents[p] for p in parsers if parents.get(p) in names]  # who parses, fetches
    if not tasks:
        tasks = [
            p for p, name in names.items() if _is_task(name) and "LocalExecutor" in names.get(parents.get(p, 0), "")
        ]
    return tasks if what == "task" else [parents[p] for p in tasks if parents.get(p, os.getpid()) in names]


def _is_task(name: str) -> bool:
    return name.startswith("airflow worker -- ") and "LocalExecutor" not in name
