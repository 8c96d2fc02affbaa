"""What Airflow needs to run podwatch: its connections become settings, its tasks call a verb, its failures a message.

Airflow executes every file of this folder in every component and every task, and each pays for what is imported here:
so these are flat files, and the library is imported by the functions that use it. No other file knows both.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from airflow.plugins_manager import AirflowPlugin

import podwatch_page  # the files beside this one
from podwatch_connections import SLACK, base_url, find_connection, podwatch_variables

if TYPE_CHECKING:
    from airflow.sdk import Asset, AssetAlias, AssetOrTimeSchedule, CronDataIntervalTimetable

log = logging.getLogger("podwatch")

# Airflow connections.
OPERATIONS = "podwatch_operations"  # like podwatch_slack, for another Slack app that posts to the operators
INCIDENT = "podwatch_incident_"  # + a task's name: an Airflow variable that exists from its failure to its recovery
POOL = "podwatch_backfill"  # its slots bound the shards of a backfill at once; the daily run has all others
ALERTS = "podwatch_alerts"  # an Airflow asset, with an event whenever detect has found something new
LEFT = "podwatch_left"  # the same, whenever a run's time was over before everything was asked for
MAX_NOTES = 20  # in an XCom; the log and the rows have all of them


def run_verb(verb: str, shard: Mapping[str, Any] | None = None, *, ends_line: bool = False) -> dict[str, Any]:
    """Runs one verb over what is due, or over the data interval that Airflow backfills. Returns its tally, for XCom.

    shard: one of plan_line(); None: all. ends_line: it is the last task of the line, which Airflow runs only when those
    before it have succeeded.
    """
    from podwatch import runtime, settings
    from podwatch.line import verbs
    from podwatch.line.heartbeat import finish_line
    from podwatch.line.retention import prune_expired
    from podwatch.model import ALL, Shard, Tally

    interval = backfill_interval()
    part = Shard(shard["index"], shard["count"], tuple(shard["buckets"])) if shard else ALL
    given = podwatch_variables(os.environ, sends=verb == "deliver")
    env = {"PODWATCH_RUN_SECONDS": str(default_run_seconds())} | given
    with runtime.build(settings.from_environment(env)) as rt:
        if interval is None:
            tally = verbs.LINE[verb](rt, rt.store.clock(), part)
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
        _announce(ALERTS)
    if tally.left and interval is None:
        _announce(LEFT)
    return {**asdict(tally), "notes": list(tally.notes[:MAX_NOTES])}


def plan_line() -> list[dict[str, Any]]:
    """The shards of a run, PODWATCH_SHARDS of them, each as plain values for XCom."""
    from podwatch import runtime, settings
    from podwatch.line.shards import plan_shards

    with runtime.build(settings.from_environment(podwatch_variables(os.environ, sends=False))) as rt:
        return [asdict(shard) for shard in plan_shards(rt, rt.store.clock(), line_shards())]


def _announce(asset: str) -> None:
    """Emits an event of an asset, which starts the DAG that waits for it."""
    from airflow.sdk import Asset, get_current_context

    outlet = alerts_outlet() if asset == ALERTS else left_outlet()
    get_current_context()["outlet_events"][outlet].add(Asset(asset))


def alerts_outlet() -> AssetAlias:
    """The outlet of detect: an alias, which a task may leave empty; a plain asset has an event after each success."""
    from airflow.sdk import AssetAlias

    return AssetAlias(f"{ALERTS}_found")


def left_outlet() -> AssetAlias:
    """The outlet of poll and fetch: an alias, as that of detect."""
    from airflow.sdk import AssetAlias

    return AssetAlias(f"{LEFT}_over")


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

    from podwatch import runtime, settings
    from podwatch.history import backfill_steps

    context = get_current_context()
    params, key = dict(context["params"]), f"airflow {context['run_id']}"
    with runtime.build(settings.from_environment(podwatch_variables(os.environ))) as rt:
        now = rt.store.clock()
        if step == "plan":
            return backfill_steps.plan_shards(rt, params, key, now)
        if step == "report":
            return backfill_steps.report_backfill(rt, params, list(shards), now, rt.store.clock)
        return backfill_steps.run_shard(rt, step, shards, now)


def run_listen_step(step: str, episode: int | None = None) -> Any:
    """A task of the DAG podwatch_listen: plan gives the ids of episodes, hear the tally of one of them."""
    from podwatch import runtime, settings
    from podwatch.line.listen import LISTEN_TO_ALL, listen_to_episodes
    from podwatch.line.listen_plan import plan_day

    with runtime.build(settings.from_environment(podwatch_variables(os.environ))) as rt:
        now = rt.store.clock()
        if step == "plan":
            plan = plan_day(rt, now)
            log.info("listen: %s episodes now, %s on another day", len(plan.chosen), len(plan.postponed))
            return [r.episode.id for r in plan.chosen[: whole_number("PODWATCH_LISTEN_TASKS", 8, 100)]]
        assert episode is not None
        tally = listen_to_episodes(rt, now, [episode], LISTEN_TO_ALL)
    log.info("listen: %s looked at, %s new, %s failed", tally.done, tally.new, tally.failed)
    return {**asdict(tally), "notes": list(tally.notes[:MAX_NOTES])}


def report_failure(context: Mapping[str, Any]) -> None:
    """Called by Airflow when a task has used up its retries: logs it, and opens its incident."""
    from podwatch.redaction import redact_text

    ti, why = context["ti"], redact_text(next(iter(str(context.get("exception")).splitlines()), ""))
    log.error(
        "podwatch: %s failed for good in run %s: %s - nothing found is lost, the next run goes on from here",
        ti.task_id,
        context.get("run_id"),
        why,
    )
    _update_incident(context, why)


def report_recovery(context: Mapping[str, Any]) -> None:
    """Called by Airflow when a task has succeeded: closes its incident, if there is one."""
    _update_incident(context, None)


def _update_incident(context: Mapping[str, Any], why: str | None) -> None:
    """Posts a task's first failure and its recovery to the operations channel, and nothing in between.

    why: the error; None after a success. Nothing happens unless PODWATCH_OPERATIONS_CHANNEL names a channel. An error
    in here is only logged: the task's state stays. The variable is set after the message, which at worst comes twice;
    as long as no message went out, the next failure tries again.
    """
    channel = os.environ.get("PODWATCH_OPERATIONS_CHANNEL", "").strip()
    if not channel:
        return
    from airflow.sdk import Variable

    ti = context["ti"]
    try:
        open_since = Variable.get(INCIDENT + ti.task_id, default="")
        if why is None and open_since:
            text = f":white_check_mark: podwatch: {ti.task_id} works again (it failed in {open_since})."
            if _post_to_operators(context, channel, text):
                Variable.delete(INCIDENT + ti.task_id)
        elif (
            why is not None and not open_since and _post_to_operators(context, channel, _failure_text(ti, context, why))
        ):
            Variable.set(INCIDENT + ti.task_id, str(context.get("run_id")), "Open from a failure to the recovery")
    except Exception as e:  # noqa: BLE001 - the operators' channel must not change what became of the task
        log.warning("podwatch: no message reached the operations channel (%s)", type(e).__name__)


def _failure_text(ti: Any, context: Mapping[str, Any], why: str) -> str:
    from airflow.sdk._shared.secrets_masker import redact  # has no public name: Airflow's deprecation points here

    error = str(redact(why))[:300]
    error = error.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "'")
    log_url = getattr(ti, "log_url", "")
    return (
        f":rotating_light: podwatch: {ti.task_id} failed for good in {context.get('run_id')}: `{error}`\n"
        f"Nothing found is lost; the next run goes on from here. `podwatch doctor` says what is wrong. {log_url}"
    )


def _post_to_operators(context: Mapping[str, Any], channel: str, text: str) -> bool:
    """Whether a message went out, through Airflow's own notifier.

    It is called so that it renders no templates: the text holds an error's words.
    """
    slack = find_connection(OPERATIONS) or find_connection(SLACK)
    if slack is None:
        what = "PODWATCH_OPERATIONS_CHANNEL is set, but there is no connection %s or %s: nobody was told"
        log.warning("podwatch: " + what, OPERATIONS, SLACK)
        return False
    try:
        from airflow.providers.slack.notifications.slack import SlackNotifier
    except ImportError:
        package = "apache-airflow-providers-slack"
        log.warning("podwatch: PODWATCH_OPERATIONS_CHANNEL needs the package %s: nobody was told", package)
        return False

    notifier: Any = SlackNotifier(
        slack_conn_id=slack.conn_id,
        channel=channel,
        text=text,
        base_url=base_url(slack).rstrip("/") + "/" if base_url(slack) else None,
        proxy=os.environ.get("PODWATCH_SLACK_PROXY", "").strip() or None,  # None: the connection's own
        timeout=15,
        retry_handlers=[],  # the default ones post again when the connection is lost after a message was accepted
        unfurl_links=False,
        unfurl_media=False,
    )
    notifier.notify(context)
    return True


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


class PodwatchPlugin(AirflowPlugin):
    """Registers this file with Airflow, so that `airflow plugins` lists it, and the page under /podwatch."""

    name = "podwatch"
    fastapi_apps = [{"app": podwatch_page.LazyPage(), "url_prefix": podwatch_page.PREFIX, "name": podwatch_page.NAME}]  # noqa: RUF012
    external_views = [podwatch_page.menu_entry()]  # noqa: RUF012 - Airflow declares them so
