"""Slack through an HTTP proxy of the team's own: every part of podwatch that calls Slack goes through it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from podwatch.errors import ChannelError
from podwatch.notifiers import NOTIFIERS
from podwatch.notifiers.slack_api import SlackApi
from podwatch.notifiers.slack_probe import SlackProbe
from podwatch.settings import Secret, Settings
from tests.support.builders import alert
from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import POST, FaultProxy
from tests.support.slack_assertions import messages_with_key

BEYOND = "http://slack.invalid/api/"  # which has no address: only through the proxy is anything to be reached there


@pytest.fixture
def through(settings: Settings, workspace: Emulator, proxy: FaultProxy) -> Settings:
    address = proxy.base_url.replace("http://", "http://user:hunter2@").removesuffix("/api/")
    return replace(settings, slack_token=Secret(workspace.token), slack_base_url=BEYOND, slack_proxy=Secret(address))


def test_an_alert_goes_through_the_proxy(through: Settings, workspace: Emulator, proxy: FaultProxy, key: str) -> None:
    NOTIFIERS["slack"](through).send(alert(key=key))
    assert POST in proxy.calls
    assert len(messages_with_key(workspace, key)) == 1


def test_what_the_doctor_asks_goes_through_the_proxy(through: Settings, proxy: FaultProxy) -> None:
    assert SlackProbe(through.slack_token, BEYOND, through.slack_proxy).identify_bot().team == "Newsroom"
    assert proxy.calls == ["auth.test"]


def test_without_the_proxy_nothing_is_reached(through: Settings, proxy: FaultProxy, key: str) -> None:
    with pytest.raises(ChannelError):
        NOTIFIERS["slack"](replace(through, slack_proxy=Secret(""))).send(alert(key=key))
    assert proxy.calls == []


def test_a_proxy_that_is_away_is_an_error_of_the_service_that_shows_no_password(through: Settings, key: str) -> None:
    away = replace(through, slack_proxy=Secret("http://user:hunter2@127.0.0.1:1"))
    with pytest.raises(ChannelError) as caught:
        NOTIFIERS["slack"](away).send(alert(key=key, channel="C0123456789"))
    assert caught.value.retryable
    assert "hunter2" not in caught.value.line + repr(away)


def test_a_call_takes_no_longer_than_the_setting_says(through: Settings) -> None:
    assert SlackApi(BEYOND, 3.0, through.slack_proxy).client.timeout == 3.0
    assert NOTIFIERS["slack"](replace(through, slack_timeout=3.0))._api.client.timeout == 3.0  # type: ignore[attr-defined]
