"""Shows on loopback for the benchmarks of scale: feeds and transcripts, each show on one of some hosts, with faults.

    with Shows(2000, minutes=5, faults=0.04, silent=2) as shows:
        rt.store.add_feeds([Feed(url=shows.url(n)) for n in range(2000)], now)
        shows.publish([3, 14])             # these have an episode more, with a transcript, in which ALERT_WORD is said

A feed answers 304 while it is unchanged. ``faults`` is the share of answers that go wrong, each in one of several ways;
the last ``silent`` hosts take a connection and never answer.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.loopback_server import ServerProcess, http_ok, serve_requests

ALERT_WORD = "quarantelle"  # in no sample sentence
SAMPLE = Path(__file__).parents[2] / "seeds/sample/missile-crisis.txt"
CUE_SECONDS, CUE_WORDS = 4, 10
TALKS = 400  # long ones that differ; the shows share them
OLDER = 3  # episodes that a show has from the start


class Shows(ServerProcess):
    """minutes: of talk in a transcript. watches: each transcript says ``watch`` and one of so many numbers.

    with_transcripts: only the first so many shows name any.
    """

    def __init__(
        self, shows: int, *, hosts: int = 200, minutes: int = 5, faults: float = 0.0, silent: int = 0, watches: int = 1,
        with_transcripts: int = 1_000_000,
    ) -> None:  # fmt: skip
        self._hosts = hosts
        super().__init__(_serve, shows, hosts, minutes, faults, silent, watches, with_transcripts)

    def host(self, number: int) -> str:
        host = number % self._hosts + 1
        return f"127.0.{host // 250}.{host % 250 + 1}:{self.port}"

    def url(self, number: int) -> str:
        return f"http://{self.host(number)}/{number}.xml"

    def publish(self, numbers: Iterable[int], at: datetime | None = None) -> None:
        """These shows have one episode more, that came out then."""
        self.request((list(numbers), (at or datetime.now(UTC)).timestamp()))


def make_talk(number: int, minutes: int, watches: int) -> bytes:
    """A WebVTT of sentences of the sample's words; in the middle it says ALERT_WORD, and which watch is meant."""
    rng = random.Random(number)
    words = _words()
    lines = ["WEBVTT", ""]
    cues = max(2, minutes * 60 // CUE_SECONDS)
    for cue in range(cues):
        said = " ".join(rng.choices(words, k=CUE_WORDS))
        if cue == cues // 2:
            said = f"then {ALERT_WORD} watch{number % watches}x was said again"
        begin, end = cue * CUE_SECONDS, (cue + 1) * CUE_SECONDS
        lines += [f"{_clock(begin)} --> {_clock(end)}", said, ""]
    return "\n".join(lines).encode()


def _words() -> list[str]:
    return [w.strip(".,;:!?()") for w in SAMPLE.read_text(encoding="utf-8").split() if w.strip(".,;:!?()").isalpha()]


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.000"


def _feed(number: int, base: str, dates: list[float], with_transcripts: bool) -> bytes:
    items = []
    for n in range(len(dates), 0, -1):
        notes = f"<p>Notes of episode {n}. " + "We talk about ships, grain and telegrams. " * 6 + "</p>"
        items.append(
            f"<item><guid isPermaLink='false'>show{number}-{n}</guid><title>Show {number}, episode {n}</title>"
            f"<pubDate>{format_datetime(datetime.fromtimestamp(dates[n - 1], UTC))}</pubDate>"
            f"<enclosure url='{base}/{number}/{n}.mp3' type='audio/mpeg' length='1'/>"
            f"<description><![CDATA[{notes}]]></description>"
            + (f"<podcast:transcript url='{base}/{number}/{n}.vtt' type='text/vtt'/>" if with_transcripts else "")
            + "</item>"
        )
    space = "https://podcastindex.org/namespace/1.0"
    head = f"<?xml version='1.0' encoding='UTF-8'?><rss version='2.0' xmlns:podcast='{space}'><channel>"
    return f"{head}<title>Show {number}</title><language>en</language>{''.join(items)}</channel></rss>".encode()


def _serve(
    pipe: Connection, shows: int, hosts: int, minutes: int, faults: float, silent: int, watches: int,
    with_transcripts: int,
) -> None:  # fmt: skip
    rng = random.Random(1)
    begun = datetime(2026, 10, 1, tzinfo=UTC).timestamp()
    dates: dict[int, list[float]] = {}
    talks: dict[int, bytes] = {}
    wrong = [
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        http_ok("text/html", b"<html><p>Please sign in"),
        http_ok("application/rss+xml", b"<rss><channel><item><title>cut o"),
        b"HTTP/1.1 200 OK\r\nContent-Type: text/vtt\r\nContent-Length: 999\r\n\r\nWEBVTT",
        b"no answer of HTTP at all\r\n\r\n",
    ]

    def dates_of(number: int) -> list[float]:
        return dates.setdefault(number, [begun + 3600 * (n + number % 24) for n in range(OLDER)])

    def respond(path: str, head: bytes) -> bytes:
        if rng.random() < faults:
            return rng.choice(wrong)
        show, _, rest = path.strip("/").partition("/")
        if not rest:
            number = int(show.removesuffix(".xml"))
            tag = b'"%d-%d"' % (number, len(dates_of(number)))
            if b"if-none-match: " + tag in head.lower():
                return b"HTTP/1.1 304 Not Modified\r\nETag: " + tag + b"\r\n\r\n"
            base = f"http://{_header(head, b'host')}"
            return http_ok("application/rss+xml", _feed(number, base, dates_of(number), number < with_transcripts), tag)
        which = (int(show) * 31 + int(rest.removesuffix(".vtt"))) % (TALKS if minutes > 20 else 4000)
        if which not in talks:
            talks[which] = make_talk(which, minutes, watches)
        return http_ok("text/vtt", talks[which])

    def publish(message: tuple[list[int], float]) -> None:
        for number in message[0]:
            dates_of(number).append(message[1])

    numbers = range(1, min(shows, hosts) + 1)
    addresses = [f"127.0.{n // 250}.{n % 250 + 1}" for n in numbers]
    mute = set(addresses[len(addresses) - silent :]) if silent else set()
    asyncio.set_event_loop_policy(None)
    serve_requests(
        pipe, lambda path, head: None if _host(head) in mute else respond(path, head), addresses, on_message=publish
    )


def _header(head: bytes, name: bytes) -> str:
    found: Mapping[bytes, bytes] = dict(
        line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line
    )
    return found[name].decode()


def _host(head: bytes) -> str:
    return _header(head, b"host").partition(":")[0]
