"""podwatch backup and restore: all that is stored, in one file, from and into either kind of database."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from podwatch.commands import cli
from podwatch.commands.options import Json
from podwatch.commands.output import emit_json, load_settings, print_stderr, strip_control, utc_now
from podwatch.commands.progress import progress_bar
from podwatch.errors import PodwatchError
from podwatch.policy.wording import count_of

if TYPE_CHECKING:
    from podwatch.store.backup_file import BackupHead

MB = 1024 * 1024
# What is said of the rows, in this order.
SHOWN = {"feeds": "feed", "episodes": "episode", "transcripts": "transcript", "watches": "watch", "mentions": "mention"}


def backup(
    file: Annotated[Path, cli.Argument(help="The file to write.")],
    replace: Annotated[bool, cli.Option("--replace", help="Also where the file is there already.")] = False,
    json: Json = False,
) -> None:
    """Writes all that is stored into one file, while podwatch runs.

    As it was at one moment. The file holds what the database holds, logins as they are stored: keep it as safe.

    Example: podwatch backup podwatch-2026-11-30.backup
    """
    from podwatch.store.backup import back_up

    if file.exists() and not replace:
        raise PodwatchError("is there already", where=str(file), todo="give another name, or --replace")
    with progress_bar("rows", piped=False) as progress:
        head = back_up(load_settings(), file, utc_now(), progress)
    _print_result("written", file, head, json)


def restore_(
    file: Annotated[Path, cli.Argument(help="What podwatch backup wrote.")],
    replace: Annotated[
        bool, cli.Option("--replace", help="Also into a database that is not empty: its rows go.")
    ] = False,
    yes: Annotated[bool, cli.Option("--yes", help="Replace without asking.")] = False,
    json: Json = False,
) -> None:
    """Puts a backup into an empty database, of either kind.

    All of it, or nothing. Stop podwatch first. Nothing is told twice: the channels are read before what may have been
    sent since the backup is sent again.

    Example: podwatch restore podwatch-2026-11-30.backup
    """
    from podwatch.store.restore import check_backup, count_stored, restore

    settings = load_settings()
    if replace and not yes:
        check_backup(file)
        if stored := count_stored(settings):
            _confirm(_describe(stored), json)
    with progress_bar("rows", piped=False) as progress:
        head = restore(settings, file, utc_now(), replace=replace, progress=progress)
    _print_result("restored", file, head, json)


def _confirm(held: str, json: bool) -> None:
    question = f"Replace what the database holds ({held})?"
    if json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise PodwatchError(f"the database is not empty ({held})", todo="say --replace --yes to have its rows go")
    if not cli.confirm(strip_control(question)):
        raise cli.Exit(1)


def _print_result(what: str, file: Path, head: BackupHead, json: bool) -> None:
    size = file.stat().st_size
    if json:
        about = {"file": str(file), "bytes": size, "revision": head.revision, "made_at": head.made_at}
        emit_json(about | {"database": head.database, "rows": dict(head.rows)})
        return
    print_stderr(f"{file}: {what}, {size / MB:,.1f} MB of {head.made_at:%Y-%m-%d %H:%M} UTC, revision {head.revision}")
    print(_describe(head.rows))


def _describe(rows: Mapping[str, int]) -> str:
    return ", ".join(count_of(rows[name], one) for name, one in SHOWN.items() if rows.get(name)) or "no feed yet"
