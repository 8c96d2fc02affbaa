"""A cluster policy that gives Airflow's own backfills of the daily DAG a pool of their own and the lowest priority.

Without it Airflow starts the tasks of the oldest runs first, and its ten runs at once take every slot from the live
run. Airflow imports a module of this name when it starts, from its config folder or from its plugins folder, as here;
an operator who has such a module already calls this function from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance

DAG = "podwatch"
POOL = "podwatch_backfill"  # the same as podwatch_airflow.POOL, which cannot be imported as early as this


def task_instance_mutation_hook(task_instance: TaskInstance, dag_run: DagRun | None = None) -> None:
    """Called by the scheduler for every task of every DAG. dag_run: None when the scheduler has not loaded it."""
    if task_instance.dag_id != DAG:
        return
    run_type = dag_run.run_type if dag_run is not None else str(task_instance.run_id).partition("__")[0]
    if run_type == "backfill":
        task_instance.pool = POOL
        task_instance.priority_weight = 1
