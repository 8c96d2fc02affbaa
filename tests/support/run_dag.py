"""A process that runs DAGs by dag.test(), the daily one unless told, for DagRunner in tests/support/real_airflow.py.

Airflow reads its settings at its first import, and its first DAG run takes ten seconds; so one process serves all
tests. It reads a line of JSON for each job: env (variables during the job), times (how many runs), changes (variables
from each run on), retries, dag. It answers with a line: the import errors, and for each run its state, its
tasks', the assets it had events of with what these say, and the buttons of its tasks.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

FIRST = datetime(2026, 11, 3, tzinfo=UTC)


def run_dag(folder: str, job: dict[str, Any], first: datetime) -> dict[str, Any]:
    """first: the logical date of the first run; each next one is a day later."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(folder)
    dag = bag.dags.get(job["dag"])
    found: list[dict[str, Any]] = []
    if dag is None:
        return {"errors": bag.import_errors, "runs": found}
    for t in dag.tasks:
        t.retries = t.retries if job["retries"] is None else job["retries"]  # a retry waits for seconds
    for i in range(job["times"]):
        os.environ.update(job["changes"][i] if i < len(job["changes"]) else {})
        run = dag.test(logical_date=first + timedelta(days=i))
        tasks = {  # of a mapped task each instance: hear[0]
            ti.task_id if ti.map_index < 0 else f"{ti.task_id}[{ti.map_index}]": str(ti.state)
            for ti in run.get_task_instances()
        }
        found.append(
            {
                "state": str(run.state),
                "tasks": tasks,
                "events": [name for name, _ in _asset_events(run.run_id)],
                "extras": dict(_asset_events(run.run_id)),
                "links": _links(run.dag_id, run.run_id),
            }
        )
    return {"errors": bag.import_errors, "runs": found}


def _asset_events(run_id: str) -> list[tuple[str, dict[str, Any]]]:
    """The assets of which the run had events, by name, each with what the event says."""
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    query = select(AssetModel.name, AssetEvent.extra).join(AssetEvent, AssetEvent.asset_id == AssetModel.id)
    with create_session() as session:
        rows = session.execute(query.where(AssetEvent.source_run_id == run_id).order_by(AssetModel.name)).all()
        return [(name, dict(extra)) for name, extra in rows]


def _links(dag_id: str, run_id: str) -> dict[str, str]:
    """What each task left as its button's address."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    x = XComModel
    query = select(x.task_id, x.value).where(x.dag_id == dag_id, x.run_id == run_id, x.key.startswith("_link_"))
    with create_session() as session:
        return {
            task: json.loads(value) if isinstance(value, str) and value[:1] == '"' else value
            for task, value in session.execute(query)
        }


def main(folder: str, answers: int) -> None:
    ours = dict(os.environ)
    with os.fdopen(answers, "w") as out:
        for number, line in enumerate(sys.stdin):
            job = json.loads(line)
            os.environ.clear()
            os.environ.update(ours | job["env"])
            out.write(json.dumps(run_dag(folder, job, FIRST + timedelta(days=100 * number))) + "\n")
            out.flush()
    os._exit(0)  # without Airflow's clean-up, which takes seconds


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
