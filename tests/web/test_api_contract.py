"""The API keeps to its own document, whatever is asked of it: schemathesis makes requests that fit it, and that do not.

Each request is answered with a status that the document knows, in the form that it says, and never with a failure. That
all that fits the document is accepted is not asked: no schema says what a query, a tag or a feed's address is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from podwatch import runtime
from podwatch.errors import PodwatchError
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings
from podwatch.web.application import create_app
from tests.support.hypothesis_profiles import examples
from tests.support.migrated_database import place_database
from tests.support.page_visitors import Member, find_mentions, store_show

NOW = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)
PROGRAM = Member("program", ambient=False)


class Offline:
    """Nothing is reached: made addresses may be somebody's."""

    def close(self) -> None:
        pass

    def get(self, url: str, **_: object) -> object:
        raise PodwatchError("is not reached in this test", where=url)


def document() -> Any:
    """The schema of an application that never opens its database: what there is to ask."""

    def open_nothing() -> Runtime:
        raise AssertionError("the document needs no database")

    app = create_app(open_nothing, PROGRAM, lambda: NOW)
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)


OPERATIONS = [result.ok() for result in document().get_all_operations()]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A store with something of everything, over which all requests of this file go, one after the other."""
    home: Path = tmp_path_factory.mktemp("contract")
    place_database(home)
    wanted = Settings(home=home, database_url=Secret(f"sqlite:///{home / 'podwatch.db'}"), entities=False)
    with runtime.build(wanted) as rt:
        rt._http = Offline()  # type: ignore[assignment]
        store_show(rt, NOW, ["Ann Lee sold grain./And grain.", "grain", None])
        find_mentions(rt, NOW)
        yield create_app(lambda: rt, PROGRAM, lambda: NOW)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: f"{o.method.upper()} {o.path}")
def test_every_answer_is_one_that_the_document_knows(operation: Any, page: Any) -> None:
    @settings(max_examples=examples(100), suppress_health_check=list(HealthCheck), database=None)
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        response = case.call(app=page)
        case.validate_response(response, excluded_checks=[positive_data_acceptance])

    ask()


def test_there_is_something_to_ask() -> None:
    asked = {(o.method.upper(), o.path) for o in OPERATIONS}
    assert len(asked) >= 18
    assert {("GET", "/api/v1/alerts"), ("POST", "/api/v1/feeds"), ("DELETE", "/api/v1/feeds/{id}")} <= asked
