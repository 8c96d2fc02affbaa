"""Alerts to mailboxes and receivers, through the whole of deliver: nothing is lost, and a repetition can be told as one."""

from __future__ import annotations

import email
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from podwatch.model import ChannelRules, DeliverMode
from podwatch.settings import Secret, Settings, Smtp, Webhook, networks
from tests.support.delivery_scenario import DeliveryScenario
from tests.support.mail_server import HANG_UP, MailServer
from tests.support.slack.emulator import Emulator
from tests.support.webhook_receiver import CLOSE, WebhookReceiver


@pytest.fixture
def desk(
    settings: Settings, workspace: Emulator, mail_server: MailServer, receiver: WebhookReceiver, now: datetime
) -> Iterator[DeliveryScenario]:
    reached = replace(
        settings,
        smtp=Smtp("127.0.0.1", mail_server.port, "none"),
        mail_from="podwatch@example.org",
        webhooks={"desk": Webhook(Secret(receiver.url), Secret("s"))},
        allow_addresses=networks("127.0.0.0/8"),
        pace=replace(settings.pace, stay=0.0),
    )
    with DeliveryScenario(reached, workspace, "#elsewhere", now) as made:
        yield made


def ids(receiver: WebhookReceiver) -> list[str]:
    return [headers["webhook-id"] for headers, _ in receiver.received]


def message_ids(server: MailServer) -> list[str]:
    return [str(email.message_from_bytes(raw)["Message-ID"]) for raw in server.mails]


def test_an_alert_goes_out_once_when_all_is_well(
    desk: DeliveryScenario, receiver: WebhookReceiver, mail_server: MailServer
) -> None:
    desk.add_watch("grain", channel="webhook:desk")
    desk.add_watch("rice", channel="mailto:team@example.org")
    desk.add_alert("one", "The grain and the rice.", watch="grain")
    desk.deliver()
    desk.deliver_until_done()
    assert desk.count_states() == {"sent": 2}
    assert (len(receiver.received), len(mail_server.mails)) == (1, 1)


def test_an_alert_whose_answer_was_lost_goes_out_again_under_the_same_name(
    desk: DeliveryScenario, receiver: WebhookReceiver, mail_server: MailServer
) -> None:
    desk.add_watch("grain", channel="webhook:desk")
    desk.add_watch("rice", channel="mailto:team@example.org")
    desk.add_alert("one", "The grain and the rice.", watch="grain")
    receiver.answer_next(CLOSE)
    mail_server.replies["CONTENT"] = HANG_UP
    desk.deliver()
    mail_server.replies.clear()
    assert desk.count_states() == {"retry": 2}
    desk.deliver_until_done()
    assert desk.count_states() == {"sent": 2}
    assert (len(ids(receiver)), len(set(ids(receiver)))) == (2, 1)
    assert (len(message_ids(mail_server)), len(set(message_ids(mail_server)))) == (2, 1)


def test_a_service_that_is_away_for_an_hour_loses_nothing_and_gets_each_alert_once(
    desk: DeliveryScenario, receiver: WebhookReceiver, mail_server: MailServer
) -> None:
    desk.add_watch("grain", channel="mailto:team@example.org")
    mail_server.replies["CONNECT"] = "421 4.3.2 restarting"
    for n in range(3):
        desk.add_alert(f"e{n}")
    desk.deliver_until_done(30)
    assert mail_server.mails == []
    assert "dead" not in desk.count_states()
    mail_server.replies.clear()
    desk.deliver_until_done(20)
    assert desk.count_states() == {"sent": 3}
    assert len(message_ids(mail_server)) == len(set(message_ids(mail_server))) == 3


def test_a_channel_that_somebody_has_to_mend_waits_with_its_alerts(
    desk: DeliveryScenario, receiver: WebhookReceiver
) -> None:
    desk.add_watch("grain", channel="webhook:desk")
    receiver.answer_next(401)
    desk.add_alert("one")
    desk.deliver()
    desk.deliver_until_done(20)
    assert desk.count_states() == {"sent": 1}
    assert len(set(ids(receiver))) == 1


def test_an_alert_that_a_receiver_refuses_for_good_is_dead_with_the_reason(
    desk: DeliveryScenario, receiver: WebhookReceiver
) -> None:
    desk.add_watch("grain", channel="webhook:desk")
    receiver.answer_next(422)
    desk.add_alert("one")
    desk.deliver_until_done(3)
    assert desk.count_states() == {"dead": 1}
    assert desk.delivery_rows()[0].error.startswith("webhook:desk: the receiver answered 422")


def test_what_waited_for_a_digest_is_one_mail(desk: DeliveryScenario, mail_server: MailServer) -> None:
    desk.add_watch("grain", channel="mailto:team@example.org", deliver=DeliverMode.DIGEST)
    desk.rt.store.sync_channels([ChannelRules(name="mailto:team@example.org")])
    for n in range(3):
        desk.add_alert(f"e{n}")
    desk.deliver_until_done(3)
    for _ in range(8):
        desk.deliver_after(hours=24)
    [raw] = mail_server.mails
    assert str(email.message_from_bytes(raw)["Subject"]) == "Digest: 3 alerts from podcasts"
