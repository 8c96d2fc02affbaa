"""Statements that one engine of podwatch's has compiled serve the engines of later tests, too.

SQLAlchemy keeps what it compiled with its engine. A program has one engine, a test opens a database of its own and so
compiled everything anew: half of a processor's time of most tests with a store. What is compiled depends on the kind of
database alone, since every engine of podwatch's is configured alike.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import sqlalchemy
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache

from podwatch.store import connection


class _Statements:
    """What SQLAlchemy asks of a `compiled_cache`; of its keys all but the first part, which is the engine's dialect."""

    def __init__(self) -> None:
        self._kept: LRUCache[Any, Any] = LRUCache(3000)

    def get(self, key: tuple[Any, ...]) -> Any:
        return self._kept.get(key[1:])

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        self._kept[key[1:]] = compiled


_of_dialect: defaultdict[str, _Statements] = defaultdict(_Statements)


def _create_engine(*arguments: Any, **options: Any) -> Engine:
    engine = sqlalchemy.create_engine(*arguments, **options)
    engine.update_execution_options(compiled_cache=_of_dialect[engine.dialect.name])
    return engine


def install() -> None:
    """From now on, in this process."""
    connection.create_engine = _create_engine  # type: ignore[attr-defined]
