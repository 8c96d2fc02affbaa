"""podwatch scan: the same detection over transcripts and audio files on disk, without a database."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from podwatch import files, query
from podwatch.commands.audio import FileListener, HeardFile
from podwatch.commands.options import Json
from podwatch.commands.output import (
    StyledLine,
    emit_json,
    format_moment,
    load_settings,
    mention_json,
    print_line,
    print_stderr,
    split_snippet,
    strip_control,
)
from podwatch.entities.recognition import missing_requirement
from podwatch.errors import PodwatchError, TranscriptError
from podwatch.line.entities import entities_in
from podwatch.model import Mention, Transcript
from podwatch.query import EpisodeFields
from podwatch.speech.audio_files import is_audio
from podwatch.transcripts import formats as transcripts
from podwatch.watchlist.loader import read_watches


def scan(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILES...", help="Transcripts, in any format, or audio files.")
    ],
    list_file: Annotated[Path, typer.Option("--watchlist", help="The watchlist to look for.")],
    json: Json = False,
) -> None:
    """Looks for a watchlist in transcripts or audio on disk: one JSON line a mention, readable lines on a terminal."""
    watches = read_watches(list_file)
    engine = query.build_engine(watches)
    for name, error in engine.broken.items():
        print_stderr(f"podwatch: watch {name}: {error.line}")
    as_json = json or not sys.stdout.isatty()
    failed = bool(engine.broken)
    with_entities = reads_entities(engine)
    with ExitStack() as stack:
        listener: FileListener | None = None
        for file in paths:
            heard: HeardFile | None = None
            try:
                if is_audio(file):
                    listener = listener or stack.enter_context(FileListener(load_settings()))
                    heard = listener.hear(file)
                transcript = heard.transcript if heard else load_transcript(file)
                if charset := transcript.guessed_charset:
                    print_stderr(f"podwatch: {file}: says no encoding; read as {charset}, a guess")
                named = entities_in(transcript, watches) if with_entities else None
            except PodwatchError as e:
                failed = True
                print_stderr(f"podwatch: {e.line}")
                continue
            found = engine(transcript, EpisodeFields(title=transcript.title, entities=named))
            for name, why in found.failed.items():
                failed = True
                print_stderr(f"podwatch: {file}: watch {name} failed: {why}")
            for m in heard.without_phantoms(found.mentions) if heard else found.mentions:
                if as_json:
                    emit_json(mention_json(m, str(file), transcript.title))
                else:
                    print_line(_mention_line(file, m))
    if failed:
        raise typer.Exit(1)


def reads_entities(engine: query.Engine) -> bool:
    """Whether entities are to be recognised for these watches; says so when spaCy or its model is missing."""
    if not (engine.asks_for_entities and load_settings().entities):
        return False
    if (missing := missing_requirement()) is not None:
        print_stderr(f"podwatch: {missing}")
    return missing is None


def load_transcript(file: Path) -> Transcript:
    """The transcript in a file; raises TranscriptError naming it."""
    return read_file(file)[0]


def read_file(file: Path) -> tuple[Transcript, list[str]]:
    """(the transcript in a file, what was decided when it was read); raises TranscriptError naming it."""
    data = files.read(file, transcripts.MAX_BYTES, TranscriptError)
    try:
        name, columns = transcripts.parse_transcript(data, name=file.name)
        media_type = columns.media_type(name)
        transcript = columns.transcript(source=str(file), media_type=media_type, title=columns.title or file.stem)
    except TranscriptError as e:
        raise TranscriptError(e.what, where=str(file), todo=e.todo) from None
    return transcript, columns.notes


def _mention_line(file: Path, m: Mention) -> StyledLine:
    before, surface, after = split_snippet(m)
    return [
        ("cyan", format_moment(m).rjust(9)),
        ("magenta", "  " + m.watch),
        ("", ("" if m.kind == "exact" else f" ({m.kind.value} {m.score:.2f})") + "  " + before),
        ("bold yellow", surface),
        ("", after),
        ("dim", f"  {strip_control(file.name)}"),
    ]
