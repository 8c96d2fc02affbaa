"""Hands out the feeds to be polled so that no host is asked too much at once, however many feeds it serves.

At most ``at_once`` requests to a host at a time, a pause after each; a host that asks to be left alone is, and its
other feeds wait with it. Threads take from here; nothing here does any I/O.
"""

from __future__ import annotations

import heapq
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")

MAX_PAUSE = 30.0  # seconds a run waits for a host that asked for a pause; after that its feeds are left for another run


def host_of(address: str) -> str:
    """Who is asked at an address; what is none, such as a template, stands for itself."""
    try:
        return urlsplit(address).netloc.lower() or address
    except ValueError:
        return address


@dataclass(frozen=True, slots=True)
class Permit(Generic[T]):
    """A permission to ask ``host`` for ``item``; give it back with Turns.done."""

    host: Hashable
    item: T


class HostQueue(Generic[T]):
    """The queue of one run. ``take`` blocks until a host may be asked; None when nothing is left."""

    def __init__(
        self,
        items: Iterable[T],
        host_of: Callable[[T], Hashable],
        *,
        at_once: int,
        pause: float = 0.5,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._pause, self._clock = pause, clock
        self._waiting: dict[Hashable, deque[T]] = defaultdict(deque)
        for item in items:
            self._waiting[host_of(item)].append(item)
        now = clock()
        # One entry for each request a host can take: (when it may be asked again, a number that keeps order, host)
        self._ready: list[tuple[float, int, Hashable]] = []
        self._number = 0
        for host, queue in self._waiting.items():
            for slot in range(min(at_once, len(queue))):
                self._push(now + slot * pause / at_once, host)
        self._refused: list[T] = []
        self._out = 0
        self._changed = threading.Condition()

    def acquire(self) -> Permit[T] | None:
        """The next item whose host may be asked now; waits until there is one."""
        with self._changed:
            while True:
                while self._ready and not self._waiting[self._ready[0][2]]:
                    heapq.heappop(self._ready)
                if not self._ready:
                    if self._out == 0:
                        self._changed.notify_all()
                        return None
                    self._changed.wait()  # a turn that is out may come back
                    continue
                left = self._ready[0][0] - self._clock()
                if left > 0:
                    self._changed.wait(left)
                    continue
                _, _, host = heapq.heappop(self._ready)
                self._out += 1
                return Permit(host, self._waiting[host].popleft())

    def release(self, turn: Permit[T], wait: float | None = None) -> None:
        """Gives the turn back. wait: seconds for which the host asked to be left alone."""
        with self._changed:
            self._out -= 1
            queue = self._waiting[turn.host]
            if wait is not None and wait > MAX_PAUSE:
                self._refused += queue
                queue.clear()
            if queue:
                self._push(self._clock() + max(self._pause, wait or 0.0), turn.host)
                self._changed.notify()
            elif self._out == 0:
                self._changed.notify_all()  # nothing can come back any more

    def postponed(self) -> list[T]:
        """What was not asked for, because its host wants to be left alone for longer than a run waits."""
        return list(self._refused)

    def _push(self, at: float, host: Hashable) -> None:
        self._number += 1
        heapq.heappush(self._ready, (at, self._number, host))
