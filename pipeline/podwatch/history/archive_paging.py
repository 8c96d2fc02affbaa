"""Reads the older pages of one feed (RFC 5005, paged and archived feeds) for a backfill.

poll does not use it: what is new is on the first page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from podwatch import feeds
from podwatch.errors import FeedError, PodwatchError
from podwatch.model import Episode, Feed
from podwatch.runtime import Runtime

MAX_PAGES = 1000  # of one feed


@dataclass(frozen=True, slots=True)
class ArchivePage:
    """One document of a feed. episodes: those that no page before it had."""

    url: str
    episodes: tuple[Episode, ...]


def read_pages(
    rt: Runtime, feed: Feed, since: datetime | None = None, pause: Callable[[], None] = lambda: None
) -> Iterator[ArchivePage]:
    """The feed's pages from its newest to its oldest, each once, for as long as they have new episodes.

    Ends after the last page; at a page that was read already (a loop) or that has no episode of its own (a server that
    answers ``?page=99`` with the first page); after a page all of whose episodes were published before ``since``, where
    newer ones do not follow; after MAX_PAGES. Raises PodwatchError when a page cannot be read; those before it were
    yielded.
    pause: called between two requests.
    """
    url: str | None = feed.url
    login = rt.keyring.login_for(feed.url, feed.login)
    seen_urls: set[str] = set()
    seen_guids: set[str] = set()
    dates_before: list[datetime] = []
    while url is not None and len(seen_urls) < MAX_PAGES:
        if seen_urls:
            pause()
        response = rt.http.get(url, login=login)
        seen_urls |= {url, response.url}
        page = read_page(response.body, response.url, response.headers.get("content-type", ""))
        episodes = tuple(e for e in page.episodes if e.guid not in seen_guids)
        if not episodes:
            return
        seen_guids |= {e.guid for e in episodes}
        yield ArchivePage(response.url, episodes)
        dates = [e.published_at for e in episodes if e.published_at is not None]
        if since is not None and dates and max(dates) < since and not _is_rising(dates_before, dates):
            return
        dates_before = dates or dates_before
        # An archive's documents do not change (RFC 5005, 4); pages may shift while they are read.
        older = page.facts.prev_archive or page.facts.next_page
        url = older if older not in seen_urls else None


def _is_rising(before: list[datetime], dates: list[datetime]) -> bool:
    """Whether newer episodes follow: the page before has older ones, or, on the first page, the oldest come first."""
    return max(before) < max(dates) if before else dates[0] < dates[-1]


def read_page(body: bytes, url: str, content_type: str) -> feeds.FeedReading:
    """A page parsed as a feed; raises PodwatchError, with its address, when it is none."""
    try:
        return feeds.read_feed(body, url, content_type)
    except FeedError as e:
        raise PodwatchError(f"an older page of the feed {e.what}", where=e.where or url, retryable=True) from None
