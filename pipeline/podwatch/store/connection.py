"""Connects to SQLite or PostgreSQL so that the same code is safe on both: transactions, time-outs, migrations."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson
from sqlalchemy import Connection, Engine, Executable, Row, create_engine, event, inspect, text
from sqlalchemy.exc import ArgumentError

from podwatch.errors import StoreError
from podwatch.settings import Settings
from podwatch.store.database_url import POSTGRESQL, read_url, split_options, unusable_url
from podwatch.store.failures import note_role
from podwatch.store.postgres_session import prepare_sessions, split_search_path

if TYPE_CHECKING:
    from alembic.config import Config

BUSY_SECONDS = 60.0  # a transaction of SQLite waits at most so long for another to end
# A row whose columns the type checker does not follow.
AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"
HEAD = "0021"  # the newest file in migrations/versions; a test holds the two together


def to_json(value: Any) -> str:
    """JSON of plain values and dataclasses; Python's own where orjson cannot (lone surrogates, large integers)."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return json.dumps(value, default=asdict)


def from_json(text: str | bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


JSON_CODEC: dict[str, Any] = {"json_serializer": to_json, "json_deserializer": from_json}
ENGINE_OPTIONS = JSON_CODEC | {"hide_parameters": True}  # of a failed statement: they may hold logins and tokens


def connect(settings: Settings) -> Engine:
    """An engine for the settings' database; nothing is opened yet. Raises SettingsError."""
    url = read_url(settings)
    try:
        if url.drivername == POSTGRESQL:
            url, options = split_options(url)
            url, search_path = split_search_path(url)
            engine = create_engine(url, pool_pre_ping=True, connect_args=options, **ENGINE_OPTIONS)
            prepare_sessions(engine, search_path, keeps_prepared="prepare_threshold" in options)
            event.listen(engine, "before_cursor_execute", _postgres_binary)
            note_role(engine)
            return engine
        if url.database and url.database != ":memory:":
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, **ENGINE_OPTIONS)
    except ImportError as e:
        what = f"the driver of {url.drivername.partition('+')[0]} cannot be loaded ({e.name or type(e).__name__})"
        raise unusable_url(what, "install it: pip install 'podwatch[postgres]'") from None
    except (ArgumentError, ValueError, TypeError):  # whose text may hold the password
        raise unusable_url("is not a database address") from None
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_connect(dbapi: Any, _record: object) -> None:
    # The driver would begin a transaction only at the first write, so that of a read-modify-write in two processes one
    # is lost (73 of 300 survived when measured). _sqlite_begin begins it instead.
    dbapi.isolation_level = None
    cursor = dbapi.cursor()
    _use_wal(cursor)
    cursor.execute("PRAGMA synchronous=FULL")  # a delivery that was recorded must survive a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _use_wal(cursor: Any) -> None:
    """Switches a new database to write-ahead logging.

    Where two processes do so at once each waits for the other's lock; SQLite then refuses one of them at once, whatever
    its time-out is, and it has to try again (sqlite.org/rescode.html#busy).
    """
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as e:
            if e.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.005)


def _postgres_binary(_c: object, cursor: Any, _statement: str, _values: object, context: Any, _many: bool) -> None:
    """Has PostgreSQL send bytes in its binary format, half as long as its text, for the queries that ask for it."""
    if context is not None and context.execution_options.get("podwatch_binary"):
        cursor.format = 1


def _sqlite_begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get("podwatch_read")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


class Rows:
    """The base of every part of the store: connections to read with, and transactions to write in."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # SQLite's writers wait by polling the lock; the threads of one process wait for each other here instead.
        self._write_lock: AbstractContextManager[object] = RLock() if engine.dialect.name == "sqlite" else nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view of the database; it waits for no writer, and no writer waits for it."""
        with self.engine.connect().execution_options(podwatch_read=True) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it or nothing. Keep it short, and do no other I/O inside."""
        with self._write_lock, self.engine.begin() as connection:
            yield connection

    def read_rows(self, query: Executable) -> Sequence[AnyRow]:
        """All rows of one query."""
        with self.reading() as c:
            return c.execute(query).all()

    def execute(self, statement: Executable) -> int:
        """Runs one statement in a transaction of its own; returns how many rows it changed."""
        with self.writing() as c:
            return c.execute(statement).rowcount

    def close(self) -> None:
        self.engine.dispose()


def upgrade_schema(engine: Engine, revision: str = HEAD) -> None:
    """Migrates the tables to HEAD. Two processes may call it at once: one migrates, the other waits.

    revision: an older one, for tables that are to hold what an older podwatch wrote. Raises StoreError when the tables
    were made by a newer podwatch, or are another program's.
    """
    current = schema_revision(engine)
    if current == revision:
        return
    check_revision(current)
    if current is not None and current > HEAD:
        raise StoreError(
            f"the database was made by a newer podwatch (version {current}, this one knows {HEAD})",
            todo="upgrade podwatch, or use another database",
        )
    from alembic import command  # 0.2 s that only the first start pays

    config = migration_config()
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(7063617463)"))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def migration_config() -> Config:
    """How alembic finds the migrations."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def schema_revision(engine: Engine) -> str | None:
    """The revision of the tables; None when there are none."""
    with engine.connect().execution_options(podwatch_read=True) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def check_revision(revision: str | None) -> None:
    """Raises StoreError for a revision that no podwatch has: theirs are numbers, 0001 and on."""
    if revision is not None and not re.fullmatch(r"\d{4}", revision):
        shown = "".join(c for c in revision if c.isprintable())[:40]
        todo = "give podwatch a database of its own, or a schema: postgresql://.../database?options=-csearch_path%3Dpodwatch"
        raise StoreError(f"the database holds another program's tables (its alembic_version is {shown})", todo=todo)
