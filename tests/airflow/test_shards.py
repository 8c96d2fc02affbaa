"""The line in Airflow on several workers: each host has one of them, and a host that never answers holds none back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from podwatch import runtime
from podwatch.model import Feed, Watch
from podwatch.settings import Secret, Settings
from tests.support.podcast_host import Podcast, item, rss, vtt
from tests.support.real_airflow import DagRunner

SHARDS = 2
OURS = {"PODWATCH_POLL_FLOOR": "0", "PODWATCH_ALLOW_ADDRESSES": "127.0.0.0/8", "PODWATCH_CONSOLE": "1",
        "PODWATCH_ENTITIES": "off"}  # fmt: skip


@pytest.fixture
def silent_host() -> Iterator[str]:
    """The address of a feed on a server that takes a connection, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        kept: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    kept.append(listener.accept()[0])
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/feed.xml"
        listener.shutdown(socket.SHUT_RDWR)
        for connection in kept:
            connection.close()


@pytest.fixture
def hosts() -> Iterator[list[Podcast]]:
    now = format_datetime(datetime.now(UTC))
    with ExitStack() as stack:
        made = [stack.enter_context(Podcast()) for _ in range(6)]
        for number, host in enumerate(made):
            address = host.serve("/one.vtt", vtt("Then Anatoly", "Dobrynin came in."), "text/vtt")
            host.serve("/feed.xml", rss(item(f"{number}", transcript=address, published=now)))
        yield made


def prepare(home: Path, addresses: list[str]) -> Settings:
    settings = Settings(home=home, database_url=Secret(f"sqlite:///{home}/podwatch.db"))
    now = datetime.now(UTC)
    with runtime.build(settings) as rt:
        rt.store.add_feeds([Feed(url=url) for url in addresses], now)
        rt.store.sync_watches([Watch(name="dobrynin", entity="Anatoly Dobrynin", aliases=("Dobrynin",))], now)
    return settings


def test_shards_do_the_whole_line_and_each_host_is_asked_by_one(
    tmp_path: Path, dags: DagRunner, hosts: list[Podcast]
) -> None:
    settings = prepare(tmp_path, [host.url("/feed.xml") for host in hosts])
    out, log = dags.run(1, {"PODWATCH_HOME": str(tmp_path), "PODWATCH_SHARDS": str(SHARDS), **OURS})
    assert out["errors"] == {}
    [run] = out["runs"]
    mapped = [f"{verb}[{index}]" for verb in ("poll", "fetch", "detect") for index in range(SHARDS)]
    assert run["tasks"] == dict.fromkeys(["plan", *mapped, "deliver"], "success"), log[-2000:]
    assert [host.statuses["/feed.xml"] + host.statuses["/one.vtt"] for host in hosts] == [[200, 200]] * len(hosts)
    assert "2 shards: 3, 3 items due" in log
    with runtime.build(settings) as rt:
        assert rt.store.counts()["deliveries"] == len(hosts)


def test_what_a_silent_host_holds_up_is_left_to_the_dag_that_catches_up(
    tmp_path: Path, dags: DagRunner, hosts: list[Podcast], silent_host: str
) -> None:
    silent = [f"{silent_host}?{n}" for n in range(4)]
    settings = prepare(tmp_path, [*silent, *(host.url("/feed.xml") for host in hosts)])
    env = {"PODWATCH_HOME": str(tmp_path), "PODWATCH_RUN_SECONDS": "5", **OURS}
    out, log = dags.run(1, env)
    [run] = out["runs"]
    assert run["tasks"] == dict.fromkeys(("poll", "fetch", "detect", "deliver"), "success"), log[-2000:]
    assert sorted(run["events"]) == ["podwatch_alerts", "podwatch_left", "podwatch_mentions"]
    with runtime.build(settings) as rt:
        assert rt.store.counts()["deliveries"] == len(hosts)
        assert [f.failures for f in rt.store.feeds_due(rt.store.clock()) if f.url in silent] == [0, 0]
        assert sorted(f.failures for f in rt.store.feeds() if f.url in silent) == [0, 0, 1, 1]
