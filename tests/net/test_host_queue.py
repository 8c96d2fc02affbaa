"""No host is asked too much at once, and a host that wants to be left alone is."""

from __future__ import annotations

import threading
import time
from collections import Counter

from podwatch.net.host_queue import HostQueue, Permit


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def turns(*items: str, at_once: int = 2, pause: float = 10.0) -> tuple[HostQueue[str], Clock]:
    """Items are like ``a1``: the letter is the host."""
    clock = Clock()
    return HostQueue(items, host_of=lambda i: i[0], at_once=at_once, pause=pause, clock=clock), clock


def take(queue: HostQueue[str]) -> Permit[str]:
    turn = queue.acquire()
    assert turn is not None
    return turn


def test_a_host_is_asked_no_more_than_so_often_at_once_and_after_a_pause() -> None:
    queue, clock = turns("a1", "a2", "a3", "b1")
    first, other = take(queue), take(queue)
    assert {first.item, other.item} == {"a1", "b1"}
    clock.now = 5
    second = take(queue)
    assert second.item == "a2", "the second slot of a host opens half a pause later"
    queue.release(first)
    queue.release(other)
    queue.release(second)
    clock.now = 15
    last = take(queue)
    assert last.item == "a3"
    queue.release(last)
    assert queue.acquire() is None


def test_a_host_that_asks_for_a_short_pause_is_waited_for() -> None:
    queue, clock = turns("a1", "a2", at_once=1, pause=0)
    queue.release(take(queue), wait=20)
    clock.now = 20
    assert take(queue).item == "a2"


def test_a_host_that_asks_for_a_long_pause_keeps_its_feeds_for_another_run() -> None:
    queue, _ = turns("a1", "a2", "a3", "b1", at_once=1, pause=0)
    queue.release(take(queue), wait=3600)
    queue.release(take(queue))
    assert queue.acquire() is None
    assert queue.postponed() == ["a2", "a3"]


def test_many_threads_take_everything_once_and_never_more_than_two_of_a_host() -> None:
    items = [f"{host}{i}" for i in range(12) for host in "abcdef"]
    queue = HostQueue(items, host_of=lambda i: i[0], at_once=2, pause=0.001)
    busy: Counter[str] = Counter()
    seen: list[str] = []
    most = 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal most
        while (turn := queue.acquire()) is not None:
            with lock:
                busy[turn.item[0]] += 1
                most = max(most, busy[turn.item[0]])
                seen.append(turn.item)
            time.sleep(0.01)  # longer than the pause, so that two of a host do meet
            with lock:
                busy[turn.item[0]] -= 1
            queue.release(turn)

    threads = [threading.Thread(target=work) for _ in range(24)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(20)
    assert sorted(seen) == sorted(items)
    assert most == 2


def test_nothing_to_do_ends_at_once() -> None:
    assert HostQueue([], host_of=len, at_once=2).acquire() is None
