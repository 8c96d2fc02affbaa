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
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings

from podwatch import runtime
from podwatch.errors import PodwatchError
from podwatch.runtime import Runtime
from podwatch.settings import Secret, Settings
from podwatch.web.application import ROUTERS, create_app
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


# What there is to ask, by the routes: the document itself is made by the process that asks, and not by each that collects.
OPERATIONS = sorted(
    (method, route.path_format)
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute) and route.include_in_schema
    for method in route.methods
)


@pytest.fixture(scope="module")
def operations() -> dict[tuple[str, str], Any]:
    """By method and path the operations of the document, of an application that never opens its database."""
    import schemathesis

    def open_nothing() -> Runtime:
        raise AssertionError("the document needs no database")

    app = create_app(open_nothing, PROGRAM, lambda: NOW)
    document: Any = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    found = [result.ok() for result in document.get_all_operations()]
    return {(o.method.upper(), o.path): o for o in found}


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


@pytest.mark.parametrize("asked", OPERATIONS, ids=" ".join)
def test_every_answer_is_one_that_the_document_knows(
    asked: tuple[str, str], operations: dict[tuple[str, str], Any], page: Any
) -> None:
    from schemathesis.specs.openapi.checks import positive_data_acceptance

    @settings(max_examples=examples(100), suppress_health_check=list(HealthCheck), database=None)
    @given(case=operations[asked].as_strategy())
    def ask(case: Any) -> None:
        response = case.call(app=page)
        case.validate_response(response, excluded_checks=[positive_data_acceptance])

    ask()


def test_every_operation_of_the_document_is_asked(operations: dict[tuple[str, str], Any]) -> None:
    assert sorted(operations) == OPERATIONS
    assert len(OPERATIONS) >= 18
    assert {("GET", "/api/v1/alerts"), ("POST", "/api/v1/feeds"), ("DELETE", "/api/v1/feeds/{id}")} <= {*OPERATIONS}
