"""Crawls the older pages of many feeds for a backfill: hosts in parallel, the feeds of one host one after another."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from time import sleep

from podwatch import feeds
from podwatch.errors import PodwatchError, Postponed
from podwatch.history.archive_paging import read_pages
from podwatch.history.backfill_scope import MayContinue, Progress, RunningCheck, covered_feeds, owns_host
from podwatch.line.bugs import Bugs
from podwatch.model import ALL, Backfill, Feed, Shard
from podwatch.net.host_queue import host_of
from podwatch.net.worker_pool import run_by_host
from podwatch.policy.host_limits import BACKFILL
from podwatch.redaction import display_address
from podwatch.runtime import Runtime, log


@dataclass(frozen=True, slots=True)
class CrawlResult:
    """The crawl of one feed. new: episodes of the range that were not known. is_complete: False when it was stopped.

    error: of the page that could not be read; a bug is an exception of another kind than PodwatchError.
    """

    new: int = 0
    error: BaseException | None = None
    is_complete: bool = True
    undated: int = 0  # episodes that were not known, and belong to no range

    def undated_line(self, feed: Feed) -> str | None:
        """What the feed's row says of those, as of an error: it is crawled again when it is asked for again."""
        what = "episodes on its older pages have no date that can be read, and are left out"
        return f"{display_address(feed.url)}: {self.undated:,} {what}" if self.undated else None

    @property
    def retry_after(self) -> float | None:
        """Seconds for which the host asked to be left alone."""
        return getattr(self.error, "retry_after", None)


def crawl_archives(
    rt: Runtime,
    b: Backfill,
    now: datetime,
    shard: Shard = ALL,
    *,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> int:
    """Saves the episodes of older pages, back to the range's first day; returns how many of the range are new.

    What stands in a feed's own document is left to the live run. A feed that was crawled as far back within the last
    day is left out. dry_run: saves nothing, and crawls every feed.
    """
    may_continue, write_lock = RunningCheck(rt, b), threading.Lock()
    crawled = frozenset[int]() if dry_run else rt.store.crawled_feeds(b.since, now)
    todo = [
        f
        for f in covered_feeds(rt, b)
        if _has_older_pages(f) and f.id not in crawled and owns_host(shard, host_of(f.url))
    ]
    outcomes = run_by_host(
        todo,
        lambda feed: _crawl_feed(rt, b, feed, now, may_continue, None if dry_run else write_lock),
        host_of=lambda feed: host_of(feed.url),
        postponed=lambda feed: CrawlResult(error=Postponed("its host asks to be left alone", where=feed.url)),
        threads=rt.settings.poll_threads,
        pause=rt.settings.host_pause * BACKFILL.pause,
        is_saturated=feeds.was_saturated,
        per_host=BACKFILL.per_host,
    )
    bugs = Bugs("backfill")
    new = done = 0
    for outcome in outcomes:
        if outcome is None:
            continue
        feed, result = outcome
        new, done = new + result.new, done + 1
        if result.is_complete and not dry_run:
            rt.store.save_crawl(feed, b.since, _error_line(feed, result.error, bugs) or result.undated_line(feed), now)
        if progress is not None:
            progress("feeds", done, len(todo))
    bugs.raise_all()
    return new


def _has_older_pages(feed: Feed) -> bool:
    return feed.facts is not None and bool(feed.facts.next_page or feed.facts.prev_archive)


def _error_line(feed: Feed, error: BaseException | None, bugs: Bugs) -> str | None:
    """What the feed's row says of an error; an interrupt is raised."""
    if error is None:
        return None
    if not isinstance(error, Exception):
        raise error
    if not isinstance(error, PodwatchError):
        return bugs.note(feed.url, error)
    log.warning("backfill: %s", error.line)
    return error.line


def _crawl_feed(
    rt: Runtime, b: Backfill, feed: Feed, now: datetime, may_continue: MayContinue, write_lock: threading.Lock | None
) -> CrawlResult:
    """Reads one feed's pages and saves each as it comes; without a lock it saves nothing. Errors are returned."""

    def pause() -> None:
        if may_continue():
            sleep(rt.settings.host_pause * BACKFILL.pause)

    if not may_continue():
        return CrawlResult(is_complete=False)
    new = undated = 0
    try:
        known = rt.store.guids(feed)
        listed: set[str] = set()
        for i, page in enumerate(read_pages(rt, feed, b.since, pause)):
            listed |= {e.guid for e in page.episodes}
            if i:  # the first page is the feed's own document
                undated += sum(e.guid not in known and e.published_at is None for e in page.episodes)
                older = [
                    e for e in page.episodes if e.guid not in known and e.published_at and e.published_at >= b.since
                ]
                if write_lock is not None:  # those after the range too: the next backfill need not crawl again
                    with write_lock:
                        rt.store.save_archive_episodes(feed, older, listed.__contains__, now)
                new += sum(e.published_at is not None and e.published_at < b.until for e in older)
            if not may_continue():
                return CrawlResult(new, is_complete=False)
    except BaseException as e:  # noqa: BLE001 - bugs are raised with the others at the end, an interrupt at once
        return CrawlResult(new, e)
    return CrawlResult(new, undated=undated)
