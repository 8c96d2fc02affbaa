"""The Store, all parts of the database together: opens it, inspects it, explains its failures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from podwatch.errors import SettingsError, StoreError
from podwatch.settings import Settings
from podwatch.store.alerts import AlertRows
from podwatch.store.answers import AnswerRows
from podwatch.store.backfills import BackfillRows
from podwatch.store.channels import ChannelRows
from podwatch.store.clock import ClockRows
from podwatch.store.connection import HEAD, connect, database_exists, display_url, schema_revision, upgrade_schema
from podwatch.store.deliver import DeliverRows
from podwatch.store.diagnosis import DiagnosisRows
from podwatch.store.digests import DigestRows
from podwatch.store.entities import EntityRows
from podwatch.store.entity_counts import EntityCountRows
from podwatch.store.feed_logins import FeedLoginRows
from podwatch.store.mentions import MentionRows
from podwatch.store.mutes import MuteRows
from podwatch.store.poll import PollRows
from podwatch.store.sent_messages import SentMessageRows
from podwatch.store.surges import SurgeRows
from podwatch.store.watches import WatchRows

__all__ = [
    "FAILURES",
    "DatabaseState",
    "Store",
    "database_exists",
    "explain_failure",
    "explaining_failures",
    "inspect_database",
    "open_store",
]

FAILURES = (DBAPIError, PoolTimeoutError)  # see explain_failure()


class Store(
    PollRows,
    FeedLoginRows,
    BackfillRows,
    EntityRows,
    DiagnosisRows,
    SurgeRows,
    DeliverRows,
    DigestRows,
    SentMessageRows,
    ChannelRows,
    AlertRows,
    WatchRows,
    EntityCountRows,
    MuteRows,
    AnswerRows,
    ClockRows,
    MentionRows,
):
    """A to-do query and a save for each verb, the watchlist, and what people read of it all."""


def open_store(settings: Settings) -> Store:
    """The store at ``settings.database_url``, its tables created or migrated.

    Raises StoreError when it cannot be reached, or is newer than this podwatch.
    """
    try:
        engine = connect(settings)
        upgrade_schema(engine)
    except ArgumentError:  # options that only connecting looks at
        raise SettingsError("is not a database address", where="PODWATCH_DATABASE_URL") from None
    except (DBAPIError, OSError) as e:
        raise _open_error(e, settings) from None
    return Store(engine)


def _open_error(e: Exception, settings: Settings) -> StoreError:
    todo = "check PODWATCH_DATABASE_URL, and that the server runs or the folder can be written"
    return StoreError(
        f"the database cannot be opened ({_cause(e)})", where=display_url(settings), todo=todo, retryable=True
    )


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """The state of a database. revision: of its tables, None when there are none; wanted: what this podwatch needs.

    clock: the database server's; None for SQLite, which has none of its own.
    """

    where: str
    revision: str | None
    wanted: str
    clock: datetime | None


def inspect_database(settings: Settings) -> DatabaseState:
    """Checks, without changing anything, that the database can be reached and written; reads its tables' revision.

    Raises StoreError or SettingsError, as open_store does.
    """
    engine = connect(settings)
    try:
        current = schema_revision(engine)
        with engine.connect() as c:  # as a writer: a database that is read-only or locked says so here
            server = engine.dialect.name == "postgresql"
            if server and c.execute(text("SHOW transaction_read_only")).scalar() == "on":
                raise StoreError(
                    "the database is read-only", where=display_url(settings), todo="use its primary server"
                )
            clock = c.execute(text("SELECT clock_timestamp()")).scalar() if server else None
            c.rollback()
    except (DBAPIError, OSError) as e:
        raise _open_error(e, settings) from None
    finally:
        engine.dispose()
    return DatabaseState(display_url(settings), current, HEAD, clock)


def explain_failure(e: BaseException) -> StoreError | None:
    """The StoreError that says what a failing database means; None when ``e`` is something else.

    A row that breaks a constraint, or a value that a column does not take, is something else: a bug.
    """
    if not isinstance(e, FAILURES) or isinstance(e, IntegrityError | DataError):
        return None
    cause = _cause(e)
    if isinstance(e, ProgrammingError) or "no such" in cause or "malformed" in cause or "not a database" in cause:
        todo = "its tables are missing or damaged: restore it from a copy, or set PODWATCH_DATABASE_URL to another"
        return StoreError(f"the database cannot be used ({cause})", todo=todo)
    todo = "check that its server runs, or that its disk has room and can be written, and try again"
    return StoreError(f"the database failed ({cause})", todo=todo, retryable=True)


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


def _cause(e: Exception) -> str:
    return (str(getattr(e, "orig", None) or e).splitlines() or [type(e).__name__])[0]
