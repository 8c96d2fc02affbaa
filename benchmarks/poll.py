"""What a poll costs: the transport, the whole verb beside the library `reader`, slow servers, new hosts, a full store.

    .venv/bin/python -m benchmarks.poll [--short] [--only transport|reader|slow|hosts|store]

Everything runs on loopback. CPU seconds are those of this process, all its threads; the server runs in its own.
"""

from __future__ import annotations

import argparse
import shutil
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import certifi
import requests
from sqlalchemy import update

from benchmarks.harness import check_figure, measure_cpu, measure_in_turn, measure_wall, print_table
from benchmarks.loopback_server import FeedServer
from podwatch import runtime
from podwatch.line.poll import poll
from podwatch.model import Feed, PollResult, Tally
from podwatch.net.client import HttpClient
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings, parse_networks
from podwatch.store import tables

LATENCY = 0.2  # seconds


@contextmanager
def open_store(name: str) -> Iterator[Runtime]:
    """podwatch with its defaults on a new SQLite database, but without the pause between two requests to a host."""
    home = Path(tempfile.mkdtemp(prefix=f"podwatch-{name}-"))
    try:
        with runtime.build(make_settings(home)) as rt:
            yield rt
    finally:
        shutil.rmtree(home, ignore_errors=True)


def make_settings(home: Path) -> Settings:
    url = Secret(f"sqlite:///{home / 'podwatch.db'}")
    return Settings(home=home, database_url=url, allow_addresses=parse_networks("127.0.0.0/8"), host_pause=0)


def add_polled_feeds(rt: Runtime, server: FeedServer, feeds: int) -> None:
    """Adds so many feeds of the server and polls them once."""
    rt.store.add_feeds([Feed(url=server.url(i)) for i in range(feeds)], datetime.now(UTC))
    tally = poll(rt, datetime.now(UTC))
    assert (tally.done, tally.failed) == (feeds, 0), tally


def poll_all(rt: Runtime, feeds: int) -> None:
    """Polls every feed, due or not. Not by force, which asks without conditions."""
    now = datetime.now(UTC)
    rt.store.execute(update(tables.feeds).values(next_poll_at=now))
    assert poll(rt, now).done == feeds


def bench_transport(requests_each: int, rounds: int) -> bool:
    """CPU time of a 304 on a kept connection."""
    with FeedServer(hosts=1) as server:
        http = HttpClient(make_settings(Path("/nonexistent")))
        session = requests.Session()
        url, tag = server.url(0), '"0-0"'

        def ours() -> None:
            for _ in range(requests_each):
                assert http.get(url, etag=tag).status == 304

        def theirs() -> None:
            for _ in range(requests_each):
                assert session.get(url, headers={"If-None-Match": tag}).status_code == 304

        ours()
        theirs()
        found = measure_in_turn(
            {"podwatch": lambda: measure_cpu(ours), "requests.Session": lambda: measure_cpu(theirs)}, rounds
        )
    rows = [(name, f"{seconds / requests_each * 1e3:.3f}") for name, seconds in found.items()]
    print_table("An unchanged feed, in the transport alone", ("transport", "CPU ms per 304"), rows)
    return check_figure("requests.Session / podwatch, CPU per 304", found["requests.Session"] / found["podwatch"], 3)


