"""Reads a feed's older pages (RFC 5005, paged and archived feeds) for a backfill.

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

MOST_PAGES = 1000


@dataclass(frozen=True, slots=True)
class ArchivePage:
    """One document of a feed. episodes: those that no page before it had."""

    url: str
    episodes: tuple[Episode, ...]


def read_pages(
    rt: Runtime, feed: Feed, since: datetime | None = None, pause: Callable[[], None] = lambda: None
) -> Iterator[ArchivePage]:
    """The feed's pages from its newest to its oldest, each once, for as long as they say something.

    Ends at the last page; at a page that was there already (a loop) or says nothing that the others did not (a server
    that answers ``?page=99`` with the first page); at a page all of whose episodes came out before ``since``;
    after 1,000 pages. Raises PodwatchError when a page cannot be read: what came before it was yielded.
    pause: called between two requests.
    """
    url: str | None = feed.url
    seen: set[str] = set()
    guids: set[str] = set()
    while url is not None and len(seen) < MOST_PAGES:
        if seen:
            pause()
        answer = rt.http.get(url)
        seen |= {url, answer.url}
        reading = read_page(answer.body, answer.url, answer.headers.get("content-type", ""))
        fresh = tuple(e for e in reading.episodes if e.guid not in guids)
        if not fresh:
            return
        guids |= {e.guid for e in fresh}
        yield ArchivePage(answer.url, fresh)
        dates = [e.published_at for e in fresh if e.published_at is not None]
        if since is not None and dates and max(dates) < since:
            return
        # An archive's documents do not change (RFC 5005, 4); pages may shift while they are read.
        following = reading.facts.prev_archive or reading.facts.next_page
        url = following if following not in seen else None


def read_page(body: bytes, url: str, content_type: str) -> feeds.FeedReading:
    """A page as a feed; a page that is none is the end of what can be read, and says so."""
    try:
        return feeds.read(body, url, content_type)
    except FeedError as e:
        raise PodwatchError(f"an older page of the feed {e.what}", where=e.where or url, retryable=True) from None
