"""podwatch watches: the watchlist, checked and put to use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline import watchlist
from pipeline.commands.output import Json, emit, plain, runtime, show

app = typer.Typer(help="What is listened for.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="A watchlist (YAML).")]


@app.command()
def check(file: File, json: Json = False) -> None:
    """Says what is wrong with a watchlist: file, line and watch of every mistake."""
    watches = watchlist.read(file)
    emit({"file": file, "watches": len(watches)}) if json else print(
        f"{plain(str(file))}: {len(watches)} watches, no mistakes"
    )


@app.command()
def sync(file: File, json: Json = False) -> None:
    """Makes this the watchlist in use; changed watches are looked for anew, removed ones no more."""
    watches, channels = watchlist.read_all(file)
    with runtime() as rt:
        t = rt.store.sync_watches(watches, rt.store.clock())
        rt.store.sync_channels(channels)
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
