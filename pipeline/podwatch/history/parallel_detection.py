"""detect in several processes, for `podwatch detect --processes` and for a rescan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from podwatch import runtime
from podwatch.history.process_pool import Follow, follow_nothing, run_in_processes, split_parts
from podwatch.line.bugs import Bugs
from podwatch.line.detect import DetectionPlan, Detector, leave_late_doubts
from podwatch.line.entities import find_entities
from podwatch.line.surges import alert_surges
from podwatch.model import ALL, Shard, Tally
from podwatch.settings import Settings
from podwatch.store.database import explaining_failures


@dataclass(slots=True)
class DetectionResult:
    """What a process did with a part: transcripts done, new mentions, lines to be said at the end.

    broken: by name the watches that cannot be looked for, with a line that says why; bugs: their tracebacks as text.
    """

    done: int = 0
    new: int = 0
    notes: tuple[str, ...] = ()
    broken: dict[str, str] = field(default_factory=dict)
    bugs: list[str] = field(default_factory=list)


def detect_in_processes(
    settings: Settings, now: datetime, processes: int, follow: Follow[DetectionResult] = follow_nothing
) -> Tally:
    """Does what line.detect does, with a store and a Detector in each process. Raises its bugs together at the end."""
    with explaining_failures(), runtime.build(settings) as rt:
        leave_late_doubts(rt, now)
        plan = DetectionPlan(rt)
        ids = rt.store.transcript_ids_due(plan.todo.latest, now)

    @contextmanager
    def begin_detection() -> Iterator[Callable[[Sequence[int]], DetectionResult]]:
        with explaining_failures(), runtime.build(settings) as rt:
            bugs = Bugs("detect")
            detector = Detector(rt, plan, now, bugs)

            def detect_part(part: Sequence[int]) -> DetectionResult:
                done, new = detector.done, detector.new
                # Another run may have searched some of them in the meantime.
                detector(s for s in rt.store.load_sources(part) if s.detected_through < plan.todo.latest)
                return DetectionResult(detector.done - done, detector.new - new, (), detector.broken, bugs.drain())

            yield detect_part

    @contextmanager
    def begin_entities() -> Iterator[Callable[[Shard], DetectionResult]]:
        with explaining_failures(), runtime.build(settings) as rt:
            bugs = Bugs("detect")
            yield lambda shard: DetectionResult(notes=find_entities(rt, now, shard, bugs), bugs=bugs.drain())

    # Reading names takes two seconds an hour of talk: alerts wait for it only where a watch asks for names.
    shards = [Shard(i, processes) for i in range(processes)] if settings.entities else []
    entities_first = plan.engine.asks_for_entities
    results = [DetectionResult(broken=plan.broken)]
    results += run_in_processes(begin_entities, shards if entities_first else [], processes)
    results += follow(run_in_processes(begin_detection, split_parts(ids), processes), len(ids))
    results += run_in_processes(begin_entities, [] if entities_first else shards, processes)
    with explaining_failures(), runtime.build(settings) as rt:
        notes, broken = alert_surges(rt, now, ALL)
    results.append(DetectionResult(notes=notes, broken=broken))
    bugs = Bugs("detect")
    bugs.absorb(text for result in results for text in result.bugs)
    bugs.raise_all()
    return combine_results(results)


def combine_results(results: Sequence[DetectionResult]) -> Tally:
    """The tally of all parts; a watch that cannot be looked for is noted in each, and counted once. Pure."""
    broken = {name: line for r in results for name, line in r.broken.items()}
    notes = dict.fromkeys((*(note for r in results for note in r.notes), *broken.values()))
    return Tally("detect", sum(r.done for r in results), sum(r.new for r in results), len(broken), tuple(notes))
