"""podwatch scan: the same detection over transcripts on disk, without a database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from podwatch import files
from podwatch import query as detectors
from podwatch.commands.output import Json, emit, mention_json, moment, plain, say, settings
from podwatch.entities.recognition import missing_requirement
from podwatch.errors import PodwatchError, TranscriptError
from podwatch.line.entities import entities_in
from podwatch.model import Mention, Transcript
from podwatch.query import EpisodeFields
from podwatch.transcripts import formats as transcripts
from podwatch.watchlist import loader as watchlist


def scan(
    paths: Annotated[list[Path], typer.Argument(metavar="FILES...", help="Transcripts, in any format.")],
    list_file: Annotated[Path, typer.Option("--watchlist", help="The watchlist to look for.")],
    json: Json = False,
) -> None:
    """Looks for a watchlist in transcripts on disk: one JSON line a mention, readable lines on a terminal."""
    watches = watchlist.read(list_file)
    engine = detectors.build(watches)
    for name, error in engine.broken.items():
        say(f"podwatch: watch {name}: {error.line}")
    as_json = json or not sys.stdout.isatty()
    failed = bool(engine.broken)
    asks = engine.asks_for_entities and settings().entities
    if asks and (lacking := missing_requirement()) is not None:
        say(f"podwatch: {lacking}")
        asks = False
    for file in paths:
        try:
            transcript = load(file)
            named = entities_in(transcript, watches) if asks else None
        except PodwatchError as e:
            failed = True
            say(f"podwatch: {e.line}")
            continue
        found = engine(transcript, EpisodeFields(title=transcript.title, entities=named))
        for name, why in found.failed.items():
            failed = True
            say(f"podwatch: {file}: watch {name} failed: {why}")
        for m in found.mentions:
            if as_json:
                emit(mention_json(m, str(file), transcript.title))
            else:
                _line(file, m)
    if failed:
        raise typer.Exit(1)


def load(file: Path) -> Transcript:
    """The transcript in a file; raises TranscriptError naming it."""
    data = files.read(file, transcripts.MAX_BYTES, TranscriptError)
    try:
        name, columns = transcripts.parse_transcript(data, name=file.name)
        return columns.transcript(source=str(file), media_type=name, title=columns.title or file.stem)
    except TranscriptError as e:
        raise TranscriptError(e.what, where=str(file), todo=e.todo) from None


def _line(file: Path, m: Mention) -> None:
    from rich.console import Console
    from rich.text import Text

    at, end = m.snippet_start, m.snippet_start + len(m.surface)
    Console(soft_wrap=True).print(
        Text.assemble(
            (moment(m).rjust(9), "cyan"),
            ("  " + m.watch, "magenta"),
            ("" if m.kind == "exact" else f" ({m.kind.value} {m.score:.2f})"),
            "  " + plain(m.snippet[:at]),
            (plain(m.snippet[at:end]), "bold yellow"),
            plain(m.snippet[end:]),
            (f"  {plain(file.name)}", "dim"),
        )
    )
