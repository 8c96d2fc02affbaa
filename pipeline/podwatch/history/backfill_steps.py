"""The steps of a backfill that Airflow runs: its own of the daily DAG, run by run, and the DAG podwatch_backfill."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from time import monotonic
from typing import Any

from podwatch.errors import PodwatchError
from podwatch.history.archive_crawl import crawl_archives
from podwatch.history.backfill import (
    build_report,
    deliver_backfill,
    finish_backfill,
    new_backfill,
    report_lines,
    report_values,
)
from podwatch.history.backfill_scope import RunningCheck, covered_feeds, resolve_range, with_references
from podwatch.history.backlog import detect_range, process_backlog
from podwatch.model import Backfill, BackfillState, DeliverMode, Shard, Tally
from podwatch.net.host_queue import host_of
from podwatch.policy.backfill_release import needs_confirmation
from podwatch.runtime import Runtime, log

PROGRESS_INTERVAL = 30.0  # seconds between two lines of progress
MAX_LINES = 200  # of a report in an XCom


def run_verb(rt: Runtime, verb: str, since: datetime, until: datetime, now: datetime) -> Tally:
    """A verb of a daily run that Airflow backfills, over the episodes published in its data interval.

    Nothing is delivered. Episodes that the live run found, whatever their date, are left to it.
    """
    b = Backfill(since=since, until=until)
    if verb == "poll":
        return Tally("poll", new=crawl_archives(rt, b, now, progress=ProgressLog("backfill")))
    if verb == "fetch":
        return Tally("fetch", new=process_backlog(rt, b, now, progress=ProgressLog("backfill")))
    if verb == "detect":
        detect_range(rt, resolve_range(rt, b), now)
    report = build_report(rt, b)
    notes = report_lines(report_values(report))
    return Tally(verb, done=report.transcripts, failed=report.without_transcript, notes=notes)


class ProgressLog:
    """A Progress that logs, every PROGRESS_INTERVAL, how much is done, how fast, and how long the rest takes."""

    def __init__(self, name: str, clock: Callable[[], float] = monotonic) -> None:
        self._name, self._clock = name, clock
        self._stage, self._started_at, self._done_at_start, self._logged_at = "", 0.0, 0, 0.0

    def __call__(self, stage: str, done: int, of: int) -> None:
        now = self._clock()
        if stage != self._stage or done < self._done_at_start:
            self._stage, self._started_at, self._done_at_start, self._logged_at = stage, now, done, now
        elif now - self._logged_at >= PROGRESS_INTERVAL:
            self._logged_at, rate = now, (done - self._done_at_start) / (now - self._started_at)
            left = f", {(of - done) / rate:.0f} s left" if rate > 0 else ""
            log.info("%s: %s of %s %s, %.1f a second%s", self._name, done, of, stage, rate, left)


def plan_shards(rt: Runtime, params: Mapping[str, Any], key: str, now: datetime) -> list[dict[str, int]]:
    """Stores the backfill that a form asks for, once a run (by its key), and returns its shards; none for a dry run."""
    b = with_references(rt, parse_form(params, key, now))  # raises when it names a feed or watch that is not there
    hosts = {host_of(f.url) for f in covered_feeds(rt, b)}
    if params.get("dry_run"):
        return []
    b = rt.store.add_backfill(b, now)
    count = max(1, min(int(params.get("shards") or 1), len(hosts)))  # each host is of one of them
    return [{"backfill": b.id, "index": i, "count": count} for i in range(count)]


def run_shard(rt: Runtime, step: str, shard: Mapping[str, int], now: datetime) -> int:
    """A step of a shard: "walk" crawls its feeds' older pages; any other processes the backlog of its hosts."""
    b = rt.store.backfill(shard["backfill"])
    if b is None:
        raise PodwatchError("is not there", where=f"backfill {shard['backfill']}")
    run = crawl_archives if step == "walk" else process_backlog
    return run(rt, b, now, Shard(shard["index"], shard["count"]), progress=ProgressLog(f"backfill {b.id}"))


def report_backfill(
    rt: Runtime,
    params: Mapping[str, Any],
    shards: Sequence[Mapping[str, int]],
    now: datetime,
    clock: Callable[[], datetime],
) -> dict[str, Any]:
    """The report, in the log and as plain values; then the alerts are delivered, if the form asks for that."""
    if not shards:
        b = parse_form(params, "", now)
        report = build_report(rt, b, crawl_archives(rt, b, now, dry_run=True))
        state = "to do"
    else:
        b = rt.store.backfill(shards[0]["backfill"]) or parse_form(params, "", now)
        report = finish_backfill(rt, b, now, is_complete=RunningCheck(rt, b)())
        stored = rt.store.backfill(b.id)
        state = stored.state.value if stored else "gone"
    values = report_values(report) | {"backfill": b.id or None, "state": state, "delivered": 0}
    for line in report_lines(values):
        log.info("backfill %s: %s", b.id, line)
    if b.deliver is not DeliverMode.NONE and state == BackfillState.DONE.value and report.held:
        if needs_confirmation(b.deliver, report.held) and not params.get("more_than_50"):
            raise PodwatchError(
                f"{report.held} messages are not sent unless more_than_50 is ticked",
                todo=f"podwatch backfill --resume {b.id} --yes sends them",
            )
        values["delivered"] = deliver_backfill(rt, b, clock).new
    return values | {"mentions": values["mentions"][:MAX_LINES], "missing": values["missing"][:MAX_LINES]}


def parse_form(params: Mapping[str, Any], key: str, now: datetime) -> Backfill:
    """The backfill that a form's fields describe; raises PodwatchError with the field that is wrong."""

    def day(name: str) -> datetime | None:
        text = str(params.get(name) or "").strip()
        try:
            return datetime.fromisoformat(text[:10]) if text else None
        except ValueError:
            raise PodwatchError("is not a day like 2026-01-31", where=f"{name}={text}") from None

    since = day("since")
    if since is None:
        raise PodwatchError("is missing", where="since", todo="give the first day")
    lists = ("feeds", "tags", "watches")
    names = {name: tuple(str(v).strip() for v in params.get(name) or () if str(v).strip()) for name in lists}
    deliver = DeliverMode(params.get("deliver") or "none")
    return new_backfill(since, day("until"), now, key=key or None, deliver=deliver, **names)
