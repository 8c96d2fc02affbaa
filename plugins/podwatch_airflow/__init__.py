"""What Airflow needs to run podwatch: its connections become settings, its tasks call a verb, its failures a message.

Airflow loads the plugin in every component and every task, and each pays for what is imported here: so the library is
imported by the functions that use it. Nothing else knows both.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from airflow import __version__ as airflow_version

from podwatch_airflow import events
from podwatch_airflow.connections import podwatch_variables, uncover_library
from podwatch_airflow.events import ALERTS, LEFT, detect_outlets, left_outlet, link_to_page
from podwatch_airflow.incidents import report_failure, report_recovery
from podwatch_airflow.versions import check_version

if TYPE_CHECKING:
    from airflow.sdk import Asset, AssetOrTimeSchedule, CronDataIntervalTimetable

    from podwatch.settings import Settings

check_version(airflow_version)
log = logging.getLogger("podwatch")

__all__ = ["detect_outlets", "left_outlet", "link_to_page"]  # of events, for the DAGs
POOL = "podwatch_backfill"  # its slots bound the shards of a backfill at once; the daily run has all others
MAX_NOTES = 20  # in an XCom; the log and the rows have all of them


def read_settings(**defaults: str) -> Settings:
    """The settings of the environment, of this Airflow where that is silent, and of ``defaults`` where both are."""
    from podwatch import settings

    return settings.from_environment(defaults | podwatch_variables(os.environ))


def run_verb(verb: str, shard: Mapping[str, Any] | None = None, *, ends_line: bool = False) -> dict[str, Any]:
    """Runs one verb over what is due, or over the data interval that Airflow backfills. Returns its tally, for XCom.

    shard: one of plan_line(); None: all. ends_line: it is the last task of the line, which Airflow runs only when those
    before it have succeeded.
    """
    uncover_library()
    from podwatch import runtime
    from podwatch.line import verbs
    from podwatch.line.heartbeat import finish_line
    from podwatch.line.retention import prune_expired
    from podwatch.model import ALL, Shard, Tally

    interval = backfill_interval()
    part = Shard(shard["index"], shard["count"], tuple(shard["buckets"])) if shard else ALL
    with runtime.build(read_settings(PODWATCH_RUN_SECONDS=str(default_run_seconds()))) as rt:
        if interval is None:
            if verb == "detect":
                events.begin_announcing(rt.store, rt.store.clock())
            tally = verbs.LINE[verb](rt, rt.store.clock(), part)
            if verb == "detect":
                events.announce_mentions(rt.store, rt.store.clock())
            if ends_line:
                finish_line(rt, rt.store.clock())
                prune_expired(rt, rt.store.clock())
        elif part.index:
            tally = Tally(verb)  # the first one does all of the interval
        else:
            from podwatch.history import backfill_steps

            tally = backfill_steps.run_verb(rt, verb, *interval, rt.store.clock())
    log.info("%s: %s looked at, %s new, %s failed", verb, tally.done, tally.new, tally.failed)
    if verb == "detect" and tally.new and interval is None:
        events.announce_alerts()
    if tally.left and interval is None:
        events.announce_left()
    return {**asdict(tally), "notes": list(tally.notes[:MAX_NOTES])}


def plan_line() -> list[dict[str, Any]]:
    """The shards of a run, PODWATCH_SHARDS of them, each as plain values for XCom."""
    uncover_library()
    from podwatch import runtime
    from podwatch.line.shards import plan_shards

    with runtime.build(read_settings()) as rt:
        return [asdict(shard) for shard in plan_shards(rt, rt.store.clock(), line_shards())]


def backfill_interval() -> tuple[datetime, datetime] | None:
    """The data interval of the task's run when it is one of an Airflow backfill; None when it is a live run."""
    from airflow.sdk import get_current_context

    context = get_current_context()
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if context["dag_run"].run_type != "backfill" or start is None or end is None:
        return None
    return start, end


def run_backfill_step(step: str, shards: Any = None) -> Any:
    """A task of the DAG podwatch_backfill: plan, walk, bring or report. shards: all of the plan's, or one of them."""
    from airflow.sdk import get_current_context

    uncover_library()
    from podwatch import runtime
    from podwatch.history import backfill_steps

    context = get_current_context()
    params, key = dict(context["params"]), f"airflow {context['run_id']}"
    with runtime.build(read_settings()) as rt:
        now = rt.store.clock()
        if step == "plan":
            return backfill_steps.plan_shards(rt, params, key, now)
        if step == "report":
            return backfill_steps.report_backfill(rt, params, list(shards), now, rt.store.clock)
        return backfill_steps.run_shard(rt, step, shards, now)


