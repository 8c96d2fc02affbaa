"""What Airflow needs to run podwatch: its connections become settings, its tasks call a verb, its failures a message.

Airflow executes every file of this folder in every component and every task, and each pays for what is imported here:
so it is one flat file, and the library is imported by the functions that use it. No other file knows both.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from airflow.sdk import Connection, CronDataIntervalTimetable

log = logging.getLogger("podwatch")

# Airflow connections.
SLACK = "podwatch_slack"  # password: the bot token; host: the address of a Slack-compatible server, if it is another
DATABASE = "podwatch_database"  # of the type postgres or sqlite
SMTP = "podwatch_smtp"  # host, port, login, password; in its extra what _smtp_url reads
OPERATIONS = "podwatch_operations"  # like podwatch_slack, for another Slack app that posts to the operators
INCIDENT = "podwatch_incident_"  # + a task's name: an Airflow variable that exists from its failure to its recovery
POOL = "podwatch_backfill"  # its slots bound the shards of a backfill at once; the daily run has all others
MAX_NOTES = 20  # in an XCom; the log and the rows have all of them


def run_verb(verb: str) -> dict[str, Any]:
    """Runs one verb over what is due, or over the data interval that Airflow backfills. Returns its tally, for XCom."""
    from podwatch import runtime, settings
    from podwatch.line import verbs

    interval = backfill_interval()
    with runtime.build(settings.from_environment(podwatch_variables(os.environ))) as rt:
        if interval is None:
            tally = verbs.LINE[verb](rt, rt.store.clock())
        else:
            from podwatch.history import backfill_steps

            tally = backfill_steps.run_verb(rt, verb, *interval, rt.store.clock())
    log.info("%s: %s looked at, %s new, %s failed", verb, tally.done, tally.new, tally.failed)
    return {**asdict(tally), "notes": list(tally.notes[:MAX_NOTES])}


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


def report_failure(context: Mapping[str, Any]) -> None:
    """Called by Airflow when a task has used up its retries: logs it, and opens its incident."""
    ti, why = context["ti"], next(iter(str(context.get("exception")).splitlines()), "")
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
        base_url=_base_url(slack).rstrip("/") + "/" if _base_url(slack) else None,
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
    raw = env.get("PODWATCH_BACKFILL_SHARDS", "").strip() or "1"
    if not (raw.isdecimal() and 1 <= int(raw) <= 16):
        raise ValueError(f"PODWATCH_BACKFILL_SHARDS={raw}: is not a whole number from 1 to 16")
    return int(raw)


def podwatch_variables(env: Mapping[str, str]) -> dict[str, str]:
    """The variables that podwatch reads: those of the environment, and what they lack from Airflow's connections.

    A connection is read only when its variable is missing, since in a task that is a request to the API server.
    """
    from podwatch.settings import describe_unknown

    if unknown := describe_unknown(env):
        log.warning("podwatch: %s", unknown)
    found = {name: value for name, value in env.items() if value.strip()}
    if "SLACK_BOT_TOKEN" not in found and (slack := find_connection(SLACK)) is not None:
        theirs = {
            "SLACK_BOT_TOKEN": slack.password,
            "SLACK_APP_TOKEN": _extra(slack, "app_token"),
            "PODWATCH_SLACK_BASE_URL": _base_url(slack),
            "PODWATCH_SLACK_PROXY": _extra(slack, "proxy"),
            "PODWATCH_SLACK_TIMEOUT": _extra(slack, "timeout"),
        }
        found = {name: str(value) for name, value in theirs.items() if value} | found
    if "PODWATCH_DATABASE_URL" not in found and (database := find_connection(DATABASE)) is not None:
        found["PODWATCH_DATABASE_URL"] = _database_url(database)
    if "PODWATCH_SMTP_URL" not in found and (smtp := find_connection(SMTP)) is not None:
        found["PODWATCH_SMTP_URL"] = _smtp_url(smtp)
        if sender := _extra(smtp, "from_email"):
            found.setdefault("PODWATCH_MAIL_FROM", str(sender))
    return found


def find_connection(name: str) -> Connection | None:
    """An Airflow connection, or None when there is none of that name."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        found: Connection = Connection.get(name)
    except AirflowNotFoundException:
        return None
    return found


def _extras(connection: Connection) -> dict[str, Any]:
    found = connection.extra_dejson
    return found if isinstance(found, dict) else {}


def _extra(connection: Connection, name: str) -> Any:
    """A value of the extra, under its name or the prefixed one of Airflow's old forms; None for an empty one."""
    values = (_extras(connection).get(n) for n in (name, f"extra__{connection.conn_type}__{name}"))
    return next((v for v in values if v not in (None, "")), None)


def _is_set(connection: Connection, name: str) -> bool | None:
    """A yes or no of the extra; None when it says neither."""
    value = str(_extra(connection, name)).strip().lower()
    return True if value in ("true", "yes", "on", "1") else False if value in ("false", "no", "off", "0") else None


def _bracket(host: str) -> str:
    """A host as it stands in an address: IPv6 in brackets."""
    return f"[{host}]" if host.count(":") > 1 and not host.startswith("[") else host


