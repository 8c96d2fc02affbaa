"""Run as a process of its own by test_airflow.py: the DAG through Airflow's own machinery, as often as asked.

Airflow reads its settings at its first import, and its first DAG run costs ten seconds; so one process does all.
Writes one JSON object: the import errors, and for each run its state and its tasks. A fourth argument is a JSON list:
what changes in the environment before each run.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any


def main(folder: str, times: int) -> None:
    from airflow.utils.db import initdb

    initdb()
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(folder)
    dag = bag.dags.get("podwatch")
    runs = []
    changes = json.loads(sys.argv[4]) if len(sys.argv) > 4 else []
    for t in dag.tasks if dag is not None else ():
        t.retries = int(os.environ.get("TEST_RETRIES", t.retries))  # a retry waits for seconds
    for i in range(times if dag is not None else 0):
        os.environ.update(changes[i] if i < len(changes) else {})
        run = dag.test(logical_date=datetime(2026, 11, 3, tzinfo=UTC) + timedelta(days=i))
        tasks = {ti.task_id: str(ti.state) for ti in run.get_task_instances()}
        runs.append({"state": str(run.state), "tasks": tasks})
    if plan := os.environ.get("TEST_BACKFILL"):
        runs += backfilled(bag, json.loads(plan))
    Path(sys.argv[3]).write_text(json.dumps({"errors": bag.import_errors, "runs": runs}))


def backfilled(bag: Any, plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Runs of the daily DAG as Airflow's backfill makes them, each for a day, and one of podwatch_backfill by its form."""
    from airflow.models import dagrun
    from airflow.utils.types import DagRunType

    made = dagrun.get_or_create_dagrun

    def of_backfill(**facts: Any) -> Any:
        run = made(**facts)
        if run.dag_id == "podwatch":  # dag.test() makes manual runs only
            day = run.logical_date
            run.run_type = DagRunType.BACKFILL_JOB
            run.data_interval_start, run.data_interval_end = day, day + timedelta(days=1)
            facts["session"].commit()
        return run

    dagrun.get_or_create_dagrun = of_backfill
    found = []
    for day in plan["days"]:
        run = bag.dags["podwatch"].test(logical_date=datetime.fromisoformat(day))
        found.append({"state": str(run.state), "type": str(run.run_type)})
    run = bag.dags["podwatch_backfill"].test(run_conf=plan["form"])
    tasks = sorted((ti.task_id, str(ti.state)) for ti in run.get_task_instances())
    return [*found, {"state": str(run.state), "tasks": tasks}]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
