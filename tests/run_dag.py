"""Run as a process of its own by test_airflow.py: the DAG through Airflow's own machinery, as often as asked.

Airflow reads its settings at its first import, and its first DAG run costs ten seconds; so one process does all. Its
home has an initialised database already (tests/real_airflow.py).
Writes one JSON object: the import errors, and for each run its state and its tasks. A fourth argument is a JSON list:
what changes in the environment before each run.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path


def main(folder: str, times: int) -> None:
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
    Path(sys.argv[3]).write_text(json.dumps({"errors": bag.import_errors, "runs": runs}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
