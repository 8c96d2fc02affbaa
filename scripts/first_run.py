"""Follows the first run of a DAG after a start: the scheduler's own if one is due, else one that is triggered here.

It polls Airflow's public API a few times a second, until that run has ended.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow_local import DAG_FILES, AirflowApi
from preflight import RunFailedError
from terminal import Progress

UNFINISHED = ("queued", "running")


class FirstRun:
    """Call ``has_succeeded`` until it returns True, or raises RunFailedError."""

    def __init__(
        self, api: AirflowApi, home: Path, since: datetime, progress: Progress, parsed_since: datetime | None = None
    ) -> None:
        """since: earlier runs are left alone, and ended where they hang. parsed_since: so new is what Airflow knows of
        the DAG; ``since`` unless given."""
        self._api, self._home, self._since, self._progress = api, home, since, progress
        self._parsed_since = parsed_since or since
        self._id: str | None = None

    @property
    def has_begun(self) -> bool:
        return self._id is not None

    def states_of(self, task: str) -> list[str | None]:
        """The states of the run's instances of a task: several of a mapped one."""
        tasks = [] if self._id is None else self._api.tasks(self._id)
        return [t["state"] for t in tasks if t["task_id"] == task]

    def has_succeeded(self) -> bool:
        """Whether the run has succeeded; raises RunFailedError when it has failed, or the DAG cannot be imported."""
        if self._id is None:
            if (found := self._find_run()) is None:
                return False
            self._id = str(found["dag_run_id"])
            threading.Thread(target=self._api.warm_up, daemon=True).start()
        run = self._api.run(self._id)
        if run is None or run["state"] in UNFINISHED:
            tasks = self._api.tasks(self._id)
            unfinished = [t for t in tasks if t["state"] not in ("success", "failed", "upstream_failed", "skipped")]
            if unfinished:
                self._progress.show_step(f"the DAG {self._api.dag_id} runs: {_describe_task(unfinished[0])}")
            return False
        if run["state"] == "failed":
            raise RunFailedError(self._describe_failure())
        return True

    def _find_run(self) -> dict[str, Any] | None:
        """The run to follow, when there is one. The DAG is requested before its runs, never after: so a run that the
        scheduler creates in between is seen, and no second one is triggered."""
        dag = self._api.dag()
        if dag is None or not _is_since(self._parsed_since, dag["last_parsed_time"]):
            for error in self._api.import_errors():
                if self._is_new(error["timestamp"]) and Path(error["filename"]).name == DAG_FILES[self._api.dag_id]:
                    why = error["stack_trace"].strip().rpartition("\n")[2].strip()
                    raise RunFailedError(f"dags/{Path(error['filename']).name} cannot be imported: {why}")
            self._progress.show_step(
                "waiting for Airflow to read the DAG" if self._api.healthy() else "starting Airflow"
            )
            return None
        runs = self._api.runs()
        if runs is None:
            return None
        if dag["is_paused"]:
            self._progress.print_line(f"the DAG {self._api.dag_id} was paused in the page; it is switched on again")
            self._api.unpause()
            return None
        runs = [r for r in runs if r["run_type"] != "backfill"]
        stale = [r for r in runs if r["state"] in UNFINISHED and not self._is_new(r["queued_at"])]
        for run in stale:  # their tasks died with an earlier start, and would delay new runs for five minutes
            self._api.fail_run(run["dag_run_id"])
        if new := [r for r in runs if self._is_new(r["queued_at"])]:
            return new[0]
        due = _parse_time(dag["next_dagrun_run_after"])
        if stale or (due is not None and due <= datetime.now(UTC)):
            self._progress.show_step("waiting for the scheduler to start a run")
            return None
        return self._api.trigger()

    def _is_new(self, when: str | None) -> bool:
        return _is_since(self._since, when)

    def _describe_failure(self) -> str:
        lines = [f"the run {self._id} failed"]
        assert self._id is not None
        for task in self._api.tasks(self._id):
            if task["state"] == "failed":
                log = self._home / "logs" / f"dag_id={self._api.dag_id}" / f"run_id={self._id}"
                log /= f"task_id={task['task_id']}"
                if task.get("map_index", -1) >= 0:
                    log /= f"map_index={task['map_index']}"
                log /= f"attempt={task['try_number']}.log"
                lines[0] = f"the task {task['task_id']} failed after {task['try_number']} tries - its log is {log}"
                lines += read_task_log(log)
        return "\n  ".join(lines)


def _is_since(since: datetime, when: str | None) -> bool:
    moment = _parse_time(when)
    return moment is not None and moment >= since


def _parse_time(when: str | None) -> datetime | None:
    return None if when is None else datetime.fromisoformat(when)


def _describe_task(task: dict[str, Any]) -> str:
    if task["state"] == "up_for_retry":
        return f"{task['task_id']} failed, and is tried again in a moment"
    return f"{task['task_id']}, try {task['try_number']}" if (task["try_number"] or 0) > 1 else str(task["task_id"])


def read_tail(path: Path, count: int = 8) -> list[str]:
    """The last lines of a text file; an empty list when it cannot be read."""
    try:
        with path.open(errors="replace") as file:
            return [line.rstrip() for line in deque(file, count)]
    except OSError:
        return []


def read_task_log(path: Path, count: int = 6, width: int = 240) -> list[str]:
    """The last lines of a task's log as text: Airflow writes a JSON object a line, some only to fold its page."""
    lines: list[str] = []
    for line in read_tail(path, 40):
        try:
            entry = json.loads(line)
            if str(entry["event"]).startswith("::"):
                continue
            lines.append(f"{entry.get('level', '')}: {entry['event']}")
            lines += [f"  {e['exc_type']}: {e['exc_value']}" for e in entry.get("error_detail") or []]
        except (ValueError, KeyError, TypeError):
            lines.append(line)
    return [" ".join(line.split())[:width] for line in lines[-count:]]
