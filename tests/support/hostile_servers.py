"""Hostile servers on loopback, each with one way to hurt a client: for tests/net and benchmarks/hostile.py.

Those that are slow go on until the client closes the connection, so that a client without a deadline would hang.
"""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import zstandard

BYTES = 1_000_000  # limit of the client for a body
SECONDS = 0.5  # its deadline


@contextmanager
def raw_server(talk: Callable[[socket.socket], object]) -> Iterator[str]:
    """The address of a server that sends what ``talk`` writes, to each connection after its first request."""
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
                    pass  # the client closed the connection, as it should

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(60)


def http_response(body: bytes, *headers: str, length: int | None = None) -> bytes:
    head = ["HTTP/1.1 200 OK", f"Content-Length: {len(body) if length is None else length}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


def trickle(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        connection.sendall(b"x")
        time.sleep(0.05)


def trickle_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    connection.sendall(b"X-Endless: ")
    while True:
        connection.sendall(b"y")
        time.sleep(0.05)


def decompression_bomb() -> bytes:
    """100 MB of zeros in 100 kB of gzip."""
    compressor = zlib.compressobj(1, zlib.DEFLATED, 31)
    chunk = b"\0" * 1_000_000
    return b"".join(compressor.compress(chunk) for _ in range(100)) + compressor.flush()


BOMB = decompression_bomb()

# name: (what the server does with a connection, what the error says)
HOSTILE_SERVERS: dict[str, tuple[Callable[[socket.socket], object], str]] = {
    "trickles the body": (trickle, "no answer within"),
    "trickles the headers": (trickle_headers, "no answer within"),
    "says nothing": (lambda c: c.recv(1), "no answer within"),
    "hangs up": (lambda c: None, "the connection failed"),
    "is no web server": (lambda c: c.sendall(b"220 smtp ready\r\n"), "the connection failed"),
    "promises more than it sends": (lambda c: c.sendall(http_response(b"abc", length=10)), "ended 7 bytes early"),
    "sends a broken gzip": (
        lambda c: c.sendall(http_response(b"\x1f\x8b\x08abc", "Content-Encoding: gzip")),
        "the connection failed",
    ),
    "cuts a gzip off": (
        lambda c: c.sendall(http_response(gzip.compress(b"abc" * 99)[:-12], "Content-Encoding: gzip")),
        "the compressed answer is cut off",
    ),
    "sends a bomb": (
        lambda c: c.sendall(http_response(BOMB, "Content-Encoding: gzip")),
        "is larger than 1,000,000 bytes",
    ),
    "sends a bomb in a bomb": (
        lambda c: c.sendall(http_response(gzip.compress(BOMB))),
        "is larger than 1,000,000 bytes",
    ),
    "sends a bomb of zstd": (
        lambda c: c.sendall(http_response(zstandard.compress(b"\0" * 100_000_000), "Content-Encoding: zstd")),
        "is larger than 1,000,000 bytes",
    ),
    "compresses without end": (
        lambda c: c.sendall(http_response(gzip.compress(gzip.compress(gzip.compress(gzip.compress(b"x" * 99)))))),
        "it is compressed too often",
    ),
    "sends too much": (lambda c: c.sendall(http_response(b"x" * 1_000_001)), "is larger than 1,000,000 bytes"),
    "sends a thousand headers": (lambda c: c.sendall(http_response(b"", *["A: b"] * 1000)), "the connection failed"),
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
