"""HTTP servers for the benchmarks: feeds and transcripts on loopback, each server in a process of its own.

    with FeedServer(latency=0.2) as server:
        server.url(7)                          # http://127.0.0.8:PORT/7.xml: each feed may have a host of its own
        server.publish_items(range(0, 100))    # these feeds have a new item from now on

In a process of its own, so that a server's CPU time is not measured; raw asyncio, so that it is not what limits.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import ssl
from collections.abc import Callable, Iterable, Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self


class ServerProcess:
    """Serves inside a ``with`` block; ``port`` is known there. ``serve`` gets its end of a pipe and the arguments."""

    def __init__(self, serve: Callable[..., None], *arguments: Any) -> None:
        self._pipe, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("spawn")
        self._process = context.Process(target=serve, args=(theirs, *arguments), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self.port = int(self._pipe.recv())
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None) -> None:
        self._process.terminate()
        self._process.join()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def request(self, message: Any) -> Any:
        """What the server's ``on_message`` returns for a message."""
        self._pipe.send(message)
        return self._pipe.recv()


def serve_requests(
    pipe: Connection,
    respond: Callable[[str, bytes], bytes | None],
    addresses: Sequence[str],
    *,
    latency: float = 0.0,
    tls: ssl.SSLContext | None = None,
    on_message: Callable[[Any], Any] = lambda message: None,
) -> None:
    """Runs a server until its process is ended; sends the port, the same on all addresses, through the pipe.

    respond: path and request head -> the whole response, or None to leave it without one. latency: seconds before each.
    Connections are kept.
    """

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if latency:
                    await asyncio.sleep(latency)
                answer = respond(head.split(b" ", 2)[1].decode(), head)
                if answer is not None:
                    writer.write(answer)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(handle, addresses[0], 0, ssl=tls, backlog=4096)
        port = server.sockets[0].getsockname()[1]
        for address in addresses[1:]:
            await asyncio.start_server(handle, address, port, ssl=tls, backlog=4096)
        pipe.send(port)
        over = asyncio.Event()

        def answer_message() -> None:
            try:
                pipe.send(on_message(pipe.recv()))
            except (EOFError, OSError):  # the benchmark was killed
                asyncio.get_running_loop().remove_reader(pipe.fileno())
                over.set()

        asyncio.get_running_loop().add_reader(pipe.fileno(), answer_message)
        async with server:
            await over.wait()

    asyncio.run(main())


def http_ok(media_type: str, body: bytes, etag: bytes = b"") -> bytes:
    """A response with a body, and with a validator where there is one."""
    tag = b"ETag: %b\r\n" % etag if etag else b""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\n%bContent-Length: %d\r\n\r\n"
    return head % (media_type.encode(), tag, len(body)) + body


def build_feed(number: int, version: int, items: int = 30) -> bytes:
    """A feed of a realistic size (about 30 kB); each version has one item more in front."""
    entries = []
    for n in range(items + version, 0, -1):
        notes = f"<p>Notes of episode {n}. " + "We talk about ships, grain and telegrams. " * 14 + "</p>"
        entries.append(
            f"<item><guid isPermaLink='false'>show{number}-{n}</guid><title>Episode {n}</title>"
            f"<pubDate>{n % 28 + 1:02} Oct 2026 05:00:00 +0000</pubDate>"
            f"<enclosure url='https://audio.example/{number}/{n}.mp3' type='audio/mpeg' length='1'/>"
            f"<itunes:duration>1800</itunes:duration><description><![CDATA[{notes}]]></description>"
            f"<podcast:transcript url='https://audio.example/{number}/{n}.vtt' type='text/vtt'/></item>"
        )
    return (
        "<?xml version='1.0' encoding='UTF-8'?><rss version='2.0' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'"
        " xmlns:podcast='https://podcastindex.org/namespace/1.0'><channel>"
        f"<title>Show {number}</title><language>en</language>{''.join(entries)}</channel></rss>"
    ).encode()


class FeedServer(ServerProcess):
    """Any number of feeds; latency: seconds before each response; certificate: files of chain and key, for HTTPS."""

    def __init__(self, *, latency: float = 0.0, hosts: int = 200, certificate: tuple[str, str] | None = None) -> None:
        self._hosts, self._scheme = hosts, "https" if certificate else "http"
        super().__init__(_serve_feeds, latency, certificate)

    def url(self, number: int) -> str:
        host = number % self._hosts + 1
        return f"{self._scheme}://127.0.{host // 250}.{host % 250 + 1}:{self.port}/{number}.xml"

    def publish_items(self, numbers: Iterable[int]) -> None:
        """From now on these feeds have one more item."""
        self.request(list(numbers))


def _serve_feeds(pipe: Connection, latency: float, certificate: tuple[str, str] | None) -> None:
    versions: dict[int, int] = {}
    bodies: dict[tuple[int, int], bytes] = {}

    def respond(path: str, head: bytes) -> bytes:
        number = int(path.lstrip("/").partition(".")[0])
        version = versions.get(number, 0)
        tag = b'"%d-%d"' % (number, version)
        if b"if-none-match: " + tag in head.lower():
            return b"HTTP/1.1 304 Not Modified\r\nETag: " + tag + b"\r\n\r\n"
        if (number, version) not in bodies:
            bodies[number, version] = build_feed(number, version)
        return http_ok("application/rss+xml", bodies[number, version], tag)

    def publish(numbers: list[int]) -> None:
        for number in numbers:
            version = versions[number] = versions.get(number, 0) + 1
            bodies[number, version] = build_feed(number, version)  # built now, not while a poll is measured

    tls = None
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*certificate)
    # A listener for each loopback address, so that each feed can have a host of its own.
    addresses = [f"127.0.{third}.{fourth}" for third in range(9) for fourth in range(1, 255)]
    serve_requests(pipe, respond, addresses, latency=latency, tls=tls, on_message=publish)


class TranscriptServer(ServerProcess):
    """Serves some bodies: ``url(n)`` is that of body n modulo their number, on one of 50 hosts."""

    def __init__(self, bodies: list[bytes], media_type: str = "text/vtt") -> None:
        super().__init__(_serve_transcripts, bodies, media_type)

    def url(self, number: int) -> str:
        return f"http://127.0.0.{number % 50 + 1}:{self.port}/{number}.vtt"


def _serve_transcripts(pipe: Connection, bodies: list[bytes], media_type: str) -> None:
    def respond(path: str, head: bytes) -> bytes:
        return http_ok(media_type, bodies[int(path.lstrip("/").partition(".")[0]) % len(bodies)])

    serve_requests(pipe, respond, [f"127.0.0.{host}" for host in range(1, 51)])
