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
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from airflow.sdk import Connection, CronDataIntervalTimetable

log = logging.getLogger("podwatch")

SLACK = "podwatch_slack"  # password: the bot token; host: the address of a Slack-compatible server, if it is another
DATABASE = "podwatch_database"
SMTP = "podwatch_smtp"  # host, port, login, password; its extra may hold from_email and tls (implicit, starttls, none)
OPERATIONS = "podwatch_operations"  # as podwatch_slack, for an app of its own that tells the operators
INCIDENT = (
    "podwatch_incident_"  # and a task's name: the Airflow variable that is there from its failure to its recovery
)
POOL = "podwatch_backfill"  # so many shards of a backfill run at once: the daily run has the other slots to itself
NOTES = 20  # in an XCom; the log and the rows have all of them


def run(verb: str) -> dict[str, Any]:
    """Does everything that is due for one verb, and returns the tally: small, plain, fit for an XCom."""
    from podwatch import runtime, settings
    from podwatch.line import verbs

    interval = backfilled()
    with runtime.build(settings.from_environment(variables(os.environ))) as rt:
        if interval is None:
            tally = verbs.LINE[verb](rt, rt.store.clock())
        else:
            from podwatch.history import backfill_steps

            tally = backfill_steps.run_verb(rt, verb, *interval, rt.store.clock())
    log.info("%s: %s looked at, %s new, %s failed", verb, tally.done, tally.new, tally.failed)
    return {**asdict(tally), "notes": list(tally.notes[:NOTES])}


def backfilled() -> tuple[datetime, datetime] | None:
    """The data interval of the task's run when Airflow backfills it; None when it is a run of today."""
    from airflow.sdk import get_current_context

    context = get_current_context()
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    if context["dag_run"].run_type != "backfill" or start is None or end is None:
        return None
    return start, end


def backfill(what: str, given: Any = None) -> Any:
    """A step of the DAG podwatch_backfill: plan, walk, bring or report; given: the plan, or one shard of it."""
    from airflow.sdk import get_current_context

    from podwatch import runtime, settings
    from podwatch.history import backfill_steps

    context = get_current_context()
    params, key = dict(context["params"]), f"airflow {context['run_id']}"
    with runtime.build(settings.from_environment(variables(os.environ))) as rt:
        now = rt.store.clock()
        if what == "plan":
            return backfill_steps.plan_shards(rt, params, key, now)
        if what == "report":
            return backfill_steps.report_backfill(rt, params, list(given), now, rt.store.clock)
        return backfill_steps.run_shard(rt, what, given, now)


def failed(context: Mapping[str, Any]) -> None:
    """Called by Airflow when a task has used up its retries: a line where an operator looks first, and a message."""
    ti, why = context["ti"], next(iter(str(context.get("exception")).splitlines()), "")
    log.error(
        "podwatch: %s failed for good in run %s: %s - nothing found is lost, the next run goes on from here",
        ti.task_id,
        context.get("run_id"),
        why,
    )
    _incident(context, why)


def recovered(context: Mapping[str, Any]) -> None:
    """Called by Airflow when a task has succeeded: ends its incident, if there was one."""
    _incident(context, None)


def _incident(context: Mapping[str, Any], why: str | None) -> None:
    """Tells the operations channel of a task's first failure and of its recovery, and of nothing in between.

    Nothing happens unless PODWATCH_OPERATIONS_CHANNEL names a channel. What goes wrong in here is logged and no more:
    the task's own end stays what it is. The variable is set after the message: told twice at worst, never not at all.
    """
    channel = os.environ.get("PODWATCH_OPERATIONS_CHANNEL", "").strip()
    if not channel:
        return
    from airflow.sdk import Variable

    ti = context["ti"]
    try:
        open_since = Variable.get(INCIDENT + ti.task_id, default="")
        if why is None and open_since:
            _tell(
                context, channel, f":white_check_mark: podwatch: {ti.task_id} works again (it failed in {open_since})."
            )
            Variable.delete(INCIDENT + ti.task_id)
        elif why is not None and not open_since:
            _tell(context, channel, _report(ti, context, why))
            Variable.set(INCIDENT + ti.task_id, str(context.get("run_id")), "Open from a failure to the recovery")
    except Exception as e:  # noqa: BLE001 - the operators' channel must not change what became of the task
        log.warning("podwatch: the operations channel could not be told (%s)", type(e).__name__)


