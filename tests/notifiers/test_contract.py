"""The contract that every entry of NOTIFIERS fulfils; a new service joins by a line in HARNESSES."""

from __future__ import annotations

import email
import email.policy
import json
import logging
import re
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from podwatch.errors import ChannelError
from podwatch.model import Kind
from podwatch.notifiers import NOTIFIERS, Notifier, Receipt, scheme_of
from podwatch.settings import Secret, Settings, Smtp, Webhook, parse_networks
from tests.support.builders import alert, episode, mention, watch
from tests.support.mail_server import MailServer
from tests.support.slack.emulator import Emulator
from tests.support.slack.fault_proxy import FaultProxy
from tests.support.webhook_receiver import WebhookReceiver

EVER = timedelta(days=3650)
HOSTILE = "\x1b]0;x\x07<!channel> @here *_~` & <https://evil.example|x> [red]\u202e"


@dataclass
class Service:
    """A service under test: settings that reach it, and what a reader of the channel sees."""

    settings: Settings
    channel: str
    shown: Callable[[], str]
    break_: Callable[[], Settings]  # from now on nobody is there; returns the settings to go on with


def slack(settings: Settings, request: pytest.FixtureRequest) -> Service:
    workspace: Emulator = request.getfixturevalue("workspace")
    proxy: FaultProxy = request.getfixturevalue("proxy")  # keeps Slack's limits
    before = len(workspace.messages("#podcasts"))

    def broken() -> Settings:
        return replace(reached, slack_base_url=f"http://127.0.0.1:{_free_port()}/api/")

    reached = replace(settings, slack_token=Secret(workspace.token), slack_base_url=proxy.base_url)
    return Service(reached, "#podcasts", lambda: str(workspace.messages("#podcasts")[before:]), broken)


def console(settings: Settings, request: pytest.FixtureRequest) -> Service:
    capsys: pytest.CaptureFixture[str] = request.getfixturevalue("capsys")
    monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")

    def broken() -> Settings:
        with Path("/dev/null").open("w") as closed:
            monkeypatch.setattr(sys, "stdout", closed)
        return settings

    return Service(settings, "console:", lambda: capsys.readouterr().out, broken)


def mail(settings: Settings, request: pytest.FixtureRequest) -> Service:
    server: MailServer = request.getfixturevalue("mail_server")

    def read() -> str:
        mails = [email.message_from_bytes(raw, policy=email.policy.default) for raw in server.mails]
        return "\n".join(str(m["Subject"]) + "".join(str(p.get_content()) for p in m.iter_parts()) for m in mails)

    def broken() -> Settings:
        return replace(reached, smtp=Smtp("127.0.0.1", _free_port(), "none"))

    reached = replace(settings, smtp=Smtp("127.0.0.1", server.port, "none"), mail_from="podwatch@example.org")
    return Service(reached, "mailto:team@example.org", read, broken)


def webhook(settings: Settings, request: pytest.FixtureRequest) -> Service:
    receiver: WebhookReceiver = request.getfixturevalue("receiver")

    def to(url: str) -> Settings:
        named = {"desk": Webhook(Secret(url), Secret("whsec_unused"))}
        return replace(settings, webhooks=named, allow_addresses=parse_networks("127.0.0.0/8"))

    def read() -> str:
        return str([json.loads(body) for _, body in receiver.received])

    return Service(to(receiver.url), "webhook:desk", read, lambda: to(f"http://127.0.0.1:{_free_port()}/"))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


HARNESSES = {"slack": slack, "mail": mail, "webhook": webhook, "console": console}


@pytest.fixture
def plain_settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, database_url=Secret("sqlite://"))


