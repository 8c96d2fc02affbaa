"""Takes the tables back to those of an older podwatch, with all rows that have a place there.

It is the newer podwatch that knows the way back: the older one refuses tables that it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select, table, text

from podwatch.errors import StoreError
from podwatch.settings import Settings
from podwatch.store.connection import check_revision, migration_config, schema_revision
from podwatch.store.database import opening

VERSIONS = Path(__file__).parent / "migrations/versions"


@dataclass(frozen=True, slots=True)
class Downgrade:
    """From which revision to which. lost_rows: by table how many have no place there; lost_columns: table.column."""

    before: str
    revision: str
    lost_rows: Mapping[str, int]
    lost_columns: tuple[str, ...]


def known_revisions() -> list[str]:
    """All that there were, the oldest first."""
    return sorted(p.name[:4] for p in VERSIONS.glob("[0-9]*.py"))


def downgrade_database(settings: Settings, revision: str, *, rehearse: bool = False) -> Downgrade:
    """Takes the tables back, in one transaction.

    Raises StoreError where they have no such revision behind them, or hold what the older ones cannot say.
    rehearse: the transaction is rolled back at its end, so that one knows what it would lose.
    """
    with opening(settings) as engine:
        before = schema_revision(engine)
        check_revision(before)
        known = known_revisions()
        if before is None or before not in known:
            raise StoreError(f"the database is at revision {before or 'none'}, which this podwatch cannot take back")
        if revision not in known or revision > before:
            older = ", ".join(r for r in known if r < before)
            raise StoreError(f"{revision} is no revision before {before}", todo=f"take one of {older}")
        from alembic import command

        config = migration_config()
        with engine.connect() as c, c.begin() as transaction:
            if engine.dialect.name == "postgresql":
                c.execute(text("SELECT pg_advisory_xact_lock(7063617463)"))
            rows, columns = _count_rows(c), _list_columns(c)
            config.attributes["connection"] = c
            command.downgrade(config, revision)
            left, kept = _count_rows(c), _list_columns(c)
            if rehearse:
                transaction.rollback()
    engine.dispose()
    lost = {name: count - left.get(name, 0) for name, count in rows.items() if count > left.get(name, 0)}
    gone = {f"{name}.{column}" for name, of in columns.items() if name in kept for column in of - kept[name]}
    return Downgrade(before, revision, lost, tuple(sorted(gone)))


def _count_rows(c: Connection) -> dict[str, int]:
    count = select(func.count())
    return {name: c.execute(count.select_from(table(name))).scalar_one() for name in _list_columns(c)}


def _list_columns(c: Connection) -> dict[str, set[str]]:
    found = inspect(c).get_multi_columns()
    return {name: {column["name"] for column in of} for (_, name), of in found.items()
            if name != "alembic_version" and not name.startswith("search_tokens")}  # fmt: skip
