"""A podcast host in a process of its own: shows with archives (RFC 5005), each on its own loopback address.

with ArchiveServer(bodies, shows=200, each=50, days=30, first=..., now=...) as server:
    server.url(7)                   # a show's feed: three episodes of today, and a link to the next older page
    server.take_request_counts()    # path -> requests since the last call
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from multiprocessing.connection import Connection

from benchmarks.loopback_server import ServerProcess, http_ok, serve_requests

PAGE_EPISODES = 10  # episodes on an older page
NEW_EPISODES = 3  # episodes in a feed's own document


class ArchiveServer(ServerProcess):
    """bodies: transcripts, given out in turn. each: older episodes of every show, one a day for ``days`` days from
    ``first`` on, then again from the first day."""

    def __init__(
        self, bodies: Sequence[bytes], *, shows: int, each: int, days: int, first: datetime, now: datetime
    ) -> None:
        super().__init__(_serve, list(bodies), shows, each, days, first, now)

    def url(self, show: int) -> str:
        return f"http://{show_address(show)}:{self.port}/{show}/feed.xml"

    def take_request_counts(self) -> Counter[str]:
        """path -> requests since the last call."""
        counts: Counter[str] = self.request("counts")
        return counts


def show_address(show: int) -> str:
    return f"127.1.{show // 250}.{show % 250 + 1}"


def build_page(origin: str, show: int, entries: Sequence[tuple[str, datetime]], older: str | None) -> bytes:
    """A document of a show. entries: (guid, publication time), newest first; older: the path of the next older page."""
    items = []
    for guid, day in entries:
        base = f"{origin}/{show}/{guid}"
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


def build_documents(origin: str, show: int, each: int, days: int, first: datetime, now: datetime) -> dict[str, bytes]:
    """path -> document: the feed of a show and its archive pages, each with a link to the next older one."""
    older = [(f"old{n}", first + timedelta(days=n % days, hours=5, minutes=n // days)) for n in range(each)]
    older.sort(key=lambda e: e[1], reverse=True)
    found = {}
    count = -(-each // PAGE_EPISODES)
    for n in range(count):
        following = f"/{show}/{n + 1}.xml" if n + 1 < count else None
        entries = older[n * PAGE_EPISODES : (n + 1) * PAGE_EPISODES]
        found[f"/{show}/{n}.xml"] = build_page(origin, show, entries, following)
    fresh = [(f"new{n}", now - timedelta(hours=n)) for n in range(NEW_EPISODES)]
    found[f"/{show}/feed.xml"] = build_page(origin, show, fresh, f"/{show}/0.xml" if count else None)
    return found


def _serve(
    pipe: Connection, bodies: list[bytes], shows: int, each: int, days: int, first: datetime, now: datetime
) -> None:
    requests: Counter[str] = Counter()
    feeds: dict[str, bytes] = {}

    def respond(path: str, head: bytes) -> bytes:
        requests[path] += 1
        _, show, name = path.split("/")
        if name.endswith(".xml"):
            if path not in feeds:
                host = re.search(rb"\r\n[Hh]ost: (\S+)", head)
                assert host is not None
                feeds.update(build_documents(f"http://{host[1].decode()}", int(show), each, days, first, now))
            return http_ok("application/rss+xml", feeds[path])
        number = int(name.removesuffix(".vtt").lstrip("oldnew"))
        return http_ok("text/vtt", bodies[(int(show) * 7 + number) % len(bodies)])  # another body for each episode

    def take_counts(message: str) -> Counter[str]:
        counts = Counter(requests)
        requests.clear()
        return counts

    serve_requests(pipe, respond, [show_address(show) for show in range(shows)], on_message=take_counts)
