"""The command line, a file for each group of commands. They are thin: what they do is in the library."""

from __future__ import annotations

import errno
import io
import logging
import os
import sys
from collections.abc import Callable

import typer

from podwatch.commands import (
    alerts,
    backfill,
    backtest,
    coverage,
    doctor,
    entities,
    explain,
    feeds,
    mentions,
    mute,
    parse,
    rescan,
    run,
    scan,
    serve,
    slack,
    watches,
)
from podwatch.commands.output import strip_control
from podwatch.errors import PodwatchError
from podwatch.settings import describe_unknown
from podwatch.store.database import FAILURES, explain_failure

app = typer.Typer(
    name="podwatch",
    help="Finds who and what is said in podcasts, and tells Slack once, with the sentence and the second.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(feeds.app, name="feeds")
app.add_typer(watches.app, name="watches")
app.add_typer(mute.app, name="mute")
app.add_typer(alerts.app, name="alerts")
COMMANDS: tuple[Callable[..., None], ...] = (
    *run.COMMANDS,
    scan.scan,
    parse.parse,
    backfill.backfill_,
    backtest.backtest_,
    mentions.mentions,
    coverage.coverage,
    rescan.rescan,
    explain.explain,
    slack.slack,
    doctor.doctor,
    entities.entities,
    serve.serve,
)
for command in COMMANDS:
    app.command(command.__name__.rstrip("_"))(command)


def main() -> None:
    """Runs the command; an expected error is one line on stderr and exit status 1, never a traceback."""
    _prepare_streams()
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, format="podwatch: %(message)s")
    _warn_of_unknown_settings()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except (PodwatchError, ExceptionGroup, OSError, *FAILURES) as e:
        lines = error_lines(e)
        if isinstance(e, OSError) and e.filename is None and e.errno in _OUTPUT_ERRORS:
            # The reader of our output has gone (`podwatch mentions | head`: stop quietly), or its disk is full. Keep
            # Python from complaining when it flushes stdout at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            lines = [] if e.errno == errno.EPIPE else [f"the output cannot be written: {e.strerror}"]
        elif not lines:
            raise
        for text in lines:
            print(f"podwatch: {strip_control(text)}", file=sys.stderr)
        sys.exit(1)


def _warn_of_unknown_settings() -> None:
    """One line on stderr about variables that are likely mistyped; doctor says it among its findings."""
    line = describe_unknown(os.environ)
    if line and sys.argv[1:2] != ["doctor"]:
        print(f"podwatch: {strip_control(line)}", file=sys.stderr)


_OUTPUT_ERRORS = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


def _prepare_streams() -> None:
    """Makes stdout and stderr take every character; ends the process when stdout is closed."""
    if sys.stderr is None:  # else its lines would be printed on stdout
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    if sys.stdout is None:
        # The next file to be opened, the database perhaps, would take its place.
        print("podwatch: the output is closed - send it to /dev/null when it is not wanted", file=sys.stderr)
        sys.exit(1)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def error_lines(e: Exception) -> list[str]:
    """The lines of an expected error, or of a group of such errors; empty when a bug is among them."""
    if isinstance(e, PodwatchError):
        return [e.line]
    if isinstance(e, ExceptionGroup):
        parts = [error_lines(inner) for inner in e.exceptions]
        return [] if not all(parts) else [text for part in parts for text in part]
    known = explain_failure(e)
    return [known.line] if known else []
