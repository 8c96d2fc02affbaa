"""A host gets few requests at once, with a pause between them, and no more for a while when it asks for that."""

from __future__ import annotations

import threading
import time
from collections import Counter

from podwatch.net.host_queue import HostQueue, Permit


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def queue_of(*items: str, per_host: int = 2, pause: float = 10.0) -> tuple[HostQueue[str], Clock]:
    """Items are like ``a1``: the letter is the host."""
    clock = Clock()
    return HostQueue(items, host_of=lambda i: i[0], per_host=per_host, pause=pause, clock=clock), clock


def acquire(queue: HostQueue[str]) -> Permit[str]:
    permit = queue.acquire()
    assert permit is not None
    return permit


def test_a_host_gets_two_requests_at_once_and_the_next_after_a_pause() -> None:
    queue, clock = queue_of("a1", "a2", "a3", "b1")
    first, other = acquire(queue), acquire(queue)
    assert {first.item, other.item} == {"a1", "b1"}
    clock.now = 5
    second = acquire(queue)
    assert second.item == "a2", "the second slot of a host opens half a pause later"
    queue.release(first)
    queue.release(other)
    queue.release(second)
    clock.now = 15
    last = acquire(queue)
    assert last.item == "a3"
    queue.release(last)
    assert queue.acquire() is None


def test_a_host_that_asks_for_a_short_wait_gets_it() -> None:
    queue, clock = queue_of("a1", "a2", per_host=1, pause=0)
    queue.release(acquire(queue), wait=20)
    clock.now = 20
    assert acquire(queue).item == "a2"


def test_the_items_of_a_host_that_asks_for_a_long_wait_are_postponed() -> None:
    queue, _ = queue_of("a1", "a2", "a3", "b1", per_host=1, pause=0)
    queue.release(acquire(queue), wait=3600)
    queue.release(acquire(queue))
    assert queue.acquire() is None
    assert queue.postponed() == ["a2", "a3"]


def test_many_threads_get_every_item_once_and_never_more_than_two_of_a_host() -> None:
    items = [f"{host}{i}" for i in range(12) for host in "abcdef"]
    queue = HostQueue(items, host_of=lambda i: i[0], per_host=2, pause=0.001)
    busy: Counter[str] = Counter()
    seen: list[str] = []
    most = 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal most
        while (permit := queue.acquire()) is not None:
            with lock:
                busy[permit.item[0]] += 1
                most = max(most, busy[permit.item[0]])
                seen.append(permit.item)
            time.sleep(0.01)  # longer than the pause, so that two of a host do meet
            with lock:
                busy[permit.item[0]] -= 1
            queue.release(permit)

    threads = [threading.Thread(target=work) for _ in range(24)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(120)
    assert sorted(seen) == sorted(items)
    assert most == 2


def test_nothing_to_do_ends_at_once() -> None:
    assert HostQueue([], host_of=len, per_host=2, pause=0).acquire() is None


def test_a_closed_queue_lets_every_thread_go_though_permits_are_out() -> None:
    hosts = HostQueue(["a1", "a2", "b1"], lambda item: item[0], per_host=1, pause=0.0)
    first = hosts.acquire()
    assert first is not None
    waiting = threading.Thread(target=lambda: [hosts.acquire() for _ in range(2)])  # b1, and then for a permit
    waiting.start()
    left = hosts.close()
    waiting.join(20)
    assert not waiting.is_alive()
    assert set(left) <= {"a2", "b1"}
    assert hosts.acquire() is None
