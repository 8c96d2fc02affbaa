"""Looks through everything stored once more, on all cores: after a change of the watchlist, or an upgrade.

A new or changed watch needs no rescan: detect looks for it, and for nothing else, in all that is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from pipeline import runtime
from pipeline.detect import detect
from pipeline.model import Shard, Tally
from pipeline.processes import shared_out
from pipeline.settings import Settings
from pipeline.store import explained


def detect_with(settings: Settings, now: datetime, processes: int) -> Tally:
    """detect, shared out to processes."""

    @contextmanager
    def begin() -> Iterator[Callable[[Shard], Tally]]:
        with explained(), runtime.build(settings) as rt:
            yield lambda shard: detect(rt, now, shard)

    return together(list(shared_out(begin, [Shard(i, processes) for i in range(processes)], processes)))


def together(tallies: Sequence[Tally]) -> Tally:
    """The tallies of several shards as one; what cannot be looked for is noted in each, and counted once. Pure."""
    notes = tuple(dict.fromkeys(note for t in tallies for note in t.notes))
    failed = max((t.failed for t in tallies), default=0)
    return Tally("detect", sum(t.done for t in tallies), sum(t.new for t in tallies), failed, notes)
