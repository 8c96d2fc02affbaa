"""A mail to several addresses of which the server refuses some: the others get it, once, and the refused are named."""

from __future__ import annotations

import pytest

from podwatch.errors import ChannelError
from podwatch.notifiers.mail import MailNotifier
from podwatch.settings import Smtp
from tests.support.builders import alert
from tests.support.mail_server import HANG_UP, MailServer

BOTH = "mailto:a@x.org,b@y.org"
NO, LATER, GOING = "550 5.1.1 no such user", "450 4.2.0 greylisted", "421 4.3.2 shutting down"


def notifier(server: MailServer) -> MailNotifier:
    return MailNotifier(Smtp("127.0.0.1", server.port, "none", helo="podwatch.example"), "podwatch@example.org", 5.0)


# Replies to addresses -> what the note says; every case has an address that is taken
SOME = {
    "one of two": ({"b@y.org": NO}, BOTH, "127.0.0.1 refuses the recipient b@y.org (550 5.1.1) - correct the address"),
    "the first of two": ({"a@x.org": NO}, BOTH, "refuses the recipient a@x.org (550 5.1.1)"),
    "one for now": ({"b@y.org": LATER}, BOTH, "refuses the recipient b@y.org (450 4.2.0)"),
    "two of three": (
        {"a@x.org": NO, "c@z.org": LATER},
        f"{BOTH},c@z.org",
        "refuses the recipient a@x.org (550 5.1.1), the recipient c@z.org (450 4.2.0)",
    ),
    "many": (
        {f"no{n}@x.org": NO for n in range(9)},
        "mailto:a@x.org," + ",".join(f"no{n}@x.org" for n in range(9)),
        "the recipient no2@x.org (550 5.1.1) and 6 more",
    ),
}


@pytest.mark.parametrize("case", SOME)
def test_whoever_the_server_takes_gets_the_mail_and_the_refused_are_named(case: str) -> None:
    replies, channel, words = SOME[case]
    with MailServer(replies) as server:
        receipt = notifier(server).send(alert(channel=channel))
        assert len(server.mails) == 1
    assert receipt.note.startswith(f"{channel}: the others have it, "[:200])
    assert words in receipt.note
    assert "\n" not in receipt.note


def test_when_all_are_taken_there_is_nothing_to_note() -> None:
    with MailServer() as server:
        assert notifier(server).send(alert(channel=BOTH)).note == ""


# Replies to the two addresses -> (a retry may help, somebody must mend it), words of the error
NONE_LEFT = {
    "both for good": ({"a@x.org": NO, "b@y.org": NO}, (True, True), "refuses the recipient a@x.org (550 5.1.1)"),
    "both for now": ({"a@x.org": LATER, "b@y.org": LATER}, (True, False), "the recipient a@x.org (450 4.2.0)"),
    "one for good, one for now": (
        {"a@x.org": NO, "b@y.org": LATER},
        (True, False),
        "the recipient b@y.org (450 4.2.0)",
    ),
    "the server goes": ({"b@y.org": GOING}, (True, False), "the recipient b@y.org (421 4.3.2)"),
    "the server is gone": ({"b@y.org": HANG_UP}, (True, False), "the talk with 127.0.0.1 broke"),
}


@pytest.mark.parametrize("case", NONE_LEFT)
def test_when_none_is_left_nobody_gets_it_and_it_is_an_error(case: str) -> None:
    replies, verdict, words = NONE_LEFT[case]
    with MailServer(replies) as server:
        with pytest.raises(ChannelError) as caught:
            notifier(server).send(alert(channel=BOTH))
        assert server.mails == []
        assert "DATA" not in server.dialogue
    assert (caught.value.retryable, caught.value.route) == verdict
    assert not caught.value.outcome_unknown
    assert words in caught.value.line
    assert caught.value.service is (case in ("the server goes", "the server is gone"))


def test_a_mail_that_is_refused_after_its_addresses_is_nobodys() -> None:
    with MailServer({"b@y.org": NO, "CONTENT": "554 5.7.1 spam"}) as server:
        with pytest.raises(ChannelError, match="refuses the message"):
            notifier(server).send(alert(channel=BOTH))
        assert server.mails == []


@pytest.mark.parametrize("replies", [{"b@y.org": NO}, {"RCPT TO": NO}], ids=["one", "all"])
def test_check_names_an_address_that_the_server_refuses_and_sends_nothing(replies: dict[str, str]) -> None:
    with MailServer(replies) as server:
        with pytest.raises(ChannelError, match=r"refuses the recipient \w@\w.org \(550 5.1.1\) - correct the address"):
            notifier(server).check(BOTH)
        assert server.mails == []
        assert "DATA" not in server.dialogue


# What a server says of itself at each step -> every channel of it has to wait, and no message is to blame
BUSY = {
    "at the connection": {"CONNECT": "421 4.7.0 too many connections"},
    "at the connection, softly": {"CONNECT": "451 4.3.0 try later"},
    "at the greeting": {"EHLO": "421 4.3.2 shutting down"},
    "at the sender": {"MAIL FROM": "421 4.7.0 slow down"},
    "at the sender, softly": {"MAIL FROM": "452 4.3.1 no room"},
    "at a recipient": {"RCPT TO": GOING},
    "at the data": {"DATA": GOING},
    "after the content": {"CONTENT": GOING},
}


@pytest.mark.parametrize("case", BUSY)
def test_a_server_that_is_busy_is_busy_for_every_channel(case: str) -> None:
    with MailServer(BUSY[case]) as server, pytest.raises(ChannelError) as caught:
        notifier(server).send(alert(channel=BOTH))
    e = caught.value
    assert (e.service, e.busy, e.retryable, e.route, e.outcome_unknown) == (True, True, True, False, False)
