"""A webhook's own headers, and two secrets while its receivers change over."""

from __future__ import annotations

import base64
import json
import logging
import re
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from podwatch.errors import ChannelError, SettingsError
from podwatch.notifiers.webhook import WebhookNotifier
from podwatch.settings import Secret, Settings, parse_webhooks
from tests.support.builders import alert
from tests.support.webhook_receiver import CLOSE, WebhookReceiver

DOCS = (Path(__file__).resolve().parents[2] / "docs/webhook.md").read_text(encoding="utf-8")
NEW = "whsec_" + base64.b64encode(b"thirty-two bytes of a real key..").decode()
OLD = "the old one"


def having(settings: Settings, receiver: WebhookReceiver, **given: Any) -> Settings:
    text = json.dumps({"desk": {"url": receiver.url, "secret": NEW, **given}})
    return replace(settings, webhooks=parse_webhooks(text, Secret("shared")))


def posted(settings: Settings, receiver: WebhookReceiver) -> tuple[dict[str, str], bytes]:
    WebhookNotifier(settings).send(alert(channel="webhook:desk"))
    [found] = receiver.received
    return found


def is_verified(secret: str, headers: dict[str, str], content: bytes) -> bool:
    """As the receiver of docs/webhook.md does it."""
    [code] = re.findall(r"```python\n(.*?)```", DOCS, re.DOTALL)
    there: dict[str, Any] = {}
    exec(code, there)
    return bool(there["verified"](secret, headers, content, float(headers["webhook-timestamp"])))


def test_a_post_carries_the_headers_of_the_setting(settings: Settings, receiver: WebhookReceiver) -> None:
    own = {"Authorization": "Bearer x y", "X-Desk": "7", "User-Agent": "desk/1"}
    headers, content = posted(having(settings, receiver, headers=own), receiver)
    assert (headers["authorization"], headers["x-desk"], headers["user-agent"]) == ("Bearer x y", "7", "desk/1")
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert is_verified(NEW, headers, content)


# The setting -> the secrets with which a receiver can verify
SECRETS: dict[str, tuple[Any, list[str]]] = {
    "one": (NEW, [NEW]),
    "one in a list": ([NEW], [NEW]),
    "two": ([NEW, OLD], [NEW, OLD]),
    "three": ([OLD, NEW, "x"], [OLD, NEW, "x"]),
    "none": ("", ["shared"]),
}


@pytest.mark.parametrize("case", SECRETS)
def test_every_secret_of_the_setting_signs_and_no_other(
    case: str, settings: Settings, receiver: WebhookReceiver
) -> None:
    given, good = SECRETS[case]
    headers, content = posted(having(settings, receiver, secret=given), receiver)
    signatures = headers["webhook-signature"].split(" ")
    assert len(signatures) == len(good)
    assert all(re.fullmatch(r"v1,[A-Za-z0-9+/]{43}=", s) for s in signatures)
    for secret in (NEW, OLD, "shared", "x"):
        assert is_verified(secret, headers, content) is (secret in good)


MISTAKES: dict[str, Any] = {
    "no object": {"headers": ["hunter2"]},
    "text": {"headers": "hunter2"},
    "a number": {"headers": {"X": 7}},
    "a list": {"headers": {"X": ["hunter2"]}},
    "an empty value": {"headers": {"X": ""}},
    "an empty name": {"headers": {"": "hunter2"}},
    "a blank in a name": {"headers": {"hunter2 X": "a"}},
    "a colon in a name": {"headers": {"hunter2:": "a"}},
    "a line break in a value": {"headers": {"X": "a\r\nhunter2: b"}},
    "a line break at the end": {"headers": {"X": "hunter2\n"}},
    "a NUL": {"headers": {"X": "hunter2\0"}},
    "a blank at the end": {"headers": {"X": "hunter2 "}},
    "no ASCII": {"headers": {"X": "hunter2 ü"}},
    "too long": {"headers": {"X": "hunter2" * 2000}},
    "ours": {"headers": {"Content-Type": "hunter2"}},
    "our signature": {"headers": {"Webhook-Signature": "hunter2"}},
    "what frames it": {"headers": {"transfer-encoding": "hunter2"}},
    "the host": {"headers": {"Host": "hunter2"}},
    "twice": {"headers": {"X-A": "hunter2", "x-a": "hunter2"}},
    "an empty list of secrets": {"secret": []},
    "an empty secret among two": {"secret": ["hunter2", ""]},
    "a secret that is a number": {"secret": ["hunter2", 7]},
    "an unknown field": {"header": {"X": "hunter2"}},
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_line_that_shows_no_header_and_no_secret(case: str) -> None:
    text = json.dumps({"desk": {"url": "https://hunter2.example", "secret": "hunter2", **MISTAKES[case]}})
    with pytest.raises(SettingsError, match=r"^PODWATCH_WEBHOOKS: desk: ") as caught:
        parse_webhooks(text, Secret("hunter2"))
    assert "hunter2" not in caught.value.line


@pytest.mark.parametrize("status", [CLOSE, 401, 500])
def test_no_header_and_no_secret_is_in_an_error_a_traceback_or_a_log(
    status: int, settings: Settings, receiver: WebhookReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    there = having(settings, receiver, headers={"X-Hunter2": "Bearer hunter2"}, secret=["hunter2 new", "hunter2 old"])
    receiver.answer_next(status)
    with pytest.raises(ChannelError) as caught:
        WebhookNotifier(there).send(alert(channel="webhook:desk"))
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    for text in (str(caught.value), shown, caplog.text, repr(there), repr(WebhookNotifier(there))):
        assert "hunter2" not in text.lower()
