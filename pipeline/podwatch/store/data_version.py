"""Whether anything in the database has changed: what was computed from it holds until then."""

from __future__ import annotations

from threading import Lock
from typing import Any

from sqlalchemy import event

from podwatch.store.connection import Rows

_QUERIES = {
    # Changes with every commit of another connection than the one that asks.
    "sqlite": "PRAGMA data_version",
    # Which transactions a reader sees: alike at two moments, all that was to be read then was the same.
    "postgresql": "SELECT pg_current_snapshot()::text",
}


class DataVersion:
    """Reads the version of a store's data by a connection of its own, on which nothing is ever written.

    A version that is read before a computation, and read again later, says that the result is still right. Versions of
    two connections have nothing to do with each other, so that each connection brings a number of its own.
    """

    def __init__(self, rows: Rows) -> None:
        self._engine = rows.engine
        self._query = _QUERIES[rows.engine.dialect.name]
        self._lock = Lock()
        self._connection: Any = None
        self._opened = 0
        event.listen(rows.engine, "engine_disposed", lambda _: self.close())  # the store is closed

    def read(self) -> tuple[int, str] | None:
        """None when the database does not answer: whoever asks it for more is told why."""
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = self._open()
                    self._opened += 1
                cursor = self._connection.cursor()
                cursor.execute(self._query)
                [found] = cursor.fetchone()
                cursor.close()
            except self._engine.dialect.loaded_dbapi.Error:
                self._close()
                return None
            return self._opened, str(found)

    def close(self) -> None:
        with self._lock:
            self._close()

    def _open(self) -> Any:
        # Without transactions: inside one, SQLite and PostgreSQL would show what was there when it began.
        connection: Any = self._engine.raw_connection()
        if self._engine.dialect.name == "postgresql":
            connection.dbapi_connection.autocommit = True
        connection.detach()  # from the pool, which would wait for it to come back
        return connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
