"""podwatch poll, fetch, detect, deliver, run: the line, from a shell."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import nullcontext, redirect_stdout
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from podwatch.commands import cli
from podwatch.commands.options import Json
from podwatch.commands.output import load_settings, open_runtime, print_stderr, print_tally, utc_now
from podwatch.commands.progress import follow_parts, progress_bar
from podwatch.commands.scan import load_transcript
from podwatch.errors import PodwatchError, SpeechError, TranscriptError

if TYPE_CHECKING:
    from podwatch.history.parallel_detection import DetectionResult
    from podwatch.runtime import Runtime

ToConsole = Annotated[bool, cli.Option("--console", help="Print alerts for Slack here instead; they count as sent.")]
Force = Annotated[bool, cli.Option("--force", help="Poll also what is not due.")]


def poll(force: Force = False, json: Json = False) -> None:
    """Asks the feeds that are due whether they have something new.

    Example: podwatch poll --force
    """
    _run_verbs(["poll"], force, json)


def fetch(
    folder: Annotated[
        Path | None, cli.Option("--from", help="A folder of transcripts, or one, to be matched to episodes by name.")
    ] = None,
    json: Json = False,
) -> None:
    """Gets the transcripts of new episodes, or takes those of a folder.

    Files in a folder are matched to episodes by their names.

    Example: podwatch fetch --from transcripts/
    """
    from podwatch.line.fetch import save_dropped_files
    from podwatch.policy.transcript_file_match import EpisodeNames

    if folder is None:
        _run_verbs(["fetch"], False, json)
        return
    if not folder.exists():
        raise PodwatchError("No such file or folder", where=str(folder), todo="check the path")
    files = sorted(f for f in folder.rglob("*") if f.is_file()) if folder.is_dir() else [folder]
    found, failed = [], 0
    with open_runtime() as rt:
        names = EpisodeNames(rt.store.episodes_without_transcript(), rt.store.episodes_with_transcript())
        for file in files:
            episode, how = names.match(file.name)
            try:
                if episode is None:
                    raise TranscriptError(how.value, where=str(file))
                t = replace(load_transcript(file), episode_id=episode.id, language=episode.language)
                found.append((episode, t))
            except PodwatchError as e:
                failed += 1
                print_stderr(f"podwatch: {e.line}")
        done = save_dropped_files(rt, found, utc_now())
    print_tally(replace(done, failed=failed, done=len(files)), json)
    if failed:
        raise cli.Exit(1)


def detect(
    processes: Annotated[int, cli.Option("--processes", min=1, help="How many cores to use.")] = 1, json: Json = False
) -> None:
    """Looks for the watches in the transcripts that are new to them.

    Example: podwatch detect --processes 4
    """
    from podwatch.history.parallel_detection import detect_in_processes

    follow = partial(follow_detection, piped=False)
    print_tally(detect_in_processes(load_settings(), utc_now(), processes, follow), json)


def follow_detection(parts: Iterator[DetectionResult], of: int, *, piped: bool = True) -> Iterator[DetectionResult]:
    """Parts of a detection as they come, with a bar; piped: see progress_bar()."""
    return follow_parts(parts, of, lambda part: part.done, piped=piped)


def deliver(
    retry_dead: Annotated[
        bool, cli.Option("--retry-dead", help="Also what was given up or is paused: what was wrong is mended.")
    ] = False,
    resend_printed: Annotated[
        bool, cli.Option("--resend-printed", help="Also to Slack what was printed for want of a token: as a digest.")
    ] = False,
    console: ToConsole = False,
    json: Json = False,
) -> None:
    """Hands each alert to its channel, once.

    Example: podwatch deliver --console
    """
    if resend_printed:
        with open_runtime() as rt:
            print_stderr(f"deliver: {rt.store.resend_printed(rt.store.clock())} to be sent to their channels")
    if retry_dead:
        with open_runtime() as rt:
            rt.store.retry_paused(rt.store.clock())
            print_stderr(f"deliver: {rt.store.retry_dead(rt.store.clock())} to be tried again")
    _run_verbs(["deliver"], False, json, console=console)


def run(force: Force = False, console: ToConsole = False, json: Json = False) -> None:
    """Does the four in order; ends with what was listened to.

    The four are poll, fetch, detect and deliver.

    Example: podwatch run --console
    """
    from podwatch.diagnose.coverage import coverage_line
    from podwatch.line import verbs
    from podwatch.line.heartbeat import finish_line, report_broken_line
    from podwatch.line.retention import prune_expired
    from podwatch.store.database import FAILURES

    with _open(console) as rt:
        try:
            _run_verbs_in(rt, list(verbs.LINE), force, json)
        except (PodwatchError, ExceptionGroup, *FAILURES):
            _warn(report_broken_line(rt))
            raise
        _warn(finish_line(rt, rt.store.clock()))
        prune_expired(rt, rt.store.clock())
        _listen(rt, json)  # last, so that it delays nothing
        line = f"coverage: {coverage_line(rt.store, utc_now())}"
    print_stderr(line) if json else print(line)


def _listen(rt: Runtime, as_json: bool) -> None:
    """Listens to what has no transcript, where that is on, and delivers what is found in what was heard."""
    from podwatch.commands.listen import listening_bars
    from podwatch.line.hear_again import hear_again
    from podwatch.line.listen import ListenOptions, listen
    from podwatch.line.listen_plan import is_on

    try:
        if is_on(rt.store, rt.settings.speech):
            with listening_bars() as progress:
                t = listen(rt, rt.store.clock(), options=ListenOptions(progress=progress))
            print_tally(t, as_json)
            if t.new:
                _run_verbs_in(rt, ["detect", "deliver"], False, as_json)
        if rt.settings.speech.again or rt.store.count_waiting_hearings():
            t = hear_again(rt, rt.store.clock())
            if t.done:
                print_tally(t, as_json)
                _run_verbs_in(rt, ["detect", "deliver"], False, as_json)
    except SpeechError as e:  # without a recogniser the line itself has been run
        _warn(e.line)


def _warn(warning: str | None) -> None:
    if warning is not None:
        print_stderr(f"podwatch: {warning}")


def _open(console: bool) -> Runtime:
    from podwatch.runtime import build
    from podwatch.settings import Secret

    settings = load_settings()
    return build(replace(settings, console=True, slack_token=Secret("")) if console else settings)


def _run_verbs(names: list[str], force: bool, as_json: bool, *, console: bool = False) -> None:
    with _open(console) as rt:
        _run_verbs_in(rt, names, force, as_json)


def _run_verbs_in(rt: Runtime, names: list[str], force: bool, as_json: bool) -> None:
    from podwatch.line import verbs
    from podwatch.line.poll import poll as poll_verb

    for name in names:
        # With --json stdout is for JSON alone: the cards of the console notifier go to stderr.
        with redirect_stdout(sys.stderr) if as_json else nullcontext():
            if name == "poll":
                with progress_bar("feeds", piped=False) as progress:
                    t = poll_verb(rt, rt.store.clock(), force=force, progress=progress)
            else:
                t = verbs.LINE[name](rt, rt.store.clock())
        print_tally(t, as_json)
