"""Hosts split between workers: each bucket in one shard, as evenly as whole buckets let."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.policy.run_time import LONG_RUN, SHORT_RUN, run_seconds
from podwatch.policy.shards import BUCKETS, balance_shards, bucket_of

DUE = st.dictionaries(st.integers(0, BUCKETS - 1), st.integers(1, 5000), max_size=60)


@given(DUE, st.integers(1, 64))
def test_every_bucket_is_in_one_shard(due: dict[int, int], count: int) -> None:
    shards = balance_shards(due, count)
    assert [(s.index, s.count) for s in shards] == [(i, count) for i in range(count)]
    assert sorted(bucket for s in shards for bucket in s.buckets or ()) == list(range(BUCKETS))


@given(DUE, st.integers(1, 16))
def test_no_two_shards_differ_by_more_than_the_largest_bucket(due: dict[int, int], count: int) -> None:
    sums = [sum(due.get(b, 0) for b in s.buckets or ()) for s in balance_shards(due, count)]
    assert max(sums) - min(sums) <= max(due.values(), default=0)


def test_uneven_hosts_are_evened() -> None:
    by_number = {0: 900, 4: 300, 8: 300, 12: 300, 1: 10, 2: 10, 3: 10}  # all that is much has one number modulo 4
    sums = [sum(by_number.get(b, 0) for b in s.buckets or ()) for s in balance_shards(by_number, 4)]
    assert max(sums) == 900  # one host is not split: it has its rate limit
    assert sum(sums) == 1830


SAME: dict[str, str] = {
    "http://A.example/feed": "https://a.example/other?x=1",
    "https://a.example:8080/1": "http://a.example:8080/2",
    "https://user:secret@a.example/1": "https://a.example/1",
}


@pytest.mark.parametrize("url", SAME)
def test_feeds_of_a_host_are_of_one_bucket(url: str) -> None:
    assert bucket_of(url) == bucket_of(SAME[url])


@given(st.text())
def test_whatever_stands_for_an_address_has_a_bucket(url: str) -> None:
    assert 0 <= bucket_of(url) < BUCKETS


@pytest.mark.parametrize(
    ("between", "seconds"), [(60, SHORT_RUN), (600, SHORT_RUN), (7199, SHORT_RUN), (7200, LONG_RUN), (86400, LONG_RUN)]
)
def test_runs_that_come_often_are_short(between: float, seconds: float) -> None:
    assert run_seconds(between) == seconds
