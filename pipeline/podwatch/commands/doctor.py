"""podwatch doctor: is everything there that podwatch needs, and what to do where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from podwatch.commands.output import Json, now, settings, show
from podwatch.diagnose import doctor as examination
from podwatch.diagnose.doctor import Finding, Health
from podwatch.errors import PodwatchError
from podwatch.store.database import open_store


def doctor(
    send: Annotated[bool, typer.Option("--send", help="Post a test card to every channel of the watchlist.")] = False,
    json: Json = False,
) -> None:
    """Tests everything that podwatch needs, and says what to do; exit status 1 when something is wrong."""
    found: list[Finding] = []
    columns = ("check", "state", "said", "todo")
    show((_row(f) for f in _kept(_all(send), found)), columns, json, "")
    if any(f.health is Health.WRONG for f in found):
        raise typer.Exit(1)


def _all(send: bool) -> Iterator[Finding]:
    try:
        read = settings()
    except PodwatchError as e:
        yield examination.wrong_finding("settings", e)
        return
    yield Finding("settings", Health.OK, f"data in {read.home}")
    yield from examination.examine(read, now())
    if send:
        try:
            store = open_store(read)
            watches = store.watches()
            store.close()
        except PodwatchError as e:
            yield examination.wrong_finding("test", e)
        else:
            yield from examination.send_tests(read, watches, now())


def _kept(findings: Iterator[Finding], found: list[Finding]) -> Iterator[Finding]:
    for finding in findings:
        found.append(finding)
        yield finding


def _row(f: Finding) -> dict[str, str]:
    return {"check": f.what, "state": f.health.value, "said": f.said, "todo": f.todo}
