"""A report in each service: its words, and its table as CSV in the thread, as an attachment, as rows, or printed."""

from __future__ import annotations

import email.policy
import json
from dataclasses import replace
from email import message_from_bytes

import pytest

from podwatch.model import Report
from podwatch.notifiers import Receipt
from podwatch.notifiers.console import ConsoleNotifier
from podwatch.notifiers.digest_card import digest_messages
from podwatch.notifiers.mail import MailNotifier
from podwatch.notifiers.slack import SlackNotifier
from podwatch.notifiers.webhook import WebhookNotifier
from podwatch.notifiers.webhook_body import MAX_BODY_BYTES, digest_body
from podwatch.settings import Secret, Settings, Smtp, Webhook, parse_networks
from tests.support.mail_server import MailServer
from tests.support.slack.emulator import Emulator
from tests.support.slack_assertions import EVER, messages_with_key
from tests.support.webhook_receiver import WebhookReceiver

REPORT = Report(
    key="r1",
    channel="#podcasts",
    name="week",
    title="A week of podcasts",
    lines=("12 mentions", "@here 1 held"),
    columns=("watch", "mentions"),
    rows=(("grain", "12"), ("=1+1", "0")),
    coverage="listened to 3 of 4 episodes",
)
LONG = replace(REPORT, rows=tuple((f"watch-{n}", "1" * 80) for n in range(4_000)))
CSV = "watch,mentions\ngrain,12\n'=1+1,0"


def test_its_words_are_its_message_and_its_table_stands_in_the_thread() -> None:
    first, table = digest_messages(REPORT)
    assert first.blocks[0]["text"]["text"] == "A week of podcasts"
    assert first.blocks[-1]["elements"][0]["text"] == "listened to 3 of 4 episodes"
    assert first.text.splitlines()[0::3] == ["A week of podcasts", "listened to 3 of 4 episodes"]
    assert "@here" not in first.text + json.dumps(first.blocks)
    assert table.text == f"```{CSV}```"


def test_a_table_of_any_size_keeps_to_slacks_limits_and_counts_the_rest() -> None:
    pages = digest_messages(LONG)
    assert all(len(json.dumps(page.blocks)) < 13_000 for page in pages)
    assert "more: podwatch coverage --by watch" in pages[-1].text
    assert len(digest_messages(replace(REPORT, rows=()))) == 1


def test_slack_takes_both_under_their_keys(slack: SlackNotifier, workspace: Emulator) -> None:
    root = slack.post(REPORT, 0, "report-1", None)
    slack.post(REPORT, 1, "report-2", root)
    page = workspace.call("conversations.replies", channel=root.channel, ts=root.id)
    assert [m["text"] for m in page["messages"] if m["ts"] != root.id] == [f"```{CSV}```"]
    assert slack.find("report-1", "#podcasts", EVER) == root
    assert len(messages_with_key(workspace, "report-1")) == 1


def test_the_console_prints_it_with_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    ConsoleNotifier().send_digest(replace(REPORT, channel="console:"))
    said = capsys.readouterr().out
    assert "  12 mentions\n" in said
    assert "  watch,mentions\n  grain,12\n  '=1+1,0\n" in said


def test_a_mail_has_the_table_attached(mail_server: MailServer) -> None:
    server = Smtp("127.0.0.1", mail_server.port, "none")
    sender = MailNotifier(server, "podwatch@example.org")
    receipt = sender.send_digest(replace(REPORT, channel="mailto:team@example.org"))
    assert isinstance(receipt, Receipt)
    found = message_from_bytes(mail_server.mails[0], policy=email.policy.default)
    [attached] = found.iter_attachments()
    assert (attached.get_content_type(), attached.get_filename()) == ("text/csv", "podwatch.csv")
    assert attached.get_content().splitlines() == CSV.splitlines()
    assert "grain" not in found.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_a_webhook_gets_rows(receiver: WebhookReceiver, settings: Settings) -> None:
    named = {"desk": Webhook(Secret(receiver.url), Secret("s" * 32))}
    reached = replace(settings, webhooks=named, allow_addresses=parse_networks("127.0.0.0/8"))
    WebhookNotifier(reached).send_digest(replace(REPORT, channel="webhook:desk"))
    [(_, content)] = receiver.received
    found = json.loads(content)
    assert (found["type"], found["report"], found["title"]) == ("podwatch.report", "week", "A week of podcasts")
    assert found["rows"] == [{"watch": "grain", "mentions": "12"}, {"watch": "=1+1", "mentions": "0"}]
    assert found["coverage"] == "listened to 3 of 4 episodes"
    large = digest_body(LONG)
    assert len(large) <= MAX_BODY_BYTES
    assert json.loads(large)["rows_total"] == 4_000
