"""What podwatch remembers, in SQL: the only part that knows SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from pipeline.errors import SettingsError, StoreError
from pipeline.settings import Settings
from pipeline.store.backfills import BackfillRows
from pipeline.store.deliver import DeliverRows
from pipeline.store.engine import connect, display, upgrade
from pipeline.store.poll import PollRows
from pipeline.store.read import Readings
from pipeline.store.watches import WatchRows

__all__ = ["FAILURES", "Store", "explained", "failure", "open_store"]

FAILURES = (DBAPIError, PoolTimeoutError)  # see failure()


class Store(PollRows, BackfillRows, DeliverRows, WatchRows, Readings):
    """One to-do query and one save for each verb (a file each), the watchlist, and what people read."""


def open_store(settings: Settings) -> Store:
    """The store at ``settings.database_url``, its tables made or brought up to date.

    Raises StoreError when it cannot be reached, or is newer than this podwatch.
    """
    try:
        engine = connect(settings)
        upgrade(engine)
    except ArgumentError:  # options that only connecting looks at
        raise SettingsError("is not a database address", where="PODWATCH_DATABASE_URL") from None
    except (DBAPIError, OSError) as e:
        raise StoreError(
            f"the database cannot be opened ({_cause(e)})",
            where=display(settings),
            todo="check PODWATCH_DATABASE_URL, and that the server runs or the folder can be written",
            retryable=True,
        ) from None
    return Store(engine)


def failure(e: BaseException) -> StoreError | None:
    """What a database that fails in the middle of a verb means to people; None when ``e`` is something else.

    A row that breaks a rule of the tables, or a value that they do not take, is something else: that is a bug.
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
def explained() -> Iterator[None]:
    """Raises a failure of the database as the StoreError that it means to people."""
    try:
        yield
    except FAILURES as e:
        known = failure(e)
        if known is None:
            raise
        raise known from None


def _cause(e: Exception) -> str:
    return (str(getattr(e, "orig", None) or e).splitlines() or [type(e).__name__])[0]
