"""Runs podwatch's command line in the test's own process, over the store of its settings."""

from __future__ import annotations

from click.testing import CliRunner

from podwatch.commands import app
from podwatch.settings import Settings


def run_command(settings: Settings, *arguments: object) -> tuple[int, list[str], list[str]]:
    """(exit status, lines of stdout, lines of stderr) of podwatch with these arguments; expected errors are raised."""
    env = {"PODWATCH_HOME": str(settings.home), "PODWATCH_DATABASE_URL": settings.database_url.reveal()}
    result = CliRunner().invoke(app, [str(a) for a in arguments], env=env)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout.splitlines(), result.stderr.splitlines()
