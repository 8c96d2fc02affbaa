"""podwatch watches: the watchlist, checked and put to use."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import Annotated

import typer

from pipeline import watchlist, watchlist_edit, watchlist_schema
from pipeline.commands import check as checking
from pipeline.commands.output import Json, emit, runtime, say, show, utf8
from pipeline.errors import PodwatchError
from pipeline.learn import proposals
from pipeline.model import Precision, precision

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
    """The watches in use, with how many answers call their alerts relevant or wrong (see podwatch slack)."""
    with runtime() as rt:
        answered = precision(rt.store.judged(current=True))
        rows = [
            {
                "name": w.name,
                "looks_for": w.looks_for,
                "aliases": list(w.aliases),
                "exclude": list(w.exclude),
                "channel": w.channel,
                "deliver": w.deliver.value,
                "revision": w.revision,
                "relevant": answered.get(w.name, Precision()).relevant,
                "wrong": answered.get(w.name, Precision()).wrong,
                "precision": answered.get(w.name, Precision()).share,
            }
            for w in rt.store.watches()
        ]
    columns = ("name", "looks_for", "aliases", "channel", "deliver", "relevant", "wrong", "precision")
    show(rows, columns, json, "no watches yet: podwatch watches sync FILE")


@app.command("learn")
def learn_(
    write: Annotated[
        Path | None,
        typer.Option("--write", metavar="FILE", help="Make the changes in this watchlist; its comments stay."),
    ] = None,
    watch: Annotated[list[str] | None, typer.Option("--watch", help="Only this watch; several times for more.")] = None,
    json: Json = False,
) -> None:
    """Proposes aliases and exclusions from what people answered to alerts."""
    wanted = {utf8(name) for name in watch or ()}
    with runtime() as rt:
        watches = rt.store.watches()
        if unknown := sorted(wanted - {w.name for w in watches}):
            raise PodwatchError("is not among the watches", where=unknown[0], todo="see podwatch watches list")
        found = proposals([w for w in watches if not wanted or w.name in wanted], rt.store.judged())
    made = watchlist_edit.learn(write, found) if write is not None and found else []
    rows = [
        {
            "watch": p.watch,
            "change": p.change.value,
            "spelling": p.spelling,
            "relevant": p.relevant,
            "wrong": p.wrong,
            "written": p in made,
        }
        for p in found
    ]
    show(rows, ("watch", "change", "spelling", "relevant", "wrong", "written"), json, "nothing to learn yet")
    if write is not None and made:
        say(f"{write}: {len(made)} changes made; see what they do, then: podwatch watches sync {write}")
