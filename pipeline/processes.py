"""Shares long work on the store out to processes, one for each core: Python keeps no more than one core busy.

Each process is a fork that opens a store of its own. It ends when its parent is gone, at its next answer, and a process
that is killed is an error of the whole: nothing is left out in silence.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from pipeline.errors import PodwatchError

P = TypeVar("P")
R = TypeVar("R")


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def shared_out(
    begin: Callable[[], AbstractContextManager[Callable[[P], R]]], parts: Sequence[P], processes: int
) -> Iterator[R]:
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
    listening: list[Connection] = []
    workers: dict[Connection, Any] = {}
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        for i in range(count):
            hear, say = fork.Pipe(duplex=False)
            listening.append(hear)
            # A copy of the other ends would keep a worker from noticing that its parent is gone.
            worker = fork.Process(target=_work, args=(begin, parts[i::count], say, tuple(listening)), daemon=True)
            worker.start()
            say.close()
            workers[hear] = worker
        yield from _heard(workers)
    finally:
        for hear, worker in workers.items():
            hear.close()
            worker.terminate()
            worker.join()


def _heard(workers: dict[Connection, Any]) -> Iterator[Any]:
    left = set(workers)
    while left:
        for hear in wait(list(left)):
            assert isinstance(hear, Connection)
            try:
                kind, value = hear.recv()
            except EOFError:
                workers[hear].join()
                raise PodwatchError(
                    f"a process ended in the middle of its work (exit status {workers[hear].exitcode})",
                    todo="see whether the machine is out of memory, and run the command again",
                    retryable=True,
                ) from None
            if kind == "end":
                left.discard(hear)
            elif kind == "error":
                raise value
            else:
                yield value


def _work(begin: Any, parts: Sequence[Any], say: Connection, inherited: Any) -> None:
    for hear in inherited:
        hear.close()
    try:
        with begin() as work:
            for part in parts:
                say.send(("value", work(part)))
        say.send(("end", None))
    except (BrokenPipeError, KeyboardInterrupt):
        return  # the parent is gone, or ends the others itself
    except BaseException as e:  # noqa: BLE001 - raised in the parent
        say.send(("error", _sent(e)))


def _sent(e: BaseException) -> Exception:
    """The error as it is sent: an expected one as it is, of a bug what it said and where."""
    if isinstance(e, PodwatchError):
        return PodwatchError(e.line, retryable=e.retryable)
    return RuntimeError("".join(traceback.format_exception(e)))
