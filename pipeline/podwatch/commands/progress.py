"""How far long work is: a bar with rate and time left on a terminal, a line now and then in a pipe or a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from podwatch.commands.output import say

if TYPE_CHECKING:
    from rich.progress import Progress as Shown
    from rich.progress import TaskID

EVERY = 10.0  # seconds between two lines where there is no terminal
R = TypeVar("R")
Progress = Callable[[int, int], None]


@contextmanager
def bar(what: str, *, piped: bool) -> Iterator[Progress]:
    """A function that is told how much is done, and of how much; shows it on stderr, as long as it lasts.

    piped: whether there are lines where there is no terminal. Not from what cron runs: it mails them to somebody.
    """
    if not sys.stderr.isatty():
        yield lines(what, time.monotonic) if piped else lambda done, of: None
        return
    with _shown() as shown:
        task = shown.add_task(what, total=None)
        yield lambda done, of: shown.update(task, completed=done, total=of)


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """The same for work of several stages: takes (stage, done, of how many), and shows a bar for each, or lines."""
    if not sys.stderr.isatty():
        said: dict[str, Progress] = {}
        yield lambda what, done, of: said.setdefault(what, lines(what, time.monotonic))(done, of)
        return
    with _shown() as shown:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what, total=of)
            elif shown.tasks[tasks[what]].completed > done:  # the same stage of the next part
                shown.reset(tasks[what], total=of)
            shown.update(tasks[what], completed=done, total=of)

        yield tell


def _shown() -> Shown:
    """What, a bar, how many, how fast and how long still, on stderr; gone when it is over."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Shown
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="progress.data.speed")

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn())
    return Shown(*columns, console=Console(stderr=True), transient=True)


def lines(what: str, clock: Callable[[], float]) -> Progress:
    """The same as lines, one in EVERY seconds at most and none for what is done sooner. clock: seconds."""
    began = last = clock()

    def told(done: int, of: int) -> None:
        nonlocal last
        now = clock()
        if now - last < EVERY or not 0 < done < of:
            return
        last = now
        rate = done / (now - began)
        say(f"{done:,} of {of:,} {what}, {rate:,.0f} a second, {time_left((of - done) / rate)} left")

    return told


def time_left(seconds: float) -> str:
    """A time to wait, as people say it: 40 s, 12 min, 3 h 5 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def follow_parts(parts: Iterator[R], of: int, done: Callable[[R], int], *, piped: bool = True) -> Iterator[R]:
    """The parts of transcripts as they come, with a bar. of: how much there is in all; done: how much of it a part is.

    The bar begins with the first part: processes are to be forked before it has a thread.
    """
    first = next(parts, None)
    if first is None:
        return
    so_far = 0
    with bar("transcripts", piped=piped) as progress:
        for part in chain((first,), parts):
            so_far += done(part)
            progress(so_far, of)
            yield part
