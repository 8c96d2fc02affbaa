"""Sends alerts as e-mail: one message to all the addresses of a channel, through the team's own mail server.

Mail has no history that podwatch could ask, so an alert whose outcome is unknown is sent again: at least once. Its
Message-ID is made of the alert's key, the same each time, so that mail servers and readers know a repetition when
they see one (RFC 5322, 3.6.4).
"""

from __future__ import annotations

import hashlib
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from functools import cache
from urllib.parse import unquote

from podwatch.errors import ChannelError
from podwatch.model import Alert, Digest
from podwatch.notifiers import Receipt, card, digest_card, mail_body
from podwatch.notifiers import escaping as plain
from podwatch.notifiers.mail_body import Line
from podwatch.settings import Smtp

DEADLINE = 45.0  # seconds for the whole talk; well within a delivery's lease
_SUBJECT_ROOM = 150
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}\b")
MAX_ADDRESSES = 20


@cache
def tls_context() -> ssl.SSLContext:
    """The machine's own certificates; one context for all, since making one costs 40 ms."""
    return ssl.create_default_context()


class MailNotifier:
    """``mailto:`` channels. ``server`` None: mail was not set up, and each send says so."""

    def __init__(
        self,
        server: Smtp | None,
        sender: str,
        deadline: float = DEADLINE,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._server, self._sender, self._deadline, self._clock = server, sender, deadline, clock

    def __repr__(self) -> str:
        return f"MailNotifier({self._server.host if self._server else 'not set up'})"

    def send(self, alert: Alert) -> Receipt:
        """Hand the mail to the server: to all of the channel's addresses, or, when one is refused, to none."""
        return self._send_mail(alert, alert.key, [card.blocks(alert)])

    def send_digest(self, digest: Digest) -> Receipt:
        """Hand over a digest, whole: a mail has no thread that would have to continue it."""
        return self._send_mail(digest, digest.key, [page.blocks for page in digest_card.digest_messages(digest)])

    def find(self, key: str, channel: str, since: datetime) -> Receipt | None:
        """Never anything: nobody's mailbox is read. What repeats an alert repeats its Message-ID."""
        return None

    def check(self, channel: str) -> None:
        """Everything but the mail: the addresses, the server, its certificate, the login. Raises ChannelError."""
        parse_recipients(channel)
        self._sender_address(channel)
        refused = self._run_session(channel, (), b"")
        if refused is not None:
            raise refused

    def _send_mail(self, said: Alert | Digest, key: str, pages: Sequence[Sequence[card.Block]]) -> Receipt:
        to = parse_recipients(said.channel)
        sender = self._sender_address(said.channel)
        lines = [line for page in pages for line in mail_body.mail_lines(page)]
        refused = self._run_session(said.channel, to, build_message(key, lines, sender, to, self._clock()))
        if refused is not None:
            raise refused  # here, where no frame holds the password
        return Receipt(said.channel, message_id(key, sender))

    def _sender_address(self, channel: str) -> Address:
        name, address = parseaddr(self._sender)
        if self._server is None:
            todo = "set PODWATCH_SMTP_URL and PODWATCH_MAIL_FROM"
            raise _error("mail is not set up", channel, todo, route=True, service=True)
        if not _ADDRESS.fullmatch(address):
            todo = "write podwatch@example.org"
            raise _error("PODWATCH_MAIL_FROM is no address", channel, todo, route=True, service=True)
        user, _, domain = address.rpartition("@")
        return Address(
            display_name=plain.truncate_end(plain.clean_line(name), 60) or "podwatch", username=user, domain=domain
        )

    def _run_session(self, channel: str, to: tuple[str, ...], content: bytes) -> ChannelError | None:
        """The SMTP dialogue (RFC 5321); what went wrong in it, or None. Without recipients only as far as the login."""
        assert self._server is not None
        server, sender = self._server, parseaddr(self._sender)[1]
        talk = _SmtpSession(server, self._deadline)
        try:
            talk.open()
            if to:
                talk.command(f"MAIL FROM:<{sender}>", "the sender")
                for address in to:
                    talk.command(f"RCPT TO:<{address}>", f"the recipient {address}")
                talk.send_content(content)
        except _ReplyError as e:
            return _error_from_reply(e, channel, server.host, unknown=talk.handed_over)
        except (OSError, smtplib.SMTPException, ValueError) as e:
            return _connection_error(e, channel, server.host, unknown=talk.handed_over)
        finally:
            talk.close()
        return None


class _ReplyError(Exception):
    """A reply that is no yes: its code, the enhanced one (RFC 3463) when there is one, and to what it was said."""

    def __init__(self, code: int, text: bytes, what: str) -> None:
        found = _ENHANCED.search(text)
        self.code, self.what = code, what
        # Nothing else of the server's words: some repeat what was said to them, and that may be the login.
        self.reply = f"{code} {found[0].decode()}" if found else str(code)
        super().__init__(self.reply)


class _SmtpSession:
    """One connection, with a deadline for all of it: smtplib's time-outs begin anew with each byte."""

    def __init__(self, server: Smtp, deadline: float) -> None:
        self._server, self._deadline = server, deadline
        self._smtp: smtplib.SMTP | None = None
        self._timer = threading.Timer(deadline, self._abort)
        self._timer.daemon = True
        self.late = False
        self.handed_over = False  # from here on the server may have taken the mail, whatever it says or does not say

    def open(self) -> None:
        s = self._server
        self._timer.start()
        if s.tls == "implicit":
            self._smtp = smtplib.SMTP_SSL(timeout=self._deadline, context=tls_context(), local_hostname="podwatch")
        else:
            self._smtp = smtplib.SMTP(timeout=self._deadline, local_hostname="podwatch")
        self._smtp._host = s.host  # type: ignore[attr-defined]  # what smtplib checks a certificate against
        self._expect(self._smtp.connect(s.host, s.port), "the connection")
        self._expect(self._smtp.ehlo(), "the greeting")
        if s.tls == "starttls":
            if not self._smtp.has_extn("starttls"):
                raise _ReplyError(502, b"", "STARTTLS")
            self._expect(self._smtp.starttls(context=tls_context()), "STARTTLS")
            self._expect(self._smtp.ehlo(), "the greeting")
        if s.user:
            try:
                self._smtp.login(s.user, s.password.reveal())
            except smtplib.SMTPResponseException as e:
                code, error = e.smtp_code, e.smtp_error
            except smtplib.SMTPNotSupportedError:
                code, error = 503, b""
            else:
                return
            raise _ReplyError(code, error if isinstance(error, bytes) else b"", "the login")

    def command(self, line: str, what: str) -> None:
        assert self._smtp is not None
        self._expect(self._smtp.docmd(line), what)

    def send_content(self, content: bytes) -> None:
        assert self._smtp is not None
        self._expect(self._smtp.docmd("DATA"), "the message", 354)
        self.handed_over = True
        stuffed = re.sub(rb"(?m)^\.", b"..", content)
        self._smtp.send(stuffed + b".\r\n")
        reply = self._smtp.getreply()
        self.handed_over = not 200 <= reply[0] < 600  # else it has said what became of it
        self._expect(reply, "the message")

    def close(self) -> None:
        self._timer.cancel()
        if self._smtp is None:
            return
        try:
            if self._smtp.sock is not None and not self.late:
                self._smtp.sock.settimeout(2)
                self._smtp.docmd("QUIT")
        except (OSError, smtplib.SMTPException, ValueError):
            pass  # the mail is on its way, or it is not: goodbye changes nothing
        finally:
            self._smtp.close()

    def _expect(self, reply: tuple[int, bytes], what: str, wanted: int = 0) -> None:
        code, text = reply
        if not (code == wanted if wanted else 200 <= code < 300):
            raise _ReplyError(code, text, what)

    def _abort(self) -> None:
        self.late = True
        sock = getattr(self._smtp, "sock", None)
        if sock is not None:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def parse_recipients(channel: str) -> tuple[str, ...]:
    """The addresses of ``mailto:a@x.org,b@y.org`` (RFC 6068, without its header fields). Raises ChannelError."""
    raw = channel.partition(":")[2]
    found = tuple(dict.fromkeys(unquote(part).strip() for part in raw.split(",") if part.strip()))
    bad = next((a for a in found if not _ADDRESS.fullmatch(a)), None)
    if not found or bad is not None or len(found) > MAX_ADDRESSES:
        what = "has no address" if not found else "holds what is no address" if bad else "has too many addresses"
        todo = f"write mailto:name@example.org in the watchlist, at most {MAX_ADDRESSES} with commas between them"
        raise _error(what, channel, todo, route=True)
    return found


def message_id(key: str, sender: Address) -> str:
    """The same for an alert at every repetition; a hash, so that whatever a key is made of, it is a Message-ID."""
    return f"<{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}@{sender.domain}>"


def build_message(key: str, lines: Sequence[Line], sender: Address, to: tuple[str, ...], now: datetime) -> bytes:
    """The mail as bytes with CRLF: headers that nobody's text can add to, plain text, and HTML beside it."""
    headline = next((line for line in lines if line.kind == "header"), None)
    subject = "".join(run.text for run in headline.runs) if headline else ""
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["Subject"] = plain.truncate_end(plain.clean_line(subject).strip(), _SUBJECT_ROOM) or "podwatch"
    mail["From"] = sender
    mail["To"] = ", ".join(to)
    mail["Message-ID"] = message_id(key, sender)
    mail["Date"] = format_datetime(now)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: so that nobody's vacation answers it
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Podwatch-Key"] = re.sub(r"[^!-~]", "", key)[:64]
    mail.set_content(mail_body.plain_text(lines), cte="quoted-printable")
    mail.add_alternative(mail_body.html_text(lines), subtype="html", cte="quoted-printable")
    content = mail.as_bytes()
    return content if content.endswith(b"\r\n") else content + b"\r\n"


_SERVER = ("the connection", "the greeting", "STARTTLS", "the login", "the sender")  # the same for every channel


def _error_from_reply(said: _ReplyError, channel: str, host: str, *, unknown: bool) -> ChannelError:
    """What a reply means (RFC 5321, 4.2.1): 4 is for now, 5 for good, as far as this message goes."""
    if not 200 <= said.code < 600:
        what = f"{host} does not speak SMTP"
        return _error(what, channel, "correct PODWATCH_SMTP_URL", route=True, unknown=unknown, service=True)
    what, service = f"{host} refuses {said.what} ({said.reply})", said.what in _SERVER
    if 400 <= said.code < 500:
        return _error(what, channel, service=service)
    if said.what == "the message":
        return _error(what, channel, retryable=False)
    todo = {
        "the login": "correct the user and password in PODWATCH_SMTP_URL",
        "STARTTLS": "use smtps://, or ?tls=none for a server on this machine",
        "the sender": "correct PODWATCH_MAIL_FROM, or let the server allow it",
    }.get(said.what, "correct PODWATCH_SMTP_URL")
    if said.what.startswith("the recipient"):
        todo = "correct the address in the watchlist"
    return _error(what, channel, todo, route=True, service=service)


def _connection_error(e: BaseException, channel: str, host: str, *, unknown: bool) -> ChannelError:
    """What a talk that broke means, for every channel: they share the server."""
    if unknown:
        return _error(f"no answer from {host} to the mail ({type(e).__name__})", channel, unknown=True)
    what, todo = f"the talk with {host} broke ({type(e).__name__})", ""
    if isinstance(e, ConnectionRefusedError):
        what = f"{host} refuses connections"
    elif isinstance(e, socket.gaierror):
        what, todo = f"{host} has no address", "check PODWATCH_SMTP_URL, the network and its DNS"
    elif isinstance(e, ssl.SSLCertVerificationError):
        what = f"the certificate of {host} cannot be verified"
        todo = "renew it, or check this machine's clock and certificates (SSL_CERT_FILE)"
    return _error(what, channel, todo, service=True)


def _error(
    what: str,
    channel: str,
    todo: str = "",
    *,
    retryable: bool = True,
    unknown: bool = False,
    route: bool = False,
    service: bool = False,
) -> ChannelError:
    return ChannelError(
        what,
        where=plain.truncate_end(plain.clean_line(channel), 200),
        todo=todo,
        retryable=retryable,
        outcome_unknown=unknown,
        route=route,
        busy=retryable and not route,
        service=service,
    )
