"""Finding a message whose answer was lost in a real Slack-compatible server; and the scopes that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from podwatch.errors import ChannelError
from podwatch.notifiers.slack import HISTORY_MARGIN, SlackNotifier
from podwatch.settings import Secret
from tests.support.builders import alert
from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import (
    POST,
    Fault,
    FaultProxy,
    hang_up,
    lost_answer,
    rate_limited,
    refused,
    server_error,
    slow,
)
from tests.support.slack_assertions import EVER, messages_with_key, send_error


@pytest.mark.parametrize("fault", [lost_answer(), slow(3), server_error(accepted=True)], ids=["closed", "slow", "500"])
def test_an_alert_that_arrived_without_an_answer_is_found(
    fault: Fault, slack: SlackNotifier, proxy: FaultProxy, workspace: Emulator, key: str
) -> None:
    proxy.fail_next(fault)
    assert send_error(slack, alert(key=key)).outcome_unknown
    found = slack.find(key, "#podcasts", timedelta(minutes=1))
    assert found is not None
    assert [found.id] == [m["ts"] for m in messages_with_key(workspace, key)]


def test_an_alert_that_never_arrived_is_not_found(slack: SlackNotifier, proxy: FaultProxy, key: str) -> None:
    proxy.fail_next(hang_up())
    assert send_error(slack, alert(key=key)).outcome_unknown
    assert slack.find(key, "#podcasts", EVER) is None


def test_another_alert_or_another_apps_metadata_does_not_match(
    slack: SlackNotifier, workspace: Emulator, key: str
) -> None:
    slack.send(alert(key=key + "-other"))
    channel = workspace.channel_id("podcasts")
    for metadata in (
        {"event_type": "another_app", "event_payload": {"key": key}},
        {"event_type": "podwatch_alert"},
        None,
    ):
        workspace.call(POST, channel=channel, text="hello", metadata=metadata)
    assert slack.find(key, "#podcasts", EVER) is None


def test_a_busy_channel_is_read_to_the_last_page(
    slack: SlackNotifier, workspace: Emulator, proxy: FaultProxy, key: str
) -> None:
    receipt = slack.send(alert(key=key, channel="#politics"))
    for n in range(401):
        workspace.call(POST, channel=receipt.channel, text=f"{n}")
    assert slack.find(key, "#politics", EVER) == receipt
    assert proxy.calls.count("conversations.history") == 3


@pytest.mark.parametrize("hours", [1, 5])
def test_how_old_a_message_is_goes_by_slacks_own_clock(
    hours: int, slack: SlackNotifier, proxy: FaultProxy, key: str
) -> None:
    receipt = slack.send(alert(key=key))
    proxy.clock_ahead = 3600.0 * hours  # by Slack's clock the message was posted so long ago
    assert slack.find(key, "#podcasts", timedelta(hours=hours)) == receipt
    assert slack.find(key, "#podcasts", timedelta(hours=hours) - 2 * HISTORY_MARGIN) is None


@pytest.mark.parametrize("method", ["conversations.list", "conversations.history"])
@pytest.mark.parametrize(
    "fault", [rate_limited(3), server_error(), refused("not_in_channel")], ids=["429", "500", "out"]
)
def test_when_the_channel_cannot_be_read_the_outcome_stays_unknown(
    fault: Fault, method: str, slack: SlackNotifier, proxy: FaultProxy, key: str
) -> None:
    proxy.fail_next(fault, method=method)
    with pytest.raises(ChannelError) as caught:
        slack.find(key, "#podcasts", EVER)
    assert caught.value.outcome_unknown


# ---- with the scopes an app really has

SCOPES = {
    "xoxb-all": "chat:write, channels:read, channels:history, groups:read, groups:history",
    "xoxb-public": "chat:write, channels:read, channels:history",
    "xoxb-no-history": "chat:write, channels:read",
    "xoxb-post-only": "chat:write",
    "xoxb-read-only": "channels:read, channels:history",
}


@pytest.fixture(scope="module")
def strict() -> Iterator[Emulator]:
    with Emulator(SCOPES) as running:
        yield running


def test_public_channels_need_no_scope_for_private_ones(strict: Emulator, key: str) -> None:
    notifier = SlackNotifier(Secret("xoxb-public"), strict.base_url)
    receipt = notifier.send(alert(key=key))
    assert notifier.find(key, "#podcasts", EVER) == receipt


def test_history_that_may_not_be_read_names_the_scope_to_add(strict: Emulator, key: str) -> None:
    notifier = SlackNotifier(Secret("xoxb-no-history"), strict.base_url)
    notifier.send(alert(key=key))
    with pytest.raises(ChannelError, match=r"#podcasts: .* add the scope channels:history to the app") as caught:
        notifier.find(key, "#podcasts", EVER)
    assert (caught.value.retryable, caught.value.outcome_unknown) == (True, True)


def test_a_name_that_may_not_be_looked_up_is_left_to_slack_itself(strict: Emulator, key: str) -> None:
    with FaultProxy(strict.base_url) as proxy:
        notifier = SlackNotifier(Secret("xoxb-post-only"), proxy.base_url)
        assert send_error(notifier, alert(key=key)).line.startswith(
            "#podcasts: there is no such channel"
        )  # the emulator's
        assert proxy.calls[-1] == POST
        with pytest.raises(ChannelError, match="add the scope channels:read"):
            notifier.find(key, "#podcasts", EVER)


def test_the_error_of_an_app_that_may_not_post_names_the_scope(strict: Emulator, key: str) -> None:
    notifier = SlackNotifier(Secret("xoxb-read-only"), strict.base_url)
    assert "add the scope chat:write to the app" in send_error(notifier, alert(key=key)).line
