"""Alerts as e-mail, through a real SMTP dialogue: what arrives, and what each of a server's answers means."""

from __future__ import annotations

import email
import email.policy
import logging
import re
import socket
import traceback
from email.message import EmailMessage

import pytest

from podwatch.errors import ChannelError, SettingsError
from podwatch.model import Alert, Digest
from podwatch.notifiers import smtp_session
from podwatch.notifiers.mail import MailNotifier, parse_recipients
from podwatch.settings import Secret, Smtp, parse_smtp_url
from tests.support.builders import alert, episode, mention, watch
from tests.support.mail_server import HANG_UP, SILENCE, MailServer, client_context

TEAM = "mailto:team@example.org"
PASSWORD = "p4ss-w0rd"


def notifier(server: MailServer, login: bool = False, deadline: float = 5.0) -> MailNotifier:
    how = server.tls or "none"
    to = Smtp("127.0.0.1", server.port, how, "podwatch" if login else "", Secret(PASSWORD if login else ""))
    return MailNotifier(to, "Podcast Watch <podwatch@example.org>", deadline)


def read(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def delivered(said: Alert) -> EmailMessage:
    with MailServer() as server:
        notifier(server).send(said)
        [raw] = server.mails
    return read(raw)


def failure(server: MailServer, channel: str = TEAM, login: bool = False, deadline: float = 5.0) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        notifier(server, login, deadline).send(alert(channel=channel))
    return caught.value


def test_a_mail_says_what_a_card_says_as_text_and_as_html() -> None:
    found = delivered(alert(channel=TEAM))
    assert found["Subject"] == "dobrynin in “Thirteen days, part 2”"
    assert (found["From"], found["To"]) == ("Podcast Watch <podwatch@example.org>", "team@example.org")
    assert found["Auto-Submitted"] == "auto-generated"
    plain, rich = found.get_body(("plain",)), found.get_body(("html",))
    assert plain is not None
    assert rich is not None
    text, html = plain.get_content(), rich.get_content()
    assert "> That night I drove to the embassy and told *Dobrynin* that" in text
    assert "0:12:34 <https://cdn.history.example/2.mp3#t=754>" in text
    assert "told <b>Dobrynin</b> that" in html
    assert '<a href="https://cdn.history.example/2.mp3#t=754">0:12:34</a>' in html


def test_the_same_alert_is_the_same_message_id_and_another_is_not() -> None:
    first, again, other = (delivered(alert(key=k, channel=TEAM)) for k in ("k1", "k1", "k2"))
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]
    assert first["Message-ID"].endswith("@example.org>")


def test_a_digest_is_one_mail_with_every_alert_in_it() -> None:
    alerts = [alert(mention(f"word{n}", f"and word{n} too"), key=f"k{n}", channel=TEAM) for n in range(120)]
    with MailServer() as server:
        receipt = notifier(server).send_digest(Digest(key="d1", channel=TEAM, alerts=alerts))
        [raw] = server.mails
    found = read(raw)
    assert found["Subject"] == "Digest: 120 alerts from podcasts"
    assert found["Message-ID"] == receipt.id
    text = found.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    shown = re.findall(r"\*word(\d+)\*", text)
    [left] = re.findall(r"and (\d+) more: podwatch mentions", text)
    assert len(shown) > 50
    assert len(shown) + int(left) == 120


HOSTILE = "<script>alert(1)</script>\r\nBcc: evil@evil.example\r\n\r\n.\r\nMAIL FROM:<x> \u202e\x00 <!channel>"


def test_nobodys_words_add_a_header_a_recipient_a_tag_or_an_end() -> None:
    said = mention("*x*", f"{HOSTILE} *x* {HOSTILE}", speaker=HOSTILE)
    about = episode(show=HOSTILE, title=HOSTILE, link="javascript:alert(1)", audio_url='https://a.example/"onload=x')
    with MailServer() as server:
        notifier(server).send(alert(said, channel=TEAM, episode=about, watch=watch(name=HOSTILE), key=HOSTILE))
        [raw] = server.mails
        assert server.recipients == ["team@example.org"]
        assert server.dialogue.count("MAIL FROM") == 1
    found = read(raw)
    assert found["Bcc"] is None
    assert set(found.keys()) == {
        "Subject", "From", "To", "Message-ID", "Date", "Auto-Submitted", "X-Auto-Response-Suppress", "X-Podwatch-Key",
        "List-Unsubscribe",
        "MIME-Version", "Content-Type",
    }  # fmt: skip
    html = found.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "javascript:" not in html
    assert 'example/"' not in html


def test_a_line_of_a_single_dot_does_not_end_the_mail() -> None:
    found = delivered(alert(mention(".", "."), channel=TEAM, watch=watch(name=".")))
    assert found.get_body(("html",)) is not None


def test_a_mail_goes_to_every_address_of_its_channel_once() -> None:
    with MailServer() as server:
        notifier(server).send(alert(channel="mailto:a@x.org, b@y.org,a@x.org"))
        assert server.recipients == ["a@x.org", "b@y.org"]
        assert len(server.mails) == 1


