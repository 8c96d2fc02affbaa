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

from airflow.sdk import dag, task

import podwatch_airflow  # plugins/podwatch_airflow.py: Airflow puts that folder on the path before this one


@dag(
    dag_id="podwatch",
    dag_display_name="podwatch: poll, fetch, detect, deliver",
    description="Listens to podcasts and tells Slack once, with the sentence and the second",
    doc_md=__doc__,
    tags=["podwatch"],
    schedule=podwatch_airflow.daily_timetable(),
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=podwatch_airflow.task_defaults(
        execution_timeout=timedelta(hours=1),
        priority_weight=10,  # before every shard of a backfill
    ),
)
def line() -> None:
    """The line, one task for each verb. They share nothing but the database."""

    @task
    def poll() -> dict[str, Any]:
        return podwatch_airflow.run_verb("poll")

    @task
    def fetch() -> dict[str, Any]:
        return podwatch_airflow.run_verb("fetch")

    @task(outlets=podwatch_airflow.detect_outlets())  # starts the DAG podwatch_deliver when there is something new
    def detect() -> dict[str, Any]:
        return podwatch_airflow.run_verb("detect")

    @task
    def deliver() -> dict[str, Any]:
        return podwatch_airflow.run_verb("deliver", ends_line=True)

    poll_feeds, fetch_texts, find, tell = (podwatch_airflow.link_to_page(t()) for t in (poll, fetch, detect, deliver))
    poll_feeds >> fetch_texts >> find >> tell


line()