def _report(ti: Any, context: Mapping[str, Any], why: str) -> str:
    from airflow.sdk._shared.secrets_masker import redact

    said = str(redact(why))[:300]
    said = said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "'")
    where = getattr(ti, "log_url", "")
    return (
        f":rotating_light: podwatch: {ti.task_id} failed for good in {context.get('run_id')}: `{said}`\n"
        f"Nothing found is lost; the next run goes on from here. `podwatch doctor` says what is wrong. {where}"
    )


def _tell(context: Mapping[str, Any], channel: str, text: str) -> None:
    """Through Airflow's own notifier; its templates are left alone, since an error's words are no template."""
    from airflow.providers.slack.notifications.slack import SlackNotifier

    name = OPERATIONS if connection(OPERATIONS) is not None else SLACK
    slack = connection(name)
    if slack is None:
        log.warning(
            "podwatch: PODWATCH_OPERATIONS_CHANNEL is set, but there is no connection %s or %s", OPERATIONS, SLACK
        )
        return
    notifier: Any = SlackNotifier(
        slack_conn_id=name,
        channel=channel,
        text=text,
        base_url=_base_url(slack).rstrip("/") + "/" if slack.host else None,
        timeout=15,
        retry_handlers=[],  # the usual ones post again after a connection that closed behind an accepted message
        unfurl_links=False,
        unfurl_media=False,
    )
    notifier.notify(context)


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


def shards(env: Mapping[str, str] = os.environ) -> int:
    """Into how many shards a backfill is cut unless its form says otherwise, from PODWATCH_BACKFILL_SHARDS."""
    raw = env.get("PODWATCH_BACKFILL_SHARDS", "").strip() or "1"
    if not (raw.isdecimal() and 1 <= int(raw) <= 16):
        raise ValueError(f"PODWATCH_BACKFILL_SHARDS={raw}: is not a whole number from 1 to 16")
    return int(raw)


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
        app_token = slack.extra_dejson.get("app_token")
        if app_token and "SLACK_APP_TOKEN" not in found:
            found["SLACK_APP_TOKEN"] = str(app_token)
    if "PODWATCH_DATABASE_URL" not in found and (database := lookup(DATABASE)) is not None:
        found["PODWATCH_DATABASE_URL"] = _database_url(database)
    if "PODWATCH_SMTP_URL" not in found and (smtp := lookup(SMTP)) is not None:
        found["PODWATCH_SMTP_URL"] = _smtp_url(smtp)
        if sender := smtp.extra_dejson.get("from_email"):
            found.setdefault("PODWATCH_MAIL_FROM", str(sender))
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


def _smtp_url(smtp: Connection) -> str:
    """tls in the extra decides; without it the port does, as mail programs do: 465 is encrypted from the first byte."""
    tls = smtp.extra_dejson.get("tls") or ("implicit" if smtp.port == 465 else "starttls")
    login = f"{quote(smtp.login, safe='')}:{quote(smtp.password or '', safe='')}@" if smtp.login else ""
    port = f":{smtp.port}" if smtp.port else ""
    end = "?tls=none" if tls == "none" else ""
    return f"{'smtps' if tls == 'implicit' else 'smtp'}://{login}{smtp.host}{port}{end}"


class PodwatchPlugin(AirflowPlugin):
    """Makes this file known to Airflow; `airflow plugins` lists it."""

    name = "podwatch"
