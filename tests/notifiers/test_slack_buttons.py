"""The buttons on a card, and what a press means: a table of payloads as Slack sends them, and as it does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.model import Answer, Digest, Verdict
from podwatch.notifiers import NOTIFIERS
from podwatch.notifiers.slack import SlackNotifier
from podwatch.notifiers.slack_buttons import LABELS, ButtonPress, RefusedPress, actions_block, parse_press
from podwatch.settings import Secret, Settings
from tests.support.builders import alert, mention
from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import FaultProxy
from tests.support.slack_assertions import messages_with_key

NOW = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
KEY = "0123456789abcdef0123456789abcdef"
AT = datetime(2026, 11, 3, 5, 59, tzinfo=UTC)


def payload(**changes: Any) -> dict[str, Any]:
    """A press of Wrong by Mara, as Slack documents it; ``a__b=x`` changes b within a, None takes a part away."""
    found: dict[str, Any] = {
        "type": "block_actions",
        "api_app_id": "A1",
        "team": {"id": "T1", "domain": "newsroom"},
        "user": {"id": "U1", "username": "mara", "team_id": "T1"},
        "channel": {"id": "C1", "name": "podcasts"},
        "container": {"type": "message", "message_ts": "1793600000.000100", "channel_id": "C1", "is_ephemeral": False},
        "message": {"type": "message", "ts": "1793600000.000100"},
        "response_url": "https://hooks.slack.com/actions/T1/1/x",
        "actions": [
            {"type": "button", "action_id": "podwatch_wrong", "block_id": "podwatch_answer", "value": KEY,
             "action_ts": f"{AT.timestamp():.6f}"}
        ],
    }  # fmt: skip
    for name, value in changes.items():
        outer, _, inner = name.partition("__")
        part = found["actions"][0] if outer == "action" else found[outer] if inner else found
        if value is None:
            part.pop(inner or outer)
        else:
            part[inner or outer] = value
    return found


def says(verdict: Verdict = Verdict.WRONG, at: datetime = AT, thread: str | None = None) -> ButtonPress:
    return ButtonPress(Answer(key=KEY, verdict=verdict, user="U1", at=at), "C1", thread)


CASES: dict[str, tuple[dict[str, Any], ButtonPress | RefusedPress]] = {
    "wrong": (payload(), says()),
    "relevant": (payload(action__action_id="podwatch_relevant"), says(Verdict.RELEVANT)),
    "mute": (payload(action__action_id="podwatch_mute_show"), says(Verdict.MUTE_SHOW)),
    "snooze": (payload(action__action_id="podwatch_snooze_watch"), says(Verdict.SNOOZE_WATCH)),
    "in a thread": (payload(message__thread_ts="1793500000.000200"), says(thread="1793500000.000200")),
    "a thread that is none": (payload(message__thread_ts="../x"), says()),
    "no channel but its container": (payload(channel=None), says()),
    "no workspace of the message": (payload(team=None), says()),
    "no workspace of the person": (payload(user__team_id=None), says()),
    "no time": (payload(action__action_ts=None), says(at=NOW)),
    "a time in the future": (payload(action__action_ts="9999999999.0"), says(at=NOW)),
    "a time that is none": (payload(action__action_ts="now"), says(at=NOW)),
    "another kind of payload": (payload(type="view_submission"), RefusedPress.NOT_OURS),
    "another app's button": (payload(action__action_id="approve"), RefusedPress.NOT_OURS),
    "no actions": (payload(actions=[]), RefusedPress.NOT_OURS),
    "actions that are no list": (payload(actions="wrong"), RefusedPress.NOT_OURS),
    "nothing": ({}, RefusedPress.NOT_OURS),
    "a message in another workspace": (payload(team__id="T2"), RefusedPress.STRANGER),
    "a stranger in a shared channel": (payload(user__team_id="T2"), RefusedPress.STRANGER),
    "nobody knows which workspace": (payload(team=None, user__team_id=None), RefusedPress.STRANGER),
    "a workspace that is a list": (payload(team__id=["T1"], user__team_id=None), RefusedPress.STRANGER),
    "a button of a newer podwatch": (payload(action__action_id="podwatch_forward"), RefusedPress.UNREADABLE),
    "no key": (payload(action__value=None), RefusedPress.UNREADABLE),
    "an empty key": (payload(action__value=""), RefusedPress.UNREADABLE),
    "a key of 2,000 characters": (payload(action__value="a" * 2000), RefusedPress.UNREADABLE),
    "a key with a line in it": (payload(action__value="a\nb"), RefusedPress.UNREADABLE),
    "a key that is a number": (payload(action__value=7), RefusedPress.UNREADABLE),
    "no person": (payload(user__id=None), RefusedPress.UNREADABLE),
    "a person that is code": (payload(user__id="<!channel>"), RefusedPress.UNREADABLE),
    "no channel": (payload(channel=None, container=None), RefusedPress.UNREADABLE),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_a_payload_means(case: str) -> None:
    given_, expected = CASES[case]
    assert parse_press(given_, "T1", NOW) == expected


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.sampled_from(["podwatch_wrong", "T1", "U1"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "value", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*payload()]), _JSON))
def test_no_payload_is_a_crash(changes: dict[str, Any]) -> None:
    assert isinstance(parse_press({**payload(), **changes}, "T1", NOW), ButtonPress | RefusedPress)


def test_a_card_has_four_buttons_that_carry_the_key_and_no_more_within_slacks_limits() -> None:
    block = actions_block(KEY)
    buttons = block["elements"]
    assert [b["text"]["text"] for b in buttons] == ["Relevant", "Wrong", "Mute show", "Snooze watch"]
    assert {b["value"] for b in buttons} == {KEY}
    assert len({b["action_id"] for b in buttons}) == len(LABELS) == len(Verdict)
    assert len(buttons) <= 25
    assert all(len(b["text"]["text"]) <= 75 and len(b["action_id"]) <= 255 for b in buttons)
    assert len(json.dumps(block)) < 900, "the card has 10,000 bytes"


def test_each_button_is_understood_when_it_comes_back() -> None:
    for button, verdict in zip(actions_block(KEY)["elements"], LABELS, strict=True):
        came = payload(action__action_id=button["action_id"], action__value=button["value"])
        assert parse_press(came, "T1", NOW) == says(verdict)


@pytest.mark.parametrize("buttons", [True, False])
def test_a_message_has_buttons_only_where_somebody_listens(
    buttons: bool, workspace: Emulator, proxy: FaultProxy, key: str, tmp_path: Path
) -> None:
    reached = Settings(
        home=tmp_path,
        database_url=Secret("sqlite://"),
        slack_token=Secret(workspace.token),
        slack_app_token=Secret("xapp-1" if buttons else ""),
        slack_base_url=proxy.base_url,
    )
    NOTIFIERS["slack"](reached).send(alert(key=key))
    [message] = messages_with_key(workspace, key)
    last = message["blocks"][-1]
    assert (last["type"] == "actions") is buttons
    if buttons:
        assert {b["value"] for b in last["elements"]} == {key}


def test_buttons_stand_under_an_alerts_first_message_stay_when_it_is_edited_and_are_nowhere_else(
    workspace: Emulator, proxy: FaultProxy, key: str
) -> None:
    slack = SlackNotifier(Secret(workspace.token), proxy.base_url, buttons=True)
    long = alert(*[mention(f"word{n}", f"and word{n}", start=n) for n in range(20)], key=key)
    first = slack.post(long, 0, key, None)
    slack.post(long, 1, f"{key}-1", first)
    slack.post(Digest(key=f"{key}-d", channel="#podcasts", alerts=[long]), 0, f"{key}-d", None)
    slack.edit(long, 0, key, first)
    replies = workspace.call("conversations.replies", channel=first.channel, ts=first.id)["messages"]
    others = [m for m in workspace.messages("#podcasts") if key + "-d" in str(m.get("metadata"))]
    kinds = [[b["type"] for b in m["blocks"]] for m in (*replies, *others)]
    assert [("actions" in k, k[-1] == "actions") for k in kinds] == [(True, True), (False, False), (False, False)]
