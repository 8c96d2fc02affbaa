"""What Airflow needs to run podwatch: its connections become settings, its tasks call a verb, its failures a message.

Airflow loads the plugin in every component and every task, and each pays for what is imported here: so the library is
imported by the functions that use it. Nothing else knows both.
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from airflow import __version__ as airflow_version

from podwatch_airflow.connections import podwatch_variables, read_settings, uncover_library
from podwatch_airflow.events import detect_outlets, left_outlet, link_to_page
from podwatch_airflow.incidents import report_failure, report_recovery
from podwatch_airflow.line_tasks import MAX_NOTES, plan_line, run_verb
from podwatch_airflow.schedules import (
    catch_up_schedule,
    daily_timetable,
    default_run_seconds,
    default_shards,
    deliver_schedule,
    line_shards,
    listen_schedule,
    listen_task_options,
    retry_delay,
    verb_pool,
    whole_number,
)
from podwatch_airflow.versions import check_version

check_version(airflow_version)
log = logging.getLogger("podwatch")

# What the DAGs and the tests use of the modules beside this one.
__all__ = [
    "catch_up_schedule",
    "daily_timetable",
    "default_run_seconds",
    "default_shards",
    "deliver_schedule",
    "detect_outlets",
    "left_outlet",
    "line_shards",
    "link_to_page",
    "listen_schedule",
    "listen_task_options",
    "plan_line",
    "podwatch_variables",
    "run_verb",
    "verb_pool",
]
POOL = "podwatch_backfill"  # its slots bound the shards of a backfill at once; the daily run has all others


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
