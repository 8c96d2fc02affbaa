"""podwatch db: what version the database's tables have, how large they are, and their migration."""

from __future__ import annotations

from podwatch.commands import cli
from podwatch.commands.options import Json
from podwatch.commands.output import emit_json, load_settings

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


def _compare(revision: str | None, wanted: str) -> str:
    if revision is None:
        return "it has no tables yet - podwatch db migrate makes them"
    if revision == wanted:
        return f"revision {revision}, which this podwatch needs"
    if revision < wanted:
        return f"revision {revision}, this podwatch needs {wanted} - back it up, then podwatch db migrate"
    return f"revision {revision}, this podwatch knows {wanted} at most - upgrade podwatch"
