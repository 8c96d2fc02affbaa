"""The deliveries of an older podwatch are there after the migrations."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text

import podwatch.store
from podwatch.settings import Settings
from podwatch.store.connection import connect
from podwatch.store.database import Store, open_store
from podwatch.store.tables import metadata

FIRST_ROWS = [
    "INSERT INTO feeds (id, url, title, tags, added_at, recent, failures) VALUES (1, 'u', '', '[]', :now, '[]', 0)",
    "INSERT INTO watches (id, name, spec, channel, deliver, fingerprint, revision, revised_at, seq, enabled) VALUES "
    "(1, 'w', '{\"scope\": {}, \"aliases\": []}', '#a', 'each', 'x', 1, :now, 1, 1)",
    "INSERT INTO episodes (id, feed_id, guid, identity, title, notes, transcripts, details, first_seen_at, backlog, "
    "fetch_failures) VALUES (1, 1, 'g', 'i', 't', '', '[]', '{}', :now, 0, 0)",
    "INSERT INTO deliveries (id, key, watch_id, episode_id, channel, state, attempts, next_attempt_at, created_at) "
    "VALUES (1, 'k', 1, 1, '#a', 'due', 2, :now, :now)",
]


def test_the_migrations_keep_the_deliveries_of_the_first_tables(settings: Settings) -> None:
    now = "2026-11-03 06:00:00.000000"
    engine = connect(settings)
    config = Config()
    config.set_main_option("script_location", f"{podwatch.store.__path__[0]}/migrations")
    with engine.begin() as c:
        config.attributes["connection"] = c
        command.upgrade(config, "0001")
        for statement in FIRST_ROWS:
            c.execute(text(statement.replace(":now", f"'{now}'").replace(": ", "\\: ")))
    engine.dispose()
    store = open_store(settings)
    [due] = store.deliveries_due(store.clock())
    assert (due.key, due.attempts, due.kind, due.failures) == ("k", 2, "alert", 0)
    found = store.alert_of(due)
    assert found is not None
    assert found[0].watch.minimum == 1
    assert found[0].watch.key_name == "w"
    store.close()


def test_the_migrations_make_the_tables_and_columns_that_the_code_knows(store: Store) -> None:
    there = inspect(store.engine)
    assert set(there.get_table_names()) - {"alembic_version"} == set(metadata.tables)
    for name, table in metadata.tables.items():
        columns = {c["name"]: c["nullable"] for c in there.get_columns(name)}
        assert columns == {c.name: c.nullable for c in table.columns}, name
        indexes = {i["name"] for i in there.get_indexes(name) if not i.get("duplicates_constraint")}
        assert {i.name for i in table.indexes} <= indexes, name
