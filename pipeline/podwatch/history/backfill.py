"""Backfill: the line over a bounded past. It stores and reports; alerts are delivered only when asked for.

It crawls the older pages of feeds, then processes the backlog in parts: fetches some transcripts, searches them. All
of that is stored at once, so that a backfill that was killed, paused or started twice goes on from the rows. Its to-do
list is separate from the live run's, so that neither waits for the other or takes the other's work.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from podwatch.errors import PodwatchError
from podwatch.history.archive_crawl import crawl_archives
from podwatch.history.backfill_scope import Progress, covered_feeds, resolve_range
from podwatch.history.backlog import process_backlog
from podwatch.line.verbs import LINE
from podwatch.model import Backfill, BackfillReport, BackfillState, DeliverMode, Tally
from podwatch.policy.backfill_release import RELEASE_BATCH
from podwatch.policy.coverage import describe_undated
from podwatch.redaction import display_address, redact_text
from podwatch.runtime import Runtime


def new_backfill(since: datetime, until: datetime | None, now: datetime, **fields: Any) -> Backfill:
    """The backfill from the first day to the last (None: today), both whole days in UTC.

    fields: others of Backfill. Raises PodwatchError when the last day is before the first.
    """
    start = since.replace(tzinfo=UTC)
    last = until.replace(tzinfo=UTC) if until else now.replace(hour=0, minute=0, second=0, microsecond=0)
    if last < start:
        raise PodwatchError("is before --since", where=f"--until {last:%Y-%m-%d}", todo="give the later day")
    return Backfill(since=start, until=last + timedelta(days=1), **fields)


def backfill(rt: Runtime, b: Backfill, now: datetime, *, progress: Progress | None = None) -> BackfillReport:
    """Crawls and processes all of it in this process; the report also of one that is paused or cancelled meanwhile."""
    crawl_archives(rt, b, now, progress=progress)
    process_backlog(rt, b, now, progress=progress)
    return finish_backfill(rt, b, now)


def finish_backfill(rt: Runtime, b: Backfill, now: datetime, *, is_complete: bool = True) -> BackfillReport:
    """Stores the counts of a backfill; when it is complete and still running, it is done."""
    report = build_report(rt, b)
    if b.id:
        rt.store.save_counts(b.id, report_values(report), now)
        if is_complete:
            rt.store.set_backfill_state(b.id, [BackfillState.RUNNING], BackfillState.DONE, now)
    return report


def deliver_backfill(rt: Runtime, b: Backfill, clock: Callable[[], datetime]) -> Tally:
    """Delivers the held alerts of a backfill, oldest episode first.

    RELEASE_BATCH of them are released at a time, and the next when those were tried: a run that is killed leaves no
    flood behind, and an alert of today waits for few messages. In a digest all go together.
    """
    done = new = failed = 0
    held = rt.store.held_alert_ids(resolve_range(rt, b))
    if b.deliver is DeliverMode.DIGEST:
        now = clock()
        rt.store.release_alerts(held, now, digest=True)
        return LINE["deliver"](rt, now)
    for i in range(0, len(held), RELEASE_BATCH):
        now = clock()
        rt.store.release_alerts(held[i : i + RELEASE_BATCH], now)
        t = LINE["deliver"](rt, now)
        done, new, failed = done + t.done, new + t.new, failed + t.failed
        if not t.done:  # the channel is paused, or somebody has to repair it: the others stay held
            break
    return Tally("deliver", done, new, failed)


def build_report(rt: Runtime, b: Backfill, found: int = 0) -> BackfillReport:
    """What there is of the range now. A feed that was never polled is a problem: its episodes are not known."""
    report = rt.store.backfill_report(resolve_range(rt, b))
    unknown = tuple(
        f"{display_address(f.url)}: was never polled - podwatch poll" for f in covered_feeds(rt, b) if f.facts is None
    )
    undated = rt.store.undated_episodes()
    without = tuple(
        f"{display_address(f.url)}: {describe_undated(undated[f.id])}" for f in covered_feeds(rt, b) if f.id in undated
    )
    return replace(report, problems=tuple(map(redact_text, report.problems)) + unknown + without, found=found)


def report_values(report: BackfillReport) -> dict[str, Any]:
    """The report as plain values, for JSON."""
    mentions = [dict(zip(("watch", "month", "mentions", "episodes"), m, strict=True)) for m in report.mentions]
    missing = [{"reason": reason, "episodes": n} for reason, n in report.missing]
    return asdict(report) | {"mentions": mentions, "missing": missing, "problems": list(report.problems)}


def report_lines(values: Mapping[str, Any]) -> tuple[str, ...]:
    """A report's plain values as lines for people: on the console, and in the log of a task."""
    first = f"{_count(values['episodes'], 'episode')} of {_count(values['feeds'], 'feed')}"
    if values["found"]:
        first += f", {values['found']} more on older pages"
    mentions = [
        f"{m['month']}  {m['watch']}: {_count(m['mentions'], 'mention')} in {_count(m['episodes'], 'episode')}"
        for m in values["mentions"]
    ]
    missing = [f"{m['episodes']} without a transcript: {m['reason']}" for m in values["missing"]]
    held = [f"{_count(values['held'], 'alert')} written down, and nobody told"] if values["held"] else []
    return (f"{first}, {_count(values['transcripts'], 'transcript')}", *mentions, *missing, *values["problems"], *held)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"
