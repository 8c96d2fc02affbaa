"""podwatch watches: the watchlist, checked and put to use."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from json import dumps
from pathlib import Path
from typing import Annotated, Any

import typer

from podwatch.commands import watches_check as checking
from podwatch.commands.backtest import print_line, sample_row, sentences
from podwatch.commands.output import Json, emit, plain, runtime, say, settings, show, utf8
from podwatch.commands.progress import follow_parts
from podwatch.errors import PodwatchError
from podwatch.history.backtest import Part
from podwatch.history.process_pool import usable_cores
from podwatch.history.spelling_effects import Effect, measure_effects
from podwatch.model import Precision, measure_precision
from podwatch.watchlist import edits as watchlist_edit
from podwatch.watchlist import loader as watchlist
from podwatch.watchlist import schema as watchlist_schema
from podwatch.watchlist.proposals import propose_changes

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
    watches, channels = watchlist.read_with_channels(file)
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
        answered = measure_precision(rt.store.standing_verdicts(current=True))
        rows = [
            {
                "name": w.name,
                "looks_for": w.target,
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
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking, on a terminal too.")] = False,
    json: Json = False,
) -> None:
    """Proposes aliases and exclusions from what people answered to alerts, and says what each would change."""
    wanted = {utf8(name) for name in watch or ()}
    with runtime() as rt:
        watches = rt.store.watches()
        if unknown := sorted(wanted - {w.name for w in watches}):
            raise PodwatchError("is not among the watches", where=unknown[0], todo="see podwatch watches list")
        found = propose_changes([w for w in watches if not wanted or w.name in wanted], rt.store.standing_verdicts())
    measured = list(measure_effects(settings(), watches, found, usable_cores(), follow_transcripts)) if found else []
    if not json:
        _show(measured)
    asked = write is not None and sys.stdin.isatty() and sys.stdout.isatty() and not (yes or json)
    if measured and asked and not typer.confirm(f"Write these into {plain(str(write))}?"):
        return
    made = watchlist_edit.apply_proposals(write, found) if write is not None and found else []
    if json:
        for e in measured:
            emit(_row(e) | _samples(e) | {"written": e.proposal in made})
    if write is not None and made:
        say(f"{write}: {len(made)} changes made; to put them to use: podwatch watches sync {write}")
    elif write is not None and found:
        say(f"{write}: has all of this already; to put it to use: podwatch watches sync {write}")


def _show(measured: Sequence[Effect]) -> None:
    columns = ("watch", "change", "spelling", "relevant", "wrong", "transcripts", "gained", "lost")
    show(map(_row, measured), columns, False, "nothing to learn yet")
    if not sys.stdout.isatty():
        return
    for e in measured:
        print_line([("bold", plain(e.proposal.spelling)), ("", f" as {e.proposal.change.value}:")])
        for line in sentences(e.outcome):
            print_line(line)
        if e.measured < e.transcripts:
            print_line([("dim", f"  gained and lost are of the newest {e.measured} transcripts that hold it")])


def _row(e: Effect) -> dict[str, Any]:
    p = e.proposal
    return {
        "watch": p.watch,
        "change": p.change.value,
        "spelling": p.spelling,
        "relevant": p.relevant,
        "wrong": p.wrong,
        "transcripts": e.transcripts,
        "measured": e.measured,
        "gained": e.outcome.gained,
        "lost": e.outcome.lost,
        "error": e.outcome.error or None,
    }


def _samples(e: Effect) -> dict[str, Any]:
    return {
        "gained_samples": [sample_row(s) for s in e.outcome.samples_gained],
        "lost_samples": [sample_row(s) for s in e.outcome.samples_lost],
    }


def follow_transcripts(parts: Iterator[Part], of: int) -> Iterator[Part]:
    return follow_parts(parts, of, lambda part: part.transcripts)
