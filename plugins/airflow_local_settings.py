"""Keeps Airflow's own backfills of the daily DAG out of the way of today's run: their pool, and the lowest priority.

Airflow imports a module of this name at its start, from its config folder or, as here, from its plugins folder. It
would otherwise start the tasks of old runs first, since their dates are older, and with its ten runs at once they would
have every slot. Who has a module of this name elsewhere calls this function from theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance

DAG = "podwatch"
POOL = "podwatch_backfill"  # of podwatch_airflow.POOL, which cannot be imported this early


def task_instance_mutation_hook(task_instance: TaskInstance, dag_run: DagRun | None = None) -> None:
    """Called by the scheduler for every task of every DAG; dag_run: None when it does not have it at hand."""
    if task_instance.dag_id != DAG:
        return
    kind = dag_run.run_type if dag_run is not None else str(task_instance.run_id).partition("__")[0]
    if kind == "backfill":
        task_instance.pool = POOL
        task_instance.priority_weight = 1
