"""
### podwatch_deliver

Sends what is due: a digest whose time has come, what quiet hours or a ceiling held back, the retry after an outage.

It runs every five minutes (`PODWATCH_DELIVER_SCHEDULE`, a cron expression in UTC), and at once when `detect` of the DAG
`podwatch` has found something new. When nothing is due it ends after one look into the database. It may run beside the
last task of `podwatch`: they share the work, and nothing is sent twice.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import podwatch_airflow  # plugins/podwatch_airflow: the first of all, since it refuses an Airflow that is too old

# isort: split

from airflow.sdk import dag, task


@dag(
    dag_id="podwatch_deliver",
    dag_display_name="podwatch: deliver",
    description="Sends what is due: digests, what quiet hours held back, retries",
    doc_md=__doc__,
    tags=["podwatch"],
    schedule=podwatch_airflow.deliver_schedule(),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=podwatch_airflow.task_defaults(
        execution_timeout=timedelta(hours=1),
        priority_weight=10,  # before every shard of a backfill
    ),
)
def deliver_due() -> None:
    """One task: the last verb of the line."""

    @task
    def deliver() -> dict[str, Any]:
        return podwatch_airflow.run_verb("deliver", place="alone")

    podwatch_airflow.link_to_page(deliver())


podwatch_dag = deliver_due()
