"""Parts of SQL statements that several tables' queries share: batches of values, shards, upserts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Dialect, Table, func

from podwatch.model import Shard

BATCH_SIZE = 500  # values in one IN (...)
T = TypeVar("T")


def in_batches(values: Sequence[T], size: int = BATCH_SIZE) -> Iterator[Sequence[T]]:
    """The values in groups of ``size``, the last of which may be smaller."""
    for i in range(0, len(values), size):
        yield values[i : i + size]


def in_shard(id_column: ColumnElement[int], shard: Shard) -> list[ColumnElement[bool]]:
    """The conditions, none or one, that leave only the rows of a shard."""
    return [id_column % shard.count == shard.index] if shard.count > 1 else []


def in_host_shard(bucket: ColumnElement[int], shard: Shard) -> list[ColumnElement[bool]]:
    """The conditions, none or one, that leave only the feeds whose hosts are of a shard. bucket: the feeds' column."""
    if shard.count <= 1:
        return []
    return [bucket % shard.count == shard.index if shard.buckets is None else bucket.in_(shard.buckets)]


def is_null(column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the column is null, in words that SQLite does not look up in the column's index.

    Without statistics it takes that for few rows, where it is nearly all, and passes over the index of a time.
    """
    return func.coalesce(column, column).is_(None)


def upsert(dialect: Dialect, table: Table) -> Any:
    """An INSERT into the table that takes an ON CONFLICT clause, which SQLAlchemy offers for each dialect by itself."""
    if dialect.name == "postgresql":  # only the one that is used is loaded
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)
