"""Splits what is due between workers that run side by side, in one plan that all of them go by."""

from __future__ import annotations

from datetime import datetime

from podwatch.model import Shard
from podwatch.policy.shards import balance_shards
from podwatch.runtime import Runtime, log


def plan_shards(rt: Runtime, now: datetime, count: int) -> list[Shard]:
    """``count`` shards of hosts, evened by the feeds and transcripts that are due at their hosts."""
    due = rt.store.due_by_bucket(now)
    shards = balance_shards(due, count)
    sizes = [sum(due.get(bucket, 0) for bucket in shard.buckets or ()) for shard in shards]
    log.info("%s shards: %s items due", count, ", ".join(map(str, sizes)))
    return shards
