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

from airflow.sdk import Param, dag, task

import podwatch_airflow  # plugins/podwatch_airflow.py

# They go on with what is missing, so a long one survives a night of killed workers.
TRIES, LONGEST = 12, timedelta(minutes=5)


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
            podwatch_airflow.shards(),
            type="integer",
            minimum=1,
            maximum=16,
            title="Shards",
            description="that work side by side, each on hosts of its own: as many as the pool has slots",
        ),
        "dry_run": Param(False, type="boolean", title="Only say what there is to do"),
    },
    default_args={
        "retries": 3,
        "retry_delay": podwatch_airflow.retry_delay(),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=30),
        "on_failure_callback": podwatch_airflow.failed,
        "on_success_callback": podwatch_airflow.recovered,
        "show_return_value_in_logs": False,
        "pool": podwatch_airflow.POOL,
        "priority_weight": 1,
        "weight_rule": "absolute",
    },
)
def past() -> None:
    """The line over a range; shards share nothing but the database."""

    @task
    def plan() -> list[dict[str, int]]:
        return podwatch_airflow.backfill("plan")  # type: ignore[no-any-return]

    @task(retries=TRIES, max_retry_delay=LONGEST)
    def walk(shard: dict[str, int]) -> int:
        return podwatch_airflow.backfill("walk", shard)  # type: ignore[no-any-return]

    @task(retries=TRIES, max_retry_delay=LONGEST)
    def bring(shard: dict[str, int]) -> int:
        return podwatch_airflow.backfill("bring", shard)  # type: ignore[no-any-return]

    @task(trigger_rule="none_failed")
    def report(shards: list[dict[str, int]]) -> dict[str, Any]:
        return podwatch_airflow.backfill("report", shards)  # type: ignore[no-any-return]

    shards = plan()
    walk.expand(shard=shards) >> bring.expand(shard=shards) >> report(shards)  # type: ignore[arg-type]


past()
