"""podwatch watches: the watchlist, checked, put to use, listed, and what it could learn."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from podwatch.commands import cli
from podwatch.commands.options import Json
from podwatch.commands.output import (
    emit_json,
    load_settings,
    open_runtime,
    print_line,
    print_stderr,
    require_utf8,
    show_rows,
    strip_control,
)
from podwatch.commands.progress import follow_parts
from podwatch.errors import PodwatchError
from podwatch.policy.wording import agree, count_of

if TYPE_CHECKING:
    from podwatch.history.backtest import BacktestResult
    from podwatch.history.spelling_effects import SpellingEffect
    from podwatch.model import Watch

app = cli.Group(help="What is listened for.", no_args_is_help=True)
File = Annotated[Path | None, cli.Argument(help="A watchlist (YAML); else PODWATCH_WATCHLIST.")]


@app.command()
def check(
    file: File = None,
    strict: Annotated[bool, cli.Option("--strict", help="Fail on warnings too.")] = False,
    json: Json = False,
) -> None:
    """Says what is wrong with a watchlist, with file, line and column.

    Mistakes, and watches that find nothing, almost everything, or the same as another.

    Example: podwatch watches check watchlist.yaml
    """
    from podwatch.commands.watches_check import check_watchlist

    check_watchlist(_named(file), strict, json)


@app.command("schema")
def schema_() -> None:
    """Prints the JSON Schema of a watchlist, with which editors complete it.

    It is docs/watchlist.schema.json.

    Example: podwatch watches schema > watchlist.schema.json
    """
    from podwatch.watchlist.json_schema import build_schema

    print(dumps(build_schema(), indent=2))


@app.command()
def sync(
    file: File = None,
    dry_run: Annotated[bool, cli.Option("--dry-run", help="Only show what would change.")] = False,
    yes: Annotated[bool, cli.Option("--yes", help="Remove watches without asking.")] = False,
    json: Json = False,
) -> None:
    """Makes this the watchlist in use.

    Changed watches are looked for anew, removed ones no more. Shows what changes, takes no list with mistakes, and
    asks before it removes a watch.

    Example: podwatch watches sync watchlist.yaml --dry-run
    """
    from podwatch.commands.watches_sync import sync_watchlist

    sync_watchlist(_named(file), dry_run=dry_run, yes=yes, json=json)


def _named(file: Path | None) -> Path:
    """The file that was given, else that of the settings; raises PodwatchError for none."""
    found = file if file is not None else load_settings().watchlist
    if found is None:
        raise PodwatchError("is not given", where="FILE", todo="name a watchlist, or set PODWATCH_WATCHLIST")
    return found


@app.command("list")
def list_(
    retired: Annotated[bool, cli.Option("--retired", help="Also those that were taken off the watchlist.")] = False,
    json: Json = False,
) -> None:
    """The watches in use, and how their alerts were judged.

    How many answers call them relevant or wrong: see podwatch slack.

    Example: podwatch watches list --json
    """
    from podwatch.model import Precision, measure_precision
    from podwatch.notifiers import show_channel

    with open_runtime() as rt:
        precisions = measure_precision(rt.store.standing_verdicts(current=True))
        gone, used = rt.store.retired_watches(), rt.store.watches()
        listed: list[tuple[Watch, datetime | None]] = [*((w, None) for w in used), *(gone if retired else ())]
        rows = [
            {
                "name": w.name,
                "looks_for": w.target,
                "aliases": list(w.aliases),
                "exclude": list(w.exclude),
                "channel": show_channel(w.channel),
                "deliver": w.deliver.value,
                "revision": w.revision,
                "relevant": p.relevant,
                "wrong": p.wrong,
                "precision": p.share,
                "retired_at": at,
            }
            for w, at in listed
            for p in [precisions.get(w.name, Precision())]
        ]
    columns = ("name", "looks_for", "aliases", "channel", "deliver", "relevant", "wrong", "precision")
    show_rows(
        rows, (*columns, "retired_at") if retired else columns, json, "no watches yet: podwatch watches sync FILE"
    )
    if gone and not retired and not json and sys.stdout.isatty():
        print_stderr(f"{count_of(len(gone), 'watch')} more {agree(len(gone), 'was', 'were')} taken off: --retired")


@app.command("learn")
def learn_(
    write: Annotated[
        Path | None,
        cli.Option("--write", metavar="FILE", help="Make the changes in this watchlist; its comments stay."),
    ] = None,
    watch: Annotated[list[str] | None, cli.Option("--watch", help="Only this watch; several times for more.")] = None,
    yes: Annotated[bool, cli.Option("--yes", help="Write without asking, on a terminal too.")] = False,
    json: Json = False,
) -> None:
    """Proposes aliases and exclusions from what people answered to alerts.

    Says what each would change.

    Example: podwatch watches learn --write watchlist.yaml
    """
    from podwatch.history.spelling_effects import measure_effects
    from podwatch.watchlist.edits import apply_proposals
    from podwatch.watchlist.proposals import propose_changes

    wanted = {require_utf8(name) for name in watch or ()}
    with open_runtime() as rt:
        watches = rt.store.watches()
        if unknown := sorted(wanted - {w.name for w in watches}):
            raise PodwatchError("is not among the watches", where=unknown[0], todo="see podwatch watches list")
        chosen = [w for w in watches if not wanted or w.name in wanted]
        proposals = propose_changes(chosen, rt.store.standing_verdicts())
    effects = list(measure_effects(load_settings(), watches, proposals, None, _follow)) if proposals else []
    if not json:
        _print_effects(effects)
    asked = write is not None and sys.stdin.isatty() and sys.stdout.isatty() and not (yes or json)
    if effects and asked and not cli.confirm(f"Write these into {strip_control(str(write))}?"):
        return
    made = apply_proposals(write, proposals) if write is not None and proposals else []
    if json:
        for e in effects:
            emit_json(_effect_row(e) | _sample_rows(e) | {"written": e.proposal in made})
    if write is not None and made:
        print_stderr(
            f"{write}: {count_of(len(made), 'change')} made; to put them to use: podwatch watches sync {write}"
        )
    elif write is not None and proposals:
        print_stderr(f"{write}: has all of this already; to put it to use: podwatch watches sync {write}")


def _print_effects(effects: Sequence[SpellingEffect]) -> None:
    from podwatch.commands.backtest import sample_lines
    from podwatch.model import Watch

    columns = ("watch", "change", "spelling", "relevant", "wrong", "transcripts", "gained", "lost")
    show_rows(map(_effect_row, effects), columns, False, "nothing to learn yet")
    if not sys.stdout.isatty():
        return
    for e in effects:
        print_line([("bold", strip_control(e.proposal.spelling)), ("", f" as {e.proposal.change.value}:")])
        watch = Watch(name=e.proposal.watch)
        for line in sample_lines(e.outcome, watch, watch):
            print_line(line)
        if e.measured < e.transcripts:
            print_line(
                [("dim", f"  gained and lost are of the newest {count_of(e.measured, 'transcript')} that hold it")]
            )


def _effect_row(e: SpellingEffect) -> dict[str, Any]:
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


def _sample_rows(e: SpellingEffect) -> dict[str, Any]:
    from podwatch.commands.backtest import sample_row

    return {
        "gained_samples": [sample_row(s) for s in e.outcome.samples_gained],
        "lost_samples": [sample_row(s) for s in e.outcome.samples_lost],
    }


def _follow(parts: Iterator[BacktestResult], of: int) -> Iterator[BacktestResult]:
    return follow_parts(parts, of, lambda part: part.transcripts)
