"""With PODWATCH_PAGE_URL every message links to the sentence on the page, at its second; without it to the publisher."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from podwatch.errors import SettingsError
from podwatch.model import Alert, Digest, HoldReason
from podwatch.notifiers import card
from podwatch.notifiers.console import ConsoleNotifier
from podwatch.notifiers.digest_card import digest_messages
from podwatch.notifiers.mail import MailNotifier
from podwatch.notifiers.page_links import with_page
from podwatch.notifiers.slack import SlackNotifier
from podwatch.notifiers.webhook import WebhookNotifier
from podwatch.settings import Secret, Settings, Smtp, Webhook, from_environment, parse_networks
from tests.notifiers.test_card import elements, links
from tests.support.builders import alert, episode, mention
from tests.support.mail_server import MailServer
from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import FaultProxy
from tests.support.slack_assertions import messages_with_key
from tests.support.webhook_receiver import WebhookReceiver

PAGE = "https://podwatch.example/podwatch"
EPISODE = replace(episode(), id=7)
SENTENCE = f"{PAGE}/episodes/7?t=754#s12"


def known(**changes: Any) -> Alert:
    """An alert of an episode that the page shows."""
    return alert(*changes.pop("mentions", [mention(segment=12)]), episode=EPISODE, **changes)


def all_links(text: str) -> bool:
    return SENTENCE in text and "cdn.history.example" not in text


def test_a_card_links_each_sentence_to_its_second_on_the_page() -> None:
    later = mention(segment=40, seconds=2000.9, start=5000, end=5008, snippet="Dobrynin left.", snippet_start=0)
    blocks = card.blocks(with_page(known(mentions=[mention(segment=12), later]), PAGE))
    assert links(blocks)["0:12:34"] == SENTENCE
    assert links(blocks)["0:33:20"] == f"{PAGE}/episodes/7?t=2000#s40"
    assert links(blocks)["episode"] == "https://history.example/episodes/2"  # the publisher's own stays
    assert all_links(card.text(with_page(known(), PAGE)))


def test_the_rest_in_the_thread_links_there_too() -> None:
    many = [mention(segment=i, seconds=100.0 * i, start=100 * i, end=100 * i + 8) for i in range(1, 9)]
    first, *rest = card.alert_messages(with_page(known(mentions=many), PAGE))
    found = [
        e["url"] for m in (first, *rest) for e in elements(m.blocks) if e["type"] == "link" and e["text"] != "episode"
    ]
    assert sorted(found) == [f"{PAGE}/episodes/7?t={100 * i}#s{i}" for i in range(1, 9)]


def test_a_transcript_without_times_links_to_the_sentence() -> None:
    blocks = card.blocks(with_page(known(mentions=[mention(segment=3, seconds=math.nan)]), PAGE))
    assert links(blocks)["read"] == f"{PAGE}/episodes/7#s3"


def test_without_the_setting_and_without_an_episode_on_the_page_the_publisher_is_linked_to() -> None:
    plain = links(card.blocks(known()))
    assert plain["0:12:34"] == "https://cdn.history.example/2.mp3#t=754"
    assert links(card.blocks(with_page(alert(episode=episode(id=0)), PAGE))) == plain  # such as the alert of a test


def test_a_digest_links_there_too() -> None:
    digest = Digest(key="d", channel="#desk", alerts=[known()], why=HoldReason.DIGEST)
    [message] = digest_messages(with_page(digest, PAGE))
    assert links(message.blocks)["0:12:34"] == SENTENCE


def test_slack_gets_it(workspace: Emulator, proxy: FaultProxy, key: str) -> None:
    SlackNotifier(Secret(workspace.token), proxy.base_url, timeout=5, page=PAGE).send(known(key=key))
    [message] = messages_with_key(workspace, key)
    assert links(message["blocks"])["0:12:34"] == SENTENCE
    assert all_links(message["text"].replace("&amp;", "&"))


def test_a_mail_has_it_in_both_parts(mail_server: MailServer) -> None:
    server = Smtp("127.0.0.1", mail_server.port, "none")
    MailNotifier(server, "podwatch@example.org", page=PAGE).send(known(channel="mailto:desk@example.org"))
    [mail] = [message_from_bytes(m, policy=default) for m in mail_server.mails]
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        assert all_links(part.get_content())


def test_a_webhook_says_it_beside_the_audio(receiver: WebhookReceiver, tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path,
        database_url=Secret("sqlite://"),
        allow_addresses=parse_networks("127.0.0.0/8"),
        webhooks={"desk": Webhook(Secret(receiver.url), Secret("a secret of some length"))},
        page_url=PAGE,
    )
    WebhookNotifier(settings).send(known(channel="webhook:desk"))
    body = json.loads(receiver.received[0][1])
    assert body["episode"]["page"] == f"{PAGE}/episodes/7"
    assert body["mentions"][0]["page"] == SENTENCE
    assert body["mentions"][0]["link"] == "https://cdn.history.example/2.mp3#t=754"


def test_the_console_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    ConsoleNotifier(Console(width=200), PAGE).send(known(channel="console:"))
    assert all_links(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://podwatch.example/", "https://podwatch.example"),
        ("http://localhost:8080/podwatch/", "http://localhost:8080/podwatch"),
        ("", ""),
    ],
)
def test_the_address_is_taken_with_its_path(given: str, expected: str) -> None:
    assert from_environment({"PODWATCH_PAGE_URL": given}).page_url == expected


@pytest.mark.parametrize(
    "given",
    ["podwatch.example", "ftp://x.example", "https://", "https://u:p@x.example", "https://x.example/?a=b", "https://x.example/#a", "https://[", "https://a b"],
)  # fmt: skip
def test_what_is_no_address_of_a_page_is_said(given: str) -> None:
    environment: Mapping[str, str] = {"PODWATCH_PAGE_URL": given}
    with pytest.raises(SettingsError, match="PODWATCH_PAGE_URL: is no address of a page"):
        from_environment(environment)
