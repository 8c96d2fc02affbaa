"""Crawls the older pages of many feeds for a backfill: hosts in parallel, the feeds of one host one after another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import sleep

from podwatch import feeds
from podwatch.errors import PodwatchError, Postponed
from podwatch.history.archive_paging import read_pages
from podwatch.history.backfill_scope import Going, IsWanted, Progress, feeds_of, owns_host
from podwatch.line.bugs import Bugs
from podwatch.model import ALL, Backfill, Feed, Shard
from podwatch.net.host_queue import host_of
from podwatch.net.worker_pool import run_by_host
from podwatch.policy.host_limits import BACKFILL
from podwatch.runtime import Runtime, log


@dataclass(frozen=True, slots=True)
class CrawlResult:
    """What came of one feed. new: episodes of the range that were not known. whole: False when it was stopped.

    error: that of the page that could not be read; a bug is an exception of another kind.
    """

    new: int = 0
    error: BaseException | None = None
    whole: bool = True

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
    going: Going | None = None,
    keep: bool = True,
    progress: Progress | None = None,
) -> int:
    """Saves the episodes of older pages, back to the range's first day; returns how many of the range were
    not known.

    What stands in a feed's own document is the live run's: nothing of it is kept here. keep: False: only counts.
    """
    going = going or IsWanted(rt, b)
    done = rt.store.crawled_feeds(b.since, now) if keep else frozenset[int]()
    every = feeds_of(b, rt.store.feeds(), rt.store.watches())
    todo = [f for f in every if _has_more(f) and f.id not in done and owns_host(shard, host_of(f.url))]
    outcomes = run_by_host(
        todo,
        partial(_crawl_feed, rt, b, now, keep, going, threading.Lock()),
        host_of=lambda feed: host_of(feed.url),
        postponed=lambda feed: CrawlResult(error=Postponed("its host asks to be left alone", where=feed.url)),
        threads=rt.settings.poll_threads,
        pause=rt.settings.host_pause * BACKFILL.pause,
        is_saturated=feeds.was_saturated,
        per_host=BACKFILL.per_host,
    )
    bugs = Bugs("backfill")
    new = asked = 0
    for outcome in outcomes:
        if outcome is None:
            continue
        feed, came = outcome
        new, asked = new + came.new, asked + 1
        if keep and came.whole:
            rt.store.save_crawl(feed, b.since, _line(feed, came.error, bugs), now)
        if progress is not None:
            progress("feeds", asked, len(todo))
    bugs.raise_all()
    return new


def _has_more(feed: Feed) -> bool:
    return feed.facts is not None and bool(feed.facts.next_page or feed.facts.prev_archive)


def _line(feed: Feed, error: BaseException | None, bugs: Bugs) -> str | None:
    """What is said of an error on the feed's row; raises what is none, an interrupt."""
    if error is None:
        return None
    if not isinstance(error, Exception):
        raise error
    if not isinstance(error, PodwatchError):
        return bugs.note(feed.url, error)
    log.warning("backfill: %s", error.line)
    return error.line


def _crawl_feed(
    rt: Runtime, b: Backfill, now: datetime, keep: bool, going: Going, writing: threading.Lock, feed: Feed
) -> CrawlResult:
    """One feed's pages, each kept when it has come; one thread writes at a time. Errors are returned."""
    if not going():
        return CrawlResult(whole=False)
    new = 0
    try:
        known = rt.store.guids(feed)
        listed: set[str] = set()
        for i, page in enumerate(read_pages(rt, feed, b.since, _pause(rt, going))):
            listed |= {e.guid for e in page.episodes}
            if i:  # the first is the feed's own document
                older = [
                    e for e in page.episodes if e.guid not in known and e.published_at and e.published_at >= b.since
                ]
                if keep:  # those after the range, too: the next backfill need not crawl again
                    with writing:
                        rt.store.save_archive_episodes(feed, older, listed.__contains__, now)
                new += sum(e.published_at is not None and e.published_at < b.until for e in older)
            if not going():
                return CrawlResult(new, whole=False)
    except PodwatchError as e:
        return CrawlResult(new, e)
    except BaseException as e:  # noqa: BLE001 - bugs are raised with the others at the end, an interrupt at once
        return CrawlResult(new, e)
    return CrawlResult(new)


def _pause(rt: Runtime, going: Going) -> Callable[[], None]:
    """What is done between two pages of a feed: its host is left alone for as long as between two feeds."""

    def wait() -> None:
        if going():
            sleep(rt.settings.host_pause * BACKFILL.pause)

    return wait
