"""Sends alerts as e-mail: one message to all the addresses of a channel, through the team's own mail server.

Mail has no history that could be searched, so an alert whose outcome is unknown is sent again: at least once. Its
Message-ID is made of the alert's key, the same each time, so that mail servers and readers recognise a repetition
(RFC 5322, 3.6.4).
"""

from __future__ import annotations

import hashlib
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from urllib.parse import quote, unquote

from podwatch.errors import ChannelError
from podwatch.model import Alert, Digest, Report
from podwatch.notifiers import Receipt, card, channel_error, mail_body
from podwatch.notifiers.block_kit import Block
from podwatch.notifiers.digest_card import digest_messages
from podwatch.notifiers.escaping import clean_line, truncate_end
from podwatch.notifiers.mail_body import Line
from podwatch.notifiers.page_links import with_page
from podwatch.notifiers.report_card import csv_text
from podwatch.notifiers.smtp_session import ReplyError, SmtpSession
from podwatch.settings import Smtp

DEADLINE = 45.0  # seconds for the whole session; well within a delivery's lease
MAX_ADDRESSES = 20
MAX_NOTED = 3  # refused addresses in a note
_MAX_SUBJECT = 150
_WATCHLIST = "correct the address in the watchlist"
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_SERVER_STAGES = ("the connection", "the greeting", "STARTTLS", "the login", "the sender")  # the same for every channel


class MailNotifier:
    """``mailto:`` channels. ``server`` None: mail was not set up, and each send says so."""

    def __init__(
        self,
        server: Smtp | None,
        sender: str,
        deadline: float = DEADLINE,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        unsubscribe: Sequence[str] = (),
        page: str = "",
    ) -> None:
        """unsubscribe: where a reader can ask for no more mail; else the sender's address. page: where links lead."""
        self._server, self._sender, self._deadline, self._clock = server, sender, deadline, clock
        self._unsubscribe, self._page = unsubscribe, page

    def __repr__(self) -> str:
        return f"MailNotifier({self._server.host if self._server else 'not set up'})"

    def send(self, alert: Alert) -> Receipt:
        """Send the alert to all of the channel's addresses that the server takes; the receipt notes the others."""
        return self._send_mail(alert, card.blocks(with_page(alert, self._page)))

    def send_digest(self, digest: Digest) -> Receipt:
        """Send a digest, whole: a mail has no thread that could continue it. A report's table is attached as CSV."""
        messages = digest_messages(with_page(digest, self._page))
        if isinstance(digest, Report):
            return self._send_mail(digest, messages[0].blocks, csv_text(digest))
        return self._send_mail(digest, [block for message in messages for block in message.blocks])

    def find(self, key: str, channel: str, age: timedelta) -> Receipt | None:
        """Always None: nobody's mailbox is read. A repeated alert has the same Message-ID."""
        return None

    def check(self, channel: str) -> None:
        """Everything but the mail: the server, its certificate, the login, whether it takes each of the addresses.

        Raises ChannelError.
        """
        to = parse_recipients(channel)
        server, _ = self._set_up(channel)
        error, refused = self._run_session(server, channel, to, b"")
        if error is None and refused:
            error = _error_from_reply(refused[0], channel, server)
        if error is not None:
            raise error

    def _send_mail(self, content: Alert | Digest, blocks: Sequence[Block], table: str = "") -> Receipt:
        channel, to = content.channel, parse_recipients(content.channel)
        server, sender = self._set_up(channel)
        lines, leave = mail_body.mail_lines(blocks), self._unsubscribe
        mail = build_message(content.key, lines, sender, to, self._clock(), leave, table)
        error, refused = self._run_session(server, channel, to, mail)
        if error is not None:
            raise error  # here, where no frame holds the password
        return Receipt(channel, message_id(content.key, sender), _note_refused(refused, channel, server.host))

    def _set_up(self, channel: str) -> tuple[Smtp, Address]:
        """The server and the sender's address; raises ChannelError when they are not set."""
        name, address = parseaddr(self._sender)
        if self._server is None:
            todo = "set PODWATCH_SMTP_URL and PODWATCH_MAIL_FROM"
            raise _error("mail is not set up", channel, todo, route=True, service=True)
        if not _ADDRESS.fullmatch(address):
            todo = "write podwatch@example.org"
            raise _error("PODWATCH_MAIL_FROM is no address", channel, todo, route=True, service=True)
        user, _, domain = address.rpartition("@")
        display_name = truncate_end(clean_line(name), 60) or "podwatch"
        return self._server, Address(display_name=display_name, username=user, domain=domain)

    def _run_session(
        self, server: Smtp, channel: str, to: tuple[str, ...], mail: bytes
    ) -> tuple[ChannelError | None, list[ReplyError]]:
        """(what went wrong in the session, a reply for each refused address). Without a mail it ends before that."""
        session = SmtpSession(server, self._deadline)
        try:
            session.open()
            refused = session.name_recipients(parseaddr(self._sender)[1], to)
            if mail:
                session.send_content(mail)
        except ReplyError as e:
            return _error_from_reply(e, channel, server, session.helo, unknown=session.outcome_unknown), []
        except (OSError, smtplib.SMTPException, ValueError) as e:
            return _connection_error(e, channel, server.host, unknown=session.outcome_unknown), []
        finally:
            session.close()
        return None, refused


