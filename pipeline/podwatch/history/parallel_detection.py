"""Searches everything stored once more, on all cores: after a change of the watchlist, or an upgrade.

A new or changed watch needs no rescan: detect looks for it, and for nothing else, in all that is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from podwatch import runtime
from podwatch.history.process_pool import run_in_processes
from podwatch.line.bugs import Bugs
from podwatch.line.detect import DetectionPlan, Detector
from podwatch.line.entities import find_entities
from podwatch.line.surges import alert_surges
from podwatch.model import ALL, Shard, Tally
from podwatch.settings import Settings
from podwatch.store.database import explaining_failures

PART = 100  # transcripts that a process looks through at a time


@dataclass(slots=True)
class PartResult:
    """What a process did with a part. broken: watches that cannot be looked for, with why; bugs: as text."""

    done: int = 0
    new: int = 0
    notes: tuple[str, ...] = ()
    broken: dict[str, str] = field(default_factory=dict)
    bugs: list[str] = field(default_factory=list)


Followed = Callable[[Iterator[PartResult], int], Iterator[PartResult]]


def detect_in_processes(
    settings: Settings, now: datetime, processes: int, followed: Followed = lambda parts, of: parts
) -> Tally:
    """detect, in several processes.

    followed: is given what comes of each part, and how many transcripts there are in all, and hands the parts on.
    """
    with explaining_failures(), runtime.build(settings) as rt:
        plan = DetectionPlan(rt)
        ids = rt.store.transcript_ids_due(plan.todo.latest, now)

    @contextmanager
    def looking() -> Iterator[Callable[[Sequence[int]], PartResult]]:
        with explaining_failures(), runtime.build(settings) as rt:
            bugs = Bugs("detect")
            look = Detector(rt, plan, now, bugs)

            def work(some: Sequence[int]) -> PartResult:
                done, new = look.done, look.new
                look(s for s in rt.store.load_sources(some) if s.detected_through < plan.todo.latest)  # another may have been there
                return PartResult(look.done - done, look.new - new, (), look.broken, bugs.drain())

            yield work

    @contextmanager
    def naming() -> Iterator[Callable[[Shard], PartResult]]:
        with explaining_failures(), runtime.build(settings) as rt:
            bugs = Bugs("detect")
            yield lambda shard: PartResult(notes=find_entities(rt, now, shard, bugs), bugs=bugs.drain())

    # Reading names takes two seconds an hour of talk: alerts wait for it only where a watch asks for names.
    shards = [Shard(i, processes) for i in range(processes)] if settings.entities else []
    first = plan.engine.asks_for_entities
    parts = [PartResult(broken=plan.broken)]
    parts += run_in_processes(naming, shards if first else [], processes)
    parts += followed(
        run_in_processes(looking, [ids[i : i + PART] for i in range(0, len(ids), PART)], processes), len(ids)
    )
    parts += run_in_processes(naming, [] if first else shards, processes)
    with explaining_failures(), runtime.build(settings) as rt:
        notes, broken = alert_surges(rt, now, ALL)
    parts.append(PartResult(notes=notes, broken=broken))
    bugs = Bugs("detect")
    bugs.absorb(text for part in parts for text in part.bugs)
    bugs.raise_all()
    return combine_results(parts)


def combine_results(parts: Sequence[PartResult]) -> Tally:
    """What came of all parts; a watch that cannot be looked for is noted in each, and counted once. Pure."""
    broken = {name: line for part in parts for name, line in part.broken.items()}
    notes = dict.fromkeys((*(note for part in parts for note in part.notes), *broken.values()))
    return Tally("detect", sum(p.done for p in parts), sum(p.new for p in parts), len(broken), tuple(notes))
