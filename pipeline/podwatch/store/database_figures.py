"""How large a database is: its revision, the rows of each table, its bytes. For operators; it changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, inspect, select, table, text

from podwatch.settings import Settings
from podwatch.store.connection import HEAD, check_revision, schema_revision
from podwatch.store.database import opening
from podwatch.store.database_url import database_exists, display_url
from podwatch.store.tables import metadata


@dataclass(frozen=True, slots=True)
class DatabaseFigures:
    """revision: of the tables, None when there are none; wanted: what this podwatch needs. rows: by table."""

    where: str
    revision: str | None
    wanted: str
    rows: Mapping[str, int]
    bytes: int


def measure_database(settings: Settings) -> DatabaseFigures:
    """Counts all rows. The tables may be of any revision. Raises StoreError or SettingsError, as open_store does."""
    if not database_exists(settings):  # to connect would make the file
        return DatabaseFigures(display_url(settings), None, HEAD, {}, 0)
    with opening(settings) as engine:
        revision = schema_revision(engine)
        check_revision(revision)
        with engine.connect().execution_options(podwatch_read=True) as c:
            there = set(inspect(c).get_table_names())
            rows = {
                name: c.execute(select(func.count()).select_from(table(name))).scalar_one()
                for name in sorted(metadata.tables)
                if name in there
            }
            size = _measure_bytes(c)
    engine.dispose()
    return DatabaseFigures(display_url(settings), revision, HEAD, rows, size)


def _measure_bytes(c: Connection) -> int:
    """Of the whole database, its indexes and what was deleted in it too."""
    if c.dialect.name == "postgresql":
        return int(c.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    pages = c.exec_driver_sql("PRAGMA page_count").scalar_one()
    return int(pages) * int(c.exec_driver_sql("PRAGMA page_size").scalar_one())
