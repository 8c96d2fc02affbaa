"""Has many threads ask many hosts politely, and hands what they bring to one thread that may write it down.

poll and fetch both work so: requests wait for servers most of their time, and the store wants one writer.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from time import monotonic, process_time
from typing import TypeVar

from pipeline.polite import Turns

T = TypeVar("T")
R = TypeVar("R")

STEP = 0.5  # seconds after which what has come should be kept, however little it is
TICK = 0.05
FEW = 16  # threads to begin with
BUSY = 0.7  # of one core: Python runs on no more, so beyond it further threads only get in each other's way


def through(
    items: Sequence[T],
    ask: Callable[[T], R],
    *,
    host_of: Callable[[T], Hashable],
    postponed: Callable[[T], R],
    threads: int,
    pause: float,
) -> Iterator[tuple[T, R] | None]:
    """(item, what ``ask`` returned for it) as they come; None when it is time to keep what has come.

    ask: runs in many threads at once; returns errors instead of raising them. When what it returns has a
    ``retry_after`` (seconds), the host is left alone for that long; ``postponed`` says what becomes of its other
    items when that is longer than a run waits.
    """
    turns = Turns(items, host_of, pause=pause)
    outcomes: queue.SimpleQueue[tuple[T, R]] = queue.SimpleQueue()

    def work() -> None:
        while (turn := turns.take()) is not None:
            result = ask(turn.item)
            turns.done(turn, getattr(result, "retry_after", None))
            outcomes.put((turn.item, result))

    crew = Crew(work, min(len(items), threads))
    left, kept = len(items), monotonic()
    while left:
        crew.grow()
        try:
            outcome = outcomes.get(timeout=TICK)
        except queue.Empty:
            if not crew.alive() and outcomes.empty():
                break  # what is left was postponed
        else:
            left -= 1
            yield outcome
        if monotonic() - kept > STEP:
            yield None
            kept = monotonic()
    for item in turns.refused():
        yield item, postponed(item)
    yield None


class Crew:
    """As many threads as help: four times as many while they wait for servers, none once they keep a core busy."""

    def __init__(self, work: Callable[[], None], most: int) -> None:
        self._work, self._most = work, most
        self._threads: list[threading.Thread] = []
        self._wall, self._cpu = monotonic(), process_time()
        self._add(FEW)

    def grow(self) -> None:
        """Called often; looks at the time since the last tick."""
        wall = monotonic() - self._wall
        if wall >= TICK and len(self._threads) < self._most:
            if process_time() - self._cpu < BUSY * wall:
                self._add(3 * len(self._threads))
            self._wall, self._cpu = monotonic(), process_time()

    def alive(self) -> bool:
        return any(t.is_alive() for t in self._threads)

    def _add(self, count: int) -> None:
        for _ in range(min(count, self._most - len(self._threads))):
            thread = threading.Thread(target=self._work, daemon=True)
            thread.start()
            self._threads.append(thread)
