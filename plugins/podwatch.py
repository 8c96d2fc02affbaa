"""What Airflow needs in order to run podwatch: its connections become settings, its tasks call a verb.

One flat file, because Airflow executes every file of this folder in every component and every task:
whatever is imported up here is paid for by each of them, so the library itself is imported by the task
that uses it. No other file knows both Airflow and the library.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from airflow.sdk import Connection, CronDataIntervalTimetable

log = logging.getLogger("podwatch")

SLACK = "podwatch_slack"  # password: the bot token; host: the address of a Slack-compatible server, if it is another
DATABASE = "podwatch_database"
NOTES = 20  # in an XCom; the log and the rows have all of them


def run(verb: str) -> dict[str, Any]:
    """Does everything that is due for one verb, and returns the tally: small, plain, fit for an XCom."""
    from pipeline import runtime, settings, verbs

    with runtime.build(settings.from_environment(variables(os.environ))) as rt:
        tally = verbs.LINE[verb](rt, rt.store.clock())
    log.info("%s: %s looked at, %s new, %s failed", verb, tally.done, tally.new, tally.failed)
    return {**asdict(tally), "notes": list(tally.notes[:NOTES])}


def failed(context: Mapping[str, Any]) -> None:
    """Called by Airflow when a task has used up its retries: one line where an operator looks first."""
    ti = context["ti"]
    log.error(
        "podwatch: %s failed for good in run %s: %s - nothing found is lost, the next run goes on from here",
        ti.task_id,
        context.get("run_id"),
        next(iter(str(context.get("exception")).splitlines()), ""),
    )


def timetable(env: Mapping[str, str] = os.environ) -> CronDataIntervalTimetable:
    """When the DAG runs, from PODWATCH_SCHEDULE. A plain cron string would give runs an empty data interval."""
    from airflow.sdk import CronDataIntervalTimetable
    from airflow.sdk.exceptions import AirflowTimetableInvalid

    cron = env.get("PODWATCH_SCHEDULE", "").strip() or "0 6 * * *"
    found = CronDataIntervalTimetable(cron, timezone="UTC")
    try:
        found.validate()
    except AirflowTimetableInvalid as e:  # says what is wrong, but not where it was written
        raise ValueError(f"PODWATCH_SCHEDULE={cron}: {e} Write a cron expression such as 0 6 * * *") from None
    return found


def retry_delay(env: Mapping[str, str] = os.environ) -> timedelta:
    """The pause before a first retry, from PODWATCH_RETRY_DELAY."""
    raw = env.get("PODWATCH_RETRY_DELAY", "").strip() or "60"
    try:
        seconds = float(raw)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 3600:
        raise ValueError(f"PODWATCH_RETRY_DELAY={raw}: is not a number of seconds from 0 to 3600")
    return timedelta(seconds=seconds)


def variables(env: Mapping[str, str], lookup: Callable[[str], Connection | None] | None = None) -> dict[str, str]:
    """The variables that podwatch reads: those of the environment, and what they lack from Airflow's connections.

    A connection is asked for only when its variable is missing, since in a task that is a request to the API server.
    """
    lookup = lookup or connection
    found = {name: value for name, value in env.items() if value.strip()}
    if "SLACK_BOT_TOKEN" not in found and (slack := lookup(SLACK)) is not None:
        if slack.password:
            found["SLACK_BOT_TOKEN"] = slack.password
        if slack.host and "PODWATCH_SLACK_BASE_URL" not in found:
            found["PODWATCH_SLACK_BASE_URL"] = _base_url(slack)
    if "PODWATCH_DATABASE_URL" not in found and (database := lookup(DATABASE)) is not None:
        found["PODWATCH_DATABASE_URL"] = _database_url(database)
    return found


def connection(name: str) -> Connection | None:
    """An Airflow connection, or None when there is none of that name."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        found: Connection = Connection.get(name)
    except AirflowNotFoundException:
        return None
    return found


def _base_url(slack: Connection) -> str:
    """host may hold a whole address (https://slack.example/api/), or the parts stand in their own fields."""
    host = slack.host or ""
    if "://" not in host:
        host = f"{slack.schema or 'https'}://{host}"
    return f"{host}:{slack.port}" if slack.port else host


def _database_url(database: Connection) -> str:
    """The connection as SQLAlchemy writes it: a path keeps its slashes, Airflow's own additions go."""
    if database.conn_type == "sqlite":
        return f"sqlite:///{database.schema or database.host}"
    return database.get_uri().partition("?__extra__=")[0]


class PodwatchPlugin(AirflowPlugin):
    """Makes this file known to Airflow; `airflow plugins` lists it."""

    name = "podwatch"
