"""A process that runs DAGs by dag.test(), the daily one unless told, for DagRunner in tests/support/real_airflow.py.

Airflow reads its settings at its first import, and its first DAG run takes ten seconds; so one process serves all
tests. It reads a line of JSON for each job: env (variables during the job), times (how many runs), changes (variables
from each run on), retries, dag, conf (of a form), past (the first day of a backfill), events_of (the run whose
events start it). It answers with a line: the import errors, and for each run its state, its tasks',
what these returned and where they ran, the assets it had events of with what these say, and the buttons of its tasks.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

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
    first = datetime.fromisoformat(job["past"]) if job["past"] else first
    for i in range(job["times"]):
        os.environ.update(job["changes"][i] if i < len(job["changes"]) else {})
        with _runs_made_as_by_airflow(in_past=bool(job["past"]), events_of=job["events_of"]):
            run = dag.test(logical_date=first + timedelta(days=i), run_conf=job["conf"])
        instances = {  # of a mapped task each instance: hear[0]
            ti.task_id if ti.map_index < 0 else f"{ti.task_id}[{ti.map_index}]": ti for ti in run.get_task_instances()
        }
        found.append(
            {
                "run": run.run_id,
                "state": str(run.state),
                "type": str(run.run_type),
                "interval": [str(moment) for moment in (run.data_interval_start, run.data_interval_end)],
                "tasks": {name: str(ti.state) for name, ti in instances.items()},
                "places": {name: [ti.pool, ti.priority_weight] for name, ti in instances.items()},
                "returned": {
                    name: ti.xcom_pull(task_ids=ti.task_id, map_indexes=ti.map_index) for name, ti in instances.items()
                },
                "events": [name for name, _ in _asset_events(run.run_id)],
                "extras": dict(_asset_events(run.run_id)),
                "links": _links(run.dag_id, run.run_id),
            }
        )
    return {"errors": bag.import_errors, "runs": found}


@contextmanager
def _runs_made_as_by_airflow(*, in_past: bool, events_of: str) -> Iterator[None]:
    """dag.test only knows runs by hand. in_past: they are of a backfill, with the intervals of the timetable."""
    from airflow.models.asset import AssetEvent
    from airflow.serialization.definitions.dag import SerializedDAG
    from airflow.utils.types import DagRunType
    from sqlalchemy import select

    make = SerializedDAG.create_dagrun

    def create_dagrun(dag: Any, **given: Any) -> Any:
        if in_past:
            [info] = dag.iter_dagrun_infos_between(given["logical_date"], given["logical_date"])
            kind = DagRunType.BACKFILL_JOB
            name = kind.generate_run_id(suffix=info.logical_date.isoformat())
            given |= {"run_type": kind, "run_id": name, "data_interval": info.data_interval}
        run = make(dag, **given)
        if events_of:
            named = {asset.name for _, asset in dag.timetable.asset_condition.iter_assets()}
            session = given["session"]
            events = session.scalars(select(AssetEvent).where(AssetEvent.source_run_id == events_of)).all()
            run.consumed_asset_events.extend(event for event in events if event.name in named)
            session.commit()
        return run

    with patch.object(SerializedDAG, "create_dagrun", create_dagrun):
        yield


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
