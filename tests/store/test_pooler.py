"""Behind PgBouncer in transaction mode, where each transaction may be on another connection of the server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text

from podwatch.model import Episode, Feed, Shard, TranscriptRef
from podwatch.settings import Secret, Settings
from podwatch.store.backup import back_up
from podwatch.store.connection import HEAD
from podwatch.store.database import Store, inspect_database, open_store
from podwatch.store.restore import restore
from podwatch.store.tables import feeds
from tests.support.pgbouncer import MISSING, PgBouncer, find_pgbouncer
from tests.support.postgres import Postgres
from tests.support.stored_transcripts import save_poll, store_alert

pytestmark = pytest.mark.skipif(find_pgbouncer() is None, reason=MISSING)
OPTIONS = "?options=-csearch_path%3Dpodwatch"


@pytest.fixture
def server(postgres: Postgres) -> str:
    """The address of an empty database, without the pooler."""
    return postgres.new_database()


@pytest.fixture
def pooler(server: str) -> Iterator[str]:
    with PgBouncer(server) as url:
        yield url


def opened(settings: Settings, url: str) -> closing[Store]:
    return closing(open_store(replace(settings, database_url=Secret(url))))


def run_at_once(work: Callable[[int], None], count: int) -> list[BaseException]:
    """What the calls of ``work`` in threads of their own have raised."""
    failures: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as e:  # noqa: BLE001 - the test looks at them
            failures.append(e)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return failures


def poll_again_and_again(store: Store, now: datetime) -> Callable[[int], None]:
    """The same write on one connection, as often as a driver wants before it prepares the statement on the server."""

    def work(number: int) -> None:
        for i in range(40):
            store.set_disabled("https://a.example/feed", now + timedelta(seconds=i), disabled=bool(i % 2))

    return work


def test_no_statement_is_prepared_on_a_connection_that_others_use(
    settings: Settings, pooler: str, now: datetime
) -> None:
    with opened(settings, pooler) as store:
        store.add_feeds([Feed(url="https://a.example/feed")], now)
        assert run_at_once(poll_again_and_again(store, now), 8) == []


def test_who_asks_for_prepared_statements_gets_them_and_who_does_not_gets_none(settings: Settings, pooler: str) -> None:
    for query, kept in (("", None), ("?prepare_threshold=5", 5)):
        with opened(settings, pooler + query) as store, store.reading() as c:
            assert c.connection.driver_connection.prepare_threshold == kept  # type: ignore[union-attr]


def test_the_search_path_of_others_who_share_the_connections_stays_as_it_is(settings: Settings, server: str) -> None:
    with opened(settings, server) as direct, direct.writing() as c:
        c.execute(text("CREATE SCHEMA podwatch"))
    with PgBouncer(server) as url, opened(settings, url + OPTIONS) as ours, opened(settings, url) as theirs:
        for _ in range(9):
            assert read_path(ours) == "podwatch"
            assert read_path(theirs) == '"$user", public'


def read_path(store: Store) -> str:
    with store.reading() as c:
        return str(c.execute(text("SHOW search_path")).scalar())


def test_a_server_without_a_pooler_keeps_the_driver_s_own_threshold(settings: Settings, server: str) -> None:
    with opened(settings, server) as store, store.reading() as c:
        assert c.connection.driver_connection.prepare_threshold == 5  # type: ignore[union-attr]


def add_feeds_one_by_one(store: Store, number: int, now: datetime) -> None:
    for i in range(20):
        store.add_feeds([Feed(url=f"https://a.example/{number}/{i}")], now)


@pytest.mark.parametrize("ignores", ["extra_float_digits", "extra_float_digits,options"])
def test_a_schema_of_its_own_is_used_whether_the_pooler_refuses_options_or_drops_them(
    ignores: str, settings: Settings, server: str, now: datetime
) -> None:
    with opened(settings, server) as direct, direct.writing() as c:
        for table in inspect(direct.engine).get_table_names():
            c.execute(text(f"DROP TABLE IF EXISTS {table} CASCADE"))
        c.execute(text("CREATE SCHEMA podwatch"))
    with PgBouncer(server, ignores=ignores) as url, opened(settings, url + OPTIONS) as store:
        assert run_at_once(lambda n: add_feeds_one_by_one(store, n, now), 6) == []
        assert len(store.feeds()) == 120
        there = inspect(store.engine)
        assert "feeds" in there.get_table_names(schema="podwatch")
        assert "feeds" not in there.get_table_names(schema="public")


def test_all_that_podwatch_does_with_a_database_works(
    settings: Settings, pooler: str, tmp_path: Path, now: datetime
) -> None:
    here = replace(settings, database_url=Secret(pooler))
    with closing(open_store(here)) as store:
        store_alert(store, now)
        [due] = store.deliveries_due(now)
        won: list[object] = []
        until = now + timedelta(minutes=5)
        assert run_at_once(lambda n: won.append(store.claim_delivery(due, now, until)), 8) == []
        assert len([w for w in won if w is not None]) == 1
        assert abs(store.clock() - datetime.now(now.tzinfo)) < timedelta(minutes=1)
    state = inspect_database(here)
    assert (state.revision, state.clock is not None) == (HEAD, True)
    back_up(here, tmp_path / "file", now)
    restore(here, tmp_path / "file", now, replace=True)
    with closing(open_store(here)) as store:
        assert len(list(store.mentions())) == 2


def test_two_runs_at_once_claim_each_episode_once(settings: Settings, pooler: str, now: datetime) -> None:
    offer = (TranscriptRef(url="https://a.example/1.vtt", media_type="text/vtt"),)
    with opened(settings, pooler) as store:
        store.add_feeds([Feed(url="https://a.example/feed")], now)
        [feed] = store.feeds()
        save_poll(store, feed, now, *(Episode(guid=f"{n}", title=f"{n}", transcripts=offer) for n in range(60)))
        claimed: list[int] = []

        def claim(number: int) -> None:
            until = now + timedelta(minutes=2, microseconds=number)
            claimed.extend(w.episode.id for w in store.claim_wanted(now, until, Shard()))

        assert run_at_once(claim, 6) == []
        with store.reading() as c:
            assert c.execute(select(feeds.c.id)).scalars().all() == [feed.id]
    assert len(claimed) == len(set(claimed)) > 0
