"""How podwatch greets a mail server, and the headers that mailbox providers ask of automatic mail."""

from __future__ import annotations

import email
import email.policy
import re

import pytest

from podwatch.errors import ChannelError, SettingsError
from podwatch.notifiers.mail import MailNotifier
from podwatch.notifiers.smtp_session import choose_helo
from podwatch.settings import Smtp, from_environment
from tests.support.builders import alert
from tests.support.mail_server import MailServer

TEAM = "mailto:team@example.org"


def notifier(server: MailServer, helo: str = "", unsubscribe: tuple[str, ...] = ()) -> MailNotifier:
    to = Smtp("127.0.0.1", server.port, "none", helo=helo)
    return MailNotifier(to, "Podcast Watch <podwatch@example.org>", 5.0, unsubscribe=unsubscribe)


# (the machine's name, this end of the connection) -> the greeting
NAMES = {
    ("mail.example.org", "192.0.2.1"): "mail.example.org",
    ("Worker-7.prod.Example.ORG", "192.0.2.1"): "Worker-7.prod.Example.ORG",
    ("xn--mller-kva.example", "192.0.2.1"): "xn--mller-kva.example",
    ("worker", "192.0.2.1"): "[192.0.2.1]",
    ("3f9a1c2b7d4e", "172.17.0.2"): "[172.17.0.2]",
    ("localhost", "127.0.0.1"): "[127.0.0.1]",
    ("localhost.localdomain", "127.0.0.1"): "[127.0.0.1]",
    ("imac.local", "192.0.2.1"): "[192.0.2.1]",
    ("ip-10-0-0-1.eu-west-1.compute.internal", "10.0.0.1"): "[10.0.0.1]",
    ("1.0.0.127.in-addr.arpa", "127.0.0.1"): "[127.0.0.1]",
    ("192.0.2.1", "192.0.2.1"): "[192.0.2.1]",
    ("under_score.example.org", "192.0.2.1"): "[192.0.2.1]",
    ("trailing.example.org.", "192.0.2.1"): "[192.0.2.1]",
    ("-a.example.org", "192.0.2.1"): "[192.0.2.1]",
    ("a b.example", "192.0.2.1"): "[192.0.2.1]",
    ("", "192.0.2.1"): "[192.0.2.1]",
    ("a.b" * 100, "192.0.2.1"): "[192.0.2.1]",
    ("worker", "2001:db8::1"): "[IPv6:2001:db8::1]",
    ("worker", "fe80::1%eth0"): "[IPv6:fe80::1]",
    ("worker", "::ffff:192.0.2.1"): "[192.0.2.1]",
}


@pytest.mark.parametrize(("name", "address"), NAMES)
def test_the_greeting_is_the_machines_full_name_or_else_its_address(name: str, address: str) -> None:
    assert choose_helo(name, address) == NAMES[(name, address)]


def test_a_server_is_greeted_with_a_full_name_or_an_address() -> None:
    with MailServer() as server:
        notifier(server).send(alert(channel=TEAM))
        [said] = server.greetings
    assert said == "[127.0.0.1]" or re.fullmatch(r"[\w-]+(\.[\w-]+)+", said)


@pytest.mark.parametrize("helo", ["worker.example.org", "[192.0.2.1]", "[IPv6:2001:db8::1]"])
def test_the_setting_decides(helo: str) -> None:
    env = {"PODWATCH_SMTP_URL": "smtp://mail.example.org", "PODWATCH_SMTP_HELO": helo}
    smtp = from_environment(env).smtp
    assert smtp is not None
    assert smtp.helo == helo
    with MailServer() as server:
        notifier(server, helo).send(alert(channel=TEAM))
        assert server.greetings == [helo]


@pytest.mark.parametrize("helo", ["a b", "a\r\nMAIL FROM:<x>", "<a>", "[192.0.2.1", "ä.example"])
def test_a_greeting_that_is_none_is_refused(helo: str) -> None:
    with pytest.raises(SettingsError, match=r"PODWATCH_SMTP_HELO=.*: is no name - write this machine"):
        from_environment({"PODWATCH_SMTP_HELO": helo})


