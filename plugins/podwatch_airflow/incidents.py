"""A task that failed for good, told to the operators: once when it fails, once more when it works again.

Airflow calls these as callbacks of every task of podwatch. The library is imported where it is used.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import Any

from podwatch_airflow.connections import SLACK, base_url, find_connection, stored_settings, uncover_library

log = logging.getLogger("podwatch")

OPERATIONS = "podwatch_operations"  # a connection like podwatch_slack, for a Slack app that posts to the operators
INCIDENT = "podwatch_incident_"  # + a task's name: an Airflow variable that exists from its failure to its recovery
CHANNEL = "PODWATCH_OPERATIONS_CHANNEL"


def report_failure(context: Mapping[str, Any]) -> None:
    """Called by Airflow when a task has used up its retries: logs it, and opens its incident."""
    uncover_library()
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
    from airflow.sdk import Variable

    ti = context["ti"]
    try:
        channel = _operations_channel()
        if not channel:
            return
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


def _operations_channel() -> str:
    """Of the environment, else of the Airflow variable; "" for none."""
    return os.environ.get(CHANNEL, "").strip() or stored_settings().get(CHANNEL, "").strip()


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
