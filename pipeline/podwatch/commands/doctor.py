"""podwatch doctor: whether everything is there that podwatch needs, and what to do where it is not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from podwatch.commands import cli
from podwatch.commands.options import Json
from podwatch.commands.output import show_rows, utc_now
from podwatch.errors import PodwatchError
from podwatch.known_variables import unknown_variables

if TYPE_CHECKING:
    from podwatch.diagnose.findings import Finding


def doctor(
    send: Annotated[bool, cli.Option("--send", help="Post a test card to every channel of the watchlist.")] = False,
    json: Json = False,
) -> None:
    """Tests everything that podwatch needs, and says what to do.

    The exit status is 1 when something is wrong.

    Example: podwatch doctor --send
    """
    from podwatch.diagnose.findings import Health

    found: list[Finding] = []
    columns = ("check", "state", "said", "todo")
    show_rows((_row(f) for f in _record(_examine_all(send), found)), columns, json, "")
    if any(f.health is Health.WRONG for f in found):
        raise cli.Exit(1)


def _examine_all(send: bool) -> Iterator[Finding]:
    from podwatch.diagnose.airflow_checks import check_site
    from podwatch.diagnose.airflow_site import find_site, site_variables
    from podwatch.diagnose.doctor import examine, send_test_cards
    from podwatch.diagnose.findings import Finding, Health, error_finding
    from podwatch.settings import from_environment
    from podwatch.store.database import open_store

    variables = dict(os.environ)
    try:
        if site := find_site(variables):
            yield from check_site(site)
            variables |= site_variables(site)
        settings = from_environment(variables)
    except PodwatchError as e:
        yield error_finding("settings", e)
        return
    yield Finding("settings", Health.OK, f"data in {settings.home}")
    for name, meant in unknown_variables(variables).items():
        todo = f"did you mean {meant}?" if meant else "see docs/settings.md"
        yield Finding(f"setting {name}", Health.NOTE, "is ignored, since podwatch has no such setting", todo)
    yield from examine(settings, utc_now())
    if send:
        try:
            store = open_store(settings)
            watches = store.watches()
            store.close()
        except PodwatchError as e:
            yield error_finding("test", e)
        else:
            yield from send_test_cards(settings, watches, utc_now())


def _record(findings: Iterator[Finding], found: list[Finding]) -> Iterator[Finding]:
    """The findings as they come, so that each is printed at once; they are gathered in ``found``."""
    for finding in findings:
        found.append(finding)
        yield finding


def _row(f: Finding) -> dict[str, str]:
    return {"check": f.check, "state": f.health.value, "said": f.message, "todo": f.todo}
