"""SlackNotifier against a real Slack-compatible server, with a proxy before it that fails as Slack fails."""

from __future__ import annotations

import logging
import socket
import traceback

import pytest

from podwatch.errors import ChannelError
from podwatch.notifiers import Receipt, card, slack_channel_ids, slack_errors
from podwatch.notifiers.slack import SlackNotifier
from podwatch.settings import Secret
from tests.support.builders import alert, mention
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
    web_page,
)
from tests.support.slack_assertions import EVER, messages_with_key, send_error

# ---- what arrives


def test_an_alert_arrives_once_as_blocks_with_its_key_and_without_previews(
    slack: SlackNotifier, workspace: Emulator, key: str
) -> None:
    said = alert(key=key)
    receipt = slack.send(said)
    [message] = messages_with_key(workspace, key)
    assert receipt == Receipt(workspace.channel_id("podcasts"), message["ts"])
    assert message["blocks"] == card.blocks(said)
    assert message["text"] == card.text(said)
    assert message["metadata"]["event_type"] == "podwatch_alert"
    assert [message[k] for k in ("mrkdwn", "parse", "link_names", "unfurl_links", "unfurl_media")] == [
        True, "none", False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize("channel", ["#trade", "trade", "#Trade", "#desk"])
def test_a_channel_is_found_by_its_name(channel: str, slack: SlackNotifier, workspace: Emulator, key: str) -> None:
    receipt = slack.send(alert(key=key, channel=channel))
    assert receipt.channel == workspace.channel_id(channel.lower())


def test_a_channel_is_found_by_its_id_without_looking_anything_up(
    slack: SlackNotifier, workspace: Emulator, proxy: FaultProxy, key: str
) -> None:
    slack.send(alert(key=key, channel=workspace.channel_id("trade")))
    assert proxy.calls == [POST]
    assert len(messages_with_key(workspace, key, "#trade")) == 1


def test_a_member_gets_a_direct_message(slack: SlackNotifier, workspace: Emulator, proxy: FaultProxy, key: str) -> None:
    receipt = slack.send(alert(key=key, channel="@mara"))
    assert receipt.channel.startswith("D")
    assert slack.find(key, "@mara", EVER) == receipt
    assert proxy.calls.count("users.list") == 1


def test_channel_names_are_looked_up_once_for_many_alerts(slack: SlackNotifier, proxy: FaultProxy, key: str) -> None:
    for channel in ("#podcasts", "#trade", "#podcasts"):
        slack.send(alert(key=key, channel=channel))
    assert proxy.calls.count("conversations.list") == 1


def test_a_large_workspace_is_read_page_by_page_and_no_further_than_needed(
    slack: SlackNotifier, proxy: FaultProxy, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_channel_ids, "_PAGE_SIZE", 1)  # general, random, podcasts, trade, ...
    proxy.fail_next(rate_limited(9), method="conversations.list")
    assert send_error(slack, alert(key=key)).retry_after == 9
    slack.send(alert(key=key))
    assert proxy.calls.count("conversations.list") == 1 + 3


def test_being_slowed_down_in_the_middle_of_the_list_does_not_begin_it_again(
    slack: SlackNotifier, proxy: FaultProxy, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_channel_ids, "_PAGE_SIZE", 1)
    slack.send(alert(key=key, channel="#random"))
    proxy.fail_next(rate_limited(9), method="conversations.list")
    send_error(slack, alert(key=key, channel="#trade"))
    slack.send(alert(key=key, channel="#trade"))
    assert proxy.calls.count("conversations.list") == 2 + 1 + 2


# ---- what fails, and what it means

# What happens to the post -> (a retry may help, it may have arrived, seconds to wait, words of the error)
FAILURES = {
    "slow down": (rate_limited(7), (True, False, 7.0), "Slack asks to slow down (ratelimited)"),
    "slow down for ever": (rate_limited(10**9), (True, False, 3600.0), "slow down"),
    "slow down, no number": (rate_limited("soon"), (True, False, None), "slow down"),
    "an error of the server": (server_error(), (True, True, None), "Slack failed (HTTP 500)"),
    "an error after it was accepted": (server_error(503, accepted=True), (True, True, None), "Slack failed (HTTP 503)"),
    "a web page": (web_page(), (True, True, None), "the answer is not Slack's - check the proxies on the way"),
    "a web page after it was accepted": (web_page(accepted=True), (True, True, None), "the answer is not Slack's"),
    "not found": (web_page(404), (True, False, None), "not Slack's answer (HTTP 404) - check PODWATCH_SLACK_BASE_URL"),
    "closed before it arrived": (hang_up(), (True, True, None), "no usable answer from 127.0.0.1 (RemoteDisconnected)"),
    "closed after it arrived": (lost_answer(), (True, True, None), "no usable answer from 127.0.0.1"),
    "no answer in time": (slow(3), (True, True, None), "no usable answer from 127.0.0.1 (TimeoutError)"),
    "a failure of Slack's": (refused("internal_error"), (True, True, None), "Slack failed (internal_error)"),
    "a code nobody knows": (refused("brand_new"), (True, False, None), "Slack refuses (brand_new)"),
    "a list": (Fault(body="[1]"), (True, True, None), "no usable answer"),
    "an empty list": (Fault(body="[]"), (True, True, None), "the answer is not Slack's"),
    "yes and no more": (Fault(body='{"ok":true}'), (True, True, None), "did not say where it is"),
    "not in the channel": (
        refused("not_in_channel"),
        (True, False, None),
        "the app is not in the channel (not_in_channel) - invite the app: /invite @podwatch",
    ),
    "a scope is missing": (
        refused("missing_scope", needed="chat:write"),
        (True, False, None),
        "the app lacks a scope (missing_scope) - add the scope chat:write to the app, install it again",
    ),
    "a scope is missing, and it lies": (
        refused("missing_scope", needed="\x1b]0;<!channel>"),
        (True, False, None),
        "add the scope chat:write to the app",
    ),
    "the token is no good": (
        refused("invalid_auth"),
        (True, False, None),
        "Slack does not know the token (invalid_auth) - set a new SLACK_BOT_TOKEN",
    ),
    "the metadata are refused": (refused("invalid_metadata_format"), (False, False, None), "the metadata"),
}


@pytest.mark.parametrize("case", FAILURES, ids=str)
def test_a_failed_post_says_what_happened_in_one_line_and_whether_to_repeat_it(
    case: str, slack: SlackNotifier, proxy: FaultProxy, key: str
) -> None:
    fault, verdict, expected = FAILURES[case]
    proxy.fail_next(fault)
    error = send_error(slack, alert(key=key))
    assert (error.retryable, error.outcome_unknown, error.retry_after) == verdict
    assert error.line.startswith("#podcasts: ")
    assert expected in error.line
    assert "\n" not in error.line
    assert proxy.calls.count(POST) == 1, "a notifier does not retry"


@pytest.mark.parametrize("code", slack_errors.CODES)
def test_each_of_slacks_codes_has_a_verdict(code: str, slack: SlackNotifier, proxy: FaultProxy, key: str) -> None:
    proxy.fail_next(refused(code), refused(code))
    if code in slack_errors.BLOCK_ERRORS:  # the first refusal is of the blocks: see below
        send_error(slack, alert(key=key))
    error = send_error(slack, alert(key=key))
    fault, what, todo = slack_errors.CODES[code]
    assert error.line.startswith(f"#podcasts: {what} ({code})")
    assert error.line.endswith(todo.format(scope="chat:write"))
    assert error.retryable == (fault is not slack_errors.Fault.MESSAGE)
    assert error.route == (fault in (slack_errors.Fault.ROUTE, slack_errors.Fault.TOKEN))
    assert error.outcome_unknown == (fault is slack_errors.Fault.UNKNOWN)
    assert (
        bool(todo) == (fault in (slack_errors.Fault.ROUTE, slack_errors.Fault.TOKEN))
        or code == "metadata_must_be_sent_from_app"
    )


def test_nobody_listening_means_not_sent(workspace: Emulator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = send_error(SlackNotifier(Secret(workspace.token), f"http://127.0.0.1:{port}/api/"), alert())
    assert error.line == "#podcasts: 127.0.0.1 refuses connections"
    assert (error.retryable, error.outcome_unknown) == (True, False)


def test_a_host_without_an_address_means_not_sent() -> None:
    error = send_error(SlackNotifier(Secret("xoxb-1"), "http://slack.invalid/api/"), alert(channel="C0123456789"))
    assert error.line == "C0123456789: slack.invalid has no address - check the network and its DNS"
    assert (error.retryable, error.outcome_unknown) == (True, False)


@pytest.mark.parametrize(
    "fault", [server_error(), web_page(), hang_up(), slow(3)], ids=["500", "page", "closed", "slow"]
)
def test_what_fails_before_the_post_has_a_known_outcome(
    fault: Fault, slack: SlackNotifier, proxy: FaultProxy, key: str
) -> None:
    proxy.fail_next(fault, method="conversations.list")
    error = send_error(slack, alert(key=key))
    assert (error.retryable, error.outcome_unknown) == (True, False)
    assert POST not in proxy.calls


def test_a_channel_that_is_not_there_is_named(slack: SlackNotifier, proxy: FaultProxy) -> None:
    error = send_error(slack, alert(channel="#trdae"))
    assert error.line == (
        "#trdae: there is no such channel, or the app cannot see it (channel_not_found) - "
        "create the channel or mend the watchlist; if it is private, invite the app: /invite @podwatch"
    )
    assert (error.retryable, error.route) == (True, True)


def test_a_member_who_is_not_there_is_named(slack: SlackNotifier) -> None:
    assert send_error(slack, alert(channel="@nobody")).line.startswith("@nobody: there is no one member of that name")


def test_an_archived_channel_says_so(slack: SlackNotifier, workspace: Emulator) -> None:
    made = workspace.call("conversations.create", name="shut")["channel"]["id"]
    assert workspace.call("conversations.archive", channel=made)["ok"]
    error = send_error(slack, alert(channel="#shut"))
    assert error.line == "#shut: the channel is archived (is_archived) - unarchive it or mend the watchlist"


def test_a_channel_that_the_app_has_left_asks_for_an_invitation(slack: SlackNotifier, workspace: Emulator) -> None:
    vault = workspace.channel_id("vault")
    assert workspace.call("conversations.leave", channel=vault)["ok"]
    error = send_error(slack, alert(channel=vault))
    assert error.line == f"{vault}: the app is not in the channel (not_in_channel) - invite the app: /invite @podwatch"
    with pytest.raises(ChannelError, match="/invite @podwatch"):
        slack.find("any", vault, EVER)


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_blocks_too_long", "msg_too_long"])
def test_an_alert_whose_blocks_are_refused_goes_out_as_text_with_its_key(
    code: str, slack: SlackNotifier, proxy: FaultProxy, workspace: Emulator, key: str
) -> None:
    proxy.fail_next(refused(code))
    refusal = send_error(slack, alert(key=key))
    assert (refusal.retryable, refusal.busy, refusal.outcome_unknown) == (True, True, False)
    assert proxy.calls.count(POST) == 1, "one call a claim: the next goes out after the channel's interval"
    slack.send(alert(key=key))
    [message] = messages_with_key(workspace, key)
    assert "blocks" not in message
    assert "told *Dobrynin* that" in message["text"]


# ---- secrets


@pytest.mark.parametrize(
    "case", ["slow down", "a web page", "closed before it arrived", "the token is no good", "a list"]
)
def test_the_token_is_in_no_error_no_traceback_and_no_log(
    case: str, workspace: Emulator, proxy: FaultProxy, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = Secret(workspace.token)
    notifier = SlackNotifier(secret, proxy.base_url)
    proxy.fail_next(FAILURES[case][0])
    error = send_error(notifier, alert())
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    for text in (str(error), repr(error), repr(notifier), repr(vars(notifier)), shown, caplog.text):
        assert secret.reveal() not in text


@pytest.mark.parametrize("token", ["", "xoxb-with blank", "xoxb-\nline", "xoxb-ü", "xoxb-\x00"])
def test_a_token_that_no_header_can_carry_is_refused_before_anything_is_sent(token: str, proxy: FaultProxy) -> None:
    error = send_error(SlackNotifier(Secret(token), proxy.base_url), alert())
    assert error.line == "#podcasts: Slack does not know the token (invalid_auth) - set a new SLACK_BOT_TOKEN"
    assert proxy.calls == []


def test_the_words_of_a_mention_reach_no_log(slack: SlackNotifier, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    slack.send(alert(mention("swordfish", "the word is swordfish")))
    assert "swordfish" not in caplog.text
