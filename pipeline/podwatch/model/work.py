"""A verb's share of its to-do list, and the tally of what it did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a to-do list, for workers that run side by side: the items whose id modulo ``count`` is ``index``."""

    index: int = 0
    count: int = 1


ALL = Shard()


@dataclass(frozen=True, slots=True)
class Tally:
    """The result of a verb: how many items were processed, how many are new, how many failed as expected."""

    verb: str
    done: int = 0
    new: int = 0
    failed: int = 0
    notes: tuple[str, ...] = ()
