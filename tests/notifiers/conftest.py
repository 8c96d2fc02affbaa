"""One Slack emulator for all notifier tests, and a fault proxy before it for each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from podwatch.notifiers.slack import SlackNotifier
from podwatch.settings import Secret
from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import FaultProxy

_keys = itertools.count(1)


@pytest.fixture(scope="session")
def workspace() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def proxy(workspace: Emulator) -> Iterator[FaultProxy]:
    with FaultProxy(workspace.base_url) as standing:
        yield standing


@pytest.fixture
def slack(workspace: Emulator, proxy: FaultProxy) -> SlackNotifier:
    """A notifier that reaches the workspace through the fault proxy, and gives up waiting after a second."""
    return SlackNotifier(Secret(workspace.token), proxy.base_url, timeout=1)


@pytest.fixture
def key() -> str:
    """An alert's key that no other test has used."""
    return f"key-{next(_keys):04}"
