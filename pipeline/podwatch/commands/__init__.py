"""The command line, a file for each group of commands. They are thin: what they do is in the library."""

from __future__ import annotations

import atexit
import errno
import gc
import io
import logging
import os
import sys

from podwatch.commands.cli import LazyGroup, Place, build_version_option
from podwatch.commands.output import strip_control
from podwatch.errors import PodwatchError
from podwatch.known_variables import describe_unknown

_WHERE = "podwatch.commands"
# Each command with the module that is imported when it is used, and the first sentence of its help.
SECTIONS = {
    "The line": {
        "poll": Place(f"{_WHERE}.run:poll", "Asks the feeds that are due whether they have something new."),
        "fetch": Place(f"{_WHERE}.run:fetch", "Gets the transcripts of new episodes, or takes those of a folder."),
        "detect": Place(f"{_WHERE}.run:detect", "Looks for the watches in the transcripts that are new to them."),
        "deliver": Place(f"{_WHERE}.run:deliver", "Hands each alert to its channel, once."),
        "run": Place(f"{_WHERE}.run:run", "Does the four in order; ends with what was listened to."),
        "listen": Place(f"{_WHERE}.listen:listen", "Recognises the audio of episodes without a transcript."),
    },
    "What is listened to, and for": {
        "feeds": Place(f"{_WHERE}.feeds:app", "The podcasts that are polled."),
        "watches": Place(f"{_WHERE}.watches:app", "What is listened for."),
        "mute": Place(f"{_WHERE}.mute:app", "What tells nobody for a while."),
    },
    "What was found": {
        "mentions": Place(f"{_WHERE}.mentions:mentions", "The mentions found, newest episode first."),
        "search": Place(f"{_WHERE}.search:search", "Finds a query in all stored transcripts, newest episode first."),
        "alerts": Place(f"{_WHERE}.alerts:app", "What was told, waits, is held back (and why), or could not be told."),
        "entities": Place(f"{_WHERE}.entities:entities", "Who and what is named in the most episodes, or surges."),
        "coverage": Place(f"{_WHERE}.coverage:coverage", "What was listened to, and what was not and why."),
        "hearings": Place(f"{_WHERE}.hearings:hearings", "What was heard again of names in doubt."),
        "explain": Place(f"{_WHERE}.explain:explain", "Shows why a watch was told, or was not."),
    },
    "Files, without a database": {
        "scan": Place(f"{_WHERE}.scan:scan", "Looks for a watchlist in transcripts or audio on disk."),
        "parse": Place(f"{_WHERE}.parse:parse", "Shows how a transcript on disk is read, or audio heard."),
        "preview": Place(
            f"{_WHERE}.preview:preview", "Shows the cards that a transcript would bring, and sends nothing."
        ),
    },
    "The past": {
        "backfill": Place(f"{_WHERE}.backfill:backfill_", "Brings in the episodes of a range of days."),
        "backtest": Place(f"{_WHERE}.backtest:backtest_", "Says what a watchlist would gain and lose."),
        "rescan": Place(f"{_WHERE}.rescan:rescan", "Looks again in all that is stored, after an upgrade."),
    },
    "Running it": {
        "doctor": Place(f"{_WHERE}.doctor:doctor", "Tests everything that podwatch needs, and says what to do."),
        "backup": Place(f"{_WHERE}.backup:backup", "Writes all that is stored into one file, while podwatch runs."),
        "restore": Place(f"{_WHERE}.backup:restore_", "Puts a backup into an empty database, of either kind."),
        "audit": Place(f"{_WHERE}.audit:audit", "Shows who changed what, the newest change first."),
        "prune": Place(f"{_WHERE}.prune:prune", "Removes the text of old transcripts, and keeps what was found in it."),
        "db": Place(f"{_WHERE}.db:app", "The database: which version its tables have, and their migration."),
        "airflow": Place(f"{_WHERE}.airflow:app", "An Airflow that is there already: DAGs, pool, settings."),
        "serve": Place(f"{_WHERE}.serve:serve", "Serves the page, until it is stopped."),
        "mcp": Place(f"{_WHERE}.mcp:mcp", "Lets an agent search and read, over the Model Context Protocol."),
        "slack": Place(f"{_WHERE}.slack:slack", "Hears the buttons on Slack's cards, until it is stopped."),
        "completion": Place(f"{_WHERE}.completion:completion", "Prints what makes a shell complete the commands."),
    },
}
app = LazyGroup(
    name="podwatch",
    sections=SECTIONS,
    help="""Finds who and what is said in podcasts, and tells Slack once, with the sentence and the second.

    Begin with: podwatch feeds add URL, podwatch watches sync watchlist.yaml, podwatch run --console
    """,
    no_args_is_help=True,
    params=[build_version_option()],
)


def main() -> None:
    """Runs the command; an expected error is one line on stderr and exit status 1, never a traceback."""
    # What a start and a watchlist make is no garbage: looking for some costs a fifth of them. Nor is what is left at
    # the end (freeze), which Python would look through once more.
    gc.set_threshold(100_000, 50, 100)
    atexit.register(gc.freeze)
    _prepare_streams()
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, format="podwatch: %(message)s")
    _warn_of_unknown_settings()
    try:
        try:
            app(prog_name="podwatch")
        finally:
            sys.stdout.flush()
    except (PodwatchError, ExceptionGroup, OSError, *_store_failures()) as e:  # type: ignore[misc]
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
    if not isinstance(e, _store_failures()):
        return []
    from podwatch.store.failures import explain_failure

    known = explain_failure(e)
    return [known.line] if known else []


def _store_failures() -> tuple[type[Exception], ...]:
    """What a failing database raises; none where nothing has loaded the store, which would be most of a start."""
    if "podwatch.store.failures" not in sys.modules:
        return ()
    from podwatch.store.failures import FAILURES

    return FAILURES
