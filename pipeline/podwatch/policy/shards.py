"""How work is split between workers that run side by side: whole hosts to each, as evenly as their due items let. Pure.

A host belongs to one shard, so that each worker keeps its rate limit by itself. Hosts are gathered in BUCKETS, since a
few numbers travel better than thousands of names; a large host has its bucket nearly for itself.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from urllib.parse import urlsplit
from zlib import crc32

from podwatch.model import Shard

BUCKETS = 1024


def bucket_of(url: str) -> int:
    """The bucket of an address, by its host and port."""
    try:
        host = urlsplit(url).netloc.rpartition("@")[2].lower() or url
    except ValueError:
        host = url
    return crc32(host.encode("utf-8", "replace")) % BUCKETS


def balance_shards(due: Mapping[int, int], count: int) -> list[Shard]:
    """``count`` shards with every bucket in one of them, their sums of due items as even as whole buckets let.

    due: by bucket how many items are due. The largest goes first to the shard that has least.
    """
    buckets = sorted(range(BUCKETS), key=lambda bucket: (-due.get(bucket, 0), bucket))
    heap = [(0, 0, index) for index in range(count)]  # items, buckets, shard: those without any are spread, too
    mine: list[list[int]] = [[] for _ in range(count)]
    for bucket in buckets:
        items, number, index = heapq.heappop(heap)
        mine[index].append(bucket)
        heapq.heappush(heap, (items + due.get(bucket, 0), number + 1, index))
    return [Shard(index, count, tuple(sorted(of))) for index, of in enumerate(mine)]
