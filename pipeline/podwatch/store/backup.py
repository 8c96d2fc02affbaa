"""Writes all rows of a database into one file, as they were at one moment, while others go on writing."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select, table

from podwatch.errors import StoreError
from podwatch.settings import Settings
from podwatch.store.backup_file import BackupHead, BackupWriter, ColumnKind, compress_to
from podwatch.store.connection import check_revision, schema_revision
from podwatch.store.database import opening
from podwatch.store.database_url import database_exists, display_url
from podwatch.store.portable_tables import PortableTable, list_tables

Progress = Callable[[int, int], None]  # (rows done, of how many)
FEW, MANY = 20, 1000  # rows in memory at a time: of tables with bytes, which may be long, and of others
# Of PostgreSQL: every statement sees the moment of the first one, and the rows come as they are read.
_SNAPSHOT: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def back_up(settings: Settings, path: Path, now: datetime, progress: Progress = lambda done, of: None) -> BackupHead:
    """Writes the file, in place of what was there, once all of it is written. Raises StoreError.

    The tables may be of an older podwatch: they are not changed. The file may be read by nobody else, since it holds
    what the database holds: addresses with secrets in them, and logins as they are stored.
    """
    if not database_exists(settings):
        raise StoreError("there is no database yet", where=display_url(settings), todo="check PODWATCH_DATABASE_URL")
    with opening(settings) as engine:
        revision = schema_revision(engine)
        check_revision(revision)
        if revision is None:
            raise StoreError("the database has no tables yet", where=display_url(settings))
    try:
        return write_backup(engine, revision, path, now, progress)
    finally:
        engine.dispose()


def write_backup(engine: Engine, revision: str, path: Path, now: datetime, progress: Progress) -> BackupHead:
    """The same of an engine whose tables are of this revision."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    is_postgresql = engine.dialect.name == "postgresql"
    options = _SNAPSHOT if is_postgresql else {"podwatch_read": True}
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
            with engine.connect().execution_options(**options) as c, compress_to(file) as out:
                tables = list(list_tables(c))
                rows = {t.head.name: _count_rows(c, t) for t in tables}
                head = BackupHead(revision, now, engine.dialect.name, rows)
                writer = BackupWriter(out)
                writer.write_head(head)
                _write_tables(c, tables, writer, lambda done: progress(done, sum(rows.values())))
                writer.end()
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as e:
        todo = "give the backup another place, with enough room"
        raise StoreError(f"cannot be written ({e.strerror})", where=str(path), todo=todo) from None
    finally:
        unfinished.unlink(missing_ok=True)
    return head


def _write_tables(
    c: Connection, tables: list[PortableTable], writer: BackupWriter, progress: Callable[[int], None]
) -> None:
    done = 0
    for t in tables:
        writer.begin_table(t.head)
        has_bytes = any(kind is ColumnKind.BYTES for _, kind in t.head.columns)
        options = {"yield_per": FEW if has_bytes else MANY}
        for some in c.execute(t.query(), execution_options=options).partitions():
            for row in some:
                writer.write_row(row)
            done += len(some)
            progress(done)


def _count_rows(c: Connection, t: PortableTable) -> int:
    return c.execute(select(func.count()).select_from(table(t.head.name))).scalar_one()
