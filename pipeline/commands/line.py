"""podwatch poll, fetch, detect, deliver, run: the line, from a shell."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext, redirect_stdout
from typing import Annotated

import typer

from pipeline import verbs
from pipeline.commands.output import Json, now, runtime, tally
from pipeline.poll import poll as poll_verb

Force = Annotated[bool, typer.Option("--force", help="Poll also what is not due.")]


def poll(force: Force = False, json: Json = False) -> None:
    """Asks the feeds that are due whether they have something new."""
    _line(["poll"], force, json)


def fetch(json: Json = False) -> None:
    """Gets the transcripts of new episodes."""
    _line(["fetch"], False, json)


def detect(json: Json = False) -> None:
    """Looks through the transcripts for the watches."""
    _line(["detect"], False, json)


def deliver(json: Json = False) -> None:
    """Hands each alert to its channel, once."""
    _line(["deliver"], False, json)


def run(force: Force = False, json: Json = False) -> None:
    """The four verbs in order: poll, fetch, detect, deliver."""
    _line(list(verbs.LINE), force, json)


def _line(names: list[str], force: bool, as_json: bool) -> None:
    with runtime() as rt:
        for name in names:
            # With --json stdout is for JSON alone: the cards of the console notifier go to stderr.
            with redirect_stdout(sys.stderr) if as_json else nullcontext():
                t = poll_verb(rt, now(), force=force) if name == "poll" else verbs.LINE[name](rt, now())
            tally(t, as_json)


COMMANDS: tuple[Callable[..., None], ...] = (poll, fetch, detect, deliver, run)


def register(app: typer.Typer) -> None:
    for command in COMMANDS:
        app.command()(command)
