"""Servers made to hurt whoever asks them: each a real one, on loopback, that says exactly what it is told to.

test_http.py holds them against the client, benchmarks/hostile.py measures what each costs.
"""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

BYTES = 1_000_000  # what the client takes from them at most
SECONDS = 0.5  # and how long it waits


@contextmanager
def raw_server(talk: Callable[[socket.socket], object]) -> Iterator[str]:
    """A server that says exactly what ``talk`` writes, to each connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                try:
                    talk(connection)
                except OSError:
                    pass  # the client gave up, as it should

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def answer(body: bytes, *headers: str, length: int | None = None) -> bytes:
    head = ["HTTP/1.1 200 OK", f"Content-Length: {len(body) if length is None else length}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


def trickle(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"x")
        time.sleep(0.05)


def trickle_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for i in range(100):
        connection.sendall(f"X-{i}: y\r\n".encode())
        time.sleep(0.05)


def bomb() -> bytes:
    """100 MB of nothing in 100 kB."""
    squeeze = zlib.compressobj(1, zlib.DEFLATED, 31)
    chunk = b"\0" * 1_000_000
    return b"".join(squeeze.compress(chunk) for _ in range(100)) + squeeze.flush()


BOMB = bomb()

# name: (what the server does with a connection, what the error says)
HOSTILE: dict[str, tuple[Callable[[socket.socket], object], str]] = {
    "trickles the body": (trickle, "no answer within"),
    "trickles the headers": (trickle_headers, "no answer within"),
    "says nothing": (lambda c: time.sleep(2), "no answer within"),
    "hangs up": (lambda c: None, "the connection failed"),
    "is no web server": (lambda c: c.sendall(b"220 smtp ready\r\n"), "the connection failed"),
    "promises more than it sends": (lambda c: c.sendall(answer(b"abc", length=10)), "ended 7 bytes early"),
    "sends a broken gzip": (lambda c: c.sendall(answer(b"abc", "Content-Encoding: gzip")), "the connection failed"),
    "cuts a gzip off": (
        lambda c: c.sendall(answer(gzip.compress(b"abc" * 99)[:-12], "Content-Encoding: gzip")),
        "the compressed answer is cut off",
    ),
    "sends a bomb": (lambda c: c.sendall(answer(BOMB, "Content-Encoding: gzip")), "is larger than 1,000,000 bytes"),
    "sends too much": (lambda c: c.sendall(answer(b"x" * 1_000_001)), "is larger than 1,000,000 bytes"),
    "sends a thousand headers": (lambda c: c.sendall(answer(b"", *["A: b"] * 1000)), "the connection failed"),
    "redirects for ever": (
        lambda c: c.sendall(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"),
        "more than 5 redirects",
    ),
    "redirects to a file": (
        lambda c: c.sendall(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"),
        "is not an http(s) address",
    ),
    "redirects inside": (
        lambda c: c.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://[::1]:1/\r\nContent-Length: 0\r\n\r\n"),
        "::1 is not a public address",
    ),
}
