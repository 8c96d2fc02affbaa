"""podwatch watches: the watchlist, checked and put to use."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import Annotated

import typer

from pipeline import watchlist, watchlist_schema
from pipeline.commands import check as checking
from pipeline.commands.output import Json, emit, now, runtime, show

app = typer.Typer(help="What is listened for.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="A watchlist (YAML).")]


@app.command()
def check(
    file: File,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
    json: Json = False,
) -> None:
    """Says what is wrong with a watchlist, with file, line and column: mistakes, and watches that find nothing, almost
    everything, or the same as another."""
    checking.run(file, strict, json)


@app.command("schema")
def schema_() -> None:
    """Prints the JSON Schema of a watchlist, with which editors complete it: docs/watchlist.schema.json."""
    print(dumps(watchlist_schema.schema(), indent=2))


@app.command()
def sync(file: File, json: Json = False) -> None:
    """Makes this the watchlist in use; changed watches are looked for anew, removed ones no more."""
    watches = watchlist.read(file)
    with runtime() as rt:
        t = rt.store.sync_watches(watches, now())
    if json:
        emit({"watches": t.done, "new": t.new, "notes": list(t.notes)})
    else:
        print(f"{t.done} watches: {t.new} new, {', '.join(t.notes)}")


@app.command("list")
def list_(json: Json = False) -> None:
    """The watches in use."""
    with runtime() as rt:
        rows = [
            {
                "name": w.name,
                "looks_for": w.query if w.query is not None else w.entity,
                "aliases": list(w.aliases),
                "channel": w.channel,
                "deliver": w.deliver.value,
                "revision": w.revision,
            }
            for w in rt.store.watches()
        ]
    show(
        rows, ("name", "looks_for", "aliases", "channel", "deliver"), json, "no watches yet: podwatch watches sync FILE"
    )
