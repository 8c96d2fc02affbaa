"""What the Slack tests do again and again: look what arrived, and take the error of a send that must fail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from podwatch.errors import ChannelError
from podwatch.model import Alert
from podwatch.notifiers.slack import SlackNotifier
from tests.support.slack.emulator import Emulator

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def sent(workspace: Emulator, key: str, channel: str = "#podcasts") -> list[dict[str, Any]]:
    """The messages in a channel that carry this key."""
    found = [m for m in workspace.messages(channel) if "metadata" in m]
    return [m for m in found if m["metadata"]["event_payload"] == {"key": key}]


def failure(notifier: SlackNotifier, said: Alert) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        notifier.send(said)
    return caught.value
