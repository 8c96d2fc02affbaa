"""
### podwatch

    feed --poll--> episode --fetch--> transcript --detect--> mention --deliver--> delivery

| task | what it does | what it leaves |
|---|---|---|
| `poll` | asks the feeds that are due whether they changed | new episodes |
| `fetch` | downloads the transcripts of episodes that have none yet | transcripts |
| `detect` | looks for the people and words of the watchlist | mentions |
| `deliver` | tells the channel, once for each watch and episode | deliveries |

Each task does what is due in the database, and nothing else. So a retry, a cleared task or a second run is always
safe: what is done is not done again, and nobody is told twice. A feed or a channel that fails is noted on its row and
tried again later; it does not make a task red. A red task is a bug or a database that cannot be reached.

Where nothing is due behind `poll` the other three are skipped: the run is over, and a success. Once an hour they run
all the same, for what time alone brings about: surges, silences, texts that expire.

A run asks servers for a bounded time (`PODWATCH_RUN_SECONDS`: 20 s each for `poll` and `fetch` when runs are less than
two hours apart, else 600), so that alerts do not wait for slow hosts. What is left the DAG `podwatch_catch_up` asks for
at once.

With `PODWATCH_SHARDS=4` a task `plan` splits the hosts with something due evenly between four tasks of `poll`, `fetch`
and `detect` each, which may run on four workers; `deliver` stays one, since channels set its pace.
`PODWATCH_POLL_POOL`, `PODWATCH_FETCH_POOL`, `PODWATCH_DETECT_POOL` and `PODWATCH_DELIVER_POOL` name Airflow pools that
bound each; they must exist.

Airflow's own backfill (`airflow backfill create --dag-id podwatch --from-date ... --to-date ...`, or *Backfill* behind
the *Trigger* button) runs it over days of the past: each run takes the episodes that came out in its data interval,
and tells nobody. For long ranges the DAG `podwatch_backfill` is faster.

The schedule is `PODWATCH_SCHEDULE`, a cron expression in UTC (every day at six unless set). What becomes due between
two runs is sent by the DAG `podwatch_deliver`. The pause before a first
retry is `PODWATCH_RETRY_DELAY` seconds (60), and grows with each retry. Tokens and addresses come from `PODWATCH_*`
and `SLACK_BOT_TOKEN`, or from the connections `podwatch_slack`, `podwatch_database`, `podwatch_smtp` and
`podwatch_heartbeat`, whose address is asked after each complete run.

With `PODWATCH_OPERATIONS_CHANNEL` a task that fails for good says so there, once, and once more when it works again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import podwatch_airflow  # plugins/podwatch_airflow: the first of all, since it refuses an Airflow that is too old

# isort: split

from airflow.sdk import dag, task


def add_line(*, is_scheduled: bool) -> None:
    """The line, one task for each verb, or one for each shard of it. They share nothing but the database.

    is_scheduled: the first task ends the run where nothing is due, and the last one says that the line ran through.
    """
    first, last = ("first", "last") if is_scheduled else ("", "")

    @task
    def plan() -> list[dict[str, Any]]:
        return podwatch_airflow.plan_line(first)

    @task(outlets=[podwatch_airflow.left_outlet()], **podwatch_airflow.verb_pool("poll"))
    def poll(shard: dict[str, Any] | None = None) -> dict[str, Any]:
        return podwatch_airflow.run_verb("poll", shard, place="" if shard else first)

    @task(outlets=[podwatch_airflow.left_outlet()], **podwatch_airflow.verb_pool("fetch"))
    def fetch(shard: dict[str, Any] | None = None) -> dict[str, Any]:
        return podwatch_airflow.run_verb("fetch", shard)

    # starts the DAG podwatch_deliver when there is something new
    @task(outlets=podwatch_airflow.detect_outlets(), **podwatch_airflow.verb_pool("detect"))
    def detect(shard: dict[str, Any] | None = None) -> dict[str, Any]:
        return podwatch_airflow.run_verb("detect", shard)

    @task(outlets=[], **podwatch_airflow.verb_pool("deliver"))
    def deliver() -> dict[str, Any]:
        return podwatch_airflow.run_verb("deliver", place=last)

    if podwatch_airflow.line_shards() == 1:
        ask, read, find, tell = (podwatch_airflow.link_to_page(t()) for t in (poll, fetch, detect, deliver))
        ask >> read >> find >> tell
    else:
        shards = plan()
        poll.expand(shard=shards) >> fetch.expand(shard=shards) >> detect.expand(shard=shards) >> deliver()


OPTIONS: dict[str, Any] = {
    "doc_md": __doc__,
    "tags": ["podwatch"],
    "start_date": datetime(2025, 1, 1, tzinfo=UTC),
    "catchup": False,
    "max_active_runs": 1,
    "default_args": podwatch_airflow.task_defaults(
        execution_timeout=timedelta(hours=1),
        priority_weight=10,  # before every shard of a backfill
    ),
}


@dag(
    dag_id="podwatch",
    dag_display_name="podwatch: poll, fetch, detect, deliver",
    description="Listens to podcasts and tells Slack once, with the sentence and the second",
    schedule=podwatch_airflow.daily_timetable(),
    **OPTIONS,
)
def line() -> None:
    add_line(is_scheduled=True)


@dag(
    dag_id="podwatch_catch_up",
    dag_display_name="podwatch: catch up",
    description="Asks for what a run of podwatch had no time for, and tells what is found",
    schedule=podwatch_airflow.catch_up_schedule(),
    **OPTIONS,
)
def catch_up() -> None:
    add_line(is_scheduled=False)


podwatch_dag = line()
podwatch_catch_up_dag = catch_up()
