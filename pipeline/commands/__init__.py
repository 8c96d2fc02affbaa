"""The command line: thin, one file for each group of commands. What they do is in the library."""

from __future__ import annotations

import logging
import os
import sys

import typer

from pipeline.commands import feeds, line, mentions, scan, watches
from pipeline.errors import PodwatchError

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
line.register(app)
app.command()(scan.scan)
app.command()(mentions.mentions)


def main() -> None:
    """Runs the command; a mistake of the user's is one line on stderr, never a traceback."""
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, format="podwatch: %(message)s")
    try:
        app()
    except BrokenPipeError:
        # The reader of our output has gone (`podwatch mentions | head`): stop quietly, and keep Python from
        # complaining when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (PodwatchError, ExceptionGroup) as e:
        lines = mistakes(e)
        if not lines:
            raise
        for text in lines:
            print(f"podwatch: {text}", file=sys.stderr)
        sys.exit(1)


def mistakes(e: Exception) -> list[str]:
    """The lines of one expected error, or of a group of nothing but such; empty when a bug is among them."""
    if isinstance(e, PodwatchError):
        return [e.line]
    if isinstance(e, ExceptionGroup):
        parts = [mistakes(inner) for inner in e.exceptions]
        return [] if not all(parts) else [text for part in parts for text in part]
    return []