def _base_url(slack: Connection) -> str:
    """base_url of the extra, or host, which may be a whole address (https://slack.example/api/), with schema and port.

    "" when the connection names no server.
    """
    host = str(_extra(slack, "base_url") or slack.host or "")
    if not host:
        return ""
    if "://" not in host:
        name, slash, path = host.partition("/")
        host = f"{slack.schema or 'https'}://{_bracket(name)}{slash}{path}"
    try:
        parts = urlsplit(host)
        has_port = parts.port is not None
    except ValueError:
        return host  # the settings refuse it, or nothing answers there
    if has_port or not slack.port or _extra(slack, "base_url"):
        return host
    return parts._replace(netloc=f"{parts.netloc}:{slack.port}").geturl()


def _refuse(connection: str, what: str, todo: str) -> Exception:
    from podwatch.errors import SettingsError

    return SettingsError(what, where=f"the Airflow connection {connection}", todo=todo)


def _database_url(database: Connection) -> str:
    """The connection as a URL of SQLAlchemy's. Raises SettingsError for one that names no database of podwatch's."""
    kind = (database.conn_type or "").replace("_", "-").partition("+")[0]
    if kind == "sqlite":
        path = database.schema or database.host
        if not path:
            raise _refuse(DATABASE, "names no file", "fill in its schema: the full path of the SQLite file")
        return f"sqlite:///{path}"
    if kind not in ("postgres", "postgresql"):
        what = f"is of the type {kind}" if kind else "has no type"
        raise _refuse(DATABASE, what, "podwatch keeps its tables in postgres or sqlite")
    options, host = _postgres_options(database), database.host or ""
    if host.startswith(("/", "@")) or "," in host:  # a socket's folder, an abstract socket, several servers
        ports = ",".join([str(database.port)] * (host.count(",") + 1))
        options = {"host": host, **({"port": ports} if database.port else {}), **options}
        server = ""
    else:
        server = _bracket(host) + (f":{database.port}" if database.port else "")
    login = quote(database.login or "", safe="")
    if database.password:
        login += f":{quote(database.password, safe='')}"
    query = f"?{urlencode(options, quote_via=quote)}" if options else ""
    return f"postgresql://{login}{'@' if login else ''}{server}/{quote(database.schema or '', safe='')}{query}"


# Of the extra of a postgres connection, what is for Airflow's own hooks.
_AIRFLOW_ONLY = {"iam", "aws_conn_id", "azure_conn_id", "redshift", "redshift-serverless", "cluster-identifier"}
_AIRFLOW_ONLY |= {"workgroup-name", "region_name", "cursor", "sqlalchemy_scheme", "sqlalchemy_query"}
_AIRFLOW_ONLY |= {"enable_log_db_messages"}


def _postgres_options(database: Connection) -> dict[str, str]:
    """What of the extra is an option of the connection (sslmode, connect_timeout, keepalives ...), as text."""
    from psycopg import pq

    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()} | {"prepare_threshold"}
    query = _extras(database).get("sqlalchemy_query")
    found = {}
    for name, value in {**_extras(database), **(query if isinstance(query, dict) else {})}.items():
        if name in known and isinstance(value, bool):
            found[name] = str(int(value))
        elif name in known and isinstance(value, str | int | float):
            found[name] = str(int(value) if isinstance(value, float) and value.is_integer() else value)
        elif name not in _AIRFLOW_ONLY and value is not None:
            log.warning("podwatch: %s in the extra of %s is no option of PostgreSQL: it is left out", name, DATABASE)
    return found


def _smtp_url(smtp: Connection) -> str:
    """As PODWATCH_SMTP_URL. How it is encrypted the extra says: tls, or disable_ssl and disable_tls of Airflow's form.

    Without them port 465 means TLS from the first byte (RFC 8314), any other STARTTLS.
    """
    if not smtp.host:
        raise _refuse(SMTP, "names no mail server", "fill in its host")
    tls = _extra(smtp, "tls")
    if tls is None:
        no_ssl, no_starttls = _is_set(smtp, "disable_ssl"), _is_set(smtp, "disable_tls")
        if no_ssl is None:
            no_ssl = smtp.port != 465
        elif not no_ssl:
            no_ssl = smtp.port in (25, 587)  # where no server speaks TLS from the first byte
        tls = "implicit" if not no_ssl else "none" if no_starttls else "starttls"
    if _extra(smtp, "ssl_context") == "none":
        log.warning("podwatch: ssl_context of %s is not used: certificates are always verified (SSL_CERT_FILE)", SMTP)
    login = f"{quote(smtp.login, safe='')}:{quote(smtp.password or '', safe='')}@" if smtp.login else ""
    port = f":{smtp.port}" if smtp.port else ""
    end = "?tls=none" if tls == "none" else ""
    return f"{'smtps' if tls == 'implicit' else 'smtp'}://{login}{_bracket(smtp.host)}{port}{end}"


class PodwatchPlugin(AirflowPlugin):
    """Registers this file with Airflow, so that `airflow plugins` lists it."""

    name = "podwatch"
