"""podwatch scan: the same detection over transcripts and audio files on disk, without a database."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from podwatch.commands import cli
from podwatch.commands.options import Json
from podwatch.commands.output import (
    StyledLine,
    emit_json,
    format_moment,
    load_settings,
    mention_json,
    print_line,
    print_stderr,
    strip_control,
    style_sentence,
)
from podwatch.errors import PodwatchError, TranscriptError

if TYPE_CHECKING:
    from podwatch import query
    from podwatch.commands.audio import FileListener, HeardFile
    from podwatch.model import Entity, Hearing, Mention, Transcript, Watch

DOUBT_FIELDS = ("name", "start", "end", "surface", "score")
MAX_HEARINGS = 16 * 1024 * 1024  # bytes


def scan(
    paths: Annotated[list[Path], cli.Argument(metavar="FILES...", help="Transcripts, in any format, or audio files.")],
    list_file: Annotated[Path, cli.Option("--watchlist", help="The watchlist to look for.")],
    again: Annotated[
        bool, cli.Option("--again", help="Of audio: hears the places again where a watched name is in doubt.")
    ] = False,
    hearings_file: Annotated[
        Path | None,
        cli.Option("--hearings", help="What was heard again, a JSON object a line, as podwatch hearings gives it."),
    ] = None,
    json: Json = False,
) -> None:
    """Looks for a watchlist in transcripts or audio on disk.

    One JSON line a mention; readable lines on a terminal.

    Example: podwatch scan talk.vtt --watchlist watchlist.yaml
    """
    from podwatch import query
    from podwatch.speech.audio_files import is_audio
    from podwatch.watchlist.loader import read_watches

    watches = read_watches(list_file)
    engine, by_name = query.build_engine(watches), {w.name: w for w in watches}
    for name, error in engine.broken.items():
        print_stderr(f"podwatch: watch {name}: {error.line}")
    as_json = json or not sys.stdout.isatty()
    failed = bool(engine.broken)
    with_entities = reads_entities(engine)
    hearings = read_hearings(hearings_file) if hearings_file else ()
    with ExitStack() as stack:
        listener: FileListener | None = None
        for file in paths:
            heard: HeardFile | None = None
            try:
                if is_audio(file):
                    from podwatch.commands.audio import FileListener

                    listener = listener or stack.enter_context(FileListener(load_settings()))
                    heard = listener.hear(file)
                transcript = heard.transcript if heard else load_transcript(file)
                if charset := transcript.guessed_charset:
                    print_stderr(f"podwatch: {file}: says no encoding; read as {charset}, a guess")
                named = find_entities(transcript, watches) if with_entities else None
            except PodwatchError as e:
                failed = True
                print_stderr(f"podwatch: {e.line}")
                continue
            fields = query.EpisodeFields(title=transcript.title, entities=named, hearings=hearings)
            asks = again and heard is not None
            widely = asks and load_settings().speech.again_widely
            found = engine(transcript, replace(fields, asks_audio=asks, asks_widely=widely))
            if found.doubts and heard is not None and listener is not None:
                fields = replace(fields, hearings=(*hearings, *listener.hear_again(file, heard, found.doubts)))
                found = engine(transcript, fields)
            for name, why in found.failed.items():
                failed = True
                print_stderr(f"podwatch: {file}: watch {name} failed: {why}")
            for m in heard.without_phantoms(found.mentions) if heard else found.mentions:
                if as_json:
                    emit_json(mention_json(m, str(file), transcript.title))
                else:
                    print_line(_mention_line(file, by_name[m.watch], m))
    if failed:
        raise cli.Exit(1)


def reads_entities(engine: query.Engine) -> bool:
    """Whether entities are to be recognised for these watches; says so when spaCy or its model is missing."""
    if not (engine.asks_for_entities and load_settings().entities):
        return False
    from podwatch.entities.recognition import missing_requirement

    if (missing := missing_requirement()) is not None:
        print_stderr(f"podwatch: {missing}")
    return missing is None


def find_entities(transcript: Transcript, watches: list[Watch]) -> tuple[Entity, ...] | None:
    from podwatch.line.entities import entities_in

    return entities_in(transcript, watches)


def read_hearings(file: Path) -> tuple[Hearing, ...]:
    """What was heard again, of a file that podwatch hearings --json wrote; raises PodwatchError naming the line."""
    import orjson

    from podwatch import files
    from podwatch.model import Doubt, Hearing, HearingOutcome

    hearings = []
    for number, line in enumerate(files.read(file, MAX_HEARINGS, PodwatchError).splitlines(), 1):
        try:
            row = orjson.loads(line)
            if row["outcome"] is None:  # it waits: nothing was heard yet
                continue
            doubt = Doubt(**{name: row[name] for name in DOUBT_FIELDS}, is_wide=bool(row.get("is_wide", False)))
            outcome, likelihoods = HearingOutcome(row["outcome"]), tuple(map(float, row["likelihoods"]))
            hearings.append(Hearing(doubt=doubt, outcome=outcome, likelihoods=likelihoods))
        except (ValueError, KeyError, TypeError) as e:
            what = f"line {number} is no hearing ({type(e).__name__})"
            raise PodwatchError(what, where=str(file), todo="write it by podwatch hearings --json") from None
    return tuple(hearings)


def load_transcript(file: Path) -> Transcript:
    """The transcript in a file; raises TranscriptError naming it."""
    return read_file(file)[0]


def read_file(file: Path) -> tuple[Transcript, list[str]]:
    """(the transcript in a file, what was decided when it was read); raises TranscriptError naming it."""
    from podwatch import files
    from podwatch.transcripts import formats as transcripts

    data = files.read(file, transcripts.MAX_BYTES, TranscriptError)
    try:
        name, columns = transcripts.parse_transcript(data, name=file.name)
        media_type = columns.media_type(name)
        transcript = columns.transcript(source=str(file), media_type=media_type, title=columns.title or file.stem)
    except TranscriptError as e:
        raise TranscriptError(e.what, where=str(file), todo=e.todo) from None
    return transcript, columns.notes


def _mention_line(file: Path, watch: Watch, m: Mention) -> StyledLine:
    return [
        ("cyan", format_moment(m).rjust(9)),
        ("magenta", "  " + m.watch),
        ("", ("" if m.kind == "exact" else f" ({m.kind.value} {m.score:.2f})") + "  "),
        *style_sentence(watch, m, "bold yellow"),
        ("dim", f"  {strip_control(file.name)}"),
    ]