@pytest.mark.parametrize(
    "channel",
    ["mailto:", "mailto:team", "mailto:a@b\r\nRCPT TO:<x@y>", "mailto:a@b?cc=c@d", "mailto:<a@b>", "mailto:a b@c", "mailto:ü@x.org",
     "mailto:" + ",".join(f"a{i}@x.org" for i in range(21))],
)  # fmt: skip
def test_a_channel_that_names_no_address_is_said_before_anything_is_sent(channel: str) -> None:
    with MailServer() as server:
        error = failure(server, channel)
        assert server.dialogue == []
    assert (error.retryable, error.route, error.outcome_unknown) == (True, True, False)
    assert "write mailto:name@example.org" in error.line
    assert "\n" not in error.line


def test_percent_escapes_are_read() -> None:
    assert parse_recipients("mailto:o%27hara@example.org") == ("o'hara@example.org",)


# What the server says at which stage -> (a retry may help, somebody must mend it, it may have arrived), words of the error
REPLIES = {
    "busy": ({"CONNECT": "421 4.3.2 too many connections"}, (True, False, False), "refuses the connection (421 4.3.2)"),
    "no service": ({"CONNECT": "554 5.7.1 you are listed"}, (True, True, False), "refuses the connection (554 5.7.1)"),
    "no greeting": ({"EHLO": "550 5.7.1 who are you"}, (True, True, False), "refuses the greeting (550 5.7.1)"),
    "the sender, later": ({"MAIL FROM": "451 4.3.0 try again"}, (True, False, False), "refuses the sender (451 4.3.0)"),
    "the sender, never": ({"MAIL FROM": "553 5.7.1 not yours"}, (True, True, False), "(553 5.7.1) - correct PODWATCH_MAIL_FROM"),
    "greylisted": ({"RCPT TO": "450 4.2.0 greylisted"}, (True, False, False), "refuses the recipient team@example.org (450 4.2.0)"),
    "nobody there": ({"RCPT TO": "550 5.1.1 no such user"}, (True, True, False), "(550 5.1.1) - correct the address in the watchlist"),
    "full": ({"DATA": "452 4.3.1 no room"}, (True, False, False), "refuses the message (452 4.3.1)"),
    "no data": ({"DATA": "554 5.5.1 no"}, (False, False, False), "refuses the message (554 5.5.1)"),
    "no data, politely": ({"DATA": "250 fine"}, (False, False, False), "refuses the message (250)"),
    "too large": ({"CONTENT": "552 5.3.4 too big"}, (False, False, False), "refuses the message (552 5.3.4)"),
    "spam": ({"CONTENT": "554 5.7.1 looks like spam"}, (False, False, False), "refuses the message (554 5.7.1)"),
    "queue trouble": ({"CONTENT": "451 4.3.0 disk"}, (True, False, False), "refuses the message (451 4.3.0)"),
    "shutting down": ({"CONTENT": "421 4.3.2 bye"}, (True, False, False), "refuses the message (421 4.3.2)"),
    "closed after it was handed over": ({"CONTENT": HANG_UP}, (True, False, True), "no answer from 127.0.0.1 to the mail"),
    "silent after it was handed over": ({"CONTENT": SILENCE}, (True, False, True), "no answer from 127.0.0.1 to the mail"),
    "closed before": ({"RCPT TO": HANG_UP}, (True, False, False), "the talk with 127.0.0.1 broke"),
    "silent before": ({"EHLO": SILENCE}, (True, False, False), "the talk with 127.0.0.1 broke"),
    "silent from the start": ({"CONNECT": SILENCE}, (True, False, False), "the talk with 127.0.0.1 broke"),
    "no SMTP at all": ({"CONNECT": "HTTP/1.1 400 Bad Request"}, (True, True, False), "127.0.0.1 does not speak SMTP"),
    "garbage after it was handed over": ({"CONTENT": "thanks!"}, (True, True, True), "127.0.0.1 does not speak SMTP"),
}  # fmt: skip


@pytest.mark.parametrize("case", REPLIES, ids=str)
def test_each_of_a_servers_answers_has_a_meaning(case: str) -> None:
    says, verdict, words = REPLIES[case]
    with MailServer(says) as server:
        error = failure(server, deadline=0.7 if SILENCE in says.values() else 5.0)
    assert (error.retryable, error.route, error.outcome_unknown) == verdict
    assert error.busy == (error.retryable and not error.route), "the channel rests, the message is not to blame"
    of_this_mail = {"RCPT TO", "DATA", "CONTENT"} & set(says) and case not in (
        "closed before",
        "shutting down",
        "garbage after it was handed over",
    )
    assert error.service is not bool(of_this_mail), "the server is the same for every channel"
    assert error.line.startswith(f"{TEAM}: ")
    assert words in error.line
    assert "\n" not in error.line


def test_a_mail_whose_answer_was_lost_goes_out_again_under_the_same_message_id() -> None:
    with MailServer({"CONTENT": HANG_UP}) as server:
        assert failure(server).outcome_unknown
        server.replies.clear()
        notifier(server).send(alert(channel=TEAM))
        assert len({read(raw)["Message-ID"] for raw in server.mails}) == 1
        assert len(server.mails) == 2


