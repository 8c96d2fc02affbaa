"""`make page-test`: how fast the page is over 10,000 episodes and 100,000 mentions, on SQLite and PostgreSQL.

SHORT=1: a tenth of that, and SQLite alone. Each view is asked in turn with an empty route, once right after something
was written, so that all of it is computed ("first"), and once more ("again", what most readers meet). At the median
the first takes 150 ms at most, of CPU, since other work on the machine is not the page's; and the next three times an
empty route and the view's own statements at most. A view has 200 KB at most as it is sent, and the alerts are painted
within a second. Then fifty readers at once, while feeds are polled.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
from fastapi.testclient import TestClient
from sqlalchemy import event, insert, select

from benchmarks.harness import check_figure, measure_in_turn, print_table, process_cpu
from benchmarks.page_load import check_readers, environment
from benchmarks.page_paint import check_paint
from podwatch import runtime
from podwatch.model import Segment, Watch, join_segments
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings
from podwatch.store.tables import deliveries, episodes, feeds, mentions, transcripts, watches
from podwatch.transcripts.sandboxed import pack_transcript
from podwatch.web.access import CHANGED_COOKIE, LoopbackAccess
from podwatch.web.application import create_app
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
    "/trends",
    "/api/v1/alerts",
    "/api/v1/episodes/1/words",
)
EMPTY = "/health"
ROUNDS = 15
MOST_MS, MOST_SHARE, MOST_KB = 150.0, 3.0, 200.0


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
            "next_poll_at": NOW + timedelta(days=1),
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


def measure(name: str, rt: Runtime, feeds: int) -> bool:
    with serve(rt) as (url, pid), httpx2.Client(base_url=url, timeout=60) as client:
        sizes = {view: _size(client, view) for view in VIEWS}
        statements = record_statements(rt)
        spent: dict[str, list[float]] = {view: [] for view in VIEWS}

        def ask(view: str, **headers: str) -> float:
            began = time.perf_counter()
            assert client.get(view, headers=headers).status_code == 200, view
            return (time.perf_counter() - began) * 1000

        def ask_first(view: str) -> float:
            rt.store.set_mark("page benchmark", datetime.now(UTC))
            before = process_cpu(pid)
            taken = ask(view, Cookie=f"{CHANGED_COOKIE}=1")
            after = process_cpu(pid)
            spent[view].append(taken if before is None or after is None else (after - before) * 1000)
            return taken

        works: dict[str, Callable[[], float]] = {EMPTY: lambda: ask(EMPTY)}
        for view in VIEWS:
            works[f"first {view}"] = partial(ask_first, view)
            works[f"again {view}"] = partial(ask, view)
            works[f"sql {view}"] = partial(run_statements, rt, statements[view])
        took = measure_in_turn(works, ROUNDS)
        base = {view: took[EMPTY] + took[f"sql {view}"] for view in VIEWS}
        first, again = ({view: took[f"{when} {view}"] for view in VIEWS} for when in ("first", "again"))
        shares = {view: again[view] / base[view] for view in VIEWS}
        # SQLite runs in the process of the page, PostgreSQL in its own.
        own = {v: statistics.median(spent[v]) + (took[f"sql {v}"] if name != "SQLite" else 0.0) for v in VIEWS}
        rows = []
        for v in VIEWS:
            walls = [f"{taken[v]:.1f} ({taken[v] / base[v]:.1f})" for taken in (first, again)]
            rows.append([v, f"{took[f'sql {v}']:.1f}", f"{own[v]:.1f}", *walls, f"{sizes[v]:.1f}"])
        columns = ["view", "its statements, ms", "first, ms of CPU", "first, ms (of empty + statements)", "again", "KB"]
        busy = f"load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"
        print_table(f"The page on {name}: an empty route takes {took[EMPTY]:.1f} ms; {busy}", columns, rows)
        slowest, dearest, largest = (max(VIEWS, key=x.__getitem__) for x in (own, shares, sizes))
        holds = check_figure(f"{name}, slowest view ({slowest}), ms of CPU", own[slowest], MOST_MS, least=False)
        what = f"{name}, dearest view again ({dearest}), of an empty route and its statements"
        holds &= check_figure(what, shares[dearest], MOST_SHARE, least=False)
        holds &= check_figure(f"{name}, largest view ({largest}), KB", sizes[largest], MOST_KB, least=False)
        holds &= check_paint(name, url)
        return holds & check_readers(name, url, pid, rt, VIEWS, feeds)


def record_statements(rt: Runtime) -> dict[str, list[tuple[str, Any]]]:
    """What each view asks the database for, with the values."""
    heard: list[tuple[str, Any]] = []

    def hear(_c: object, _cursor: object, statement: str, values: Any, _context: object, _many: bool) -> None:
        heard.append((statement, values))

    app = create_app(lambda: rt, LoopbackAccess("reader"), lambda: datetime.now(UTC))
    client = TestClient(app, base_url="http://127.0.0.1")
    event.listen(rt.store.engine, "before_cursor_execute", hear)
    found = {}
    for view in VIEWS:
        heard.clear()
        assert client.get(view).status_code == 200
        found[view] = [(s, v) for s, v in heard if s.lstrip().upper().startswith(("SELECT", "WITH"))]
    event.remove(rt.store.engine, "before_cursor_execute", hear)
    return found


def run_statements(rt: Runtime, statements: list[tuple[str, Any]]) -> float:
    """Milliseconds for the bare driver to run them and fetch their rows."""
    with rt.store.reading() as c:
        cursor = c.connection.cursor()
        began = time.perf_counter()
        for statement, values in statements:
            cursor.execute(statement, values)
            cursor.fetchall()
        taken = (time.perf_counter() - began) * 1000
        cursor.close()
    return taken


@contextmanager
def serve(rt: Runtime) -> Iterator[tuple[str, int]]:
    """The page as `podwatch serve` serves it: its address, and the id of its process."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "podwatch", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment(rt), stderr=subprocess.DEVNULL)
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
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(20)


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
                holds &= measure(name, rt, feeds=200 if short else 2000)
    said = "every figure holds" if holds else "a figure does not hold"
    print(f"page-test: {count:,} episodes, {count * 10:,} mentions: {said}")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
