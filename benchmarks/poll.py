"""What a poll costs: the transport, the whole verb beside the library `reader`, slow servers, new hosts, a full store.

    .venv/bin/python -m benchmarks.poll [--short]

Everything runs on loopback. CPU seconds are those of this process, all its threads; the server has its own.
"""

from __future__ import annotations

import argparse
import shutil
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import certifi
import requests

from benchmarks.harness import cpu, in_turn, show, verdict, wall
from benchmarks.loopback_server import Server
from podwatch import runtime
from podwatch.line.poll import poll
from podwatch.model import Feed, PollResult, Tally
from podwatch.net.client import HttpClient
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings, networks


@contextmanager
def store(name: str) -> Iterator[Runtime]:
    """podwatch as it is by default, on a new SQLite database; only the pause between requests to one host is off."""
    home = Path(tempfile.mkdtemp(prefix=f"podwatch-{name}-"))
    try:
        with runtime.build(settings(home)) as rt:
            yield rt
    finally:
        shutil.rmtree(home, ignore_errors=True)


def settings(home: Path) -> Settings:
    url = Secret(f"sqlite:///{home / 'podwatch.db'}")
    return Settings(home=home, database_url=url, allow_addresses=networks("127.0.0.0/8"), host_pause=0)


def fill(rt: Runtime, server: Server, feeds: int) -> None:
    """The feeds, polled once."""
    rt.store.add_feeds([Feed(url=server.url(i)) for i in range(feeds)], datetime.now(UTC))
    tally = poll(rt, datetime.now(UTC))
    assert (tally.done, tally.failed) == (feeds, 0), tally


def transport(requests_each: int, rounds: int) -> bool:
    """CPU of one 304 on a kept connection."""
    with Server(hosts=1) as server:
        http = HttpClient(settings(Path("/nonexistent")))
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
        found = in_turn({"podwatch": lambda: cpu(ours), "requests.Session": lambda: cpu(theirs)}, rounds)
    rows = [(name, f"{seconds / requests_each * 1e3:.3f}") for name, seconds in found.items()]
    show("An unchanged feed, in the transport alone", ("transport", "CPU ms per 304"), rows)
    return verdict("requests.Session / podwatch, CPU per 304", found["requests.Session"] / found["podwatch"], 3)


def against_reader(feeds: int, rounds: int) -> bool:
    """The whole poll with its rows written, nothing new and a tenth new, beside reader at its best (one worker)."""
    from reader import make_reader

    folder = Path(tempfile.mkdtemp(prefix="podwatch-reader-"))
    with Server(hosts=20) as server, store("reader") as rt:
        fill(rt, server, feeds)
        other = make_reader(str(folder / "reader.sqlite"))
        for i in range(feeds):
            other.add_feed(server.url(i))
        refresh = partial(other.update_feeds, scheduled=False)  # all of them, as poll is forced to
        refresh()
        total = other.get_entry_counts().total
        assert total == rt.store.counts()["episodes"] == feeds * 30, total

        def ours() -> None:
            assert poll(rt, datetime.now(UTC), force=True).done == feeds

        unchanged = in_turn(
            {
                "podwatch": lambda: wall(ours),
                "podwatch CPU": lambda: cpu(ours),
                "reader": lambda: wall(refresh),
                "reader CPU": lambda: cpu(refresh),
            },
            rounds,
        )
        tenth = feeds // 10
        changed: dict[str, list[float]] = {"podwatch": [], "reader": []}
        for i in range(rounds):
            server.change(range(i * tenth % feeds, i * tenth % feeds + tenth))
            changed["podwatch"].append(wall(ours))
            changed["reader"].append(wall(refresh))
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
    show(f"The whole poll of {feeds} feeds with its rows written", columns, rows)
    return all(
        [
            verdict("reader / podwatch, nothing new, time", unchanged["reader"] / unchanged["podwatch"], 4),
            verdict("reader / podwatch, a tenth new, time", middle["reader"] / middle["podwatch"], 5),
        ]
    )


