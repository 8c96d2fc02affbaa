"""Backfill: the line over a bounded past. It stores and reports; nobody is told unless somebody asks.

It walks the older pages of feeds, then works off the backlog in parts: fetch some transcripts, look through them. All
of that is written down at once, so a backfill that is killed, paused or run twice goes on where the rows say. What it
has to do stands apart from what the live run has to do, so that neither waits for the other nor takes the other's work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from time import sleep
from typing import Any

from pipeline.archive import pages
from pipeline.detect import detect
from pipeline.errors import PodwatchError
from pipeline.fetch import Lease, Share, fetched
from pipeline.model import ALL, Backfill, BackfillState, Feed, Past, Report, Scope, Shard, Watch
from pipeline.runtime import Runtime, log

PART = 200  # episodes that are taken, fetched and looked through at a time
MINE = timedelta(hours=1)  # for which the live detect leaves to a backfill what that has fetched
HALF = 2.0  # times the usual pause between two requests to a host

Going = Callable[[], bool]
Progress = Callable[[int], None]  # how many episodes were asked for


def asked_for(since: datetime, until: datetime | None, now: datetime, **rest: Any) -> Backfill:
    """The backfill from the first day to the last, both whole days; raises PodwatchError when they are none."""
    start = since.replace(tzinfo=UTC)
    last = until.replace(tzinfo=UTC) if until else now.replace(hour=0, minute=0, second=0, microsecond=0)
    if last < start:
        raise PodwatchError("is before --since", where=f"--until {last:%Y-%m-%d}", todo="give the later day")
    return Backfill(since=start, until=last + timedelta(days=1), **rest)


def feeds_of(b: Backfill, feeds: Sequence[Feed], watches: Sequence[Watch]) -> list[Feed]:
    """The feeds that a backfill goes over; raises PodwatchError when it names one that is not there. Pure."""
    known = {f.url for f in feeds}
    if missing := [url for url in b.feeds if url not in known]:
        raise PodwatchError("is not among the feeds", where=missing[0], todo="see podwatch feeds list")
    names = {w.name: w for w in watches}
    if unknown := [name for name in b.watches if name not in names]:
        raise PodwatchError("is not among the watches", where=unknown[0], todo="see podwatch watches list")
    scopes = [names[name].scope for name in b.watches]
    return [
        f
        for f in feeds
        if (not b.feeds or f.url in b.feeds)
        and (not b.tags or set(f.tags) & set(b.tags))
        and (not scopes or any(_holds(scope, f) for scope in scopes))
    ]


def _holds(scope: Scope, feed: Feed) -> bool:
    """Whether a watch may look at a feed; the language is of the transcript, and not known before."""
    tags = set(feed.tags)
    if tags & set(scope.not_tags) or feed.url in scope.not_urls:
        return False
    return (not scope.tags or bool(tags & set(scope.tags))) and (not scope.urls or feed.url in scope.urls)


def past_of(rt: Runtime, b: Backfill) -> Past:
    found = feeds_of(b, rt.store.feeds(), rt.store.watches())
    return Past(b.since, b.until, [f.id for f in found], b.watches)


def still(rt: Runtime, b: Backfill) -> bool:
    """Whether nobody has paused or cancelled it; always true of one that is not written down."""
    if not b.id:
        return True
    now = rt.store.backfill(b.id)
    return now is not None and now.state is BackfillState.RUNNING


def walk(
    rt: Runtime, b: Backfill, now: datetime, shard: Shard = ALL, *, going: Going | None = None, keep: bool = True
) -> int:
    """Keeps the episodes that stand on older pages, back to the range's first day; returns how many of the range were
    not known.

    What stands in a feed's own document is the live run's: nothing of it is kept here. keep: False: only counts.
    """
    going = going or partial(still, rt, b)
    new = 0
    for feed in feeds_of(b, rt.store.feeds(), rt.store.watches()):
        if feed.id % shard.count != shard.index or feed.facts is None:
            continue
        if not (feed.facts.next_page or feed.facts.prev_archive) or (keep and rt.store.walked(feed, b.since, now)):
            continue
        if not going():
            break
        error = None
        try:
            new += _older(rt, feed, b, now, keep)
        except PodwatchError as e:
            error = e.line
            log.warning("backfill: %s", error)
        if keep:
            rt.store.save_walk(feed, b.since, error, now)
    return new


def _older(rt: Runtime, feed: Feed, b: Backfill, now: datetime, keep: bool) -> int:
    listed: set[str] = set()
    known = rt.store.guids(feed)
    new = 0
    for i, page in enumerate(pages(rt, feed, b.since)):
        listed |= {e.guid for e in page.episodes}
        if i:  # the first is the feed's own document
            older = [e for e in page.episodes if e.guid not in known and _since(b, e.published_at)]
            if keep:  # those after the range, too: the next backfill need not walk again
                rt.store.save_older(feed, older, listed.__contains__, now)
            new += sum(e.published_at is not None and e.published_at < b.until for e in older)
        sleep(rt.settings.host_pause * HALF)
    return new


def _since(b: Backfill, published: datetime | None) -> bool:
    return published is not None and b.since <= published


def bring(
    rt: Runtime,
    b: Backfill,
    now: datetime,
    shard: Shard = ALL,
    *,
    going: Going | None = None,
    progress: Progress | None = None,
) -> int:
    """Fetches and looks through what is missing of the range, part after part; returns how many transcripts came.

    A host is asked by one request at a time, with twice the usual pause: the live run has its own share beside it.
    """
    going = going or partial(still, rt, b)
    past = past_of(rt, b)
    share = Share(at_once=1, pause=HALF, checked=False, looked_through_by=now + MINE)
    after = new = done = 0
    while going():
        lease = Lease(rt.store, now)
        taken, last = rt.store.take_older(past, now, lease.until, after, PART, shard)
        if taken:
            new += fetched(rt, now, lease, lease.has(taken), share).new
            done += len(taken)
            look(rt, past, now, shard, [w.episode.id for w in taken])
            if progress is not None:
                progress(done)
        if last == after:
            look(rt, past, now, shard, None)  # what a killed one has left, and what was there before
            break
        after = last
    return new


def look(rt: Runtime, past: Past, now: datetime, shard: Shard, ids: Sequence[int] | None) -> None:
    """Looks through transcripts of a past: of some episodes, or all."""
    detect(rt, now, due=lambda latest: rt.store.sources_older(past, latest, shard, ids))


def report_of(rt: Runtime, b: Backfill, found: int = 0) -> Report:
    """What there is of the range now; feeds that were never polled are a problem: nobody knows their episodes."""
    feeds = feeds_of(b, rt.store.feeds(), rt.store.watches())
    report = rt.store.report(past_of(rt, b))
    unknown = tuple(f"{f.url}: was never polled - podwatch poll" for f in feeds if f.facts is None)
    return replace(report, problems=report.problems + unknown, found=found)


def finish(rt: Runtime, b: Backfill, now: datetime, *, ended: bool = True) -> Report:
    """Writes down what came of it; ended: whether all was worked off, and it is done when nobody has stopped it."""
    report = report_of(rt, b)
    if b.id:
        rt.store.save_counts(b.id, counts(report), now)
        if ended:
            rt.store.move_backfill(b.id, [BackfillState.RUNNING], BackfillState.DONE, now)
    return report


def backfill(rt: Runtime, b: Backfill, now: datetime, *, progress: Progress | None = None) -> Report:
    """All of it in this process; returns the report, of what there is when it was paused or cancelled on the way."""
    walk(rt, b, now)
    bring(rt, b, now, progress=progress)
    return finish(rt, b, now)


def counts(report: Report) -> dict[str, Any]:
    """The report as plain values, for JSON."""
    said = [dict(zip(("watch", "month", "mentions", "episodes"), m, strict=True)) for m in report.mentions]
    missing = [{"reason": why, "episodes": n} for why, n in report.missing]
    return asdict(report) | {"mentions": said, "missing": missing, "problems": list(report.problems)}
