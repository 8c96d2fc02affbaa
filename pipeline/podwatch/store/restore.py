"""Puts the rows of a backup into a database, of the same kind or the other: all of them, or none.

The file is read to its end before anything is changed. A backup of an older podwatch is first migrated in a database
of its own, on the side: so what is there is replaced by rows of today's tables only. The restored copy is marked as
one, so that deliver reads the channels before it sends what may have been sent after the backup was made (see
line/restored_copy.py).
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, column, delete, func, inspect, select, table, text
from sqlalchemy.exc import DataError, IntegrityError

from podwatch.errors import StoreError
from podwatch.policy.wording import count_of
from podwatch.settings import Secret, Settings
from podwatch.store.backup import write_backup
from podwatch.store.backup_file import BackupHead, TableHead, read_parts, verify_backup
from podwatch.store.connection import HEAD, check_revision, connect, schema_revision, upgrade_schema
from podwatch.store.database import opening
from podwatch.store.database_url import database_exists, display_url
from podwatch.store.failures import cause_of
from podwatch.store.marks import RESTORED
from podwatch.store.portable_tables import PortableTable, build_insert, list_tables
from podwatch.store.search import clear_documents
from podwatch.store.search_tables import search_documents
from podwatch.store.statements import upsert
from podwatch.store.tables import clocks, marks, metadata

Progress = Callable[[int, int], None]  # (rows done, of how many)
BATCH_ROWS, BATCH_BYTES = 500, 4 * 1024 * 1024  # of rows in memory, about
_OWN = {clocks.name, marks.name}  # which a podwatch writes as soon as it runs, before it is told anything


def count_stored(settings: Settings) -> dict[str, int]:
    """The rows of each table of the database that a restore would replace; nothing for an empty one."""
    if not database_exists(settings):
        return {}
    with opening(settings) as engine:
        check_revision(schema_revision(engine))
        with engine.connect().execution_options(podwatch_read=True) as c:
            there = (set(inspect(c).get_table_names()) & set(metadata.tables)) - _OWN
            rows = {n: c.execute(select(func.count()).select_from(table(n))).scalar_one() for n in sorted(there)}
    engine.dispose()
    return {name: count for name, count in rows.items() if count}


def restore(
    settings: Settings,
    path: Path,
    now: datetime,
    *,
    replace: bool = False,
    progress: Progress = lambda done, of: None,
) -> BackupHead:
    """Puts what the file holds into the settings' database. Raises StoreError, and has then changed no row.

    replace: whether what is there may go.
    """
    head = check_backup(path)
    if not replace and (stored := count_stored(settings)):
        raise StoreError(
            f"the database is not empty: it has {count_of(sum(stored.values()), 'row')}",
            where=display_url(settings),
            todo="restore into another one, or say --replace",
        )
    with _of_today(head, path) as current:
        with opening(settings) as engine:
            upgrade_schema(engine)
        try:
            _load(engine, current, progress, sum(head.rows.values()), lambda c: _mark_restored(c, head.made_at, now))
        finally:
            engine.dispose()
    return head


def check_backup(path: Path) -> BackupHead:
    """Reads the whole file; raises StoreError for one that is damaged, or that this podwatch cannot restore."""
    head = verify_backup(path)
    if not re.fullmatch(r"\d{4}", head.revision) or head.revision > HEAD:
        what = f"was made by a newer podwatch (revision {head.revision}, this one knows {HEAD})"
        raise StoreError(what, where=str(path), todo="upgrade podwatch")
    return head


@contextmanager
def _of_today(head: BackupHead, path: Path) -> Iterator[Path]:
    """The backup, or one of the same rows after the migrations that it lacks."""
    if head.revision == HEAD:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="podwatch-restore-") as folder:
        home = Path(folder)
        engine = connect(Settings(home=home, database_url=Secret(f"sqlite:///{home / 'older.db'}")))
        try:
            upgrade_schema(engine, head.revision)
            _load(engine, path)
            upgrade_schema(engine)
            write_backup(engine, HEAD, home / "backup", head.made_at, lambda done, of: None)
        finally:
            engine.dispose()
        yield home / "backup"


def _load(
    engine: Engine,
    path: Path,
    progress: Progress = lambda done, of: None,
    of: int = 0,
    finish: Callable[[Connection], None] = lambda c: None,
) -> None:
    """Replaces all rows by those of the file, in one transaction, of which ``finish`` is the end."""
    with engine.begin() as c:
        tables = {t.head.name: t for t in list_tables(c)}
        constraints = _suspend_references(c)
        if inspect(c).has_table(search_documents.name):  # not in those of an older podwatch
            clear_documents(c)
        _delete_all(c, tables)
        _insert_all(c, path, tables, lambda done: progress(done, of))
        if c.dialect.name == "postgresql":
            _set_sequences(c, tables)
        for statement in constraints:
            c.execute(text(statement))
        finish(c)


def _suspend_references(c: Connection) -> list[str]:
    """Lets a row come before the one that it refers to; returns the statements that make an end of it."""
    if c.dialect.name != "postgresql":
        c.exec_driver_sql("PRAGMA defer_foreign_keys=ON")  # until the end of the transaction
        return []
    found = c.execute(_REFERENCES).all()
    for r in found:
        c.execute(text(f"ALTER TABLE {r.owner} DROP CONSTRAINT {r.name}"))
    return [f"ALTER TABLE {r.owner} ADD CONSTRAINT {r.name} {r.definition}" for r in found]


_REFERENCES = text(
    "SELECT conrelid::regclass::text AS owner, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition "
    "FROM pg_constraint WHERE contype = 'f' AND connamespace = to_regnamespace(quote_ident(current_schema())) "
    "ORDER BY conname"
)


def _delete_all(c: Connection, tables: dict[str, PortableTable]) -> None:
    if c.dialect.name == "postgresql":
        quoted = c.dialect.identifier_preparer.quote
        c.execute(text(f"TRUNCATE {', '.join(map(quoted, tables))}"))
        return
    for name in reversed(tables):  # what refers to others first, so that nothing has to cascade
        c.execute(delete(table(name)))


def _insert_all(c: Connection, path: Path, tables: dict[str, PortableTable], progress: Callable[[int], None]) -> None:
    batch: list[dict[str, Any]] = []
    statement: Any = None
    names: list[str] = []
    name, done, size = "", 0, 0

    def flush() -> None:
        nonlocal done, size
        if batch:
            try:
                c.execute(statement, batch)
            except (DataError, IntegrityError) as e:  # which hold no values: see ENGINE_OPTIONS
                what = f"a row of {name} does not fit this database ({cause_of(e)})"
                raise StoreError(what, where=str(path), todo="please report it; nothing was changed") from None
            done += len(batch)
            progress(done)
            batch.clear()
        size = 0

    for part in read_parts(path):
        if isinstance(part, TableHead):
            flush()
            if part.name not in tables or not set(part.columns) <= set(tables[part.name].head.columns):
                raise StoreError("has a table that this podwatch does not know", where=f"{path}: {part.name}")
            name, statement, names = part.name, build_insert(c, part), [column_ for column_, _ in part.columns]
            continue
        batch.append(dict(zip(names, part, strict=True)))
        size += sum(len(v) for v in part if isinstance(v, str | bytes))
        if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
            flush()
    flush()


def _set_sequences(c: Connection, tables: dict[str, PortableTable]) -> None:
    """Has PostgreSQL number new rows behind those that were restored."""
    quoted = c.dialect.identifier_preparer.quote
    for name, t in tables.items():
        if t.counted is None:
            continue
        values = {"table": quoted(name), "column": t.counted}
        highest = c.execute(select(func.max(column(t.counted))).select_from(table(name))).scalar()
        c.execute(_SET_SEQUENCE, values | {"value": highest or 1, "used": highest is not None})


_SET_SEQUENCE = text("SELECT setval(pg_get_serial_sequence(:table, :column), :value, :used)")


def _mark_restored(c: Connection, made_at: datetime, now: datetime) -> None:
    values = {"at": now, "value": made_at.isoformat()}
    added = upsert(c.dialect, marks).values(name=RESTORED, **values)
    c.execute(added.on_conflict_do_update(index_elements=["name"], set_=values))
