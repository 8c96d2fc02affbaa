"""podwatch poll, fetch, detect, deliver, run: the line, from a shell."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext, redirect_stdout
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from podwatch.commands.output import Json, now, runtime, say, settings, tally
from podwatch.commands.progress import bar, follow_parts
from podwatch.commands.scan import load
from podwatch.errors import PodwatchError, TranscriptError
from podwatch.history.parallel_detection import PartResult, detect_in_processes
from podwatch.line import verbs
from podwatch.line.fetch import save_dropped_files
from podwatch.line.poll import poll as poll_verb
from podwatch.model import Tally
from podwatch.policy.dropped_files import EpisodeNames
from podwatch.settings import Settings

Force = Annotated[bool, typer.Option("--force", help="Poll also what is not due.")]


def poll(force: Force = False, json: Json = False) -> None:
    """Asks the feeds that are due whether they have something new."""
    _line(["poll"], force, json)


def fetch(
    folder: Annotated[
        Path | None, typer.Option("--from", help="A folder of transcripts, or one, to be matched to episodes by name.")
    ] = None,
    json: Json = False,
) -> None:
    """Gets the transcripts of new episodes, or takes those that were dropped into a folder."""
    if folder is None:
        _line(["fetch"], False, json)
        return
    if not folder.exists():
        raise PodwatchError("No such file or folder", where=str(folder), todo="check the path")
    files = sorted(f for f in folder.rglob("*") if f.is_file()) if folder.is_dir() else [folder]
    found, failed = [], 0
    with runtime() as rt:
        names = EpisodeNames(rt.store.episodes_without_transcript())
        for file in files:
            episode, how = names.match(file.name)
            try:
                if episode is None:
                    raise TranscriptError(how.value, where=str(file))
                found.append((episode, replace(load(file), episode_id=episode.id, language=episode.language)))
            except PodwatchError as e:
                failed += 1
                say(f"podwatch: {e.line}")
        kept = save_dropped_files(rt, found, now())
    tally(replace(kept, failed=failed, done=len(files)), json)
    if failed:
        raise typer.Exit(1)


def detect(
    processes: Annotated[int, typer.Option("--processes", min=1, help="How many cores to use.")] = 1, json: Json = False
) -> None:
    """Looks through the transcripts for the watches that were not looked for in them yet."""
    tally(detect_with_bar(settings(), now(), processes), json)


def detect_with_bar(given: Settings, moment: datetime, processes: int, *, piped: bool = False) -> Tally:
    """detect in as many processes, with a bar. piped: see bar()."""

    def shown(parts: Iterator[PartResult], of: int) -> Iterator[PartResult]:
        return follow_parts(parts, of, lambda part: part.done, piped=piped)

    return detect_in_processes(given, moment, processes, shown)


def deliver(
    retry_dead: Annotated[
        bool, typer.Option("--retry-dead", help="Also what was given up or is paused: what was wrong is mended.")
    ] = False,
    json: Json = False,
) -> None:
    """Hands each alert to its channel, once."""
    if retry_dead:
        with runtime() as rt:
            rt.store.retry_paused()
            say(f"deliver: {rt.store.retry_dead(rt.store.clock())} to be tried again")
    _line(["deliver"], False, json)


def run(force: Force = False, json: Json = False) -> None:
    """The four verbs in order: poll, fetch, detect, deliver."""
    _line(list(verbs.LINE), force, json)


def _line(names: list[str], force: bool, as_json: bool) -> None:
    with runtime() as rt:
        for name in names:
            # With --json stdout is for JSON alone: the cards of the console notifier go to stderr.
            with redirect_stdout(sys.stderr) if as_json else nullcontext():
                if name == "poll":
                    with bar("feeds", piped=False) as progress:
                        t = poll_verb(rt, rt.store.clock(), force=force, progress=progress)
                else:
                    t = verbs.LINE[name](rt, rt.store.clock())
            tally(t, as_json)


COMMANDS: tuple[Callable[..., None], ...] = (poll, fetch, detect, deliver, run)


def register(app: typer.Typer) -> None:
    for command in COMMANDS:
        app.command()(command)
