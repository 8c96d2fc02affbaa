"""Alerts to mailboxes and receivers through deliver: nothing is lost, and a repetition can be recognised."""

from __future__ import annotations

import email
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from podwatch.model import ChannelRules, DeliverMode
from podwatch.settings import Secret, Settings, Smtp, Webhook, parse_networks
from tests.support.delivery_scenario import DeliveryScenario
from tests.support.mail_server import HANG_UP, MailServer
from tests.support.slack.emulator import Emulator
from tests.support.webhook_receiver import CLOSE, WebhookReceiver


@pytest.fixture
def scenario(
    settings: Settings, workspace: Emulator, mail_server: MailServer, receiver: WebhookReceiver, now: datetime
) -> Iterator[DeliveryScenario]:
    reached = replace(
        settings,
        smtp=Smtp("127.0.0.1", mail_server.port, "none"),
        mail_from="podwatch@example.org",
        webhooks={"desk": Webhook(Secret(receiver.url), Secret("s"))},
        allow_addresses=parse_networks("127.0.0.0/8"),
        pace=replace(settings.pace, stay=0.0),
    )
    with DeliveryScenario(reached, workspace, "#elsewhere", now) as made:
        yield made


def ids(receiver: WebhookReceiver) -> list[str]:
    return [headers["webhook-id"] for headers, _ in receiver.received]


def message_ids(server: MailServer) -> list[str]:
    return [str(email.message_from_bytes(raw)["Message-ID"]) for raw in server.mails]


def test_an_alert_goes_out_once_when_all_is_well(
    scenario: DeliveryScenario, receiver: WebhookReceiver, mail_server: MailServer
) -> None:
    scenario.add_watch("grain", channel="webhook:desk")
    scenario.add_watch("rice", channel="mailto:team@example.org")
    scenario.add_alert("one", "The grain and the rice.", watch="grain")
    scenario.deliver()
    scenario.deliver_until_done()
    assert scenario.count_states() == {"sent": 2}
    assert (len(receiver.received), len(mail_server.mails)) == (1, 1)


def test_an_alert_whose_answer_was_lost_goes_out_again_under_the_same_name(
    scenario: DeliveryScenario, receiver: WebhookReceiver, mail_server: MailServer
) -> None:
    scenario.add_watch("grain", channel="webhook:desk")
    scenario.add_watch("rice", channel="mailto:team@example.org")
    scenario.add_alert("one", "The grain and the rice.", watch="grain")
    receiver.answer_next(CLOSE)
    mail_server.replies["CONTENT"] = HANG_UP
    scenario.deliver()
    mail_server.replies.clear()
    assert scenario.count_states() == {"retry": 2}
    scenario.deliver_until_done()
    assert scenario.count_states() == {"sent": 2}
    assert (len(ids(receiver)), len(set(ids(receiver)))) == (2, 1)
    assert (len(message_ids(mail_server)), len(set(message_ids(mail_server)))) == (2, 1)


def test_an_address_that_is_refused_is_noted_and_the_others_get_the_mail_once(
    scenario: DeliveryScenario, mail_server: MailServer
) -> None:
    scenario.add_watch("grain", channel="mailto:a@x.org,b@y.org")
    scenario.add_alert("one")
    mail_server.replies["b@y.org"] = "550 5.1.1 no such user"
    [note] = scenario.deliver().notes
    assert "the others have it, 127.0.0.1 refuses the recipient b@y.org (550 5.1.1)" in note
    mail_server.replies.clear()
    scenario.deliver_until_done()
    assert scenario.count_states() == {"sent": 1}
    assert len(mail_server.mails) == 1


def test_a_service_that_is_away_for_an_hour_loses_nothing_and_gets_each_alert_once(
    scenario: DeliveryScenario, receiver: WebhookReceiver, mail_server: MailServer
) -> None:
    scenario.add_watch("grain", channel="mailto:team@example.org")
    mail_server.replies["CONNECT"] = "421 4.3.2 restarting"
    for n in range(3):
        scenario.add_alert(f"e{n}")
    scenario.deliver_until_done(30)
    assert mail_server.mails == []
    assert "dead" not in scenario.count_states()
    mail_server.replies.clear()
    scenario.deliver_until_done(20)
    assert scenario.count_states() == {"sent": 3}
    assert len(message_ids(mail_server)) == len(set(message_ids(mail_server))) == 3


def test_a_channel_that_somebody_has_to_mend_waits_with_its_alerts(
    scenario: DeliveryScenario, receiver: WebhookReceiver
) -> None:
    scenario.add_watch("grain", channel="webhook:desk")
    receiver.answer_next(401)
    scenario.add_alert("one")
    scenario.deliver()
    scenario.deliver_until_done(20)
    assert scenario.count_states() == {"sent": 1}
    assert len(set(ids(receiver))) == 1


def test_an_alert_that_a_receiver_refuses_for_good_is_dead_with_the_reason(
    scenario: DeliveryScenario, receiver: WebhookReceiver
) -> None:
    scenario.add_watch("grain", channel="webhook:desk")
    receiver.answer_next(422)
    scenario.add_alert("one")
    scenario.deliver_until_done(3)
    assert scenario.count_states() == {"dead": 1}
    assert scenario.delivery_rows()[0].error.startswith("webhook:desk: the receiver answered 422")


def test_what_waited_for_a_digest_is_one_mail(scenario: DeliveryScenario, mail_server: MailServer) -> None:
    scenario.add_watch("grain", channel="mailto:team@example.org", deliver=DeliverMode.DIGEST)
    scenario.rt.store.sync_channels([ChannelRules(name="mailto:team@example.org")], scenario.now)
    for n in range(3):
        scenario.add_alert(f"e{n}")
    scenario.deliver_until_done(3)
    for _ in range(8):
        scenario.deliver_after(hours=24)
    [raw] = mail_server.mails
    assert str(email.message_from_bytes(raw)["Subject"]) == "Digest: 3 alerts from podcasts"
