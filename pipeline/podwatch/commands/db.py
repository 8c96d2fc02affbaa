"""podwatch db: what version the database's tables have, how large they are, and their migration, there and back."""

from __future__ import annotations

import sys
from typing import Annotated

from podwatch.commands import cli
from podwatch.commands.options import Json
from podwatch.commands.output import emit_json, load_settings
from podwatch.errors import PodwatchError

app = cli.Group(help="The database: which version its tables have, and their migration.", no_args_is_help=True)
MB = 1024 * 1024


@app.command()
def status(json: Json = False) -> None:
    """Which revision the tables have, which one this podwatch needs, and how much is in them.

    Changes nothing. The exit status is 1 when the two differ.

    Example: podwatch db status
    """
    from podwatch.store.database_figures import measure_database

    found = measure_database(load_settings())
    if json:
        state = {"database": found.where, "revision": found.revision, "wanted": found.wanted, "bytes": found.bytes}
        emit_json(state | {"tables": dict(found.rows)})
    else:
        print(f"{found.where}: {found.bytes / MB:,.1f} MB")
        print(_compare(found.revision, found.wanted))
        width = max(map(len, found.rows), default=0)
        for name, rows in found.rows.items():
            print(f"{name.ljust(width)}  {rows:>12,}")
    if found.revision != found.wanted:
        raise cli.Exit(1)


@app.command()
def migrate(json: Json = False) -> None:
    """Makes the tables, or brings those of an older podwatch up to date.

    Back up first: a podwatch that is older than its tables refuses to start.

    Example: podwatch db migrate
    """
    from podwatch.store.database import migrate_database

    before, now = migrate_database(load_settings())
    if json:
        emit_json({"before": before, "revision": now})
    elif before == now:
        print(f"revision {now} already: nothing to do")
    else:
        print(f"revision {now}, before {before}" if before else f"revision {now}: the tables were made")


@app.command()
def downgrade(
    revision: Annotated[str, cli.Argument(help="The revision that the older podwatch needs; it says so, too.")],
    yes: Annotated[bool, cli.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[bool, cli.Option("--dry-run", help="Only say what would be lost.")] = False,
    json: Json = False,
) -> None:
    """Takes the tables back to those of an older podwatch, before that one is installed again.

    What was found and told since the upgrade stays; rows and columns for which the older tables have no place go, and
    are listed first. All of it, or nothing. Back up and stop all else first: any other command migrates them again.

    Example: podwatch db downgrade 0018
    """
    from podwatch.store.downgrade import downgrade_database

    settings = load_settings()
    found = downgrade_database(settings, revision, rehearse=True)
    if not json:
        rows = ", ".join(f"{name} {count:,}" for name, count in found.lost_rows.items())
        print(f"from revision {found.before} to {found.revision}")
        print(f"rows that go: {rows or 'none'}")
        print(f"columns that go: {', '.join(found.lost_columns) or 'none'}")
    if not dry_run:
        if not yes:
            if json or not (sys.stdin.isatty() and sys.stdout.isatty()):
                raise PodwatchError("nothing was changed", todo="say --yes to do it, --dry-run to look")
            if not cli.confirm("Take the tables back?"):
                raise cli.Exit(1)
        downgrade_database(settings, revision)
    if json:
        emit_json(
            {"before": found.before, "revision": found.revision, "done": not dry_run}
            | {"lost_rows": dict(found.lost_rows), "lost_columns": list(found.lost_columns)}
        )
    elif not dry_run:
        print(f"revision {found.revision}: now install the podwatch that needs it")


def _compare(revision: str | None, wanted: str) -> str:
    if revision is None:
        return "it has no tables yet - podwatch db migrate makes them"
    if revision == wanted:
        return f"revision {revision}, which this podwatch needs"
    if revision < wanted:
        return f"revision {revision}, this podwatch needs {wanted} - back it up, then podwatch db migrate"
    return f"revision {revision}, this podwatch knows {wanted} at most - upgrade podwatch"
