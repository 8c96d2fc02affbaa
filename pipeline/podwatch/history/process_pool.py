"""Runs long work on the store in several processes, one a core: Python keeps no more than one core busy.

Each process is a fork that opens a store of its own, and is given the next part when it is through with one, so that a
slow core holds up no other. It ends when its parent is gone, at its next answer, and a process that is killed is an
error of the whole: nothing is left out in silence.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from podwatch.errors import PodwatchError

P = TypeVar("P")
R = TypeVar("R")
GRACE = 5.0  # seconds in which a process that is through closes its store
AHEAD = 2  # parts queued at each process, so that it need not wait for the parent


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_in_processes(
    begin: Callable[[], AbstractContextManager[Callable[[P], R]]], parts: Sequence[P], processes: int
) -> Generator[R, None, None]:
    """What the work makes of each part, as it comes. begin: entered in each process, gives the function that works.

    With one process everything is done in this one. Begin before other threads run: a fork copies their locks as they
    are. What is raised in a process is raised here, the others are ended then.
    """
    count = min(processes, len(parts))
    if count <= 1:
        if parts:
            with begin() as work:
                yield from map(work, parts)
        return
    fork = multiprocessing.get_context("fork")
    workers: dict[Connection, Any] = {}
    through = False
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        for _ in range(count):
            here, there = fork.Pipe()
            # A copy of the other ends would keep a worker from noticing that its parent is gone.
            worker = fork.Process(target=_work, args=(begin, parts, there, (*workers, here)), daemon=True)
            worker.start()
            there.close()
            workers[here] = worker
        yield from _heard(workers, len(parts))
        through = True
    finally:
        for here in workers:
            here.close()
        for worker in workers.values():
            if through:
                worker.join(GRACE)
            worker.terminate()
            worker.join()


def _heard(workers: dict[Connection, Any], parts: int) -> Iterator[Any]:
    waiting = iter(range(parts))
    left = dict.fromkeys(workers, 0)  # how many parts are queued at each

    def hand(here: Connection) -> None:
        number = next(waiting, None)
        if number is not None:
            left[here] += 1
            try:
                here.send(number)
            except ConnectionError:
                raise _ended(workers[here]) from None

    for here in [*workers] * AHEAD:
        hand(here)
    while any(left.values()):
        for said in wait([here for here, n in left.items() if n]):
            assert isinstance(said, Connection)
            try:
                kind, value = said.recv()
            except (EOFError, ConnectionError):
                raise _ended(workers[said]) from None
            if kind == "error":
                raise value
            left[said] -= 1
            hand(said)
            yield value


def _ended(worker: Any) -> PodwatchError:
    worker.join()
    return PodwatchError(
        f"a process ended in the middle of its work (exit status {worker.exitcode})",
        todo="see whether the machine is out of memory, and run the command again",
        retryable=True,
    )


def _work(begin: Any, parts: Sequence[Any], there: Connection, inherited: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all of them: the parent ends the others
    for here in inherited:
        here.close()
    try:
        with begin() as work:
            while True:
                there.send(("value", work(parts[there.recv()])))
    except (EOFError, ConnectionError):
        return  # the parent is gone
    except BaseException as e:  # noqa: BLE001 - raised in the parent
        there.send(("error", _sent(e)))


def _sent(e: BaseException) -> Exception:
    """The error as it is sent: an expected one as it is, of a bug what it said and where."""
    if isinstance(e, PodwatchError):
        return PodwatchError(e.line, retryable=e.retryable)
    return RuntimeError("".join(traceback.format_exception(e)))
