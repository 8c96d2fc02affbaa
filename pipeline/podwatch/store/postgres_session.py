"""What each connection to PostgreSQL is told: for a schema of podwatch's own, and for a pooler in transaction mode.

Behind such a pooler (PgBouncer and the like) each transaction may run on another connection of the server. So there
nothing may outlive a transaction: no prepared statement, no setting. A pooler also refuses the ``options`` of an
address, or drops them without a word, and then the tables of a schema of podwatch's own would be looked for in another:
so the search path is taken out of the address and set by a statement.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import URL, Connection, Engine, event

from podwatch.errors import StoreError

_SEARCH_PATH = re.compile(r"(?:^|\s)(?:-c\s*|--)search_path=((?:\\.|\S)+)")
_POOLED = "podwatch_pooled"  # in the info of a connection: whether a pooler is between


def split_search_path(url: URL) -> tuple[URL, str | None]:
    """(the address without the search path in its ``options``, the search path; None: the server's own)."""
    options = url.query.get("options")
    if not isinstance(options, str) or (found := _SEARCH_PATH.search(options)) is None:
        return url, None
    rest = (options[: found.start()] + options[found.end() :]).strip()
    url = url.difference_update_query(["options"])
    path = re.sub(r"\\(.)", r"\1", found[1])  # as libpq writes a blank in it
    return (url.update_query_dict({"options": rest}) if rest else url), path


def prepare_sessions(engine: Engine, search_path: str | None, *, keeps_prepared: bool) -> None:
    """Sets up each connection of the engine.

    keeps_prepared: the address itself says when statements are prepared on the server.
    """

    def set_up(dbapi: Any, record: Any) -> None:
        if (encoding := dbapi.info.parameter_status("server_encoding")) not in (None, "UTF8"):
            todo = "make one with CREATE DATABASE podwatch ENCODING 'UTF8' TEMPLATE template0"
            raise StoreError(f"the database is in {encoding}, which cannot hold every text", todo=todo)
        before, dbapi.autocommit = dbapi.autocommit, True  # so that no transaction is left open
        with dbapi.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            # A pooler gives its clients numbers of its own, since no connection of the server is theirs.
            record.info[_POOLED] = cursor.fetchone()[0] != dbapi.info.backend_pid
            if search_path is not None and not record.info[_POOLED]:
                cursor.execute("SELECT set_config('search_path', %s, false)", [search_path])
        dbapi.autocommit = before
        if record.info[_POOLED] and not keeps_prepared:
            dbapi.prepare_threshold = None

    def begin(connection: Connection) -> None:
        if connection.info.get(_POOLED):
            connection.exec_driver_sql("SELECT set_config('search_path', %s, true)", (search_path,))

    # Before what SQLAlchemy itself asks a new connection, which it may prepare.
    event.listen(engine, "connect", set_up, insert=True)
    if search_path is not None:
        event.listen(engine, "begin", begin)
