"""The Store, all parts of the database together: opens it and inspects it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import ArgumentError, DBAPIError, ProgrammingError

from podwatch.errors import SettingsError, StoreError
from podwatch.settings import Settings
from podwatch.store.alert_list import AlertListRows
from podwatch.store.alert_stream import AlertStreamRows
from podwatch.store.alerts import AlertRows
from podwatch.store.answers import AnswerRows
from podwatch.store.audit import AuditRows
from podwatch.store.backfills import BackfillRows
from podwatch.store.channels import ChannelRows
from podwatch.store.clock import ClockRows
from podwatch.store.completions import CompletionRows
from podwatch.store.connection import HEAD, check_revision, connect, schema_revision, upgrade_schema
from podwatch.store.coverage import CoverageRows
from podwatch.store.database_url import database_exists, display_url
from podwatch.store.deliver import DeliverRows
from podwatch.store.diagnosis import DiagnosisRows
from podwatch.store.digests import DigestRows
from podwatch.store.entities import EntityRows
from podwatch.store.entity_counts import EntityCountRows
from podwatch.store.failures import FAILURES, explain_failure, explain_refusal, explaining_failures
from podwatch.store.feed_logins import FeedLoginRows
from podwatch.store.figures import FigureRows
from podwatch.store.hearings import HearingRows
from podwatch.store.listen import ListenRows
from podwatch.store.marks import MarkRows
from podwatch.store.mentions import MentionRows
from podwatch.store.mutes import MuteRows
from podwatch.store.page_figures import PageFigureRows
from podwatch.store.poll import PollRows
from podwatch.store.privileges import find_missing_grants
from podwatch.store.prune import PruneRows
from podwatch.store.reports import ReportRows
from podwatch.store.revisions import RevisionRows
from podwatch.store.search import SearchRows
from podwatch.store.sent_messages import SentMessageRows
from podwatch.store.surges import SurgeRows
from podwatch.store.tables import complete_metadata
from podwatch.store.trends import TrendRows
from podwatch.store.watch_edits import WatchEditRows
from podwatch.store.watches import WatchRows

__all__ = [
    "FAILURES",
    "DatabaseState",
    "Store",
    "database_exists",
    "explain_failure",
    "explaining_failures",
    "inspect_database",
    "migrate_database",
    "open_store",
    "opening",
]


class Store(
    PollRows,
    FeedLoginRows,
    BackfillRows,
    ListenRows,
    HearingRows,
    EntityRows,
    DiagnosisRows,
    SurgeRows,
    DeliverRows,
    DigestRows,
    SentMessageRows,
    ChannelRows,
    AlertRows,
    AlertListRows,
    WatchRows,
    EntityCountRows,
    MuteRows,
    AnswerRows,
    ClockRows,
    MarkRows,
    CoverageRows,
    ReportRows,
    MentionRows,
    AlertStreamRows,
    PageFigureRows,
    AuditRows,
    SearchRows,
    TrendRows,
    PruneRows,
    FigureRows,
    RevisionRows,
    WatchEditRows,
    CompletionRows,
):
    """A to-do query and a save for each verb, the watchlist, and what people read of it all."""


def open_store(settings: Settings) -> Store:
    """The store at ``settings.database_url``, its tables created or, where the settings let it, migrated.

    Raises StoreError when it cannot be reached, is newer than this podwatch, or is another program's.
    """
    with opening(settings) as engine:
        current = None if settings.migrate else schema_revision(engine)
        if current is not None and re.fullmatch(r"\d{4}", current) and current < HEAD:
            raise StoreError(
                f"the database is at revision {current}, this podwatch needs {HEAD}, and PODWATCH_MIGRATE is off",
                todo="back it up, then podwatch db migrate",
            )
        upgrade_schema(engine)
    return Store(engine)


def migrate_database(settings: Settings) -> tuple[str | None, str]:
    """Migrates the tables, whatever the settings say; (the revision they had, None: there were none; theirs now)."""
    with opening(settings) as engine:
        before = schema_revision(engine)
        upgrade_schema(engine)
    engine.dispose()
    return before, HEAD


@contextmanager
def opening(settings: Settings) -> Iterator[Engine]:
    """An engine for the settings' database; what refuses it is raised as the error that explains it.

    The engine is closed when the block fails, and stays open otherwise.
    """
    try:
        with ExitStack() as undo:
            engine = connect(settings)
            undo.callback(engine.dispose)
            yield engine
            undo.pop_all()
    except ArgumentError:  # options that only connecting looks at
        raise SettingsError("is not a database address", where="PODWATCH_DATABASE_URL") from None
    except (DBAPIError, OSError) as e:
        raise explain_refusal(e, display_url(settings)) from None


def find_missing_columns(connection: Connection) -> list[str]:
    """The tables, and the columns (table.column) of others, that are not there although the revision has them."""
    there = {
        name: {column["name"] for column in columns}
        for (_, name), columns in inspect(connection).get_multi_columns().items()
    }
    wanted = complete_metadata().tables
    lacking = [name for name in sorted(wanted) if name not in there]
    return lacking + [
        f"{name}.{column.name}"
        for name in sorted(set(wanted) & set(there))
        for column in wanted[name].columns
        if column.name not in there[name]
    ]


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
        current, unreadable = None, None
        try:
            current = schema_revision(engine)
            check_revision(current)
        except ProgrammingError as e:  # a role that may not read it: what it lacks is said below
            unreadable = e
        with engine.connect() as c:  # as a writer: a database that is read-only or locked says so here
            server = engine.dialect.name == "postgresql"
            if server and c.execute(text("SHOW transaction_read_only")).scalar() == "on":
                raise StoreError(
                    "the database is read-only", where=display_url(settings), todo="use its primary server"
                )
            migrates = unreadable is None and current != HEAD
            if server and (missing := find_missing_grants(c, migrates=migrates)) is not None:
                what, todo = missing
                raise StoreError(what, where=display_url(settings), todo=todo)
            if unreadable is not None:
                raise unreadable
            if current == HEAD and (lacking := find_missing_columns(c)):
                listed = ", ".join(lacking[:3]) + (", ..." if len(lacking) > 3 else "")
                what = f"the database is at revision {current}, but lacks {listed}"
                raise StoreError(what, where=display_url(settings), todo="restore a backup into an empty database")
            clock = c.execute(text("SELECT clock_timestamp()")).scalar() if server else None
            c.rollback()
    except (DBAPIError, OSError) as e:
        raise explain_refusal(e, display_url(settings)) from None
    finally:
        engine.dispose()
    return DatabaseState(display_url(settings), current, HEAD, clock)
