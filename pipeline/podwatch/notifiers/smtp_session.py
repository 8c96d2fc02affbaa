"""One SMTP session (RFC 5321) that hands over one mail, within a deadline; errors say no more than a reply's code."""

from __future__ import annotations

import ipaddress
import re
import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from functools import cache

from podwatch.settings import Smtp

# A name that says where a machine is in the DNS. What ends so is known at home only, or no machine's (RFC 6761, 6762).
_FULL_NAME = re.compile(
    r"(?=.{4,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]"
)
_AT_HOME = (".localhost", ".localdomain", ".local", ".internal", ".lan", ".home", ".invalid", ".arpa")
_ENHANCED_CODE = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}\b")


@cache
def tls_context() -> ssl.SSLContext:
    """The machine's own certificates; one context for all, since making one costs 40 ms."""
    return ssl.create_default_context()


@cache
def machine_name() -> str:
    """The name of this machine, the full one where it has one; once, since the DNS may be asked."""
    name = socket.gethostname()
    return name if _FULL_NAME.fullmatch(name) else socket.getfqdn()


def choose_helo(name: str, address: str) -> str:
    """What to greet a server with (RFC 5321, 4.1.1.1): the machine's full name, else its address in brackets (4.1.3).

    address: this end of the connection.
    """
    if _FULL_NAME.fullmatch(name) and not name.lower().endswith(_AT_HOME):
        return name
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return f"[IPv6:{ip}]" if ip.version == 6 else f"[{ip}]"


class ReplyError(Exception):
    """A reply that is no yes: its code, its enhanced code (RFC 3463) when there is one, and what it answered.

    about_helo: it is the name in the greeting that is refused. Many servers say so only to the first recipient.
    """

    def __init__(self, code: int, text: bytes, stage: str) -> None:
        enhanced = _ENHANCED_CODE.search(text)
        self.code, self.stage = code, stage
        named = re.search(rb"\b(helo|ehlo)\b", text, re.IGNORECASE) is not None and code != 503  # 503: EHLO first
        self.about_helo = stage == "the greeting" or named
        # None of the server's own words: some repeat what was sent to them, and that may be the login.
        self.reply = f"{code} {enhanced[0].decode()}" if enhanced else str(code)
        super().__init__(self.reply)


class SmtpSession:
    """A connection with a deadline for all of it: smtplib's time-outs begin anew with each byte.

    Its methods raise ReplyError, OSError, smtplib.SMTPException or ValueError. outcome_unknown: from the moment the
    mail is sent until there is a reply to it, the server may have taken it.
    """

    def __init__(self, server: Smtp, deadline: float) -> None:
        self._server, self._deadline = server, deadline
        self._smtp: smtplib.SMTP | None = None
        self._timer = threading.Timer(deadline, self._abort)
        self._timer.daemon = True
        self._late = False
        self.outcome_unknown = False
        self.helo = server.helo

    def open(self) -> None:
        """Connects, encrypts where the settings ask for it, and logs in."""
        server = self._server
        self._timer.start()
        if server.tls == "implicit":
            self._smtp = smtplib.SMTP_SSL(timeout=self._deadline, context=tls_context(), local_hostname="-")
        else:
            self._smtp = smtplib.SMTP(timeout=self._deadline, local_hostname="-")
        # The name that smtplib checks the certificate against. Only its constructor sets it, and that connects, too:
        # the deadline could not end what it does not know yet.
        self._smtp._host = server.host  # type: ignore[attr-defined]
        _expect(self._smtp.connect(server.host, server.port), "the connection")
        assert self._smtp.sock is not None
        self.helo = server.helo or choose_helo(machine_name(), str(self._smtp.sock.getsockname()[0]))
        self._smtp.local_hostname = self.helo
        _expect(self._smtp.ehlo(), "the greeting")
        if server.tls == "starttls":
            if not self._smtp.has_extn("starttls"):
                raise ReplyError(502, b"", "STARTTLS")
            _expect(self._smtp.starttls(context=tls_context()), "STARTTLS")
            _expect(self._smtp.ehlo(), "the greeting")
        if server.user:
            self._log_in(self._smtp)

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        try:
            smtp.login(self._server.user, self._server.password.reveal())
        except smtplib.SMTPResponseException as e:
            code, text = e.smtp_code, e.smtp_error
        except smtplib.SMTPNotSupportedError:
            code, text = 503, b""
        else:
            return
        raise ReplyError(
            code, text if isinstance(text, bytes) else b"", "the login"
        )  # not chained: it quotes the login

    def name_recipients(self, sender: str, recipients: tuple[str, ...]) -> list[ReplyError]:
        """Names the sender and the recipients; returns a reply for each that is refused.

        Raises ReplyError when none is left: the one that may be taken back later, where there is such a one.
        """
        assert self._smtp is not None
        _expect(self._smtp.docmd(f"MAIL FROM:<{sender}>"), "the sender")
        refused = []
        for address in recipients:
            try:
                _expect(self._smtp.docmd(f"RCPT TO:<{address}>"), f"the recipient {address}")
            except ReplyError as e:
                if e.code == 421 or not 400 <= e.code < 600:  # the server goes, or speaks another protocol
                    raise
                refused.append(e)
        if len(refused) == len(recipients):
            raise min(refused, key=lambda e: e.code >= 500)
        return refused

    def send_content(self, content: bytes) -> None:
        """Hands over the mail (bytes with CRLF) to the recipients that were not refused."""
        assert self._smtp is not None
        _expect(self._smtp.docmd("DATA"), "the message", 354)
        self.outcome_unknown = True
        self._smtp.send(re.sub(rb"(?m)^\.", b"..", content) + b".\r\n")
        reply = self._smtp.getreply()
        self.outcome_unknown = not 200 <= reply[0] < 600
        _expect(reply, "the message")

    def close(self) -> None:
        self._timer.cancel()
        if self._smtp is None:
            return
        try:
            if self._smtp.sock is not None and not self._late:
                self._smtp.sock.settimeout(2)
                self._smtp.docmd("QUIT")
        except (OSError, smtplib.SMTPException, ValueError):
            pass  # whether the mail was taken does not depend on the goodbye
        finally:
            self._smtp.close()

    def _abort(self) -> None:
        self._late = True
        sock = getattr(self._smtp, "sock", None)
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


def _expect(reply: tuple[int, bytes], stage: str, wanted: int = 0) -> None:
    """wanted: the code that means yes; 0: any from 200 to 299."""
    code, text = reply
    if not (code == wanted if wanted else 200 <= code < 300):
        raise ReplyError(code, text, stage)
