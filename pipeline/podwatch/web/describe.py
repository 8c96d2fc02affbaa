"""What became of an alert and why it matched, in words; and where its message is. Pure."""

from __future__ import annotations

import re

from podwatch.model import DeliveryState, HoldReason, Kind, Mention
from podwatch.notifiers import show_channel
from podwatch.redaction import redact_text
from podwatch.store.alert_stream import StreamedAlert

_SLACK_CHANNEL, _SLACK_TS = re.compile(r"[CGD][A-Z0-9]{2,30}"), re.compile(r"\d{1,12}\.\d{1,9}")
_KINDS = {
    Kind.EXACT: "the query's own words",
    Kind.ALIAS: "another name of it",
    Kind.SOUNDS_LIKE: "sounds like the name",
    Kind.ENTITY: "the name itself",
}


def describe_match(m: Mention) -> str:
    """Why a mention was found: its reason, and the score where that says something."""
    said = m.reason or _KINDS[m.kind]
    return f"{said} (score {m.score:.2f})" if m.kind is Kind.SOUNDS_LIKE else said


def describe_outcome(a: StreamedAlert) -> str:
    """``sent to #trade``, ``held: the watch was muted``; the time is shown beside it."""
    where = show_channel(a.channel)
    in_digest = " in a digest" if a.in_digest else ""
    error = redact_text(a.error) if a.error else ""
    if a.state is DeliveryState.SENT:
        return f"sent to {where}{in_digest}"
    if a.state is DeliveryState.HELD:
        why = a.reason.value if a.reason else error
        return f"goes to {where} with the next digest" if a.reason is HoldReason.DIGEST else f"held: {why}"
    if a.state is DeliveryState.DEAD:
        return f"could not be sent to {where}: {error or 'given up'}"
    if a.state is DeliveryState.RETRY:
        return f"not sent to {where} yet{f': {error}' if error else ''}; it is tried again"
    return f"waits to be sent to {where}{in_digest}"


def message_link(a: StreamedAlert) -> str:
    """The address of its message in Slack, which leads to the workspace that its reader is logged in to; else ""."""
    channel, ts = a.remote_channel or "", a.remote_id or ""
    if a.notifier != "slack" or not _SLACK_CHANNEL.fullmatch(channel) or not _SLACK_TS.fullmatch(ts):
        return ""
    return f"https://slack.com/archives/{channel}/p{ts.replace('.', '')}"
