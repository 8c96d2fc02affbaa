"""A server for the benchmarks, in a process of its own: thousands of feeds on loopback, each on a host if need be.

    with Server(latency=0.2) as server:
        server.url(7)                   # http://127.0.0.8:PORT/7.xml: each feed may have a host of its own
        server.change(range(0, 100))    # these have a new item from now on

Raw asyncio: answers 304 to the right validator, else a body. ``tls`` makes it HTTPS with a certificate of its own.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import ssl
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self


class Served:
    """Runs from ``with`` on; ``port`` is known then, and ``_pipe`` leads to it."""

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


def feed_body(number: int, version: int, items: int = 30) -> bytes:
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


class Server(Served):
    def __init__(self, *, latency: float = 0.0, hosts: int = 200, certificate: tuple[str, str] | None = None) -> None:
        self._hosts, self._scheme = hosts, "https" if certificate else "http"
        super().__init__(_serve, latency, certificate)

    def url(self, number: int) -> str:
        host = number % self._hosts + 1
        return f"{self._scheme}://127.0.{host // 250}.{host % 250 + 1}:{self.port}/{number}.xml"

    def change(self, numbers: Iterable[int]) -> None:
        """From now on these feeds have one new item more."""
        self._pipe.send(list(numbers))
        self._pipe.recv()


def _serve(pipe: Connection, latency: float, certificate: tuple[str, str] | None) -> None:
    versions: dict[int, int] = {}
    bodies: dict[tuple[int, int], bytes] = {}

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if latency:
                    await asyncio.sleep(latency)
                number = int(head.split(b" ", 2)[1].lstrip(b"/").partition(b".")[0])
                version = versions.get(number, 0)
                tag = b'"%d-%d"' % (number, version)
                if b"if-none-match: " + tag in head.lower():
                    writer.write(b"HTTP/1.1 304 Not Modified\r\nETag: " + tag + b"\r\n\r\n")
                    continue
                if (number, version) not in bodies:
                    bodies[number, version] = feed_body(number, version)
                body = bodies[number, version]
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: %b\r\nContent-Length: %d\r\n\r\n%b"
                    % (tag, len(body), body)
                )
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            writer.close()

    async def main() -> None:
        tls = None
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(*certificate)
        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls, backlog=4096)
        port = server.sockets[0].getsockname()[1]
        # A listener for each loopback address, so that each feed can have a host of its own.
        for third in range(9):
            for fourth in range(1, 255):
                if (third, fourth) != (0, 1):
                    await asyncio.start_server(handle, f"127.0.{third}.{fourth}", port, ssl=tls, backlog=4096)
        pipe.send(port)
        loop = asyncio.get_running_loop()

        def changed() -> None:
            for number in pipe.recv():
                version = versions[number] = versions.get(number, 0) + 1
                bodies[number, version] = feed_body(number, version)  # now, not while somebody is measured
            pipe.send(True)

        loop.add_reader(pipe.fileno(), changed)
        await server.serve_forever()

    asyncio.run(main())


class Files(Served):
    """A server for some bodies: ``url(n)`` gives the n-th, over and over."""

    def __init__(self, bodies: list[bytes], media_type: str = "text/vtt") -> None:
        super().__init__(_files, bodies, media_type)

    def url(self, number: int) -> str:
        return f"http://127.0.0.{number % 50 + 1}:{self.port}/{number}.vtt"


def _files(pipe: Connection, bodies: list[bytes], media_type: str) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = bodies[int(head.split(b" ", 2)[1].lstrip(b"/").partition(b".")[0]) % len(bodies)]
                kind = media_type.encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n" % (kind, len(body)))
                writer.write(body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", 0, backlog=1024)
        port = server.sockets[0].getsockname()[1]
        for host in range(2, 51):
            await asyncio.start_server(handle, f"127.0.0.{host}", port, backlog=1024)
        pipe.send(port)
        await server.serve_forever()

    asyncio.run(main())
