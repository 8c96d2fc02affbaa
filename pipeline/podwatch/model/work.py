"""A verb's share of its to-do list, and the tally of what it did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a to-do list, for workers that run side by side: the items whose id modulo ``count`` is ``index``.

    What is asked of hosts is split by hosts instead, so that each has one worker. buckets: those of its hosts; None:
    the buckets whose number modulo ``count`` is ``index``.
    """

    index: int = 0
    count: int = 1
    buckets: tuple[int, ...] | None = None


ALL = Shard()


@dataclass(frozen=True, slots=True)
class Tally:
    """The result of a verb: how many items were processed, how many are new, how many failed as expected.

    left: how many are left to the next run, since the time of this one was over.
    """

    verb: str
    done: int = 0
    new: int = 0
    failed: int = 0
    notes: tuple[str, ...] = ()
    left: int = 0
