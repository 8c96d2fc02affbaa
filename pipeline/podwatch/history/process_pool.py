"""Runs long work on the store in several processes, one a core, for rescan, backtest and detect.

A Python process keeps no more than one core busy. Each process is a fork that opens a store of its own and is given the
next part when it has finished one, so that a slow core delays no other. It ends when its parent has ended, at its next
result; a process that is killed is an error of the whole run, so that no part is left out unnoticed.
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
from typing import Any, TypeVar, cast

from podwatch.errors import PodwatchError

P = TypeVar("P")
R = TypeVar("R")
Follow = Callable[[Iterator[R], int], Iterator[R]]  # takes results and how many transcripts there are; passes them on
PART = 100  # transcripts a part
PARALLEL_FROM = 300  # transcripts; fewer are done by one process before others have started
CLOSE_SECONDS = 5.0  # in which a process that has finished closes its store
QUEUED_PARTS = 2  # at each process, so that it need not wait for the parent


def usable_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def choose_process_count(transcripts: int, parallel_from: int = PARALLEL_FROM) -> int:
    """One process for few transcripts, else one for each core."""
    return 1 if transcripts < parallel_from else usable_cores()


def split_parts(ids: Sequence[int]) -> list[Sequence[int]]:
    """The ids in parts of PART, in their order."""
    return [ids[i : i + PART] for i in range(0, len(ids), PART)]


def follow_nothing(results: Iterator[R], of: int) -> Iterator[R]:
    """The Follow of a caller that shows no progress."""
    return results


def run_in_processes(
    begin: Callable[[], AbstractContextManager[Callable[[P], R]]], parts: Sequence[P], processes: int
) -> Generator[R, None, None]:
    """The result of each part, in the order in which they are finished.

    begin: entered once in each process; gives the function that is called with a part. With one process all parts are
    done in this one. Call it before other threads run: a fork copies their locks as they are. An exception in a process
    is raised here, and the other processes are ended.
    """
    count = min(processes, len(parts))
    if count <= 1:
        if parts:
            with begin() as work:
                yield from map(work, parts)
        return
    fork = multiprocessing.get_context("fork")
    workers: dict[Connection, Any] = {}
    finished = False
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        for _ in range(count):
            ours, theirs = fork.Pipe()
            # A copy of the other ends would keep a worker from noticing that its parent has ended.
            worker = fork.Process(target=_run_worker, args=(begin, parts, theirs, (*workers, ours)), daemon=True)
            worker.start()
            theirs.close()
            workers[ours] = worker
        yield from _collect_results(workers, len(parts))
        finished = True
    finally:
        for pipe in workers:
            pipe.close()
        for worker in workers.values():
            if finished:
                worker.join(CLOSE_SECONDS)
            worker.terminate()
            worker.join()


def _collect_results(workers: dict[Connection, Any], parts: int) -> Iterator[Any]:
    waiting = iter(range(parts))
    queued = dict.fromkeys(workers, 0)  # parts at each worker

    def send_next(pipe: Connection) -> None:
        number = next(waiting, None)
        if number is not None:
            queued[pipe] += 1
            try:
                pipe.send(number)
            except ConnectionError:
                raise _died(workers[pipe]) from None

    for pipe in [*workers] * QUEUED_PARTS:
        send_next(pipe)
    while any(queued.values()):
        for pipe in cast(list[Connection], wait([p for p, n in queued.items() if n])):
            try:
                kind, value = pipe.recv()
            except (EOFError, ConnectionError):
                raise _died(workers[pipe]) from None
            if kind == "error":
                raise value
            queued[pipe] -= 1
            send_next(pipe)
            yield value


def _died(worker: Any) -> PodwatchError:
    worker.join()
    return PodwatchError(
        f"a process ended in the middle of its work (exit status {worker.exitcode})",
        todo="see whether the machine is out of memory, and run the command again",
        retryable=True,
    )


def _run_worker(begin: Any, parts: Sequence[Any], pipe: Connection, inherited: Any) -> None:
    """What a fork does: receives numbers of parts, sends ("value", result) or ("error", exception)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all of them: the parent ends the others
    for other in inherited:
        other.close()
    try:
        with begin() as work:
            while True:
                pipe.send(("value", work(parts[pipe.recv()])))
    except (EOFError, ConnectionError):
        return  # the parent has ended
    except BaseException as e:  # noqa: BLE001 - raised in the parent
        pipe.send(("error", _picklable_error(e)))


def _picklable_error(e: BaseException) -> Exception:
    """An expected error with its line; of a bug its traceback as text."""
    if isinstance(e, PodwatchError):
        return PodwatchError(e.line, retryable=e.retryable)
    return RuntimeError("".join(traceback.format_exception(e)))
