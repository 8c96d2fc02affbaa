"""What Airflow's backfills do: its own of the daily DAG, run by run, and the DAG podwatch_backfill in shards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from time import monotonic
from typing import Any

from podwatch.errors import PodwatchError
from podwatch.history.archive_crawl import walk
from podwatch.history.backfill import asked_for, counts, finish, lines, report_of
from podwatch.history.backfill_delivery import ASKED_FROM, tell
from podwatch.history.backfill_scope import Wanted, feeds_of, past_of
from podwatch.history.backlog import bring, look
from podwatch.model import Backfill, BackfillState, DeliverMode, Shard, Tally
from podwatch.net.host_queue import host_of
from podwatch.runtime import Runtime, log

EVERY = 30.0  # seconds between two lines of progress
MOST = 200  # lines of a report in an XCom


def step(rt: Runtime, verb: str, since: datetime, until: datetime, now: datetime) -> Tally:
    """A verb of a daily run that Airflow backfills: the same over the episodes that came out in its data interval.

    Nothing is delivered. Episodes that the live run brought in, whatever their date, are left to it.
    """
    b = Backfill(since=since, until=until)
    if verb == "poll":
        return Tally("poll", new=walk(rt, b, now, progress=Counting("backfill")))
    if verb == "fetch":
        return Tally("fetch", new=bring(rt, b, now, progress=Counting("backfill")))
    if verb == "detect":
        look(rt, past_of(rt, b), now)
    report = report_of(rt, b)
    return Tally(verb, done=report.transcripts, failed=report.lacking, notes=lines(counts(report)))


class Counting:
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


def plan(rt: Runtime, params: Mapping[str, Any], key: str, now: datetime) -> list[dict[str, int]]:
    """Writes down the backfill that a form asks for, once for each run, and says its shards; none for a dry run."""
    b = of_form(params, key, now)
    hosts = {host_of(f.url) for f in feeds_of(b, rt.store.feeds(), rt.store.watches())}  # names what is not there
    if params.get("dry_run"):
        return []
    b = rt.store.add_backfill(b, now)
    count = max(1, min(int(params.get("shards") or 1), len(hosts)))  # each host is asked by one of them
    return [{"backfill": b.id, "index": i, "count": count} for i in range(count)]


def part(rt: Runtime, what: str, shard: Mapping[str, int], now: datetime) -> int:
    """Walks the feeds of a shard, or fetches and looks through its episodes."""
    b = rt.store.backfill(shard["backfill"])
    if b is None:
        raise PodwatchError("is not there", where=f"backfill {shard['backfill']}")
    mine = Shard(shard["index"], shard["count"])
    if what == "walk":
        return walk(rt, b, now, mine, progress=Counting(f"backfill {b.id}"))
    return bring(rt, b, now, mine, progress=Counting(f"backfill {b.id}"))


def report(
    rt: Runtime,
    params: Mapping[str, Any],
    shards: Sequence[Mapping[str, int]],
    now: datetime,
    clock: Callable[[], datetime],
) -> dict[str, Any]:
    """What came of it, in the log and as a value; then it is delivered, if the form asks for that."""
    if not shards:
        b = of_form(params, "", now)
        found = report_of(rt, b, walk(rt, b, now, keep=False))
        state = "to do"
    else:
        b = rt.store.backfill(shards[0]["backfill"]) or of_form(params, "", now)
        found = finish(rt, b, now, ended=Wanted(rt, b)())
        stands = rt.store.backfill(b.id)
        state = stands.state.value if stands else "gone"
    said = counts(found) | {"backfill": b.id or None, "state": state, "delivered": 0}
    for line in lines(said):
        log.info("backfill %s: %s", b.id, line)
    if b.deliver is not DeliverMode.NONE and state == BackfillState.DONE.value and found.held:
        if b.deliver is DeliverMode.EACH and found.held > ASKED_FROM and not params.get("more_than_50"):
            raise PodwatchError(
                f"{found.held} messages are not sent unless more_than_50 is ticked",
                todo=f"podwatch backfill --resume {b.id} --yes sends them",
            )
        said["delivered"] = tell(rt, b, clock).new
    return said | {"mentions": said["mentions"][:MOST], "missing": said["missing"][:MOST]}


def of_form(params: Mapping[str, Any], key: str, now: datetime) -> Backfill:
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
    return asked_for(since, day("until"), now, key=key or None, deliver=deliver, **names)


FIELDS = ("feeds", "tags", "watches")
