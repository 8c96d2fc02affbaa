"""`make page-test`: how fast the page is over 10,000 episodes and 100,000 mentions, on SQLite and PostgreSQL.

SHORT=1: a tenth of that, and SQLite alone. Each view is asked in turn with an empty route; its bound is 150 ms at the
median, and 200 KB as it is sent. Then fifty readers at once.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import insert, select

from benchmarks.harness import check_figure, measure_in_turn, print_table
from podwatch import runtime
from podwatch.model import Segment, Watch, join_segments
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings
from podwatch.store.tables import deliveries, episodes, feeds, mentions, transcripts, watches
from podwatch.transcripts.sandboxed import pack_transcript
from tests.support.postgres import Postgres

NOW = datetime.now(UTC)
FEEDS, WATCHES = 500, 20
VIEWS = (
    "/alerts",
    "/alerts?watch=watch-3",
    "/alerts?feed=7&state=sent",
    "/alerts?kind=alias",
    "/episodes/1",
    "/episodes/2",
    "/watches",
    "/watches/watch-3",
    "/feeds",
    "/feeds/7",
    "/coverage",
    f"/coverage/days/{NOW:%Y-%m-%d}",
    "/changes",
    "/api/v1/alerts",
    "/api/v1/episodes/1/words",
)
EMPTY = "/health"
ROUNDS = 15
MOST_MS, MOST_KB, READERS, MOST_P95 = 150.0, 200.0, 50, 1.0


def fill(rt: Runtime, count: int) -> None:
    """Feeds with ``count`` episodes, each with a transcript and ten mentions of three watches with their alerts."""
    rows = [
        {
            "url": f"https://f{i}.example/feed",
            "title": f"Show {i}",
            "tags": ["news"],
            "recent": [],
            "added_at": NOW,
            "last_polled_at": NOW,
            "next_poll_at": NOW,
        }
        for i in range(FEEDS)
    ]
    rt.store.sync_watches([Watch(name=f"watch-{i}", query=f"word{i}") for i in range(WATCHES)], NOW)
    latest = rt.store.watches_to_detect().latest
    with rt.store.writing() as c:
        c.execute(insert(feeds), rows)
        feed_ids = list(c.execute(select(feeds.c.id).order_by(feeds.c.id)).scalars())
        watch_ids = list(c.execute(select(watches.c.id).order_by(watches.c.id)).scalars())
        made = [
            {
                "feed_id": feed_ids[i % FEEDS],
                "guid": f"g{i}",
                "identity": f"{i:032}",
                "title": f"Episode {i} of what was said",
                "audio_url": f"https://cdn.example/{i}.mp3",
                "published_at": NOW - timedelta(hours=i // 7),
                "first_seen_at": NOW,
                "transcripts": [],
                "details": {},
                "notes": "",
                "backlog": False,
            }
            for i in range(count)
        ]
        c.execute(insert(episodes), made)
        ids = list(c.execute(select(episodes.c.id).order_by(episodes.c.id)).scalars())
        hour, short = (asdict(pack_transcript(_talk(n), "en")) for n in (1200, 40))
        body = [
            {
                "episode_id": e,
                "source": "https://f.example/1.vtt",
                "fetched_at": NOW,
                "detected_through": latest,
                **(hour if n == 0 else short),
            }
            for n, e in enumerate(ids)
        ]
        for i in range(0, len(body), 500):
            c.execute(insert(transcripts), body[i : i + 500])
        found, told = [], []
        for n, e in enumerate(ids):
            for k in range(10):
                w = watch_ids[(n + k % 3) % WATCHES]
                at = k * 9
                found.append(
                    {
                        "watch_id": w,
                        "watch_revision": 1,
                        "transcript_id": e,
                        "transcript_revision": 1,
                        "episode_id": e,
                        "start": at,
                        "end": at + 5,
                        "kind": ("exact", "alias")[k % 2],
                        "score": 1.0,
                        "surface": "words",
                        "seconds": k * 3.0,
                        "segment": k,
                        "speaker": "Ann",
                        "snippet": "These are the words of the sentence that was found.",
                        "snippet_start": 14,
                        "reason": "",
                        "found_at": NOW,
                    }
                )
            for k in range(3):
                state = ("sent", "held", "dead")[k] if n % 2 else "sent"
                told.append(
                    {
                        "key": f"{n}-{k}",
                        "watch_id": watch_ids[(n + k) % WATCHES],
                        "episode_id": e,
                        "identity": f"{n:032}",
                        "channel": "#podcasts",
                        "state": state,
                        "created_at": NOW,
                        "sent_at": NOW if state == "sent" else None,
                    }
                )
        for i in range(0, len(found), 5000):
            c.execute(insert(mentions), found[i : i + 5000])
        c.execute(insert(deliveries), told)


def _talk(segments: int) -> Any:
    """A segment of three seconds has ten words: 1200 are an hour."""
    text = "These are some of the words that were said there"
    return join_segments(
        [Segment(3.0 * i, 3.0 * i + 3, f"{text} {i}", ("Ann", "Bob")[i // 9 % 2]) for i in range(segments)]
    )


@contextmanager
def databases(home: Path, short: bool) -> Iterator[list[tuple[str, str]]]:
    found = [("SQLite", f"sqlite:///{home / 'podwatch.db'}")]
    if short:
        yield found
        return
    with Postgres() as server:
        yield [*found, ("PostgreSQL", server.new_database())]


def measure(name: str, rt: Runtime) -> bool:
    with serve(rt) as url, httpx2.Client(base_url=url, timeout=60) as client:
        sizes = {view: _size(client, view) for view in VIEWS}

        def ask(view: str) -> float:
            began = time.perf_counter()
            assert client.get(view).status_code == 200, view
            return (time.perf_counter() - began) * 1000

        took = measure_in_turn({view: (lambda v=view: ask(v)) for view in (EMPTY, *VIEWS)}, ROUNDS)  # type: ignore[misc]
        rows = [[view, f"{took[view]:.1f}", f"{sizes.get(view, 0):.1f}"] for view in (EMPTY, *VIEWS)]
        print_table(f"The page on {name}", ["view", "ms (median)", "KB sent"], rows)
        slowest, largest = max(VIEWS, key=took.__getitem__), max(VIEWS, key=sizes.__getitem__)
        holds = check_figure(f"{name}, slowest view ({slowest}), ms", took[slowest], MOST_MS, least=False)
        holds &= check_figure(f"{name}, largest view ({largest}), KB", sizes[largest], MOST_KB, least=False)
        return holds & check_readers(name, url)


@contextmanager
def serve(rt: Runtime) -> Iterator[str]:
    """The page as `podwatch serve` serves it, in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = rt.settings
    env = {**os.environ, "PODWATCH_HOME": str(settings.home), "PODWATCH_DATABASE_URL": settings.database_url.reveal()}
    command = [sys.executable, "-m", "podwatch", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 60
        while True:
            try:
                httpx2.get(f"{url}{EMPTY}", timeout=5)
                break
            except httpx2.TransportError:
                assert time.monotonic() < until, "the page does not start"
                assert process.poll() is None, "the page has ended"
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def check_readers(name: str, url: str) -> bool:
    """Fifty readers at once, each of four views."""

    def read(reader: int) -> list[float]:
        times = []
        with httpx2.Client(base_url=url, timeout=60) as client:
            for i in range(4):
                began = time.perf_counter()
                assert client.get(VIEWS[(reader + i) % len(VIEWS)]).status_code == 200
                times.append(time.perf_counter() - began)
        return times

    with ThreadPoolExecutor(READERS) as pool:
        times = [t for found in pool.map(read, range(READERS)) for t in found]
    p95 = statistics.quantiles(times, n=20)[-1]
    return check_figure(
        f"{name}, {READERS} readers at once, seconds at the 95th percentile", p95, MOST_P95, least=False
    )


def _size(client: httpx2.Client, view: str) -> float:
    """Kilobytes of the body as it is sent, compressed."""
    with client.stream("GET", view) as response:
        return sum(len(part) for part in response.iter_raw()) / 1024


def main() -> int:
    short = os.environ.get("SHORT", "") not in ("", "0")
    count = 1000 if short else 10_000
    holds = True
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder), short) as found:
        for name, url in found:
            with runtime.build(Settings(home=Path(folder), database_url=Secret(url))) as rt:
                fill(rt, count)
                holds &= measure(name, rt)
    said = "every figure holds" if holds else "a figure does not hold"
    print(f"page-test: {count:,} episodes, {count * 10:,} mentions: {said}")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
