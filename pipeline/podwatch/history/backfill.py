"""Backfill: the line over a bounded past. It stores and reports; alerts are sent only when asked for.

It crawls the older pages of feeds, then processes the backlog in parts: fetch some transcripts, look through them. All
of that is written down at once, so a backfill that is killed, paused or run twice goes on where the rows say. What it
has to do stands apart from what the live run has to do, so that neither waits for the other nor takes the other's work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from podwatch.errors import PodwatchError
from podwatch.history.archive_crawl import crawl_archives
from podwatch.history.backfill_scope import Progress, feeds_of, range_of
from podwatch.history.backlog import process_backlog
from podwatch.model import Backfill, BackfillState, BackfillReport
from podwatch.runtime import Runtime


def new_backfill(since: datetime, until: datetime | None, now: datetime, **rest: Any) -> Backfill:
    """The backfill from the first day to the last, both whole days; raises PodwatchError when they are none."""
    start = since.replace(tzinfo=UTC)
    last = until.replace(tzinfo=UTC) if until else now.replace(hour=0, minute=0, second=0, microsecond=0)
    if last < start:
        raise PodwatchError("is before --since", where=f"--until {last:%Y-%m-%d}", todo="give the later day")
    return Backfill(since=start, until=last + timedelta(days=1), **rest)


def build_report(rt: Runtime, b: Backfill, found: int = 0) -> BackfillReport:
    """What there is of the range now; feeds that were never polled are a problem: nobody knows their episodes."""
    feeds = feeds_of(b, rt.store.feeds(), rt.store.watches())
    report = rt.store.backfill_report(range_of(rt, b))
    unknown = tuple(f"{f.url}: was never polled - podwatch poll" for f in feeds if f.facts is None)
    return replace(report, problems=report.problems + unknown, found=found)


def finish_backfill(rt: Runtime, b: Backfill, now: datetime, *, ended: bool = True) -> BackfillReport:
    """Writes down what came of it; ended: whether all was worked off, and it is done when nobody has stopped it."""
    report = build_report(rt, b)
    if b.id:
        rt.store.save_counts(b.id, report_values(report), now)
        if ended:
            rt.store.set_backfill_state(b.id, [BackfillState.RUNNING], BackfillState.DONE, now)
    return report


def backfill(rt: Runtime, b: Backfill, now: datetime, *, progress: Progress | None = None) -> BackfillReport:
    """All of it in this process; returns the report, of what there is when it was paused or cancelled on the way."""
    crawl_archives(rt, b, now, progress=progress)
    process_backlog(rt, b, now, progress=progress)
    return finish_backfill(rt, b, now)


def report_values(report: BackfillReport) -> dict[str, Any]:
    """The report as plain values, for JSON."""
    said = [dict(zip(("watch", "month", "mentions", "episodes"), m, strict=True)) for m in report.mentions]
    missing = [{"reason": why, "episodes": n} for why, n in report.missing]
    return asdict(report) | {"mentions": said, "missing": missing, "problems": list(report.problems)}


def report_lines(said: Mapping[str, Any]) -> tuple[str, ...]:
    """A report's plain values as lines for people: on the console, and in the log of a task."""
    first = f"{_many(said['episodes'], 'episode')} of {_many(said['feeds'], 'feed')}"
    if said["found"]:
        first += f", {said['found']} more on older pages"
    mentions = [
        f"{m['month']}  {m['watch']}: {_many(m['mentions'], 'mention')} in {_many(m['episodes'], 'episode')}"
        for m in said["mentions"]
    ]
    missing = [f"{m['episodes']} without a transcript: {m['reason']}" for m in said["missing"]]
    held = [f"{_many(said['held'], 'alert')} written down, and nobody told"] if said["held"] else []
    return (f"{first}, {_many(said['transcripts'], 'transcript')}", *mentions, *missing, *said["problems"], *held)


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count:,} {what}s"
