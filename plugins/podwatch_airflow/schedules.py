"""What shapes the DAGs: schedules, shards, pools and retries, from variables of the environment.

Read while Airflow parses the DAG files, in every component and task: the library is imported where it is used.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from podwatch_airflow.events import ALERTS, LEFT

if TYPE_CHECKING:
    from airflow.sdk import Asset, AssetOrTimeSchedule, CronDataIntervalTimetable

DAILY = "0 6 * * *"


def read_cron(name: str, default: str, env: Mapping[str, str] = os.environ) -> str:
    """A variable that is a cron expression. Raises ValueError, with its name, where it is none."""
    from airflow.sdk import CronTriggerTimetable
    from airflow.sdk.exceptions import AirflowTimetableInvalid

    cron = env.get(name, "").strip() or default
    try:
        CronTriggerTimetable(cron, timezone="UTC").validate()
    except AirflowTimetableInvalid as e:  # it does not name the variable
        raise ValueError(f"{name}={cron}: {e} Write a cron expression such as {default}") from None
    return cron


def daily_timetable(env: Mapping[str, str] = os.environ) -> CronDataIntervalTimetable:
    """The schedule of the daily DAG, PODWATCH_SCHEDULE. A plain cron string would give runs empty data intervals."""
    from airflow.sdk import CronDataIntervalTimetable

    return CronDataIntervalTimetable(read_cron("PODWATCH_SCHEDULE", DAILY, env), timezone="UTC")


def default_run_seconds(env: Mapping[str, str] = os.environ) -> float:
    """PODWATCH_RUN_SECONDS unless it is set: by how often PODWATCH_SCHEDULE runs the line."""
    from croniter import croniter  # type: ignore[import-untyped]

    from podwatch.policy.run_time import run_seconds

    times = croniter(env.get("PODWATCH_SCHEDULE", "").strip() or DAILY, datetime(2025, 1, 1))  # noqa: DTZ001
    starts = [times.get_next(float) for _ in range(6)]
    return run_seconds(min(after - before for before, after in pairwise(starts)))


def catch_up_schedule() -> list[Asset]:
    """The schedule of the DAG podwatch_catch_up: each event of the asset LEFT."""
    from airflow.sdk import Asset

    return [Asset(LEFT)]


def line_shards(env: Mapping[str, str] = os.environ) -> int:
    """How many workers share poll, fetch and detect of a run, PODWATCH_SHARDS."""
    return whole_number("PODWATCH_SHARDS", 1, 64, env)


def verb_pool(verb: str, env: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The pool in which the tasks of a verb run, only when it is named: PODWATCH_POLL_POOL and so on."""
    pool = env.get(f"PODWATCH_{verb.upper()}_POOL", "").strip()
    return {"pool": pool} if pool else {}


def deliver_schedule(env: Mapping[str, str] = os.environ) -> AssetOrTimeSchedule:
    """The schedule of the DAG podwatch_deliver: PODWATCH_DELIVER_SCHEDULE, and each event of the asset ALERTS."""
    from airflow.sdk import Asset, AssetOrTimeSchedule, CronTriggerTimetable

    times = CronTriggerTimetable(read_cron("PODWATCH_DELIVER_SCHEDULE", "*/5 * * * *", env), timezone="UTC")
    return AssetOrTimeSchedule(timetable=times, assets=[Asset(ALERTS)])


def listen_schedule(env: Mapping[str, str] = os.environ) -> str:
    """The schedule of the DAG podwatch_listen, PODWATCH_LISTEN_SCHEDULE."""
    return read_cron("PODWATCH_LISTEN_SCHEDULE", "20 * * * *", env)


def listen_task_options(env: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Where the tasks that hear run, and how many at once: a pool and a queue only when they are named."""
    named = {"pool": "PODWATCH_LISTEN_POOL", "queue": "PODWATCH_LISTEN_QUEUE"}
    options: dict[str, Any] = {option: v for option, name in named.items() if (v := env.get(name, "").strip())}
    return options | {"max_active_tis_per_dag": whole_number("PODWATCH_LISTEN_PARALLEL", 1, 64, env)}


def retry_delay(env: Mapping[str, str] = os.environ) -> timedelta:
    """The wait before a task's first retry, PODWATCH_RETRY_DELAY."""
    raw = env.get("PODWATCH_RETRY_DELAY", "").strip() or "60"
    try:
        seconds = float(raw)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 3600:
        raise ValueError(f"PODWATCH_RETRY_DELAY={raw}: is not a number of seconds from 0 to 3600")
    return timedelta(seconds=seconds)


def default_shards(env: Mapping[str, str] = os.environ) -> int:
    """Into how many shards a backfill is cut unless its form says otherwise, PODWATCH_BACKFILL_SHARDS."""
    return whole_number("PODWATCH_BACKFILL_SHARDS", 1, 16, env)


def whole_number(name: str, default: int, most: int, env: Mapping[str, str] = os.environ) -> int:
    """A variable that is a whole number from 1 to ``most``."""
    raw = env.get(name, "").strip() or str(default)
    if not (raw.isascii() and raw.isdecimal() and 1 <= int(raw) <= most):
        raise ValueError(f"{name}={raw}: is not a whole number from 1 to {most}")
    return int(raw)
