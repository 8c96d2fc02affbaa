"""The buttons on a Slack message: what they look like, and what the press of one means. Pure: values in, values out.

A button carries the alert's key and nothing else (Slack shows its value to whoever asks, and takes at most 2,000
characters), so what it means is looked up in the database. What comes back is Slack's ``block_actions`` payload
(docs.slack.dev/reference/interaction-payloads/block_actions-payload).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from podwatch.model import Answer, Verdict

ACTION_PREFIX = "podwatch_"  # of each action_id
LABELS = {
    Verdict.RELEVANT: "Relevant",
    Verdict.WRONG: "Wrong",
    Verdict.MUTE_SHOW: "Mute show",
    Verdict.SNOOZE_WATCH: "Snooze watch",
}
_KEY = re.compile(r"[\w.:-]{1,64}", re.ASCII)
_ID = re.compile(r"[A-Z][A-Z0-9]{1,39}")
_TS = re.compile(r"\d{1,12}\.\d{1,9}")


def actions_block(key: str) -> dict[str, Any]:
    """The row of buttons for the alert with this key: one ``actions`` block, to stand last on its card."""
    buttons: list[dict[str, Any]] = []
    for verdict, label in LABELS.items():
        text = {"type": "plain_text", "text": label, "emoji": False}
        buttons.append({"type": "button", "action_id": ACTION_PREFIX + verdict.value, "text": text, "value": key})
    return {"type": "actions", "block_id": ACTION_PREFIX + "answer", "elements": buttons}


class RefusedPress(Enum):
    """Why a press is no answer, for the log. Nobody is told: it may be a stranger, or not be for podwatch at all."""

    NOT_OURS = "is no button of podwatch"
    STRANGER = "comes from another workspace"
    UNREADABLE = "cannot be read"


@dataclass(frozen=True, slots=True)
class ButtonPress:
    """An answer, and where to say that it was noted: to ``answer.user`` in a channel, in a thread if it was in one."""

    answer: Answer
    channel: str
    thread: str | None


def parse_press(payload: Mapping[str, Any], team: str, now: datetime) -> ButtonPress | RefusedPress:
    """What a payload of Slack's means to the podwatch of workspace ``team`` (T...).

    In channels that are shared between organisations (Slack Connect) strangers see the buttons too: the workspace
    of the person who pressed it counts, beside the one where the message stands.
    """
    if payload.get("type") != "block_actions":
        return RefusedPress.NOT_OURS
    actions = payload.get("actions")
    ours = (
        [a for a in actions if str(_in(a, "action_id")).startswith(ACTION_PREFIX)] if isinstance(actions, list) else []
    )
    if not ours:
        return RefusedPress.NOT_OURS
    user = payload.get("user")
    teams = [t for t in (_in(payload.get("team"), "id"), _in(user, "team_id")) if t is not None]
    if not teams or any(t != team for t in teams):
        return RefusedPress.STRANGER
    key, name, who = _in(ours[0], "value"), _in(ours[0], "action_id"), _in(user, "id")
    channel = _in(payload.get("channel"), "id") or _in(payload.get("container"), "channel_id")
    verdict = next((v for v in Verdict if name == ACTION_PREFIX + v.value), None)
    if verdict is None or not (_fits(_KEY, key) and _fits(_ID, who) and _fits(_ID, channel)):
        return RefusedPress.UNREADABLE
    thread = _in(payload.get("message"), "thread_ts") or _in(payload.get("container"), "thread_ts")
    answer = Answer(key=str(key), verdict=verdict, user=str(who), at=_moment(_in(ours[0], "action_ts"), now))
    return ButtonPress(answer, str(channel), str(thread) if _fits(_TS, thread) else None)


def _moment(ts: Any, now: datetime) -> datetime:
    """When it was pressed, by Slack's clock; never later than now, for then no later press could count."""
    if not _fits(_TS, ts):
        return now
    seconds = min(float(ts), now.timestamp())
    return datetime.fromtimestamp(seconds, UTC)


def _fits(form: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def _in(part: Any, name: str) -> Any:
    return part.get(name) if isinstance(part, Mapping) else None
