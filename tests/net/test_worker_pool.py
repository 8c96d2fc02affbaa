"""Every item gets one result, from many threads, few of a host; and the consumer is told when to store them."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from podwatch.net.worker_pool import FIRST_THREADS, run_by_host


@dataclass
class Asked:
    """What came of an item. retry_after: seconds for which its host asked to be left alone."""

    item: str
    retry_after: float | None = None


def run(*items: str, wait: float | None = None, threads: int = 8) -> list[tuple[str, Asked] | None]:
    """Items are like ``a1``: the letter is the host."""
    return list(
        run_by_host(
            items,
            lambda item: Asked(item, wait),
            host_of=lambda item: item[0],
            postponed=lambda item: Asked(f"{item} later"),
            threads=threads,
            per_host=1,
            pause=0.0,
        )
    )


def test_every_item_gets_its_result_and_a_last_call_to_store_them() -> None:
    items = [f"{host}{n}" for host in "abcd" for n in range(30)]
    *results, last = run(*items)
    assert last is None
    assert sorted((item, asked.item) for item, asked in filter(None, results)) == sorted(zip(items, items, strict=True))


def test_nothing_to_do_is_one_call_to_store() -> None:
    assert run() == [None]


def test_the_items_of_a_host_that_asks_for_a_long_wait_are_postponed() -> None:
    results = dict(filter(None, run("a1", "a2", "a3", wait=3600)))
    assert {item: asked.item for item, asked in results.items()} == {"a1": "a1", "a2": "a2 later", "a3": "a3 later"}


def test_when_the_time_is_over_nothing_more_is_asked_and_what_is_under_way_is_waited_for() -> None:
    over = threading.Event()

    def work(item: str) -> Asked:
        if item[0] == "s":
            assert over.wait(60)
        return Asked(item)

    def cut(item: str) -> Asked:
        over.set()
        return Asked("left")

    results = run_by_host(
        ["a1", "a2", "s1", "s2", "s3"],
        work,
        host_of=lambda item: item[0],
        postponed=lambda item: Asked("later"),
        threads=8,
        per_host=2,
        pause=0.0,
        seconds=0.5,
        cut=cut,
    )
    found = {item: asked.item for item, asked in filter(None, results)}
    assert found == {"a1": "a1", "a2": "a2", "s1": "s1", "s2": "s2", "s3": "left"}


def test_threads_are_added_while_all_wait_for_servers() -> None:
    many = 2 * FIRST_THREADS
    all_are_asked = threading.Barrier(many)
    results = run_by_host(
        [f"{n}" for n in range(many)],
        lambda item: all_are_asked.wait(60),
        host_of=lambda item: item,
        postponed=lambda item: 0,
        threads=many,
        per_host=1,
        pause=0.0,
    )
    assert len(list(filter(None, results))) == many
