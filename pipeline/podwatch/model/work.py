"""How the verbs share their work and say what they did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of the to-do list, for tasks that share the work: the items whose id leaves ``index`` modulo ``count``."""

    index: int = 0
    count: int = 1


ALL = Shard()


@dataclass(frozen=True, slots=True)
class Tally:
    """What a verb did: how many items it looked at, how many changed something, how many failed as expected."""

    verb: str
    done: int = 0
    new: int = 0
    failed: int = 0
    notes: tuple[str, ...] = ()
