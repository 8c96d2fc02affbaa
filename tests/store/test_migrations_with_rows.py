"""From every earlier schema, with rows in each of its tables, the migrations lead to the tables of today and keep them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

import podwatch.store
from podwatch.settings import Secret, Settings
from podwatch.store.connection import HEAD, connect, schema_revision, upgrade_schema
from podwatch.store.database import open_store
from tests.support.filled_tables import ROWS, count_rows, fill_every_table

VERSIONS = Path(podwatch.store.__path__[0]) / "migrations/versions"
EARLIER = [r for r in sorted(p.name[:4] for p in VERSIONS.glob("0*.py")) if r != HEAD]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """The settings of a database without tables, once on SQLite and once on a real PostgreSQL."""
    if request.param == "sqlite":
        return settings
    return replace(settings, database_url=Secret(request.getfixturevalue("postgres").new_database()))


@pytest.fixture
def engine(empty: Settings) -> Iterator[Engine]:
    made = connect(empty)
    yield made
    made.dispose()


@pytest.mark.parametrize("revision", EARLIER)
def test_every_row_of_an_older_podwatch_is_kept_and_can_be_read(revision: str, empty: Settings, engine: Engine) -> None:
    upgrade_schema(engine, revision)
    before = fill_every_table(engine)
    assert set(before.values()) == {ROWS}
    with closing(open_store(empty)) as store:
        assert [f.url for f in store.feeds()] == [f"https://a.example/{n}" for n in range(1, ROWS + 1)]
        assert len(store.watches()) == ROWS
    assert schema_revision(engine) == HEAD
    after = count_rows(engine)
    derived = {"episode_keys"}  # made anew of the episodes by 0010
    assert {n: after[n] for n in before if n not in derived} == {n: before[n] for n in before if n not in derived}
