"""podwatch parse: how a transcript on disk is read, or audio heard, a segment a line, and what was decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from podwatch.commands import cli
from podwatch.commands.options import Json
from podwatch.commands.output import format_clock, load_settings, print_stderr, show_rows
from podwatch.commands.scan import read_file
from podwatch.policy.wording import count_of

if TYPE_CHECKING:
    from podwatch.model import Transcript


def parse(
    file: Annotated[Path, cli.Argument(help="A transcript, in any format, or an audio file.")],
    json: Json = False,
    verbose: Annotated[
        bool, cli.Option("-v", "--verbose", help="On stderr: the format, and what was decided and why.")
    ] = False,
) -> None:
    """Shows how a transcript on disk is read, or audio heard.

    Its segments, a line each: start, end, speaker and words.

    Example: podwatch parse talk.vtt --verbose
    """
    from podwatch.speech.audio_files import is_audio

    if is_audio(file):
        from podwatch.commands.audio import FileListener

        with FileListener(load_settings()) as listener:
            heard = listener.hear(file)
        transcript, notes = heard.transcript, list(heard.describe())
    else:
        transcript, notes = read_file(file)
    if verbose:
        for line in (*notes, *describe(transcript)):
            print_stderr(line)
    show_rows(
        segment_rows(transcript, as_json=json), ("start", "end", "speaker", "text"), json, "no segments", header=False
    )


def segment_rows(transcript: Transcript, *, as_json: bool) -> Iterator[dict[str, Any]]:
    """A row a segment; its times are seconds for programs, clocks for people."""
    for s in transcript.segments():
        start, end = (s.start, s.end) if as_json else (format_clock(s.start), format_clock(s.end))
        yield {"start": start, "end": end, "speaker": s.speaker, "text": s.text}


def describe(transcript: Transcript) -> Iterator[str]:
    """What came of it, in sentences."""
    total = len(transcript.starts)
    timed = sum(s == s for s in transcript.starts)
    named = Counter(s for s in transcript.speakers if s)
    words = count_of(len(transcript.text.split()), "word")
    yield f"{count_of(total, 'segment')}, {words}; {timed} with a time"
    if named:
        yield "speakers: " + ", ".join(f"{name} ({count})" for name, count in named.most_common())
    if transcript.title:
        yield f"title: {transcript.title}"
