"""A version of the data stays as it is while nothing is written, and never stays the same when something was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from podwatch.model import Feed
from podwatch.settings import Secret, Settings
from podwatch.store.data_version import DataVersion
from podwatch.store.database import Store, open_store
from tests.support.migrated_database import place_database


@pytest.fixture(params=["sqlite", "postgresql"])
def two(request: pytest.FixtureRequest, settings: Settings) -> Iterator[tuple[Store, Store]]:
    """Two stores of one database, as two processes have them."""
    if request.param == "postgresql":
        settings = replace(settings, database_url=Secret(request.getfixturevalue("migrated_postgres")))
    else:
        place_database(settings.home)
    stores = open_store(settings), open_store(settings)
    yield stores
    for store in stores:
        store.close()


def test_it_changes_with_every_write_here_and_elsewhere(two: tuple[Store, Store], now: datetime) -> None:
    here, elsewhere = two
    version = DataVersion(here)
    seen = {version.read()}
    for n, store in enumerate([here, elsewhere, here, elsewhere]):
        store.add_feeds([Feed(url=f"https://{n}.example/feed")], now)
        found = version.read()
        assert found not in seen, n
        seen.add(found)
    assert None not in seen


def test_it_stays_while_things_are_only_read(two: tuple[Store, Store], now: datetime) -> None:
    here, elsewhere = two
    version = DataVersion(here)
    here.add_feeds([Feed(url="https://a.example/feed")], now)
    first = version.read()
    here.feeds()
    elsewhere.store_figures(now)
    assert first is not None
    assert version.read() == first


def test_what_is_written_and_not_yet_committed_is_no_change(two: tuple[Store, Store], now: datetime) -> None:
    """Whoever computes while it is under way does not see it; what they computed has to be dropped at the commit."""
    from sqlalchemy import update

    from podwatch.store.tables import feeds

    here, elsewhere = two
    here.add_feeds([Feed(url="https://a.example/feed")], now)
    version = DataVersion(here)
    with elsewhere.writing() as c:
        c.execute(update(feeds).values(title="later"))
        during = version.read()
        assert [f.title for f in here.feeds()] == [""]
    assert version.read() != during


def test_a_new_connection_has_versions_of_its_own(two: tuple[Store, Store]) -> None:
    """SQLite counts by connection, so that the count of a new one may be that of the last."""
    version = DataVersion(two[0])
    first = version.read()
    version.close()
    assert version.read() != first


def test_it_is_closed_with_its_store(two: tuple[Store, Store]) -> None:
    version = DataVersion(two[0])
    first = version.read()
    two[0].close()
    again = version.read()
    assert first is not None
    assert again is not None
    assert again != first
    version.close()
