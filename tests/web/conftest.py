"""A runtime on each database, since the page's statements differ in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from podwatch import runtime
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings
from tests.support.migrated_database import place_database


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Runtime]:
    """An empty store with its runtime, once on SQLite and once on a real PostgreSQL."""
    if request.param == "postgresql":
        settings = replace(settings, database_url=Secret(request.getfixturevalue("migrated_postgres")))
    else:
        place_database(settings.home)
    with runtime.build(settings) as built:
        yield built