@pytest.fixture(params=sorted(HARNESSES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def service(name: str, plain_settings: Settings, request: pytest.FixtureRequest) -> Service:
    return HARNESSES[name](plain_settings, request)


@pytest.fixture
def notifier(name: str, service: Service) -> Notifier:
    return NOTIFIERS[name](service.settings)


def test_every_service_is_held_to_the_contract() -> None:
    assert set(HARNESSES) == set(NOTIFIERS)


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        NOTIFIERS["slack"] = NOTIFIERS["console"]  # type: ignore[index]


def test_a_channel_leads_to_its_service(name: str, service: Service) -> None:
    assert scheme_of(service.channel, service.settings) == name


def test_a_sent_alert_has_a_receipt_and_is_there_to_be_read(notifier: Notifier, service: Service, key: str) -> None:
    receipt = notifier.send(alert(key=key, channel=service.channel))
    assert isinstance(receipt, Receipt)
    assert receipt.channel
    assert receipt.id
    shown = service.shown()
    for part in (
        "dobrynin",
        "Thirteen days",
        "History Hour",
        "2024-10-03",
        "Dobrynin",
        "0:12:34",
        "Robert Kennedy",
        "#t=754",
    ):
        assert part in shown


def test_two_sends_are_two_messages(notifier: Notifier, service: Service, key: str) -> None:
    for n in range(2):
        notifier.send(alert(mention(f"word{n}", f"word{n}"), key=f"{key}-{n}", channel=service.channel))
    shown = service.shown()
    assert "word0" in shown
    assert "word1" in shown


def test_what_was_never_sent_is_not_found(notifier: Notifier, service: Service, key: str) -> None:
    assert notifier.find(key, service.channel, EVER) is None


def test_a_hostile_alert_arrives_mentions_nobody_and_hides_nothing(
    notifier: Notifier, service: Service, key: str
) -> None:
    said = mention("*x*", f"{HOSTILE} *x* {HOSTILE}", speaker=HOSTILE, reason=HOSTILE, kind=Kind.SOUNDS_LIKE)
    about = episode(
        show=HOSTILE, title=HOSTILE, link="javascript:alert(1)", audio_url="https://a.example/<!channel>\x1b]0;|x"
    )
    notifier.send(alert(said, key=key, channel=service.channel, watch=watch(name=HOSTILE), episode=about))
    shown = service.shown()
    assert not re.search("<!channel>|@here|javascript:|[\x1b\x07\u202e]", shown)


def test_an_oversized_alert_arrives(notifier: Notifier, service: Service, key: str) -> None:
    huge = "word 🎧 " * 15_000
    said = [mention("needle", f"{n} {huge}needle{huge} {n}", speaker=huge, reason=huge, start=n) for n in range(50)]
    about = episode(show=huge, title=huge, link="https://a.example/" + "x" * 100_000)
    notifier.send(alert(*said, key=key, channel=service.channel, watch=watch(name=huge), episode=about))
    shown = service.shown()
    assert "needle" in shown
    assert "and 47 more" in shown


def test_nobody_there_is_a_retryable_error_of_one_line_that_names_the_channel(
    name: str, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    notifier = NOTIFIERS[name](service.break_())
    with pytest.raises(ChannelError) as caught:
        notifier.send(alert(channel=service.channel))
    error = caught.value
    assert (error.retryable, error.outcome_unknown) == (True, False)
    assert error.line.startswith(f"{service.channel}: ")
    assert "\n" not in error.line
    assert "Traceback" not in caplog.text


def test_no_secret_is_in_an_error_a_log_or_a_repr(
    name: str, service: Service, caplog: pytest.LogCaptureFixture, plain_settings: Settings
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = service.settings.slack_token.reveal() or "xoxb-unused"
    notifier = NOTIFIERS[name](service.break_())
    with pytest.raises(ChannelError) as caught:
        notifier.send(alert(channel=service.channel))
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    for text in (repr(notifier), repr(caught.value), caplog.text, shown.replace(f"secret = '{secret}'", "")):
        assert secret not in text


# channel -> the service with a token, and without one
# channel -> the service with a token, and without one where printing was not asked for
CHANNELS = {
    "#trade": ("slack", "slack"),
    "@mara": ("slack", "slack"),
    "C0123456789": ("slack", "slack"),
    "trade": ("slack", "slack"),
    "": ("slack", "slack"),
    "console:": ("console", "console"),
    "console:trade": ("console", "console"),
    "mailto:a@b.org": ("mail", "mail"),
    "MAILTO:a@b.org": ("mail", "mail"),
    "webhook:desk": ("webhook", "webhook"),
    "https://desk.example/x": ("webhook", "webhook"),
    "http://desk.example/x": ("webhook", "webhook"),
    "ftp://desk.example": ("slack", "slack"),
    "mailto": ("slack", "slack"),
}


@pytest.mark.parametrize("channel", CHANNELS)
def test_which_service_serves_a_channel(channel: str, plain_settings: Settings) -> None:
    with_token = replace(plain_settings, slack_token=Secret("xoxb-1"))
    assert (scheme_of(channel, with_token), scheme_of(channel, plain_settings)) == CHANNELS[channel]


def test_asking_for_the_table_loads_neither_slack_nor_rich() -> None:
    code = "import sys, podwatch.notifiers; print([m for m in ('slack_sdk', 'rich', 'requests') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