# What a server says -> (somebody must mend it), words of the error. Postfix says so to the first recipient.
REFUSED = {
    "to EHLO": ({"EHLO": "550 5.7.1 who are you"}, True, "refuses the greeting (550 5.7.1) - set PODWATCH_SMTP_HELO"),
    "to EHLO, as Exchange": ({"EHLO": "501 5.5.4 Invalid domain name"}, True, "(501 5.5.4) - set PODWATCH_SMTP_HELO"),
    "to a recipient, as Postfix": (
        {"RCPT TO": "504 5.5.2 <podwatch>: Helo command rejected: need fully-qualified hostname"},
        True,
        "refuses the name in the greeting (504 5.5.2) - set PODWATCH_SMTP_HELO",
    ),
    "to a recipient, for now": (
        {"RCPT TO": "450 4.7.1 <worker.example>: Helo command rejected: Host not found"},
        False,
        "refuses the name in the greeting (450 4.7.1) - set PODWATCH_SMTP_HELO",
    ),
    "to the sender, as Exim": (
        {"MAIL FROM": "550 Access denied - Invalid HELO name (See RFC2821)"},
        True,
        "refuses the name in the greeting (550) - set PODWATCH_SMTP_HELO",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_server_that_refuses_the_greeting_is_told_as_that_with_the_setting_that_mends_it(case: str) -> None:
    says, route, words = REFUSED[case]
    with MailServer(says) as server, pytest.raises(ChannelError) as caught:
        notifier(server, "worker.example").send(alert(channel=TEAM))
    assert words in caught.value.line
    assert "it greeted as worker.example" in caught.value.line
    assert (caught.value.route, caught.value.service) == (route, True)
    assert "watchlist" not in caught.value.line


def test_a_server_that_wants_a_greeting_first_is_not_told_as_a_refused_name() -> None:
    with MailServer({"MAIL FROM": "503 5.5.1 EHLO first"}) as server, pytest.raises(ChannelError) as caught:
        notifier(server, "worker.example").send(alert(channel=TEAM))
    assert "PODWATCH_SMTP_HELO" not in caught.value.line


# ---- headers

LONG = "https://lists.example.org/" + "leave/" * 30
LEAVES: dict[tuple[str, ...], tuple[str, str | None]] = {
    (): ("<mailto:podwatch@example.org?subject=unsubscribe>", None),
    ("mailto:desk@example.org",): ("<mailto:desk@example.org>", None),
    ("https://lists.example.org/leave?a=1&b=2",): (
        "<https://lists.example.org/leave?a=1&b=2>",
        "List-Unsubscribe=One-Click",
    ),
    ("mailto:desk@example.org", LONG): (f"<mailto:desk@example.org>, <{LONG}>", "List-Unsubscribe=One-Click"),
}


@pytest.mark.parametrize("where", LEAVES)
def test_a_mail_says_where_to_ask_for_no_more_of_it(where: tuple[str, ...]) -> None:
    with MailServer() as server:
        notifier(server, "a.example", where).send(alert(channel=TEAM))
        [raw] = server.mails
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert re.sub(r"\s+", " ", str(found["List-Unsubscribe"])) == LEAVES[where][0]
    assert found["List-Unsubscribe-Post"] == LEAVES[where][1]
    head = raw.partition(b"\r\n\r\n")[0]
    for address in where:
        assert f"<{address}>".encode() in head, "whole, on a line of its own"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["Message-ID"].endswith("@example.org>")
    assert found["Date"].datetime is not None


@pytest.mark.parametrize(
    "text", ["desk@example.org", "http://a.example", "mailto:", "https://a b", "mailto:<a@b>", "https://a>b"]
)
def test_an_address_to_leave_by_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"PODWATCH_MAIL_UNSUBSCRIBE=.*: is no address"):
        from_environment({"PODWATCH_MAIL_UNSUBSCRIBE": text})


def test_several_addresses_to_leave_by_stand_with_commas_between_them() -> None:
    found = from_environment({"PODWATCH_MAIL_UNSUBSCRIBE": "mailto:a@example.org, https://a.example/x"})
    assert found.mail_unsubscribe == ("mailto:a@example.org", "https://a.example/x")