def parse_recipients(channel: str) -> tuple[str, ...]:
    """The addresses of ``mailto:a@x.org,b@y.org`` (RFC 6068, without its header fields). Raises ChannelError."""
    parts = channel.partition(":")[2].split(",")
    addresses = tuple(dict.fromkeys(unquote(part).strip() for part in parts if part.strip()))
    bad = any(not _ADDRESS.fullmatch(a) for a in addresses)
    if not addresses or bad or len(addresses) > MAX_ADDRESSES:
        what = "has no address" if not addresses else "holds what is no address" if bad else "has too many addresses"
        todo = f"write mailto:name@example.org in the watchlist, at most {MAX_ADDRESSES} with commas between them"
        raise _error(what, channel, todo, route=True)
    return addresses


def message_id(key: str, sender: Address) -> str:
    """The same for an alert at every repetition; a hash, so that it is valid whatever a key is made of."""
    return f"<{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}@{sender.domain}>"


def build_message(
    key: str,
    lines: Sequence[Line],
    sender: Address,
    to: Iterable[str],
    now: datetime,
    unsubscribe: Sequence[str] = (),
    table: str = "",
) -> bytes:
    """The mail as bytes with CRLF: headers that nobody's text can add to, plain text, and HTML beside it.

    table: CSV to attach.
    """
    leave = unsubscribe or (f"mailto:{quote(sender.addr_spec, safe='@')}?subject=unsubscribe",)
    subject = next(("".join(run.text for run in line.runs) for line in lines if line.kind == "header"), "")
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["Subject"] = truncate_end(clean_line(subject).strip(), _MAX_SUBJECT) or "podwatch"
    mail["From"] = sender
    mail["To"] = ", ".join(to)
    mail["Message-ID"] = message_id(key, sender)
    mail["Date"] = format_datetime(now)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: so that nobody's vacation answers it
    mail["X-Auto-Response-Suppress"] = "All"
    mail["X-Podwatch-Key"] = re.sub(r"[^!-~]", "", key)[:64]
    mail.set_content(mail_body.plain_text(lines), cte="quoted-printable")
    mail.add_alternative(mail_body.html_text(lines), subtype="html", cte="quoted-printable")
    if table:
        mail.add_attachment(table, subtype="csv", filename="podwatch.csv", cte="quoted-printable")
    # By hand: Python's own folding would write a long address as encoded words, which no address may be.
    head = "List-Unsubscribe: " + ",\r\n ".join(f"<{address}>" for address in leave) + "\r\n"  # RFC 2369
    if any(address.startswith("https:") for address in leave):
        head += "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"  # RFC 8058, which knows https alone
    content = head.encode("ascii") + mail.as_bytes()
    return content if content.endswith(b"\r\n") else content + b"\r\n"


def _note_refused(refused: Sequence[ReplyError], channel: str, host: str) -> str:
    """A line about the addresses that did not get the mail; "" when all did."""
    if not refused:
        return ""
    said = [f"{e.stage} ({e.reply})" for e in refused[:MAX_NOTED]]
    more = f" and {len(refused) - MAX_NOTED} more" if len(refused) > MAX_NOTED else ""
    return _error(f"the others have it, {host} refuses {', '.join(said)}{more}", channel, _WATCHLIST).line


def _error_from_reply(
    e: ReplyError, channel: str, server: Smtp, helo: str = "", *, unknown: bool = False
) -> ChannelError:
    """What a reply means (RFC 5321, 4.2.1): 4xx is for now, 5xx for good, as far as this message goes."""
    host = server.host
    if not 200 <= e.code < 600:
        what, todo = f"{host} does not speak SMTP", "correct PODWATCH_SMTP_URL"
        return _error(what, channel, todo, route=True, unknown=unknown, service=True)
    what, service = f"{host} refuses {e.stage} ({e.reply})", e.stage in _SERVER_STAGES or e.code == 421
    if e.about_helo and e.stage != "the message":
        todo = f"set PODWATCH_SMTP_HELO to this machine's name in the DNS; it greeted as {helo or 'itself'}"
        what = what if e.stage == "the greeting" else f"{host} refuses the name in the greeting ({e.reply})"
        return _error(what, channel, todo, route=e.code >= 500, service=True)
    if 400 <= e.code < 500:
        return _error(what, channel, service=service)
    if e.stage == "the message":
        return _error(what, channel, retryable=False)
    todo = {
        "the login": "correct the user and password in PODWATCH_SMTP_URL",
        "STARTTLS": "use smtps://, or ?tls=none for a server on this machine",
        "the sender": "correct PODWATCH_MAIL_FROM, or let the server allow it",
    }.get(e.stage, "correct PODWATCH_SMTP_URL" if service else _WATCHLIST)
    return _error(what, channel, todo, route=True, service=service)


def _connection_error(e: BaseException, channel: str, host: str, *, unknown: bool) -> ChannelError:
    """What a broken session means, for every channel: they share the server."""
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


def _error(what: str, channel: str, todo: str = "", **kinds: bool) -> ChannelError:
    return channel_error(what, truncate_end(clean_line(channel), 200), todo, **kinds)