def slow_servers(feeds: int, rounds: int) -> bool:
    """Servers that take 200 ms to answer, each feed on a host of its own."""
    with Server(hosts=2000, latency=0.2) as server, store("latency") as rt:
        fill(rt, server, feeds)
        rates = sorted(feeds / wall(lambda: poll(rt, datetime.now(UTC), force=True)) for _ in range(rounds))
    rate = rates[len(rates) // 2]
    show("Servers that take 200 ms", ("feeds", "feeds/s, median", "best"), [(feeds, f"{rate:.0f}", f"{rates[-1]:.0f}")])
    return verdict("feeds/s at 200 ms", rate, 1000)


def new_hosts(hosts: int) -> bool:
    """HTTPS to hosts never seen before: what each costs in CPU."""
    import trustme

    folder = Path(tempfile.mkdtemp(prefix="podwatch-tls-"))
    authority = trustme.CA()
    names = [f"127.0.{n // 250}.{n % 250 + 1}" for n in range(hosts + 2)]
    # As large as what requests loads by default, since loading it for each host is what costs.
    (folder / "ca.pem").write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
    issued = authority.issue_cert(*names)
    issued.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    with Server(hosts=hosts, certificate=(str(folder / "server.pem"), str(folder / "server.pem"))) as server:
        http = HttpClient(settings(folder), ssl.create_default_context(cafile=str(folder / "ca.pem")))

        def ours() -> None:
            for i in range(hosts):
                assert http.get(server.url(i), etag=f'"{i}-0"').status == 304

        def theirs() -> None:
            for i in range(hosts):
                headers = {"If-None-Match": f'"{i}-0"'}
                answer = requests.get(server.url(i), headers=headers, verify=str(folder / "ca.pem"))
                assert answer.status_code == 304

        mine, other = cpu(ours) / hosts, cpu(theirs) / hosts
    shutil.rmtree(folder)
    rows = [("podwatch", f"{mine * 1e3:.2f}"), ("requests", f"{other * 1e3:.2f}")]
    show("HTTPS to hosts not seen before", ("", "CPU ms a host"), rows)
    return verdict("requests / podwatch, CPU per new HTTPS host", other / mine, 8)


def full_store(sizes: list[int], episodes: int) -> bool:
    """Nothing new: the cost of a poll while the store fills. 1,000 feeds are due each time, out of more and more."""
    from sqlalchemy import text

    rows: list[tuple[object, ...]] = []
    costs = []
    with Server(hosts=20) as server:
        for size in sizes:
            with store(f"full-{size}") as rt:
                fill(rt, server, 1000)
                with rt.store.engine.begin() as c:
                    stuff(c.exec_driver_sql, size, episodes)
                    count = c.execute(text("SELECT count(*) FROM episodes")).scalar_one()
                due = rt.store.feeds_due(None)[:1000]
                assert len(due) == 1000

                def once(rt: Runtime = rt, due: list[Feed] = due) -> None:
                    assert poll_of(rt, due).done == 1000

                once()
                cost = sorted(cpu(once) for _ in range(5))[2]
                costs.append(cost)
                rows.append((f"{size:,}", f"{count:,}", f"{cost:.2f}"))
    columns = ("feeds in the store", "episodes in the store", "CPU ms a feed")
    show("1,000 feeds without news, out of a store that fills", columns, rows)
    return verdict("cost in the fullest store / in the emptiest", costs[-1] / costs[0], 1.5, least=False)


def poll_of(rt: Runtime, due: list[Feed]) -> Tally:
    """A poll in which exactly ``due`` are due."""
    moment = datetime.now(UTC)
    rt.store.save_polls([PollResult(feed=replace(f, next_poll_at=moment)) for f in due], moment, 10)
    return poll(rt, moment)


def stuff(execute: Callable[[str], object], size: int, episodes: int) -> None:
    """Feeds that are not due, each with many episodes, made by the database itself."""
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"
    execute(
        numbers.format(size - 1000) + " INSERT INTO feeds (url, title, tags, recent, added_at, failures, next_poll_at)"
        " SELECT 'http://stuffed.example/' || i, 'Stuffed ' || i, '[]', '[]', '2026-01-01 00:00:00.000000', 0,"
        " '2199-01-01 00:00:00.000000' FROM n"
    ) if size > 1000 else None
    execute(
        numbers.format(episodes)
        + " INSERT INTO episodes (feed_id, guid, identity, title, notes, transcripts, details, first_seen_at, backlog,"
        " fetch_failures) SELECT f.id, 'stuffed-' || n.i, 'stuffed-' || f.id || '-' || n.i, 'Episode ' || n.i,"
        " '', '[]', '{}', '2026-01-01 00:00:00.000000', 0, 0 FROM feeds f, n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="smaller, a minute or two")
    parser.add_argument("--only", choices=["transport", "reader", "slow", "hosts", "store"])
    asked = parser.parse_args()
    short = asked.short
    parts: dict[str, Callable[[], bool]] = {
        "transport": lambda: transport(200 if short else 500, 5 if short else 11),
        "reader": lambda: against_reader(300 if short else 2000, 3 if short else 5),
        "slow": lambda: slow_servers(1000 if short else 2000, 3 if short else 5),
        "hosts": lambda: new_hosts(60 if short else 200),
        "store": lambda: full_store([1000, 10_000] if short else [1000, 10_000, 100_000], 20 if short else 100),
    }
    began = time.monotonic()
    held = [part() for name, part in parts.items() if asked.only in (None, name)]
    print(f"\n{sum(held)} of {len(held)} parts hold, {time.monotonic() - began:.0f} s")
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
