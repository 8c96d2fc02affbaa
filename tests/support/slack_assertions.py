"""What several Slack tests assert with: the messages that carry a key, and the error of a send that must fail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from podwatch.errors import ChannelError
from podwatch.model import Alert
from podwatch.notifiers.slack import SlackNotifier
from tests.support.slack.emulator import Emulator

EVER = timedelta(days=3650)


def messages_with_key(workspace: Emulator, key: str, channel: str = "#podcasts") -> list[dict[str, Any]]:
    """The messages in a channel whose metadata carry this key, oldest first."""
    return [m for m in workspace.messages(channel) if m.get("metadata", {}).get("event_payload") == {"key": key}]


def send_error(notifier: SlackNotifier, alert: Alert) -> ChannelError:
    """Sends the alert, which must fail, and returns the error."""
    with pytest.raises(ChannelError) as caught:
        notifier.send(alert)
    return caught.value
