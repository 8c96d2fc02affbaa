"""Parts of work are shared among processes: each is done once, and a process that fails or is killed is an error."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from podwatch.errors import PodwatchError
from podwatch.history.process_pool import run_in_processes


@contextmanager
def double() -> Iterator[Callable[[int], int]]:
    yield lambda n: n * 2


@contextmanager
def failing() -> Iterator[Callable[[int], int]]:
    def work(n: int) -> int:
        raise PodwatchError("no room", where=str(n))

    yield work


@contextmanager
def dying() -> Iterator[Callable[[int], int]]:
    def work(n: int) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return n

    yield work


@contextmanager
def slow() -> Iterator[Callable[[int], int]]:
    def work(n: int) -> int:
        time.sleep(600 if n else 0)
        return os.getpid()

    yield work


@pytest.mark.parametrize("processes", [1, 2, 5])
def test_each_part_is_worked_off_once_however_many_processes_there_are(processes: int) -> None:
    assert sorted(run_in_processes(double, range(7), processes)) == [0, 2, 4, 6, 8, 10, 12]
    assert list(run_in_processes(double, [], processes)) == []


def test_an_error_in_a_process_is_raised_as_it_is() -> None:
    with pytest.raises(PodwatchError, match=r"^\d: no room$"):
        list(run_in_processes(failing, range(4), 2))


def test_a_process_that_is_killed_is_an_error_and_leaves_no_other_behind() -> None:
    with pytest.raises(PodwatchError, match="ended in the middle of its work"):
        list(run_in_processes(dying, range(4), 2))


def test_a_reader_that_stops_ends_the_processes() -> None:
    parts = run_in_processes(slow, [0, 0, 1, 1], 2)
    pid = next(parts)
    parts.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
