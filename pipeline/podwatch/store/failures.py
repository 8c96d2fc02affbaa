"""What a failing database means, by its own code: what is wrong, what to do about it, and whether a retry may help."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Engine, ExceptionContext, event
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from podwatch.errors import StoreError

FAILURES = (DBAPIError, PoolTimeoutError)  # see explain_failure()
_DAMAGED = "its tables are missing or damaged: restore it from a copy, or set PODWATCH_DATABASE_URL to another"
_LOGIN = "correct the user and password in PODWATCH_DATABASE_URL (percent-encode what is no letter and no digit)"
_TRY_AGAIN = "check that its server runs, or that its disk has room and can be written, and try again"
_LATER = "wait until it works again; the next run goes on from here"
# SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html) -> (what is wrong, what to do, whether a retry may help)
_BY_STATE: dict[str, tuple[str, str, bool]] = {
    "25006": ("the database is read-only", "use its primary server", True),
    "28000": ("the database refuses the login", _LOGIN, False),
    "28P01": ("the database refuses the password", _LOGIN, False),
    "3F000": (
        "there is no schema to make the tables in",
        "make it with CREATE SCHEMA podwatch AUTHORIZATION its role, or correct search_path in PODWATCH_DATABASE_URL",
        False,
    ),
    "08006": ("the connection to the database was lost", _LATER, True),
    "no certificate": (
        "the database's certificate is not to be trusted",
        "give its authority's file (sslrootcert=...), and the host by the name in the certificate",
        False,
    ),
    "no TLS": (
        "the database does not speak TLS",
        "turn it on at the server, or write sslmode=prefer where the network can be trusted",
        False,
    ),
    "3D000": ("there is no database of this name", "make it with CREATE DATABASE, or correct the name", False),
    "42P01": ("the database cannot be used", _DAMAGED, False),
    "42703": ("the database cannot be used", _DAMAGED, False),
    "53100": ("the disk of the database is full", "make room; nothing is lost, the next run goes on from here", True),
    "53200": ("the database server is out of memory", "give it more memory", True),
    "53300": (
        "the database server has no connection left",
        "raise its max_connections, or let fewer tasks run at once",
        True,
    ),
    "57P01": ("the database server is being shut down", _LATER, True),
    "57P02": ("the database server crashed", _LATER, True),
    "57P03": ("the database server is starting or stopping", _LATER, True),
    "XX001": ("the database is damaged", "restore it from a copy", False),
    "XX002": ("an index of the database is damaged", "REINDEX it, or restore it from a copy", False),
}
# A connection that is refused has no SQLSTATE, only the server's words.
_BY_WORDS = {
    "password authentication failed": "28P01",
    "no password supplied": "28P01",
    "no pg_hba.conf entry": "28000",
    'role ".*" does not exist': "28000",
    'database ".*" does not exist': "3D000",
    "too many clients already|remaining connection slots|too many connections": "53300",
    "is shutting down": "57P03",
    "is starting up": "57P03",
    "No space left on device": "53100",
    "certificate verify failed|does not match host name|root certificate file": "no certificate",
    "server does not support SSL": "no TLS",
    "server closed the connection|connection is lost|the connection is closed|terminating connection": "08006",
    "SSL connection has been closed|[Cc]onnection reset by peer|server conn crashed": "08006",
}
_DENIED = re.compile(
    r'permission denied for (?P<kind>table|view|sequence|schema|relation|database) "?(?P<name>[^"\n]+)'
)


def note_role(engine: Engine) -> None:
    """Has each error of the engine's server say as which role it was met."""
    event.listen(engine, "handle_error", _note_role)


def _note_role(context: ExceptionContext) -> None:
    cursor, error = getattr(context.execution_context, "cursor", None), context.original_exception
    if cursor is None or context.dialect.loaded_dbapi is None:
        return
    with suppress(context.dialect.loaded_dbapi.Error):  # the connection is gone
        error.podwatch_role = str(cursor.connection.info.user)  # type: ignore[attr-defined]


def explain_failure(e: BaseException) -> StoreError | None:
    """The StoreError that says what a failing database means; None when ``e`` is something else.

    A row that breaks a constraint, or a value that a column does not take, is something else: a bug.
    """
    if not isinstance(e, FAILURES) or isinstance(e, IntegrityError | DataError):
        return None
    cause = cause_of(e)
    if (known := _explain_by_code(e, cause)) is not None:
        return known
    if isinstance(e, ProgrammingError) or "no such" in cause or "malformed" in cause or "not a database" in cause:
        return StoreError(f"the database cannot be used ({cause})", todo=_DAMAGED)
    return StoreError(f"the database failed ({cause})", todo=_TRY_AGAIN, retryable=True)


def explain_refusal(e: Exception, where: str) -> StoreError:
    """The StoreError of a database that could not be opened. where: its address without its password."""
    cause = cause_of(e)
    if (known := _explain_by_code(e, cause)) is not None:
        return StoreError(known.what, where=where, todo=known.todo, retryable=known.retryable)
    todo = "check PODWATCH_DATABASE_URL, and that the server runs or the folder can be written"
    return StoreError(f"the database cannot be opened ({cause})", where=where, todo=todo, retryable=True)


@contextmanager
def explaining_failures() -> Iterator[None]:
    """Raises a failure of the database as the StoreError that explains it."""
    try:
        yield
    except FAILURES as e:
        known = explain_failure(e)
        if known is None:
            raise
        raise known from None


def cause_of(e: BaseException) -> str:
    """The first line of what the database said."""
    return (str(getattr(e, "orig", None) or e).splitlines() or [type(e).__name__])[0]


def quote_name(name: str) -> str:
    """A name as SQL wants it."""
    plain = re.fullmatch(r"[a-z_][a-z0-9_]*", name) and name not in (
        "user",
        "all",
        "order",
        "group",
        "table",
        "default",
    )
    return name if plain else '"' + name.replace('"', '""') + '"'


def _explain_by_code(e: BaseException, cause: str) -> StoreError | None:
    orig = getattr(e, "orig", None)
    if getattr(orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
        what, todo, retryable = _BY_STATE["53100"]
        return StoreError(f"{what} ({cause})", todo=todo, retryable=retryable)
    state = getattr(orig, "sqlstate", None) or next((s for w, s in _BY_WORDS.items() if re.search(w, str(orig))), "")
    if state == "42501":
        return _missing_grant(cause, getattr(orig, "podwatch_role", ""))
    if state not in _BY_STATE:
        return None
    what, todo, retryable = _BY_STATE[state]
    return StoreError(f"{what} ({cause})", todo=todo, retryable=retryable)


def _missing_grant(cause: str, role: str) -> StoreError:
    """What a role may not do, and the GRANT that lets it."""
    who, to = (f"the role {role}", quote_name(role)) if role else ("its role", "it")
    found = _DENIED.search(cause)
    if found is None:  # must be owner of ..., or in another language
        todo = "let the owner of the tables run podwatch once, which migrates them, or give this role the same rights"
        return StoreError(f"{who} may not do this ({cause})", todo=todo)
    name = quote_name(found["name"])
    grant = {
        "sequence": f"GRANT USAGE ON SEQUENCE {name} TO {to}",
        "schema": f"GRANT USAGE, CREATE ON SCHEMA {name} TO {to}",
        "database": f"GRANT CONNECT ON DATABASE {name} TO {to}",
    }.get(found["kind"], f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {to}")
    verb = "use" if found["kind"] in ("schema", "sequence", "database") else "read and write"
    return StoreError(f"{who} may not {verb} the {found['kind']} {found['name']}", todo=f"as its owner: {grant}")
