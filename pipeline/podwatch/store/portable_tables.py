"""The tables of a database as they are there, of any revision, in types that SQLite and PostgreSQL share.

For backups: what the code of today knows of a table may be more, or other, than what an older database has. So the
columns are read from the database itself, and JSON is carried as its text, which no parser changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Text,
    bindparam,
    cast,
    column,
    insert,
    inspect,
    select,
    table,
)
from sqlalchemy.types import TypeEngine

from podwatch.errors import StoreError
from podwatch.store.backup_file import ColumnKind, TableHead
from podwatch.store.search_tables import search_documents
from podwatch.store.tables import Utc

VERSION_TABLE = "alembic_version"
DERIVED = {search_documents.name}  # is made anew of the others, and each kind of database has its own form of it
_TYPES: Mapping[ColumnKind, TypeEngine[Any]] = MappingProxyType(
    {
        ColumnKind.TEXT: Text(),
        ColumnKind.INT: BigInteger(),
        ColumnKind.FLOAT: Float(),
        ColumnKind.BOOL: Boolean(),
        ColumnKind.TIME: Utc(),
        ColumnKind.DATE: Date(),
        ColumnKind.BYTES: LargeBinary(),
        ColumnKind.JSON: Text(),
    }
)
# The first that fits: a boolean is an integer, too, to SQLAlchemy's types of SQLite.
_KINDS: tuple[tuple[type[TypeEngine[Any]], ColumnKind], ...] = (
    (Boolean, ColumnKind.BOOL),
    (JSON, ColumnKind.JSON),
    (DateTime, ColumnKind.TIME),
    (Date, ColumnKind.DATE),
    (Float, ColumnKind.FLOAT),
    (Integer, ColumnKind.INT),
    (LargeBinary, ColumnKind.BYTES),
    (String, ColumnKind.TEXT),
)


@dataclass(frozen=True, slots=True)
class PortableTable:
    """A table of a database. counted: its column that the database numbers by itself, if any."""

    head: TableHead
    counted: str | None = None

    def query(self) -> Select[Any]:
        """All rows, with values as a backup takes them."""
        columns: Mapping[str, ColumnElement[Any]] = _table_of(self.head).c
        read = [(columns[name], kind is ColumnKind.JSON) for name, kind in self.head.columns]
        return select(*(cast(c, Text) if is_json else c for c, is_json in read))


def list_tables(c: Connection) -> Iterator[PortableTable]:
    """The tables that hold rows of their own, each behind those that it refers to."""
    tables = MetaData()
    tables.reflect(c, only=sorted(table_names(c)), resolve_fks=False)
    for found in tables.sorted_tables:
        columns = tuple((str(col.name), _kind_of(found.name, col)) for col in found.columns if col.computed is None)
        counted = next((col.name for col in found.primary_key if _is_counted(col)), None)
        yield PortableTable(TableHead(str(found.name), columns), counted)


def build_insert(c: Connection, head: TableHead) -> Any:
    """The INSERT of a row of a backup, with a parameter for each of its columns."""
    values: dict[str, ColumnElement[Any]] = {}
    for name, kind in head.columns:
        parameter = bindparam(name, type_=_TYPES[kind])
        is_json = kind is ColumnKind.JSON and c.dialect.name == "postgresql"
        values[name] = cast(parameter, JSON) if is_json else parameter
    return insert(_table_of(head)).values(values)


def _table_of(head: TableHead) -> Any:
    return table(head.name, *(column(name, _TYPES[kind]) for name, kind in head.columns))


def table_names(c: Connection) -> set[str]:
    """The tables that hold rows of their own."""
    names = set(inspect(c).get_table_names()) - {VERSION_TABLE} - DERIVED
    if c.dialect.name == "sqlite":  # a full-text index lists the tables that it is made of, too
        kinds = {r.name: r.type for r in c.exec_driver_sql("PRAGMA table_list")}
        names = {n for n in names if kinds.get(n, "table") == "table"}
    return names


def _is_counted(found: Column[Any]) -> bool:
    return found.server_default is not None or found.identity is not None  # of PostgreSQL: a sequence


def _kind_of(name: str, found: Column[Any]) -> ColumnKind:
    for known, kind in _KINDS:
        if isinstance(found.type, known):
            return kind
    raise StoreError(f"has a column that no backup can hold: {found.name} ({found.type!r})", where=f"table {name}")
