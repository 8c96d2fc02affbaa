"""Looks through everything stored once more, on all cores: after a change of the watchlist, or an upgrade.

A new or changed watch needs no rescan: detect looks for it, and for nothing else, in all that is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from podwatch import runtime
from podwatch.history.process_pool import shared_out
from podwatch.line.bugs import Bugs
from podwatch.line.detect import Looking, Plan, surges
from podwatch.line.entities import find_entities
from podwatch.model import ALL, Shard, Tally
from podwatch.settings import Settings
from podwatch.store.database import explained

PART = 100  # transcripts that a process looks through at a time


@dataclass(slots=True)
class Looked:
    """What a process did with a part. broken: watches that cannot be looked for, with why; bugs: as text."""

    done: int = 0
    new: int = 0
    notes: tuple[str, ...] = ()
    broken: dict[str, str] = field(default_factory=dict)
    bugs: list[str] = field(default_factory=list)


Followed = Callable[[Iterator[Looked], int], Iterator[Looked]]


def detect_with(
    settings: Settings, now: datetime, processes: int, followed: Followed = lambda parts, of: parts
) -> Tally:
    """detect, shared out to processes.

    followed: is given what comes of each part, and how many transcripts there are in all, and hands the parts on.
    """
    with explained(), runtime.build(settings) as rt:
        plan = Plan(rt)
        ids = rt.store.due_to_detect(plan.todo.latest, now)

    @contextmanager
    def looking() -> Iterator[Callable[[Sequence[int]], Looked]]:
        with explained(), runtime.build(settings) as rt:
            bugs = Bugs("detect")
            look = Looking(rt, plan, now, bugs)

            def work(some: Sequence[int]) -> Looked:
                done, new = look.done, look.new
                look(s for s in rt.store.sources(some) if s.through < plan.todo.latest)  # another may have been there
                return Looked(look.done - done, look.new - new, (), look.broken, bugs.taken())

            yield work

    @contextmanager
    def naming() -> Iterator[Callable[[Shard], Looked]]:
        with explained(), runtime.build(settings) as rt:
            bugs = Bugs("detect")
            yield lambda shard: Looked(notes=find_entities(rt, now, shard, bugs), bugs=bugs.taken())

    # Reading names takes two seconds an hour of talk: alerts wait for it only where a watch asks for names.
    shards = [Shard(i, processes) for i in range(processes)] if settings.entities else []
    first = plan.engine.asks_for_entities
    parts = [Looked(broken=plan.broken)]
    parts += shared_out(naming, shards if first else [], processes)
    parts += followed(shared_out(looking, [ids[i : i + PART] for i in range(0, len(ids), PART)], processes), len(ids))
    parts += shared_out(naming, [] if first else shards, processes)
    with explained(), runtime.build(settings) as rt:
        notes, broken = surges(rt, now, ALL)
    parts.append(Looked(notes=notes, broken=broken))
    bugs = Bugs("detect")
    bugs.gather(text for part in parts for text in part.bugs)
    bugs.raise_all()
    return together(parts)


def together(parts: Sequence[Looked]) -> Tally:
    """What came of all parts; a watch that cannot be looked for is noted in each, and counted once. Pure."""
    broken = {name: line for part in parts for name, line in part.broken.items()}
    notes = dict.fromkeys((*(note for part in parts for note in part.notes), *broken.values()))
    return Tally("detect", sum(p.done for p in parts), sum(p.new for p in parts), len(broken), tuple(notes))
