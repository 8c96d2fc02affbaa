"""Which watch or feed is meant by what was typed: an unknown one is an error that says which may have been meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from podwatch.commands.output import require_utf8
from podwatch.errors import PodwatchError, suggest_name
from podwatch.model import Feed
from podwatch.policy.feed_choice import choose_feed, matching_feeds
from podwatch.redaction import display_address

if TYPE_CHECKING:
    from podwatch.store.database import Store


def known_watch(store: Store, name: str | None, *, removed: bool = False) -> str | None:
    """The name when there is such a watch; None for none. Raises PodwatchError with the name that may be meant.

    removed: also one that was taken off the watchlist.
    """
    if name is None:
        return None
    names = [w.name for w in store.watches()]
    if require_utf8(name) in names or (removed and store.find_watch(name) is not None):
        return name
    raise PodwatchError(
        "is not among the watches", where=name, todo=suggest_name(name, names, "see podwatch watches list")
    )


def known_feed(store: Store, name: str | None) -> Feed | None:
    """The feed of this address, number or title; None for none. Raises PodwatchError with what may be meant."""
    if name is None:
        return None
    feeds = store.feeds()
    if matching_feeds(feeds, require_utf8(name)):
        return choose_feed(feeds, name)
    found = [f for f in feeds if f.title.casefold() == name.strip().casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        todo = f"give the feed's address or number: {', '.join(str(f.id) for f in found[:10])}"
        raise PodwatchError(f"is the title of {len(found)} feeds", where=name, todo=todo)
    known = [name for f in feeds for name in (f.title, display_address(f.url)) if name]
    todo = suggest_name(name, known, "give the feed's address or number, see podwatch feeds list")
    raise PodwatchError("is not among the feeds", where=display_address(name), todo=todo)
