"""Finds the feeds behind other addresses when these are added: a show's web page, a link to Apple Podcasts."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import monotonic

from podwatch.errors import PodwatchError
from podwatch.feeds import apple_podcast_id, feed_in_lookup, find_feed_link, is_page
from podwatch.line.feed_moves import ACCEPT
from podwatch.logins import Login, origin_of
from podwatch.model import Feed
from podwatch.redaction import split_login
from podwatch.runtime import Runtime, log

PATIENCE = 15.0  # seconds for all of them: what does not answer is looked at by the first poll
REQUEST_SECONDS = 10.0
MAX_BYTES = 2_000_000  # of a page
_LOOKS_LIKE_FEED = re.compile(r"feed|rss|podcast\.xml|\.(?:xml|atom|rdf|json)(?:$|[?&])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at an address that was given. feed: None where it is a page that names none."""

    given: str
    feed: str | None


def look_up_show(rt: Runtime, address: str) -> str:
    """The address of the feed of a show at Apple Podcasts; any other address as it is."""
    number = apple_podcast_id(address)
    if number is None:
        return address
    answer = rt.http.get(f"{rt.settings.apple_lookup}?id={number}&entity=podcast", max_bytes=1_000_000)
    found = feed_in_lookup(answer.body)
    if found is None:
        todo = "ask its makers for the address of the feed"
        raise PodwatchError("names no feed of this show", where=address, todo=todo)
    return found


def look_behind_pages(rt: Runtime, wanted: Sequence[Feed]) -> list[tuple[Feed, Found | None]]:
    """The feeds, those that are pages with the address of the feed that they name, and what was found of these.

    An address that is polled already, or has the look of a feed, is not requested, and one that cannot be reached stops
    nothing.
    """
    known = {f.url for f in rt.store.feeds()}
    found: dict[int, Found] = {}
    threads = [
        threading.Thread(target=_look, args=(rt, feed, n, found), daemon=True)
        for n, feed in enumerate(wanted)
        if feed.url not in known and not _LOOKS_LIKE_FEED.search(feed.url)
    ]
    until = monotonic() + PATIENCE
    for begin in range(0, len(threads), 16):
        some = threads[begin : begin + 16] if monotonic() < until else []
        for thread in some:
            thread.start()
        for thread in some:
            thread.join(max(0.0, until - monotonic()))
    in_time = dict(found)
    return [(_follow(feed, in_time.get(n)), in_time.get(n)) for n, feed in enumerate(wanted)]


def _look(rt: Runtime, feed: Feed, n: int, found: dict[int, Found]) -> None:
    try:
        origin = origin_of(feed.url)
        login = Login(origin, feed.login) if feed.login and origin else None
        answer = rt.http.get(feed.url, accept=ACCEPT, login=login, max_bytes=MAX_BYTES, deadline=REQUEST_SECONDS)
        if is_page(answer.body):
            link = find_feed_link(answer.body, answer.url)
            found[n] = Found(feed.url, split_login(link)[0] if link else None)
    except PodwatchError as e:
        log.info("feeds: %s", e.line)


def _follow(feed: Feed, found: Found | None) -> Feed:
    if found is None or found.feed is None:
        return feed
    return replace(feed, url=found.feed, login=feed.login if origin_of(found.feed) == origin_of(feed.url) else None)
