"""podwatch poll, fetch, detect, deliver, run: the line, from a shell."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline import verbs
from pipeline.commands.output import Json, now, runtime, tally
from pipeline.poll import poll as poll_verb

Force = Annotated[bool, typer.Option("--force", help="Poll also what is not due.")]


def poll(force: Force = False, json: Json = False) -> None:
    """Asks the feeds that are due whether they have something new."""
    with runtime() as rt:
        tally(poll_verb(rt, now(), force=force), json)


def fetch(json: Json = False) -> None:
    """Gets the transcripts of new episodes."""
    _one("fetch", json)


def detect(json: Json = False) -> None:
    """Looks through the transcripts for the watches."""
    _one("detect", json)


def deliver(json: Json = False) -> None:
    """Hands each alert to its channel, once."""
    _one("deliver", json)


def run(force: Force = False, json: Json = False) -> None:
    """The four verbs in order: poll, fetch, detect, deliver."""
    with runtime() as rt:
        for name, verb in verbs.LINE.items():
            t = poll_verb(rt, now(), force=True) if name == "poll" and force else verb(rt, now())
            tally(t, json)


def _one(name: str, as_json: bool) -> None:
    with runtime() as rt:
        tally(verbs.LINE[name](rt, now()), as_json)


def register(app: typer.Typer) -> None:
    for command in (poll, fetch, detect, deliver, run):
        app.command()(command)
