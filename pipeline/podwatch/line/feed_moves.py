"""Decides whether a feed has moved: by a permanent redirect, or by its own word (itunes:new-feed-url)."""

from __future__ import annotations

from datetime import datetime

from podwatch import feeds
from podwatch.errors import FeedError, PodwatchError
from podwatch.feeds import FeedReading
from podwatch.model import Feed
from podwatch.net.client import Response
from podwatch.policy.feed_moves import is_same_feed, is_same_show
from podwatch.redaction import display_address, split_login
from podwatch.runtime import Runtime, log

# What poll asks servers for, a podcast's usual form first.
ACCEPT = (
    "application/rss+xml, application/atom+xml;q=0.9, application/feed+json;q=0.9, application/xml;q=0.8,"
    " text/xml;q=0.8, */*;q=0.5"
)
COMPARED = 100  # known episodes that are looked for where a feed is sent on to


def find_new_address(rt: Runtime, feed: Feed, url: str, reading: FeedReading | None, now: datetime) -> str | None:
    """Where the feed says that it has moved to (itunes:new-feed-url), when the same show answers there.

    That address is requested when the document has changed, and once a day: its server may have been down. url: where
    the document came from, after redirects.
    """
    facts = reading.facts if reading else feed.facts
    target = split_login(facts.moved_to)[0] if facts and facts.moved_to else None
    today = feed.last_polled_at is not None and feed.last_polled_at.date() == now.date()
    if facts is None or target is None or target in (feed.url, url) or (reading is None and today):
        return None
    try:
        answer = rt.http.get(target, accept=ACCEPT, login=rt.keyring.login_for(feed.url, feed.login))
        there = feeds.read_feed(answer.body, answer.url, answer.headers.get("content-type", ""))
    except PodwatchError as e:
        log.info("poll: %s: says that it has moved, but %s", display_address(feed.url), e.line)
        return None
    onward = split_login(there.facts.moved_to or "")[0] or None
    listed = set(reading.guid_keys) if reading else set()
    if onward in (None, target, answer.url) and is_same_show(facts, there.facts, bool(listed & set(there.guid_keys))):
        return answer.moved_to or target
    shown, there_shown = display_address(feed.url), display_address(target)
    log.info("poll: %s: says that it has moved to %s, which is another show, or sends on", shown, there_shown)
    return None


def check_redirect(rt: Runtime, feed: Feed, answer: Response, reading: FeedReading) -> None:
    """Raises FeedError when a permanent redirect leads to another show, or to a feed of which this one was a part.

    It would be followed for good.
    """
    if answer.moved_to is None or feed.facts is None:
        return
    listed = frozenset(reading.guid_keys)
    known = rt.store.newest_episodes(feed, COMPARED)
    if not is_same_feed(
        feed.facts, reading.facts, known, reading.episodes, lambda guid: feeds.guid_key(guid) in listed, len(listed)
    ):
        there = display_address(answer.moved_to)
        raise FeedError(f"is sent on to {there} for good, which is another show", where=feed.url, todo=_OTHER_SHOW)


_OTHER_SHOW = "add that one if you want it, and remove this one"
