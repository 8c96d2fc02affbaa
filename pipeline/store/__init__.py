"""What podwatch remembers, in SQL: the only part that knows SQLAlchemy."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from pipeline.errors import StoreError
from pipeline.settings import Settings
from pipeline.store.deliver import DeliverRows
from pipeline.store.detect import DetectRows
from pipeline.store.engine import connect, display, upgrade
from pipeline.store.fetch import FetchRows
from pipeline.store.poll import PollRows
from pipeline.store.read import Readings
from pipeline.store.watches import WatchRows

__all__ = ["Store", "open_store"]


class Store(PollRows, FetchRows, DetectRows, DeliverRows, WatchRows, Readings):
    """One to-do query and one save for each verb (a file each), the watchlist, and what people read."""


def open_store(settings: Settings) -> Store:
    """The store at ``settings.database_url``, its tables made or brought up to date.

    Raises StoreError when it cannot be reached, or is newer than this podwatch.
    """
    try:
        engine = connect(settings)
        upgrade(engine)
    except (DBAPIError, OSError) as e:
        raise StoreError(
            f"the database cannot be opened ({_cause(e)})",
            where=display(settings),
            todo="check PODWATCH_DATABASE_URL, and that the server runs or the folder can be written",
            retryable=True,
        ) from None
    return Store(engine)


def _cause(e: Exception) -> str:
    return str(getattr(e, "orig", None) or e).splitlines()[0]
