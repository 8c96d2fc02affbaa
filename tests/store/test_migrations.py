"""The deliveries of an older podwatch are there after the migrations, and the logins of its feeds stand apart."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, select

import podwatch.store
from podwatch.policy.episode_identity import identity_keys
from podwatch.settings import Secret, Settings
from podwatch.store.connection import connect
from podwatch.store.database import Store, open_store
from podwatch.store.episodes import SELECT_EPISODES, episode_of
from podwatch.store.tables import complete_metadata, episode_keys

FIRST_ROWS = [
    "INSERT INTO feeds (id, url, title, tags, added_at, recent, failures) VALUES (1, 'u', '', '[]', :now, '[]', 0)",
    "INSERT INTO watches (id, name, spec, channel, deliver, fingerprint, revision, revised_at, seq, enabled) VALUES "
    "(1, 'w', '{\"scope\": {}, \"aliases\": []}', '#a', 'each', 'x', 1, :now, 1, true)",
    "INSERT INTO episodes (id, feed_id, guid, identity, title, notes, transcripts, details, first_seen_at, backlog, "
    "fetch_failures) VALUES (1, 1, 'g', 'i', 't', '', '[]', '{}', :now, false, 0)",
    "INSERT INTO deliveries (id, key, watch_id, episode_id, channel, state, attempts, next_attempt_at, created_at) "
    "VALUES (1, 'k', 1, 1, '#a', 'due', 2, :now, :now)",
]


@pytest.fixture(params=["sqlite", "postgresql"])
def older(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """The settings of a database without tables, of either kind."""
    if request.param == "sqlite":
        return settings
    return replace(settings, database_url=Secret(request.getfixturevalue("postgres").new_database()))


def make_tables(settings: Settings, revision: str, rows: list[str]) -> None:
    """The tables of an older podwatch, with these rows."""
    engine = connect(settings)
    config = Config()
    config.set_main_option("script_location", f"{podwatch.store.__path__[0]}/migrations")
    with engine.begin() as c:
        config.attributes["connection"] = c
        command.upgrade(config, revision)
        percent = "%%" if engine.dialect.name == "postgresql" else "%"  # psycopg takes one for a parameter
        for statement in rows:
            c.exec_driver_sql(statement.replace(":now", "'2026-11-03 06:00:00.000000'").replace("%", percent))
    engine.dispose()


def test_the_migrations_keep_the_deliveries_of_the_first_tables(older: Settings) -> None:
    make_tables(older, "0001", FIRST_ROWS)
    store = open_store(older)
    [due] = store.deliveries_due(store.clock())
    assert (due.key, due.attempts, due.kind, due.failures) == ("k", 2, "alert", 0)
    found = store.alert_of(due)
    assert found is not None
    assert found[0].watch.minimum == 1
    assert found[0].watch.key_name == "w"
    store.close()


def test_the_migrations_make_the_tables_and_columns_that_the_code_knows(store: Store) -> None:
    there = inspect(store.engine)
    tables = {name for name in there.get_table_names() if not name.startswith("search_tokens")}  # of FTS5, on SQLite
    assert tables - {"alembic_version"} == set(complete_metadata().tables)
    for name, table in complete_metadata().tables.items():
        columns = {c["name"]: c["nullable"] for c in there.get_columns(name)}
        assert columns == {c.name: c.nullable for c in table.columns}, name
        indexes = {i["name"] for i in there.get_indexes(name) if not i.get("duplicates_constraint")}
        assert {i.name for i in table.indexes} <= indexes, name


def feed_row(number: int, url: str, error: str = "") -> str:
    values = f"{number}, '{url}', '', '[]', :now, '[]', 0, :now, '{error}'"
    return (
        f"INSERT INTO feeds (id, url, title, tags, added_at, recent, failures, next_poll_at, error) VALUES ({values})"
    )


def test_the_migrations_take_logins_out_of_addresses_and_of_what_was_noted_of_them(older: Settings) -> None:
    whole = "https://me%40x.org:p%3Ass@a.example/feed?x=1@2"
    scope = json.dumps({"scope": {"urls": [whole]}, "aliases": []})
    rows = [
        feed_row(1, "https://b.example/@user/feed"),
        feed_row(2, whole, f"{whole}: the server answered 500"),
        feed_row(3, "https://token@b.example/@user/feed"),
        "INSERT INTO watches (id, name, spec, channel, deliver, fingerprint, revision, revised_at, seq, enabled) VALUES "
        f"(1, 'w', '{scope}', '#a', 'each', 'x', 1, :now, 1, true)",
        "INSERT INTO backfills (id, since, until, feeds, tags, watches, deliver, state, counts, created_at, updated_at) "
        f"VALUES (1, :now, :now, '{json.dumps([whole])}', '[]', '[]', 'none', 'done', '{{}}', :now, :now)",
    ]
    make_tables(older, "0006", rows)
    store = open_store(older)
    bare = "https://a.example/feed?x=1@2"
    one, two, three = store.feeds()
    assert (two.url, two.login, two.error) == (bare, "me@x.org:p:ss", f"{bare}: the server answered 500")
    assert (one.url, one.login) == ("https://b.example/@user/feed", "token:")
    assert (three.login, three.next_poll_at) == (None, None)
    assert three.error is not None
    assert three.error.startswith("https://b.example/@user/feed: is the same feed as number 1")
    assert store.watches()[0].scope.urls == (bare,)
    assert [b.feeds for b in store.backfills()] == [(bare,)]
    store.close()


def test_the_migrations_make_the_keys_anew_under_which_episodes_are_looked_up(older: Settings) -> None:
    columns = (
        "(id, feed_id, guid, identity, title, audio_url, published_at, notes, transcripts, details, first_seen_at, "
    )
    rows = [
        f"INSERT INTO episodes {columns} backlog, fetch_failures) VALUES ({n}, 1, 'g{n}', 'i{n}', 'Talk {n}', "
        f"'https://a.example/{n}.mp3?x=1', :now, '', '[]', '{{}}', :now, false, 0)"
        for n in range(2, 2300)
    ]
    make_tables(
        older, "0009", [feed_row(1, "u"), *rows, "INSERT INTO episode_keys (key, episode_id) VALUES (12345, 2)"]
    )
    store = open_store(older)
    with store.reading() as c:
        keys = {(r.episode_id, r.key) for r in c.execute(select(episode_keys))}
        wanted = {(r.id, key) for r in c.execute(SELECT_EPISODES) for key in identity_keys(episode_of(r))}
    assert keys == wanted
    assert len(keys) == 2298 * 4
    store.close()
