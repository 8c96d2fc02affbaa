"""The progress of long work on stderr: a bar with rate and time left on a terminal, lines in a pipe or a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from podwatch.commands.output import print_stderr

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

LINE_INTERVAL = 10.0  # seconds between two lines where there is no terminal
R = TypeVar("R")
Progress = Callable[[int, int], None]  # (how many are done, of how many)


@contextmanager
def progress_bar(what: str, *, piped: bool) -> Iterator[Progress]:
    """A Progress that is shown as long as the context lasts; piped: see stage_bars()."""
    with stage_bars(piped=piped) as update:
        update(what, 0, None)
        yield partial(update, what)


@contextmanager
def stage_bars(*, piped: bool = True) -> Iterator[Callable[[str, int, int | None], None]]:
    """The progress of several stages: takes (stage, done, of how many), and shows a bar, or lines, for each.

    of how many: None when that is not known yet. piped: whether lines are printed where there is no terminal. Not by
    what cron runs: it mails them to somebody.
    """
    if not sys.stderr.isatty():
        lines: dict[str, Progress] = {}

        def print_progress(what: str, done: int, of: int | None) -> None:
            if piped:
                lines.setdefault(what, progress_lines(what, time.monotonic))(done, of or 0)

        yield print_progress
        return
    with _build_bars() as bars:
        tasks: dict[str, TaskID] = {}

        def update(what: str, done: int, of: int | None) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=of)
            elif bars.tasks[tasks[what]].completed > done:  # the same stage of the next part
                bars.reset(tasks[what], total=of)
            bars.update(tasks[what], completed=done, total=of)

        yield update


def _build_bars() -> Bars:
    """Name, bar, number, rate and time left on stderr; they disappear at the end."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="progress.data.speed")

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    return Bars(*columns, console=Console(stderr=True), transient=True)


def progress_lines(what: str, clock: Callable[[], float]) -> Progress:
    """A Progress that prints one line in LINE_INTERVAL at most, and none for what is done sooner. clock: in seconds."""
    started = last = clock()

    def print_progress(done: int, of: int) -> None:
        nonlocal last
        now = clock()
        if now - last < LINE_INTERVAL or not 0 < done < of:
            return
        last = now
        rate = done / (now - started)
        print_stderr(f"{done:,} of {of:,} {what}, {rate:,.0f} a second, {format_wait((of - done) / rate)} left")

    return print_progress


def format_wait(seconds: float) -> str:
    """A time to wait, as people say it: 40 s, 12 min, 3 h 5 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def follow_parts(parts: Iterator[R], of: int, done: Callable[[R], int], *, piped: bool = True) -> Iterator[R]:
    """Results of parts as they come, with a bar. of: how many transcripts there are; done: how many a part has.

    The bar begins with the first part: processes have to be forked before it starts a thread.
    """
    first = next(parts, None)
    if first is None:
        return
    total = 0
    with progress_bar("transcripts", piped=piped) as progress:
        for part in chain((first,), parts):
            total += done(part)
            progress(total, of)
            yield part
