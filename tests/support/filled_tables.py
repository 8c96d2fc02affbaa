"""Rows in every table of a database, made of the schema as it is there, so that a new table or column is filled, too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

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
    select,
    text,
)

from podwatch.store.portable_tables import table_names

ROWS = 3
MOMENT = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
# Columns in which the migrations, or the code that reads them, expect more than a value of the type.
MEANINGFUL: dict[tuple[str, str], Callable[[int], Any]] = {
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


def fill_every_table(engine: Engine, first: int = 1) -> dict[str, int]:
    """ROWS rows in each table, each with a value in every column; returns how many there are by table.

    first: the number of the first row, of which its values are made.
    """
    tables = MetaData()
    with engine.begin() as c:
        tables.reflect(c, only=sorted(table_names(c)))
        for table in tables.sorted_tables:
            c.execute(table.insert(), [row_of(table, n) for n in range(first, first + ROWS)])
    return count_rows(engine)


def read_rows(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    """By table all of its rows, as the driver gives them."""
    with engine.connect() as c:
        return {
            n: [dict(r) for r in c.execute(text(f'SELECT * FROM "{n}"')).mappings()] for n in sorted(table_names(c))
        }


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
            return date(2026, 11, 1) + timedelta(days=number - 1)
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
        return {n: c.execute(select(func.count()).select_from(text(n))).scalar_one() for n in sorted(table_names(c))}