def run_listen_step(step: str, episode: int | None = None) -> Any:
    """A task of the DAG podwatch_listen: plan gives the ids of episodes, hear the tally of one of them, again that of
    the second hearing."""
    uncover_library()
    from podwatch import runtime
    from podwatch.line.hear_again import delete_heard_audio, hear_again
    from podwatch.line.listen import LISTEN_TO_ALL, listen_to_episodes
    from podwatch.line.listen_plan import plan_day

    with runtime.build(read_settings()) as rt:
        now = rt.store.clock()
        if step == "plan":
            plan = plan_day(rt, now)
            log.info("listen: %s episodes now, %s on another day", len(plan.chosen), len(plan.postponed))
            return [r.episode.id for r in plan.chosen[: whole_number("PODWATCH_LISTEN_TASKS", 8, 100)]]
        if step == "again":
            delete_heard_audio(rt)
            if not rt.store.count_waiting_hearings():
                from airflow.sdk.exceptions import AirflowSkipException

                raise AirflowSkipException("no name is in doubt")
            tally = hear_again(rt, now)
        else:
            assert episode is not None
            tally = listen_to_episodes(rt, now, [episode], LISTEN_TO_ALL)
    log.info("%s: %s looked at, %s new, %s failed", tally.verb, tally.done, tally.new, tally.failed)
    return {**asdict(tally), "notes": list(tally.notes[:MAX_NOTES])}


def daily_timetable(env: Mapping[str, str] = os.environ) -> CronDataIntervalTimetable:
    """The schedule of the daily DAG, PODWATCH_SCHEDULE. A plain cron string would give runs empty data intervals."""
    from airflow.sdk import CronDataIntervalTimetable
    from airflow.sdk.exceptions import AirflowTimetableInvalid

    cron = env.get("PODWATCH_SCHEDULE", "").strip() or "0 6 * * *"
    found = CronDataIntervalTimetable(cron, timezone="UTC")
    try:
        found.validate()
    except AirflowTimetableInvalid as e:  # it does not name the variable
        raise ValueError(f"PODWATCH_SCHEDULE={cron}: {e} Write a cron expression such as 0 6 * * *") from None
    return found


def default_run_seconds(env: Mapping[str, str] = os.environ) -> float:
    """PODWATCH_RUN_SECONDS unless it is set: by how often PODWATCH_SCHEDULE runs the line."""
    from croniter import croniter  # type: ignore[import-untyped]

    from podwatch.policy.run_time import run_seconds

    times = croniter(env.get("PODWATCH_SCHEDULE", "").strip() or "0 6 * * *", datetime(2025, 1, 1))  # noqa: DTZ001
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
    from airflow.sdk.exceptions import AirflowTimetableInvalid

    cron = env.get("PODWATCH_DELIVER_SCHEDULE", "").strip() or "*/5 * * * *"
    times = CronTriggerTimetable(cron, timezone="UTC")
    try:
        times.validate()
    except AirflowTimetableInvalid as e:  # it does not name the variable
        raise ValueError(f"PODWATCH_DELIVER_SCHEDULE={cron}: {e} Write a cron expression such as */5 * * * *") from None
    return AssetOrTimeSchedule(timetable=times, assets=[Asset(ALERTS)])


def listen_schedule(env: Mapping[str, str] = os.environ) -> str:
    """The schedule of the DAG podwatch_listen, PODWATCH_LISTEN_SCHEDULE."""
    from airflow.sdk import CronTriggerTimetable
    from airflow.sdk.exceptions import AirflowTimetableInvalid

    cron = env.get("PODWATCH_LISTEN_SCHEDULE", "").strip() or "20 * * * *"
    try:
        CronTriggerTimetable(cron, timezone="UTC").validate()
    except AirflowTimetableInvalid as e:  # it does not name the variable
        raise ValueError(f"PODWATCH_LISTEN_SCHEDULE={cron}: {e} Write a cron expression such as 20 * * * *") from None
    return cron


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


def task_defaults(**arguments: Any) -> dict[str, Any]:
    """The default_args that both DAGs share, and those of one DAG."""
    return {
        "retries": 3,
        "retry_delay": retry_delay(),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=30),
        "on_failure_callback": report_failure,
        "on_success_callback": report_recovery,
        "show_return_value_in_logs": False,
        **arguments,
    }


def default_shards(env: Mapping[str, str] = os.environ) -> int:
    """Into how many shards a backfill is cut unless its form says otherwise, PODWATCH_BACKFILL_SHARDS."""
    return whole_number("PODWATCH_BACKFILL_SHARDS", 1, 16, env)


def whole_number(name: str, default: int, most: int, env: Mapping[str, str] = os.environ) -> int:
    """A variable that is a whole number from 1 to ``most``."""
    raw = env.get(name, "").strip() or str(default)
    if not (raw.isascii() and raw.isdecimal() and 1 <= int(raw) <= most):
        raise ValueError(f"{name}={raw}: is not a whole number from 1 to {most}")
    return int(raw)
