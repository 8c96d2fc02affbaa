"""What Airflow's backfills do: its own of the daily DAG, run by run, and the DAG podwatch_backfill in shards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from time import monotonic
from typing import Any

from podwatch.errors import PodwatchError
from podwatch.history.archive_crawl import crawl_archives
from podwatch.history.backfill import build_report, finish_backfill, new_backfill, report_lines, report_values
from podwatch.history.backfill_delivery import ASKED_FROM, deliver_backfill
from podwatch.history.backfill_scope import IsWanted, feeds_of, range_of
from podwatch.history.backlog import detect_range, process_backlog
from podwatch.model import Backfill, BackfillState, DeliverMode, Shard, Tally
from podwatch.net.host_queue import host_of
from podwatch.runtime import Runtime, log

EVERY = 30.0  # seconds between two lines of progress
MOST = 200  # lines of a report in an XCom


def run_verb(rt: Runtime, verb: str, since: datetime, until: datetime, now: datetime) -> Tally:
    """A verb of a daily run that Airflow backfills: the same over the episodes that came out in its data interval.

    Nothing is delivered. Episodes that the live run brought in, whatever their date, are left to it.
    """
    b = Backfill(since=since, until=until)
    if verb == "poll":
        return Tally("poll", new=crawl_archives(rt, b, now, progress=ProgressLog("backfill")))
    if verb == "fetch":
        return Tally("fetch", new=process_backlog(rt, b, now, progress=ProgressLog("backfill")))
    if verb == "detect":
        detect_range(rt, range_of(rt, b), now)
    report = build_report(rt, b)
    return Tally(verb, done=report.transcripts, failed=report.without_transcript, notes=report_lines(report_values(report)))


class ProgressLog:
    """Says in a task's log, every half minute, how far it is, how fast, and how long it still takes."""

    def __init__(self, name: str, clock: Callable[[], float] = monotonic) -> None:
        self._name, self._clock = name, clock
        self._what, self._began, self._from, self._said = "", 0.0, 0, 0.0

    def __call__(self, what: str, done: int, of: int) -> None:
        now = self._clock()
        if what != self._what or done < self._from:
            self._what, self._began, self._from, self._said = what, now, done, now
        elif now - self._said >= EVERY:
            self._said, rate = now, (done - self._from) / (now - self._began)
            left = f", {(of - done) / rate:.0f} s left" if rate > 0 else ""
            log.info("%s: %s of %s %s, %.1f a second%s", self._name, done, of, what, rate, left)


def plan_shards(rt: Runtime, params: Mapping[str, Any], key: str, now: datetime) -> list[dict[str, int]]:
    """Writes down the backfill that a form asks for, once for each run, and says its shards; none for a dry run."""
    b = parse_form(params, key, now)
    hosts = {host_of(f.url) for f in feeds_of(b, rt.store.feeds(), rt.store.watches())}  # names what is not there
    if params.get("dry_run"):
        return []
    b = rt.store.add_backfill(b, now)
    count = max(1, min(int(params.get("shards") or 1), len(hosts)))  # each host is asked by one of them
    return [{"backfill": b.id, "index": i, "count": count} for i in range(count)]


def run_shard(rt: Runtime, what: str, shard: Mapping[str, int], now: datetime) -> int:
    """Crawls the feeds of a shard, or processes the backlog of its hosts."""
    b = rt.store.backfill(shard["backfill"])
    if b is None:
        raise PodwatchError("is not there", where=f"backfill {shard['backfill']}")
    mine = Shard(shard["index"], shard["count"])
    if what == "walk":
        return crawl_archives(rt, b, now, mine, progress=ProgressLog(f"backfill {b.id}"))
    return process_backlog(rt, b, now, mine, progress=ProgressLog(f"backfill {b.id}"))


def report_backfill(
    rt: Runtime,
    params: Mapping[str, Any],
    shards: Sequence[Mapping[str, int]],
    now: datetime,
    clock: Callable[[], datetime],
) -> dict[str, Any]:
    """What came of it, in the log and as a value; then it is delivered, if the form asks for that."""
    if not shards:
        b = parse_form(params, "", now)
        found = build_report(rt, b, crawl_archives(rt, b, now, keep=False))
        state = "to do"
    else:
        b = rt.store.backfill(shards[0]["backfill"]) or parse_form(params, "", now)
        found = finish_backfill(rt, b, now, ended=IsWanted(rt, b)())
        stands = rt.store.backfill(b.id)
        state = stands.state.value if stands else "gone"
    said = report_values(found) | {"backfill": b.id or None, "state": state, "delivered": 0}
    for line in report_lines(said):
        log.info("backfill %s: %s", b.id, line)
    if b.deliver is not DeliverMode.NONE and state == BackfillState.DONE.value and found.held:
        if b.deliver is DeliverMode.EACH and found.held > ASKED_FROM and not params.get("more_than_50"):
            raise PodwatchError(
                f"{found.held} messages are not sent unless more_than_50 is ticked",
                todo=f"podwatch backfill --resume {b.id} --yes sends them",
            )
        said["delivered"] = deliver_backfill(rt, b, clock).new
    return said | {"mentions": said["mentions"][:MOST], "missing": said["missing"][:MOST]}


def parse_form(params: Mapping[str, Any], key: str, now: datetime) -> Backfill:
    """The backfill of a form's fields; raises PodwatchError naming the one that is wrong."""

    def day(name: str) -> datetime | None:
        text = str(params.get(name) or "").strip()
        try:
            return datetime.fromisoformat(text[:10]) if text else None
        except ValueError:
            raise PodwatchError("is not a day like 2026-01-31", where=f"{name}={text}") from None

    since = day("since")
    if since is None:
        raise PodwatchError("is missing", where="since", todo="give the first day")
    names = {name: tuple(str(v).strip() for v in params.get(name) or () if str(v).strip()) for name in FIELDS}
    deliver = DeliverMode(params.get("deliver") or "none")
    return new_backfill(since, day("until"), now, key=key or None, deliver=deliver, **names)


FIELDS = ("feeds", "tags", "watches")
