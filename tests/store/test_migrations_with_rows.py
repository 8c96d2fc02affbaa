"""From every earlier schema, with rows in each of its tables, the migrations lead to the tables of today and keep them.

The rows are made of the schema itself as it is in the database, so that a new table or column is filled, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Engine,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    func,
    inspect,
    select,
    text,
)

import podwatch.store
from podwatch.settings import Secret, Settings
from podwatch.store.connection import HEAD, connect, schema_revision, upgrade_schema
from podwatch.store.database import open_store

ROWS = 3
MOMENT = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
# Columns in which the migrations, or the code that reads them, expect more than a value of the type.
MEANINGFUL = {
    ("feeds", "url"): lambda n: f"https://a.example/{n}",
    ("watches", "spec"): lambda n: {"scope": {"urls": [f"https://a.example/{n}"]}, "aliases": []},
    ("watches", "deliver"): lambda n: "each",
    ("deliveries", "state"): lambda n: "due",
    ("deliveries", "kind"): lambda n: "alert",
    ("backfills", "deliver"): lambda n: "none",
    ("backfills", "state"): lambda n: "done",
    ("backfills", "counts"): lambda n: {},
    ("episodes", "details"): lambda n: {},
    ("clocks", "boot"): lambda n: f"boot {n}",
}
VERSIONS = Path(podwatch.store.__path__[0]) / "migrations/versions"
EARLIER = [r for r in sorted(p.name[:4] for p in VERSIONS.glob("0*.py")) if r != HEAD]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """The settings of a database without tables, once on SQLite and once on a real PostgreSQL."""
    if request.param == "sqlite":
        return settings
    return replace(settings, database_url=Secret(request.getfixturevalue("postgres").new_database()))


def fill_every_table(engine: Engine) -> dict[str, int]:
    """ROWS rows in each table, each with a value in every column; returns how many there are by table."""
    tables = MetaData()
    tables.reflect(engine)
    with engine.begin() as c:
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                c.execute(table.insert(), [row_of(table, n) for n in range(1, ROWS + 1)])
    return count_rows(engine)


def row_of(table: Table, number: int) -> dict[str, Any]:
    return {column.name: value_of(table.name, column, number) for column in table.columns}


def value_of(table: str, column: Column[Any], number: int) -> Any:
    if (table, column.name) in MEANINGFUL:
        return MEANINGFUL[table, column.name](number)
    match column.type:
        case Boolean():
            return True
        case JSON():
            return []
        case DateTime():
            return MOMENT if column.type.timezone else MOMENT.replace(tzinfo=None)
        case Date():
            return date(2026, 11, number)
        case Float():
            return number + 0.5
        case Integer():
            return number  # an id, a reference to a row with that id, or a plain number
        case LargeBinary():
            return bytes([number])
        case String():
            return f"{column.name} {number}"[: column.type.length or 100]
    raise AssertionError(f"{table}.{column.name}: no value of {column.type!r} is known")


def count_rows(engine: Engine) -> dict[str, int]:
    with engine.connect() as c:
        names = set(inspect(c).get_table_names()) - {"alembic_version"}
        return {n: c.execute(select(func.count()).select_from(text(n))).scalar_one() for n in sorted(names)}


@pytest.fixture
def engine(empty: Settings) -> Iterator[Engine]:
    made = connect(empty)
    yield made
    made.dispose()


@pytest.mark.parametrize("revision", EARLIER)
def test_every_row_of_an_older_podwatch_is_kept_and_can_be_read(revision: str, empty: Settings, engine: Engine) -> None:
    upgrade_schema(engine, revision)
    before = fill_every_table(engine)
    assert set(before.values()) == {ROWS}
    with closing(open_store(empty)) as store:
        assert [f.url for f in store.feeds()] == [f"https://a.example/{n}" for n in range(1, ROWS + 1)]
        assert len(store.watches()) == ROWS
    assert schema_revision(engine) == HEAD
    after = count_rows(engine)
    derived = {"episode_keys"}  # made anew of the episodes by 0010
    assert {n: after[n] for n in before if n not in derived} == {n: before[n] for n in before if n not in derived}
