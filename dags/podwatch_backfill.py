"""
### podwatch_backfill

Brings in the episodes of a range of days, in one run: press *Trigger* and fill in the form.

| task | what it does |
|---|---|
| `plan` | writes the backfill down, and cuts it into shards |
| `walk` | finds episodes on the older pages of the feeds |
| `bring` | fetches the transcripts there are, and looks through them |
| `report` | episodes, transcripts, mentions for each watch and month, what is missing and why: in its log and XCom |

Nobody is told, unless the form says so. It can be paused, resumed and cancelled (`podwatch backfill --list`), and
killed: what is done stays done, a cleared task goes on with what is missing. The daily run goes on beside it: the
shards run in a pool of their own, `podwatch_backfill` (`airflow pools set podwatch_backfill 2 backfills`, unless
`make run` or Docker Compose made it), with a lower priority. There is one shard, or as many as the form or
`PODWATCH_BACKFILL_SHARDS` says; each has hosts of its own, so more than the pool has slots make hosts wait for nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import podwatch_airflow  # plugins/podwatch_airflow: the first of all, since it refuses an Airflow that is too old

# isort: split

from airflow.sdk import Param, dag, task

# A retry goes on with what is missing, so a long backfill survives a night of killed workers.
SHARD_RETRIES, MAX_RETRY_DELAY = 12, timedelta(minutes=5)


@dag(
    dag_id="podwatch_backfill",
    dag_display_name="podwatch: backfill",
    description="Brings in older episodes; nobody is told unless asked",
    doc_md=__doc__,
    tags=["podwatch"],
    schedule=None,
    max_active_runs=2,
    params={
        "since": Param(type="string", format="date", title="First day"),
        "until": Param(None, type=["null", "string"], format="date", title="Last day", description="today without it"),
        "feeds": Param([], type="array", items={"type": "string"}, title="Only these feeds (addresses)"),
        "tags": Param([], type="array", items={"type": "string"}, title="Only feeds with one of these tags"),
        "watches": Param([], type="array", items={"type": "string"}, title="Only these watches"),
        "deliver": Param("none", enum=["none", "digest", "each"], title="Who is told"),
        "more_than_50": Param(False, type="boolean", title="Deliver more than 50 messages, too"),
        "shards": Param(
            podwatch_airflow.default_shards(),
            type="integer",
            minimum=1,
            maximum=16,
            title="Shards",
            description="that work side by side, each on hosts of its own: as many as the pool has slots",
        ),
        "dry_run": Param(False, type="boolean", title="Only say what there is to do"),
    },
    default_args=podwatch_airflow.task_defaults(pool=podwatch_airflow.POOL, priority_weight=1, weight_rule="absolute"),
)
def backfill() -> None:
    """The line over a range, a task a shard for its two slow steps. Shards share nothing but the database."""

    @task
    def plan() -> list[dict[str, int]]:
        return podwatch_airflow.run_backfill_step("plan")  # type: ignore[no-any-return]

    @task(retries=SHARD_RETRIES, max_retry_delay=MAX_RETRY_DELAY)
    def walk(shard: dict[str, int]) -> int:
        return podwatch_airflow.run_backfill_step("walk", shard)  # type: ignore[no-any-return]

    @task(retries=SHARD_RETRIES, max_retry_delay=MAX_RETRY_DELAY)
    def bring(shard: dict[str, int]) -> int:
        return podwatch_airflow.run_backfill_step("bring", shard)  # type: ignore[no-any-return]

    @task(trigger_rule="none_failed")
    def report(shards: list[dict[str, int]]) -> dict[str, Any]:
        return podwatch_airflow.run_backfill_step("report", shards)  # type: ignore[no-any-return]

    shards = plan()
    walk.expand(shard=shards) >> bring.expand(shard=shards) >> report(shards)  # type: ignore[arg-type]


podwatch_dag = backfill()
