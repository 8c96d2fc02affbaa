"""Fifty readers of the page at once, while a poll of 2,000 feeds runs in another process beside it."""

from __future__ import annotations

import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

from benchmarks.harness import check_figure, process_cpu
from benchmarks.loopback_server import FeedServer
from podwatch.model import Feed
from podwatch.runtime import Runtime

READERS, READS, MOST_P95 = 50, 8, 1.0


def environment(rt: Runtime) -> dict[str, str]:
    """Of a process of podwatch over the same database."""
    settings = rt.settings
    own = {"PODWATCH_HOME": str(settings.home), "PODWATCH_DATABASE_URL": settings.database_url.reveal()}
    return {**os.environ, **own, "PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8", "PODWATCH_HOST_PAUSE": "0"}


def check_readers(name: str, url: str, pid: int, rt: Runtime, views: Sequence[str], feeds: int) -> bool:
    """Whether all get what they ask for, and nineteen of twenty within the bound."""
    with polling(rt, feeds) as poll:
        read_at_once(url, views, readers=1, reads=len(views))  # somebody has looked at them before
        before, began = process_cpu(pid), time.perf_counter()
        times, failures = read_at_once(url, views)
        after, taken = process_cpu(pid), time.perf_counter() - began
        was_polling = poll.poll() is None
        said = poll.communicate()[1]
    holds = check_figure(f"{name}, readings that failed", len(failures), 0, least=False)
    holds &= check_figure(f"{name}, the poll ran all the time, and ended well", was_polling and not poll.returncode, 1)
    for line in [*failures[:3], *([said] if poll.returncode else [])]:
        print(line)
    what = f"{name}, {READERS} readers at once while {feeds:,} feeds are polled, seconds"
    print(f"     {what}: median {statistics.median(times):.2f}, longest {max(times):.2f}")
    if before is not None and after is not None:
        got = f"the page took {after - before:.2f} s of CPU, and had {(after - before) / taken:.2f} of a core"
        busy = f"load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"
        print(f"     {len(times)} readings in {taken:.1f} s: {got}; {busy}")
    p95 = statistics.quantiles(times, n=20)[-1]
    return holds & check_figure(f"{what} at the 95th percentile", p95, MOST_P95, least=False)


@contextmanager
def polling(rt: Runtime, feeds: int) -> Iterator[subprocess.Popen[str]]:
    """The first poll of so many feeds, each with 30 new episodes: nothing writes more."""
    with FeedServer() as server:
        rt.store.add_feeds([Feed(url=server.url(i)) for i in range(feeds)], datetime.now(UTC))
        command = [sys.executable, "-m", "podwatch", "poll", "--json"]
        with tempfile.TemporaryFile("w+") as out:
            process = subprocess.Popen(command, env=environment(rt), stdout=out, stderr=subprocess.PIPE, text=True)
            try:
                until = time.monotonic() + 120
                # Those of the poll alone are reached by http.
                while sum(f.last_polled_at is not None for f in rt.store.feeds() if f.url.startswith("http:")) < 10:
                    assert process.poll() is None, "the poll has ended"
                    assert time.monotonic() < until, "the poll does not begin"
                    time.sleep(0.2)
                yield process
            finally:
                if process.poll() is None:
                    process.terminate()
                process.wait(60)


def read_at_once(
    url: str, views: Sequence[str], readers: int = READERS, reads: int = READS
) -> tuple[list[float], list[str]]:
    """(seconds of each reading, what failed). Each reader keeps one connection, as a browser does."""
    times: list[float] = []
    failures: list[str] = []
    gate = threading.Barrier(readers)

    def read(reader: int) -> None:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        gate.wait()
        for i in range(reads):
            view = views[(reader + i) % len(views)]
            began = time.perf_counter()
            try:
                connection.request("GET", view, headers={"Accept-Encoding": "gzip"})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    failures.append(f"{view}: {answer.status}")
            except (OSError, http.client.HTTPException) as e:
                failures.append(f"{view}: {type(e).__name__}: {e}")
                connection.close()
            times.append(time.perf_counter() - began)
        connection.close()

    threads = [threading.Thread(target=read, args=(n,)) for n in range(readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, failures
