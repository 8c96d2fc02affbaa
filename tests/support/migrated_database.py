"""An empty database with all tables, migrated once a process: in SQLite that takes 50 ms of a processor, a copy 1 ms."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, text

from podwatch.settings import Secret, Settings
from podwatch.store.database import open_store
from podwatch.store.tables import metadata


def place_database(home: Path) -> Path:
    """Makes this home of podwatch, with an empty database in it unless there is one; returns the database."""
    home.mkdir(parents=True, exist_ok=True)
    database = home / "podwatch.db"
    if not database.exists():
        database.write_bytes(_migrated())
    return database


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        open_store(Settings(home=home, database_url=Secret(f"sqlite:///{home / 'podwatch.db'}"))).close()
        return (home / "podwatch.db").read_bytes()


def empty_tables(c: Connection) -> None:
    """Takes what a test left from PostgreSQL: to TRUNCATE every table makes files for each, and takes as long as a test."""
    tables = [table.name for table in reversed(metadata.sorted_tables)]  # a row goes before the one it refers to
    filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables)
    found = set(c.execute(text(filled)).scalars())
    for name in tables:
        if name in found:
            c.execute(text(f"DELETE FROM {name}"))
    counted = "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences"
    c.execute(text(f"{counted} WHERE last_value IS NOT NULL"))
