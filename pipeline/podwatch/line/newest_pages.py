"""Reads the newest page of a feed whose pages begin with the oldest: what is new appears there, not at its address.

Whether a feed is one of these is decided once, when its document first names a next page; then that page is found, and
requested at every poll, until it names one behind it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import sleep

from podwatch import feeds
from podwatch.errors import PodwatchError
from podwatch.model import Episode, Feed, FeedFacts
from podwatch.redaction import display_address
from podwatch.runtime import Runtime, log

MAX_PAGES = 100  # read in one poll
STALE = timedelta(days=60)  # without an episode: what is new may be on another page


@dataclass(frozen=True, slots=True)
class NewestPages:
    """url: of the newest page. episodes, guid_keys: of all that were read, the newest page last."""

    url: str
    episodes: tuple[Episode, ...]
    guid_keys: array[int]


def read_newest_pages(
    rt: Runtime, feed: Feed, facts: FeedFacts | None, found: Sequence[Episode], now: datetime
) -> NewestPages | None:
    """The pages behind the feed's own that have newer episodes; None when it has none such.

    feed: as it was before this poll. facts: of its document as it is now, or as it was where that has not changed.
    found: the episodes of the document that are new. Raises PodwatchError when no page can be read any more.
    """
    if facts is None or facts.next_page is None:
        return None
    known = feed.facts.newest_page if feed.facts else None
    if known is not None:
        try:
            return _walk(rt, feed, known, ())
        except PodwatchError as e:  # the pages were numbered anew
            log.info("poll: %s: its newest page: %s", display_address(feed.url), e.line)
            return _walk(rt, feed, facts.next_page, ())
    dates = [e.published_at for e in found if e.published_at is not None]
    is_decided = feed.facts is not None and feed.facts.next_page is not None
    if is_decided or not dates or not may_begin_with_oldest(dates, now):
        return None
    try:
        return _walk(rt, feed, facts.next_page, dates)
    except PodwatchError as e:
        log.info("poll: %s: its next page: %s", display_address(feed.url), e.line)
        return None


def may_begin_with_oldest(dates: Sequence[datetime], now: datetime) -> bool:
    """Whether newer episodes may be on the next page: they come oldest first, or the newest is long ago. Pure."""
    return dates[0] < dates[-1] or max(dates) < now - STALE


def _walk(rt: Runtime, feed: Feed, url: str, newer_than: Iterable[datetime]) -> NewestPages | None:
    """All pages from ``url`` on; None when the first of them has no episode newer than these."""
    login = rt.keyring.login_for(feed.url, feed.login)
    newest = max(newer_than, default=None)
    seen: set[str] = {feed.url}
    episodes: dict[str, Episode] = {}
    at: str | None = url
    last = url
    while at is not None and at not in seen and len(seen) <= MAX_PAGES:
        if len(seen) > 1:
            sleep(rt.settings.host_pause)
        seen.add(at)
        answer = rt.http.get(at, login=login)
        page = feeds.read_feed(answer.body, answer.url, answer.headers.get("content-type", ""))
        fresh = {e.guid: e for e in page.episodes if e.guid not in episodes}
        if newest is not None:
            dates = [e.published_at for e in fresh.values() if e.published_at is not None]
            if not dates or max(dates) <= newest:
                return None
            newest = None
        if not fresh:
            break  # a server that answers ?page=99 with what it has
        episodes |= fresh
        last, at = at, page.facts.next_page
    listed = array("Q", [feeds.guid_key(guid) for guid in episodes])
    return NewestPages(last, tuple(episodes.values()), listed)
