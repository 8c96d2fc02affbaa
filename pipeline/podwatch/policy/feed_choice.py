"""Decides which feed a person means: by its number, its whole address, or the address as lists show it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from podwatch.errors import PodwatchError
from podwatch.model import Feed
from podwatch.redaction import display_address, split_login


def choose_feed(feeds: Sequence[Feed], named: str) -> Feed:
    """The feed that is meant; raises PodwatchError when there is none, or more than one is shown like that."""
    found = matching_feeds(feeds, named)
    if len(found) == 1:
        return found[0]
    if not found:
        raise PodwatchError(
            "is not among the feeds", where=display_address(named.strip()), todo="see podwatch feeds list"
        )
    numbers = ", ".join(str(f.id) for f in found)
    raise PodwatchError(
        f"{len(found)} feeds are shown like this", where=display_address(named), todo=f"give the number: {numbers}"
    )


def matching_feeds(feeds: Sequence[Feed], named: str) -> list[Feed]:
    """The feeds with this address or number; else those that lists show like this."""
    address = split_login(named.strip())[0]
    exactly = [f for f in feeds if f.url == address or str(f.id) == address]
    return exactly or [f for f in feeds if display_address(f.url) == address]


def reference_to(feed: Feed) -> str:
    """How a feed is noted where people read it: its address, or its number when that holds a secret."""
    return feed.url if display_address(feed.url) == feed.url else str(feed.id)
