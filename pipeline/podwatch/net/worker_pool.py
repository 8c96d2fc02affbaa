"""Has many threads ask many hosts politely, and hands what they bring to one thread that may write it down.

poll and fetch both work so: requests wait for servers most of their time, and the store wants one writer.
"""

from __future__ import annotations

import _thread
import queue
import sys
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic, process_time, sleep
from typing import TypeVar

from podwatch.net.host_queue import HostQueue

T = TypeVar("T")
R = TypeVar("R")

FLUSH_SECONDS = 0.5  # seconds after which what has come should be kept, however little it is
TICK_SECONDS = 0.05
# Seconds in which outcomes gather. Were whoever takes them woken for each, the interpreter would go from core to core
# all the time, which costs as much again as the work itself.
BATCH_SECONDS = 0.01
FIRST_THREADS = 16  # threads to begin with
BUSY_SHARE = 0.7  # of one core: Python runs on no more, so beyond it further threads only get in each other's way
MAX_ITEMS_PER_SECOND = 1500  # items a second: about as many as one core does
# Seconds after which a thread that waits for the interpreter asks for it. By default each does so every 5 ms, which
# with hundreds of them takes a third of a core; each has it for a fraction of a millisecond, so nobody has to ask.
SWITCH_INTERVAL = 0.05


def run_by_host(
    items: Sequence[T],
    work: Callable[[T], R],
    *,
    host_of: Callable[[T], Hashable],
    postponed: Callable[[T], R],
    threads: int,
    pause: float,
    per_host: int,
    is_saturated: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[T, R] | None]:
    """(item, what ``ask`` returned for it) as they come; None when it is time to keep what has come.

    ask: runs in many threads at once; returns errors instead of raising them. When what it returns has a
    ``retry_after`` (seconds), the host is left alone for that long; ``postponed`` says what becomes of its other
    items when that is longer than a run waits. full: whether threads wait for something else than servers, so that
    more of them would only wait with them, since this was asked last. at_once: requests to one host.
    """
    turns = HostQueue(items, host_of, at_once=per_host, pause=pause)
    outcomes: queue.SimpleQueue[tuple[T, R]] = queue.SimpleQueue()

    def take_turns() -> None:
        while (turn := turns.acquire()) is not None:
            result = work(turn.item)
            turns.release(turn, getattr(result, "retry_after", None))
            outcomes.put((turn.item, result))

    crew = GrowingThreads(take_turns, min(len(items), threads), is_saturated)
    left, kept = len(items), monotonic()
    with _long_switch_interval():
        while left:
            crew.grow(len(items) - left + outcomes.qsize())
            try:
                outcome = outcomes.get(timeout=TICK_SECONDS)
            except queue.Empty:
                if not crew.alive() and outcomes.empty():
                    break  # what is left was postponed
            else:
                left -= 1
                yield outcome
                if left and outcomes.empty():
                    sleep(BATCH_SECONDS)
            if monotonic() - kept > FLUSH_SECONDS:
                yield None
                kept = monotonic()
    for item in turns.postponed():
        yield item, postponed(item)
    yield None


@contextmanager
def _long_switch_interval() -> Iterator[None]:
    """PATIENT is the interval at which this process changes threads, until all crews that run at once are done."""
    global _pools, _usual_interval
    with _pools_lock:
        if not _pools:
            _usual_interval = sys.getswitchinterval()
            sys.setswitchinterval(max(SWITCH_INTERVAL, _usual_interval))
        _pools += 1
    try:
        yield
    finally:
        with _pools_lock:
            _pools -= 1
            if not _pools:
                sys.setswitchinterval(_usual_interval)


_pools_lock = threading.Lock()
_pools = 0
_usual_interval = 0.0


class GrowingThreads:
    """As many threads as help: four times as many while they wait for servers, none once they keep a core busy."""

    def __init__(self, work: Callable[[], None], most: int, full: Callable[[], bool]) -> None:
        self._work, self._most, self._full = work, most, full
        self._lock = threading.Lock()
        self._started = self._left = 0
        self._wall, self._cpu, self._done = monotonic(), process_time(), 0
        self._add(FIRST_THREADS)

    def grow(self, done: int) -> None:
        """Called often; looks at the time since the last tick. done: how many items have come so far."""
        wall = monotonic() - self._wall
        if wall >= TICK_SECONDS and self._started < self._most:
            idle = process_time() - self._cpu < BUSY_SHARE * wall and done - self._done < MAX_ITEMS_PER_SECOND * wall
            if idle and not self._full():
                self._add(3 * self._started)
            self._wall, self._cpu, self._done = monotonic(), process_time(), done

    def alive(self) -> bool:
        return self._left > 0

    def _add(self, count: int) -> None:
        for _ in range(min(count, self._most - self._started)):
            with self._lock:
                self._left += 1
            self._started += 1
            # threading would wait for each to run, behind all others that want the interpreter
            _thread.start_new_thread(self._run, ())

    def _run(self) -> None:
        try:
            self._work()
        finally:
            with self._lock:
                self._left -= 1
