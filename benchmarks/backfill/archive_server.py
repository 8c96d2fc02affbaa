"""A podcast host of its own process: shows with archives (RFC 5005), each on a loopback address, hour-long transcripts.

    with Shows(bodies, shows=200, each=50, first=..., now=...) as shows:
        shows.url(7)         # the feed of a show: its own document names three episodes of today, and an older page
        shows.asked()        # path -> how often it was asked for

Raw asyncio; every body is sent as it is, a feed's pages are made once.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from multiprocessing.connection import Connection

from benchmarks.loopback_server import Served

PAGE = 10  # episodes on an older page
NEW = 3  # episodes in a feed's own document


class Shows(Served):
    """each: older episodes of every show, one a day from ``first`` on, over and over ``days`` days."""

    def __init__(
        self, bodies: Sequence[bytes], *, shows: int, each: int, days: int, first: datetime, now: datetime
    ) -> None:
        super().__init__(_serve, list(bodies), shows, each, days, first, now)

    def url(self, show: int) -> str:
        return f"http://{address(show)}:{self.port}/{show}/feed.xml"

    def asked(self) -> Counter[str]:
        """How often each path was asked for since this was asked last."""
        self._pipe.send("asked")
        found: Counter[str] = self._pipe.recv()
        return found


def address(show: int) -> str:
    return f"127.1.{show // 250}.{show % 250 + 1}"


def page(port: int, show: int, entries: Sequence[tuple[str, datetime]], older: str | None) -> bytes:
    """A document of a show. entries: (guid, when it came out), newest first; older: the path of the next older one."""
    items = []
    for guid, day in entries:
        base = f"http://{address(show)}:{port}/{show}/{guid}"
        items.append(
            f"<item><guid isPermaLink='false'>{show}-{guid}</guid><title>Show {show}, episode {guid}</title>"
            f"<pubDate>{day:%a, %d %b %Y %H:%M:%S} +0000</pubDate><link>{base}</link>"
            f"<description>{'Notes about ships, grain and telegrams. ' * 20}</description>"
            f"<enclosure url='{base}.mp3' type='audio/mpeg' length='1'/>"
            f"<podcast:transcript url='{base}.vtt' type='text/vtt'/></item>"
        )
    link = f"<atom:link rel='prev-archive' href='{older}'/>" if older else ""
    return (
        "<?xml version='1.0' encoding='UTF-8'?><rss version='2.0' xmlns:atom='http://www.w3.org/2005/Atom'"
        " xmlns:podcast='https://podcastindex.org/namespace/1.0'>"
        f"<channel><title>Show {show}</title><language>en</language>{link}{''.join(items)}</channel></rss>"
    ).encode()


def documents(port: int, show: int, each: int, days: int, first: datetime, now: datetime) -> dict[str, bytes]:
    """The feed of a show and its archive, by path: the newest page first, each names the next older one."""
    older = [(f"old{n}", first + timedelta(days=n % days, hours=5, minutes=n // days)) for n in range(each)]
    older.sort(key=lambda e: e[1], reverse=True)
    found = {}
    count = -(-each // PAGE)
    for n in range(count):
        following = f"/{show}/{n + 1}.xml" if n + 1 < count else None
        found[f"/{show}/{n}.xml"] = page(port, show, older[n * PAGE : (n + 1) * PAGE], following)
    fresh = [(f"new{n}", now - timedelta(hours=n)) for n in range(NEW)]
    found[f"/{show}/feed.xml"] = page(port, show, fresh, f"/{show}/0.xml" if count else None)
    return found


def _serve(
    pipe: Connection, bodies: list[bytes], shows: int, each: int, days: int, first: datetime, now: datetime
) -> None:
    asked: Counter[str] = Counter()
    feeds: dict[str, bytes] = {}

    port = 0

    def body(path: str) -> tuple[bytes, bytes]:
        _, show, name = path.split("/")
        if name.endswith(".xml"):
            if path not in feeds:
                feeds.update(documents(port, int(show), each, days, first, now))
            return b"application/rss+xml", feeds[path]
        number = int(name.removesuffix(".vtt").lstrip("oldnew"))
        return b"text/vtt", bodies[(int(show) * 7 + number) % len(bodies)]  # those of a show differ

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                asked[path] += 1
                kind, data = body(path)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n" % (kind, len(data)))
                writer.write(data)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def main() -> None:
        nonlocal port
        server = await asyncio.start_server(handle, address(0), 0, backlog=1024)
        port = server.sockets[0].getsockname()[1]
        for show in range(1, shows):
            await asyncio.start_server(handle, address(show), port, backlog=1024)
        pipe.send(port)

        def answer() -> None:
            pipe.recv()
            pipe.send(Counter(asked))
            asked.clear()

        asyncio.get_running_loop().add_reader(pipe.fileno(), answer)
        await server.serve_forever()

    asyncio.run(main())
