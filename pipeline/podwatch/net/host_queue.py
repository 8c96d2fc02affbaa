"""The items of one run in the order in which their hosts may be asked: so many requests at once, a pause after each.

A host that asks to be left alone gets that for all of its items. Threads take permits from here; it does no I/O itself.
"""

from __future__ import annotations

import heapq
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from itertools import count
from time import monotonic
from typing import Generic, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")

MAX_WAIT = 30.0  # seconds that a run waits for a host; when it asks for more, its items are left for another run


def host_of(address: str) -> str:
    """The host and port that a request to an address goes to; of what is no address, such as a template, the whole."""
    try:
        return urlsplit(address).netloc.lower() or address
    except ValueError:
        return address


@dataclass(frozen=True, slots=True)
class Permit(Generic[T]):
    """The permission to make the request for ``item`` now; give it back with HostQueue.release."""

    host: Hashable
    item: T


class HostQueue(Generic[T]):
    """per_host: requests to one host at once. pause: seconds after a request to it, before the next."""

    def __init__(
        self,
        items: Iterable[T],
        host_of: Callable[[T], Hashable],
        *,
        per_host: int,
        pause: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._pause, self._clock = pause, clock
        self._waiting: dict[Hashable, deque[T]] = defaultdict(deque)
        for item in items:
            self._waiting[host_of(item)].append(item)
        now = clock()
        # A heap with an entry for each request that a host can take: (when it may be made, order of entry, host).
        self._ready: list[tuple[float, int, Hashable]] = []
        self._numbers = count()
        for host, queue in self._waiting.items():
            for slot in range(min(per_host, len(queue))):
                self._push(now + slot * pause / per_host, host)
        self._postponed: list[T] = []
        self._closed = False
        self._permits = 0  # that were not yet given back
        self._changed = threading.Condition()

    def acquire(self) -> Permit[T] | None:
        """A permit for the next item, once its host may be asked; None when nothing is left."""
        with self._changed:
            while not self._closed:
                while self._ready and not self._waiting[self._ready[0][2]]:
                    heapq.heappop(self._ready)
                if not self._ready:
                    if self._permits == 0:
                        self._changed.notify_all()
                        return None
                    self._changed.wait()  # for a permit that comes back
                    continue
                left = self._ready[0][0] - self._clock()
                if left > 0:
                    self._changed.wait(left)
                    continue
                _, _, host = heapq.heappop(self._ready)
                self._permits += 1
                return Permit(host, self._waiting[host].popleft())
            return None

    def release(self, permit: Permit[T], wait: float | None = None) -> None:
        """Gives a permit back. wait: seconds for which its host asked to be left alone."""
        with self._changed:
            self._permits -= 1
            queue = self._waiting[permit.host]
            if wait is not None and wait > MAX_WAIT:
                self._postponed += queue
                queue.clear()
            if queue:
                self._push(self._clock() + max(self._pause, wait or 0.0), permit.host)
                self._changed.notify()
            elif self._permits == 0:
                self._changed.notify_all()  # nothing can come back any more

    def close(self) -> list[T]:
        """Gives no more permits; returns the items without a request that were not postponed."""
        with self._changed:
            left = [item for queue in self._waiting.values() for item in queue]
            for queue in self._waiting.values():
                queue.clear()
            self._closed = True
            self._changed.notify_all()
            return left

    def postponed(self) -> list[T]:
        """The items without a request, because their host asked for a longer wait than MAX_WAIT."""
        return list(self._postponed)

    def _push(self, at: float, host: Hashable) -> None:
        heapq.heappush(self._ready, (at, next(self._numbers), host))