def bench_against_reader(feeds: int, rounds: int) -> bool:
    """The whole poll with its rows written: nothing new, and a tenth new. `reader` has one worker, its fastest here."""
    from reader import make_reader

    folder = Path(tempfile.mkdtemp(prefix="podwatch-reader-"))
    with FeedServer(hosts=20) as server, open_store("reader") as rt:
        add_polled_feeds(rt, server, feeds)
        other = make_reader(str(folder / "reader.sqlite"))
        for i in range(feeds):
            other.add_feed(server.url(i))
        refresh = partial(other.update_feeds, scheduled=False)  # all of them, like a forced poll
        refresh()
        total = other.get_entry_counts().total
        assert total == rt.store.counts()["episodes"] == feeds * 30, total

        ours = partial(poll_all, rt, feeds)
        unchanged = measure_in_turn(
            {
                "podwatch": lambda: measure_wall(ours),
                "podwatch CPU": lambda: measure_cpu(ours),
                "reader": lambda: measure_wall(refresh),
                "reader CPU": lambda: measure_cpu(refresh),
            },
            rounds,
        )
        tenth = feeds // 10
        changed: dict[str, list[float]] = {"podwatch": [], "reader": []}
        for i in range(rounds):
            server.publish_items(range(i * tenth % feeds, i * tenth % feeds + tenth))
            changed["podwatch"].append(measure_wall(ours))
            changed["reader"].append(measure_wall(refresh))
            counted = (rt.store.counts()["episodes"], other.get_entry_counts().total)
            assert counted == (feeds * 30 + (i + 1) * tenth,) * 2, counted
    shutil.rmtree(folder)
    middle = {name: sorted(values)[len(values) // 2] for name, values in changed.items()}
    rows = [
        ("nothing new", f"{feeds / unchanged['podwatch']:.0f}", f"{feeds / unchanged['reader']:.0f}",
         f"{unchanged['podwatch CPU'] / feeds * 1e3:.2f}", f"{unchanged['reader CPU'] / feeds * 1e3:.2f}"),
        ("a tenth has a new item", f"{feeds / middle['podwatch']:.0f}", f"{feeds / middle['reader']:.0f}", "", ""),
    ]  # fmt: skip
    columns = ("", "podwatch, feeds/s", "reader, feeds/s", "podwatch, CPU ms a feed", "reader, CPU ms a feed")
    print_table(f"The whole poll of {feeds} feeds with its rows written", columns, rows)
    return all(
        [
            check_figure("reader / podwatch, nothing new, time", unchanged["reader"] / unchanged["podwatch"], 4),
            check_figure("reader / podwatch, a tenth new, time", middle["reader"] / middle["podwatch"], 5),
        ]
    )


def bench_slow_servers(feeds: int, rounds: int) -> bool:
    """Servers that take 200 ms beside servers that answer at once, each feed on a host of its own.

    Asking one after the other would take ``feeds`` times 200 ms longer; the worker pool is to hide nearly all of it.
    """
    with ExitStack() as stack:
        works: dict[str, Callable[[], float]] = {}
        for name, latency in (("at once", 0.0), ("after 200 ms", LATENCY)):
            server = stack.enter_context(FeedServer(hosts=2000, latency=latency))
            rt = stack.enter_context(open_store("latency"))
            add_polled_feeds(rt, server, feeds)
            works[name] = partial(measure_wall, partial(poll_all, rt, feeds))
        seconds = measure_in_turn(works, rounds)
    rows = [(name, feeds, f"{feeds / s:.0f}") for name, s in seconds.items()]
    print_table("Servers that answer at once, and after 200 ms", ("answers", "feeds", "feeds/s"), rows)
    added = (seconds["after 200 ms"] - seconds["at once"]) / (feeds * LATENCY)
    return check_figure("share of the servers' latency that the poll waits for", added, 0.01, least=False)


def bench_new_hosts(hosts: int) -> bool:
    """CPU time of a first request to a host over HTTPS, TLS context and handshake included."""
    import trustme

    folder = Path(tempfile.mkdtemp(prefix="podwatch-tls-"))
    authority = trustme.CA()
    names = [f"127.0.{n // 250}.{n % 250 + 1}" for n in range(hosts + 2)]
    # As large as what requests loads by default: loading it for each host is what costs.
    (folder / "ca.pem").write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
    issued = authority.issue_cert(*names)
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    with FeedServer(hosts=hosts, certificate=(str(folder / "server.pem"), str(folder / "server.pem"))) as server:
        http = HttpClient(make_settings(folder), ssl.create_default_context(cafile=str(folder / "ca.pem")))

        def ours() -> None:
            for i in range(hosts):
                assert http.get(server.url(i), etag=f'"{i}-0"').status == 304

        def theirs() -> None:
            for i in range(hosts):
                headers = {"If-None-Match": f'"{i}-0"'}
                answer = requests.get(server.url(i), headers=headers, verify=str(folder / "ca.pem"))
                assert answer.status_code == 304

        mine, other = measure_cpu(ours) / hosts, measure_cpu(theirs) / hosts
    shutil.rmtree(folder)
    rows = [("podwatch", f"{mine * 1e3:.2f}"), ("requests", f"{other * 1e3:.2f}")]
    print_table("HTTPS to hosts not seen before", ("", "CPU ms a host"), rows)
    return check_figure("requests / podwatch, CPU per new HTTPS host", other / mine, 8)


def bench_full_store(sizes: list[int], episodes: int) -> bool:
    """The cost of a poll of 1,000 unchanged feeds, out of a store with more and more feeds and episodes."""
    from sqlalchemy import text

    rows: list[tuple[object, ...]] = []
    costs = []
    with FeedServer(hosts=20) as server:
        for size in sizes:
            with open_store(f"full-{size}") as rt:
                add_polled_feeds(rt, server, 1000)
                with rt.store.engine.begin() as c:
                    insert_filler(c.exec_driver_sql, size, episodes)
                    count = c.execute(text("SELECT count(*) FROM episodes")).scalar_one()
                due = rt.store.feeds_due(None)[:1000]
                assert len(due) == 1000

                def once(rt: Runtime = rt, due: list[Feed] = due) -> None:
                    assert poll_exactly(rt, due).done == 1000

                once()
                cost = sorted(measure_cpu(once) for _ in range(5))[2]
                costs.append(cost)
                rows.append((f"{size:,}", f"{count:,}", f"{cost:.2f}"))
    columns = ("feeds in the store", "episodes in the store", "CPU ms a feed")
    print_table("1,000 unchanged feeds, out of a store that fills", columns, rows)
    return check_figure("cost in the fullest store / in the emptiest", costs[-1] / costs[0], 1.5, least=False)


def poll_exactly(rt: Runtime, due: list[Feed]) -> Tally:
    """A poll in which exactly ``due`` are due."""
    moment = datetime.now(UTC)
    rt.store.save_polls([PollResult(feed=replace(f, next_poll_at=moment)) for f in due], moment, 10)
    return poll(rt, moment)


def insert_filler(execute: Callable[[str], object], size: int, episodes: int) -> None:
    """Adds feeds that are not due, and episodes to every feed, by SQL alone."""
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"
    execute(
        numbers.format(size - 1000) + " INSERT INTO feeds (url, title, tags, recent, added_at, failures, next_poll_at)"
        " SELECT 'http://filler.example/' || i, 'Filler ' || i, '[]', '[]', '2026-01-01 00:00:00.000000', 0,"
        " '2199-01-01 00:00:00.000000' FROM n"
    ) if size > 1000 else None
    execute(
        numbers.format(episodes)
        + " INSERT INTO episodes (feed_id, guid, identity, title, notes, transcripts, details, first_seen_at, backlog,"
        " fetch_failures) SELECT f.id, 'filler-' || n.i, 'filler-' || f.id || '-' || n.i, 'Episode ' || n.i,"
        " '', '[]', '{}', '2026-01-01 00:00:00.000000', 0, 0 FROM feeds f, n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="smaller, a minute or two")
    parser.add_argument("--only", choices=["transport", "reader", "slow", "hosts", "store"])
    options = parser.parse_args()
    short = options.short
    parts: dict[str, Callable[[], bool]] = {
        "transport": lambda: bench_transport(200 if short else 500, 5 if short else 11),
        "reader": lambda: bench_against_reader(300 if short else 2000, 3 if short else 5),
        "slow": lambda: bench_slow_servers(1000 if short else 2000, 3 if short else 5),
        "hosts": lambda: bench_new_hosts(60 if short else 200),
        "store": lambda: bench_full_store([1000, 10_000] if short else [1000, 10_000, 100_000], 20 if short else 100),
    }
    began = time.monotonic()
    held = [part() for name, part in parts.items() if options.only in (None, name)]
    print(f"\n{sum(held)} of {len(held)} parts hold, {time.monotonic() - began:.0f} s")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
