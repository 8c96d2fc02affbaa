"""A mail server for tests: a real SMTP dialogue on loopback (RFC 5321), with the replies that a test asks for.

with MailServer(replies={"RCPT TO": "450 4.2.1 later"}) as server:
    MailNotifier(Smtp("127.0.0.1", server.port, "none"), "podwatch@example.org").send(alert)
    server.mails        # what was accepted: bytes as they came
    server.dialogue     # the commands, in order
"""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Self

HANG_UP, SILENCE = "hang up", "silence"  # instead of a reply


class MailServer:
    """replies: to a command, "CONNECT", "CONTENT" or a recipient's address, instead of the usual ones.

    tls: None, "starttls" or "implicit".

    login: the (user, password) that it accepts.
    """

    def __init__(
        self,
        replies: Mapping[str, str] | None = None,
        tls: str | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.replies, self.tls, self.login = dict(replies or {}), tls, login
        self.mails: list[bytes] = []
        self.dialogue: list[str] = []
        self.recipients: list[str] = []
        self.greetings: list[str] = []  # what stood behind EHLO
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._released = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._threads.append(threading.Thread(target=self._accept, daemon=True))
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self._released.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self.tls == "implicit":
                connection = server_context().wrap_socket(connection, server_side=True)
            while self._run_dialogue(connection):
                connection = server_context().wrap_socket(connection, server_side=True)
        except (OSError, ValueError, EOFError):
            pass  # the client went away, or does not like our certificate
        finally:
            connection.close()

    def _run_dialogue(self, connection: socket.socket) -> bool:
        """Until the client goes, or wants to go on encrypted (True)."""
        file = connection.makefile("rb")
        if not self.dialogue or self.dialogue[-1] != "STARTTLS":
            self._reply(connection, "CONNECT", "220 mail.test ready")
        while line := file.readline().decode().strip():
            command = next((c for c in ("MAIL FROM", "RCPT TO") if line.upper().startswith(c)), line.split()[0].upper())
            self.dialogue.append(command)
            match command:
                case "EHLO":
                    self.greetings.append(line.partition(" ")[2])
                    offers = ["SIZE 1000000"] + ["AUTH PLAIN LOGIN"] * (self.login is not None)
                    offers += ["STARTTLS"] * (self.tls == "starttls" and not isinstance(connection, ssl.SSLSocket))
                    last = len(offers) - 1
                    reply = [f"250{' ' if i == last else '-'}{offer}" for i, offer in enumerate(offers)]
                    self._reply(connection, command, "250-mail.test\r\n" + "\r\n".join(reply))
                case "STARTTLS":
                    self._reply(connection, command, "220 go ahead")
                    return True
                case "AUTH":
                    user, password = base64.b64decode(line.split()[2]).decode().split("\0")[1:]
                    good = (user, password) == self.login
                    self._reply(connection, command, "235 2.7.0 welcome" if good else f"535 5.7.8 no: {password}")
                case "DATA":
                    self._reply(connection, command, "354 go on")
                    self._data(connection, file)
                case "RCPT TO":
                    address = line.partition(":")[2].strip("<>")
                    self.recipients.append(address)
                    self._reply(connection, command if command in self.replies else address, "250 2.1.5 ok")
                case _:
                    self._reply(connection, command, "221 bye" if command == "QUIT" else "250 ok")
        return False

    def _data(self, connection: socket.socket, file: object) -> None:
        received = []
        while (row := file.readline()) not in (b".\r\n", b""):  # type: ignore[attr-defined]
            received.append(row[1:] if row.startswith(b"..") else row)
        reply = self.replies.get("CONTENT", "250 2.0.0 queued")
        if reply.startswith("2") or reply in (HANG_UP, SILENCE):  # the answer is lost, the mail is not
            self.mails.append(b"".join(received))
        self._reply(connection, "CONTENT", reply)

    def _reply(self, connection: socket.socket, stage: str, usual: str) -> None:
        reply = self.replies.get(stage, usual)
        if reply == SILENCE:
            self._released.wait(30)
        if reply in (HANG_UP, SILENCE):
            connection.shutdown(socket.SHUT_RDWR)
            raise EOFError
        connection.sendall(reply.encode() + b"\r\n")
        if stage != "CONNECT" and reply.startswith("421"):
            raise EOFError


@cache
def certificate() -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, made anew for each run."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.test")])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    file = Path(mkdtemp(prefix="mail-server-")) / "certificate.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + made.public_bytes(pem))
    return file


def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate())
    return context


def client_context() -> ssl.SSLContext:
    """A client that trusts this server and no other."""
    context = ssl.create_default_context(cafile=str(certificate()))
    context.check_hostname = True
    return context
