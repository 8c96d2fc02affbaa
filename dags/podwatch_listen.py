"""
### podwatch_listen

Speech to text for the episodes that come without a transcript: `listen`, fetch's second way to one.

| task | what it does |
|---|---|
| `plan` | chooses episodes within the day's hours of listening: the most watched feeds first, the newest episodes |
| `hear` | one task an episode: downloads its audio, recognises it, stores the transcript, deletes the audio |
| `detect` | looks through the new transcripts, and starts the DAG `podwatch_deliver` when there is something to tell |
| `hear_again` | with `PODWATCH_HEAR_AGAIN=on`: asks the audio about names that the text leaves in doubt |
| `detect_again` | looks through the transcripts of these once more |

It does nothing until a feed (`podwatch feeds set URL --listen on`), a tag (`PODWATCH_LISTEN_TAGS`) or `PODWATCH_LISTEN`
says on, and needs podwatch's extra `speech` with a model where `hear` runs. It never delays the DAG `podwatch`. A task
that is killed goes on from the chunk it was in.

The schedule is `PODWATCH_LISTEN_SCHEDULE`, a cron expression in UTC (twenty past every hour unless set). A run takes
`PODWATCH_LISTEN_TASKS` episodes (8) and hears `PODWATCH_LISTEN_PARALLEL` at once (1). `PODWATCH_LISTEN_POOL` and
`PODWATCH_LISTEN_QUEUE` send `hear` to a pool and to workers of its own, such as one with a GPU; both must exist, or its
tasks wait for ever (`podwatch doctor` looks).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import podwatch_airflow  # plugins/podwatch_airflow: the first of all, since it refuses an Airflow that is too old

# isort: split

from airflow.sdk import dag, task

LONGEST = timedelta(hours=12)  # of a task: ten hours of audio, on a slow machine


@dag(
    dag_id="podwatch_listen",
    dag_display_name="podwatch: listen",
    description="Recognises the audio of episodes without a transcript",
    doc_md=__doc__,
    tags=["podwatch"],
    schedule=podwatch_airflow.listen_schedule(),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=podwatch_airflow.task_defaults(priority_weight=1, weight_rule="absolute"),
)
def listen() -> None:
    """A task an episode, so that each has its own log, its retries and its time."""

    @task
    def plan() -> list[int]:
        return podwatch_airflow.run_listen_step("plan")  # type: ignore[no-any-return]

    @task(execution_timeout=LONGEST, **podwatch_airflow.listen_task_options())
    def hear(episode: int) -> dict[str, Any]:
        return podwatch_airflow.run_listen_step("hear", episode)  # type: ignore[no-any-return]

    @task(trigger_rule="all_done_min_one_success", outlets=podwatch_airflow.detect_outlets())
    def detect() -> dict[str, Any]:
        return podwatch_airflow.run_verb("detect")

    @task(trigger_rule="all_done", **podwatch_airflow.listen_task_options())
    def hear_again() -> dict[str, Any]:
        return podwatch_airflow.run_listen_step("again")  # type: ignore[no-any-return]

    @task(outlets=podwatch_airflow.detect_outlets())
    def detect_again() -> dict[str, Any]:
        return podwatch_airflow.run_verb("detect")

    found, found_again = (podwatch_airflow.link_to_page(t()) for t in (detect, detect_again))
    hear.expand(episode=plan()) >> found >> hear_again() >> found_again


podwatch_dag = listen()