def test_nobody_listening_and_no_such_host() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for host, line in (("127.0.0.1", "127.0.0.1 refuses connections"), ("mail.invalid", "mail.invalid has no address")):
        with pytest.raises(ChannelError, match=line) as caught:
            MailNotifier(Smtp(host, port, "none"), "a@b.org").send(alert(channel=TEAM))
        assert (caught.value.retryable, caught.value.outcome_unknown) == (True, False)


@pytest.mark.parametrize(
    ("server", "sender", "words"),
    [
        (None, "a@b.org", "mail is not set up"),
        (Smtp("127.0.0.1", 1, "none"), "nobody", "PODWATCH_MAIL_FROM is no address"),
    ],
)
def test_mail_that_is_not_set_up_says_what_to_set(server: Smtp | None, sender: str, words: str) -> None:
    with pytest.raises(ChannelError, match=words) as caught:
        MailNotifier(server, sender).send(alert(channel=TEAM))
    assert caught.value.route


# ---- encryption, login, secrets


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_session, "tls_context", client_context)


@pytest.mark.parametrize("how", ["starttls", "implicit"])
@pytest.mark.usefixtures("trusted")
def test_the_session_is_encrypted_before_the_login(how: str) -> None:
    with MailServer(tls=how, login=("podwatch", PASSWORD)) as server:
        notifier(server, login=True).send(alert(channel=TEAM))
        assert len(server.mails) == 1
    expected = ["EHLO", "STARTTLS", "EHLO", "AUTH"] if how == "starttls" else ["EHLO", "AUTH"]
    assert server.dialogue[: len(expected)] == expected


@pytest.mark.parametrize("how", ["starttls", "implicit"])
def test_an_untrusted_certificate_ends_the_session_before_the_login(how: str) -> None:
    with MailServer(tls=how, login=("podwatch", PASSWORD)) as server:
        error = failure(server, login=True)
    assert "the certificate of 127.0.0.1 cannot be verified" in error.line
    assert (error.retryable, error.outcome_unknown) == (True, False)
    assert "AUTH" not in server.dialogue


def test_a_server_without_starttls_gets_no_password() -> None:
    with MailServer(login=("podwatch", PASSWORD)) as server:
        to = Smtp("127.0.0.1", server.port, "starttls", "podwatch", Secret(PASSWORD))
        with pytest.raises(ChannelError, match="refuses STARTTLS") as caught:
            MailNotifier(to, "a@b.org").send(alert(channel=TEAM))
        assert server.dialogue[:1] == ["EHLO"]
        assert "AUTH" not in server.dialogue
    assert caught.value.route


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("case", ["refused", "closed", "silent"])
def test_the_password_is_in_no_error_no_traceback_and_no_log(case: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    says = {"refused": {}, "closed": {"AUTH": HANG_UP}, "silent": {"AUTH": SILENCE}}[case]
    with MailServer(says, tls="implicit", login=("podwatch", "another")) as server:
        error = failure(server, login=True, deadline=1.0)
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    for text in (str(error), repr(error), repr(notifier(server, login=True)), shown, caplog.text):
        assert PASSWORD not in text
    assert error.__context__ is None


def test_check_talks_to_the_server_and_sends_nothing() -> None:
    with MailServer() as server:
        notifier(server).check(TEAM)
        assert server.dialogue == ["EHLO", "MAIL FROM", "RCPT TO", "QUIT"]
        assert server.mails == []
    with MailServer({"EHLO": "550 no"}) as server, pytest.raises(ChannelError):
        notifier(server).check(TEAM)


# ---- the setting

ADDRESSES = {
    "smtps://u:p%40ss@mail.example.org": Smtp("mail.example.org", 465, "implicit", "u"),
    "smtp://mail.example.org": Smtp("mail.example.org", 587, "starttls"),
    "smtp://mail.example.org:2525": Smtp("mail.example.org", 2525, "starttls"),
    "smtp://127.0.0.1?tls=none": Smtp("127.0.0.1", 25, "none"),
}


@pytest.mark.parametrize("url", ADDRESSES)
def test_a_mail_servers_address_is_read(url: str) -> None:
    found, expected = parse_smtp_url(url), ADDRESSES[url]
    assert found is not None
    assert (found.host, found.port, found.tls, found.user) == (
        expected.host,
        expected.port,
        expected.tls,
        expected.user,
    )
    assert found.password.reveal() == ("p@ss" if "%40" in url else "")


@pytest.mark.parametrize(
    "url",
    ["mail.example.org", "http://mail.example.org", "smtp://", "smtp://h:x", "smtp://h:0", "smtp://h/path", "smtp://h?x=1",
     "smtps://h?tls=none", "smtp://u:hunter2@h?tls=none", "smtp://u:hunter2@[::1"],
)  # fmt: skip
def test_another_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingsError, match="PODWATCH_SMTP_URL: ") as caught:
        parse_smtp_url(url)
    assert "hunter2" not in caught.value.line


def test_no_address_is_no_mail() -> None:
    assert parse_smtp_url("") is None
