"""A podcast host for `make compose-test`: feeds whose every transcript has two sentences that occur nowhere else.

It runs in a container of its own, so it needs nothing but Python. Each answer takes a moment, as over a real network:
the run of the DAG is to be long enough that something can be killed in the middle of it.

python podcast_server.py FEEDS EPISODES [PORT]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

PORT = 8766
DELAY = 0.1  # seconds
FILLER = "and then they talked about the weather on the coast for a while"
TOKENS = ("grain", "harbour")  # what the watches of watchlist.yaml look for, each followed by a token


def make_token(word: int, feed: int, episode: int) -> str:
    """A word that is in one sentence of one transcript; the first digit says for which watch."""
    return f"tok{word}{feed:02d}{episode:03d}x"


def all_tokens(feeds: int, episodes: int) -> set[str]:
    return {make_token(w, f, e) for w in range(len(TOKENS)) for f in range(feeds) for e in range(episodes)}


def write_feed(host: str, feed: int, episodes: int, newest: datetime) -> str:
    items = "".join(
        f"<item><title>Episode {e} of show {feed}</title><guid isPermaLink='false'>show-{feed}-{e}</guid>"
        f"<pubDate>{format_datetime(newest - timedelta(hours=e + 1))}</pubDate>"
        f"<podcast:transcript url='http://{host}/transcript/{feed}/{e}.vtt' type='text/vtt' language='en'/></item>"
        for e in range(episodes)
    )
    return (
        "<?xml version='1.0' encoding='UTF-8'?>"
        "<rss version='2.0' xmlns:podcast='https://podcastindex.org/namespace/1.0'><channel>"
        f"<title>Show {feed}</title><link>http://{host}/</link><language>en</language>"
        f"<description>A show for a test</description>{items}</channel></rss>"
    )


def write_transcript(feed: int, episode: int) -> str:
    """The two sentences, far enough from each other that an alert shows one of them alone."""
    lines = [f"{FILLER} number {n}" for n in range(60)]
    for word, name in enumerate(TOKENS):
        lines[10 + 40 * word] = f"the price of {name} {make_token(word, feed, episode)} went up again"
    return "WEBVTT\n\n" + "\n".join(_write_cues(lines))


def _write_cues(lines: list[str]) -> Iterator[str]:
    for n, line in enumerate(lines):
        minute, second = divmod(n * 5, 60)
        yield f"00:{minute:02d}:{second:02d}.000 --> 00:{minute:02d}:{second + 4:02d}.000\n{line}\n"


class Handler(BaseHTTPRequestHandler):
    episodes: ClassVar[int]
    started: ClassVar[datetime]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        time.sleep(DELAY)
        kind, *numbers = self.path.strip("/").partition(".")[0].split("/")
        host = self.headers["Host"]
        if kind == "feed":
            body, media = write_feed(host, int(numbers[0]), self.episodes, self.started), "application/rss+xml"
        elif kind == "transcript":
            body, media = write_transcript(int(numbers[0]), int(numbers[1])), "text/vtt"
        else:
            self.send_error(404)
            return
        content = body.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{media}; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Does nothing."""


def main(feeds: int, episodes: int, port: int = PORT) -> None:
    Handler.episodes, Handler.started = episodes, datetime.now(UTC)
    print(f"{feeds} feeds of {episodes} episodes at port {port}", flush=True)
    ThreadingHTTPServer(("0.0.0.0", port), Handler).serve_forever()


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
