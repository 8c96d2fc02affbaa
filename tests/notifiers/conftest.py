"""Fixtures of the notifiers' tests: a Slack notifier that reaches the workspace through the fault proxy, and fresh keys."""

from __future__ import annotations

import itertools

import pytest

from podwatch.notifiers.slack import SlackNotifier
from podwatch.settings import Secret
from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import FaultProxy

_keys = itertools.count(1)


@pytest.fixture
def slack(workspace: Emulator, proxy: FaultProxy) -> SlackNotifier:
    """A notifier that gives up waiting after a second."""
    return SlackNotifier(Secret(workspace.token), proxy.base_url, timeout=1)


@pytest.fixture
def key() -> str:
    """An alert's key that no other test has used."""
    return f"key-{next(_keys):04}"
