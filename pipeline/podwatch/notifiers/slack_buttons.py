"""The buttons on a Slack message: their blocks, and what a press means. Pure.

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
from podwatch.notifiers.block_kit import Block, Element

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


def actions_block(key: str) -> Block:
    """The row of buttons for the alert with this key: one ``actions`` block, to stand last on its card."""
    buttons: list[Element] = []
    for verdict, label in LABELS.items():
        text = {"type": "plain_text", "text": label, "emoji": False}
        buttons.append({"type": "button", "action_id": ACTION_PREFIX + verdict.value, "text": text, "value": key})
    return {"type": "actions", "block_id": ACTION_PREFIX + "answer", "elements": buttons}


class RefusedPress(Enum):
    """Why a press is no answer, for the log alone: it may be a stranger's, or not be for podwatch at all."""

    NOT_OURS = "is no button of podwatch"
    STRANGER = "comes from another workspace"
    UNREADABLE = "cannot be read"


@dataclass(frozen=True, slots=True)
class ButtonPress:
    """An answer, and where to confirm it: to ``answer.user`` in a channel, in a thread if it was given in one."""

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
    actions = payload.get("actions") if isinstance(payload.get("actions"), list) else []
    action = next((a for a in actions or () if str(_get(a, "action_id")).startswith(ACTION_PREFIX)), None)
    if action is None:
        return RefusedPress.NOT_OURS
    user = payload.get("user")
    teams = [t for t in (_get(payload.get("team"), "id"), _get(user, "team_id")) if t is not None]
    if not teams or any(t != team for t in teams):
        return RefusedPress.STRANGER
    key, action_id, user_id = _get(action, "value"), _get(action, "action_id"), _get(user, "id")
    channel = _get(payload.get("channel"), "id") or _get(payload.get("container"), "channel_id")
    verdict = next((v for v in Verdict if action_id == ACTION_PREFIX + v.value), None)
    if verdict is None or not (_matches(_KEY, key) and _matches(_ID, user_id) and _matches(_ID, channel)):
        return RefusedPress.UNREADABLE
    thread = _get(payload.get("message"), "thread_ts") or _get(payload.get("container"), "thread_ts")
    answer = Answer(key=str(key), verdict=verdict, user=str(user_id), at=_pressed_at(_get(action, "action_ts"), now))
    return ButtonPress(answer, str(channel), str(thread) if _matches(_TS, thread) else None)


def _pressed_at(ts: Any, now: datetime) -> datetime:
    """When it was pressed, by Slack's clock; never later than now, for then no later press could count."""
    if not _matches(_TS, ts):
        return now
    return datetime.fromtimestamp(min(float(ts), now.timestamp()), UTC)


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _get(part: Any, name: str) -> Any:
    """An entry of a payload's part, which may be anything."""
    return part.get(name) if isinstance(part, Mapping) else None
