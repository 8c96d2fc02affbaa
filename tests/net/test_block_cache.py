"""A cache of blocks: the bytes of the file wherever it is read, each fetched once at most, and what is near together."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.net.block_cache import BLOCK, MOST_AT_ONCE, BlockCache

FILE = random.Random(5).randbytes(60 * BLOCK + 1234)


class Fetches:
    """Fetches of a file, in order."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.done: list[tuple[int, int]] = []

    def __call__(self, first: int, end: int) -> bytes:
        self.done.append((first, end))
        return self.data[first:end]


def cached(data: bytes = FILE) -> tuple[BlockCache, Fetches]:
    fetch = Fetches(data)
    return BlockCache(len(data), fetch), fetch


places = st.integers(0, len(FILE) + BLOCK)
READS = st.lists(st.tuples(places, st.integers(0, 5 * BLOCK), st.integers(0, 50 * BLOCK)), max_size=12)


@given(size=st.integers(0, len(FILE)), begun=st.integers(0, 3 * BLOCK), reads=READS)
def test_it_reads_what_the_file_has_and_fetches_no_byte_twice(
    size: int, begun: int, reads: list[tuple[int, int, int]]
) -> None:
    data = FILE[:size]
    cache, fetch = cached(data)
    cache.put_beginning(data[:begun])
    for offset, length, ahead in reads:
        assert cache.read(offset, length, ahead) == data[offset : offset + length]
    fetched = [byte for first, end in fetch.done for byte in range(first // BLOCK, -(-end // BLOCK))]
    assert len(fetched) == len(set(fetched))
    for first, end in fetch.done:
        assert first % BLOCK == 0
        assert end % BLOCK == 0 or end == size
        assert 0 < end - first <= MOST_AT_ONCE


# what was read before, what is read then, and what is fetched for that, in blocks
TOGETHER: dict[str, tuple[list[tuple[int, int, int]], tuple[int, int, int], list[tuple[int, int]]]] = {
    "the blocks of a read": ([], (2 * BLOCK + 5, 2 * BLOCK, 0), [(2, 5)]),
    "a whole block for a byte": ([], (BLOCK, 1, 0), [(1, 2)]),
    "what will be read next": ([], (0, 10, 4 * BLOCK), [(0, 4)]),
    "nothing ahead of what is there": ([(0, 1, 0)], (5, 10, 9 * BLOCK), []),
    "not what is there in between": ([(3 * BLOCK, 1, 0)], (BLOCK, 1, 4 * BLOCK), [(1, 3), (4, 5)]),
    "no more than fits in one": ([], (0, 1, 40 * BLOCK), [(0, 32), (32, 40)]),
    "the end of the file": ([], (60 * BLOCK, BLOCK, 9 * BLOCK), [(60, 61)]),
    "nothing behind the end": ([], (61 * BLOCK, BLOCK, BLOCK), []),
}


@pytest.mark.parametrize("case", TOGETHER)
def test_what_is_near_is_fetched_together(case: str) -> None:
    before, (offset, length, ahead), expected = TOGETHER[case]
    cache, fetch = cached()
    for read in before:
        cache.read(*read)
    fetch.done.clear()
    assert cache.read(offset, length, ahead) == FILE[offset : offset + length]
    assert fetch.done == [(first * BLOCK, min(end * BLOCK, len(FILE))) for first, end in expected]
