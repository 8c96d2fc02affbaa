"""Decides whether the document to which a feed is sent on for good is of the same show, and of no more than it. Pure.

A name is not enough: a category's feed and that of the whole site may have one. So the episodes have to be the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from podwatch.model import Episode, FeedFacts
from podwatch.policy.compared_addresses import canonical_url
from podwatch.policy.episode_identity import SAME_DAY, plain_title

FEW = 3  # known episodes, or fewer, do not show that a feed with so many older ones is no wider one


def is_same_show(a: FeedFacts, b: FeedFacts, shared: bool) -> bool:
    """Whether two documents are of one show. shared: whether an episode is in both."""
    if a.podcast_guid and b.podcast_guid:
        return a.podcast_guid.lower() == b.podcast_guid.lower()
    return shared or (bool(a.title) and a.title.casefold() == b.title.casefold())


def is_same_feed(
    before: FeedFacts,
    after: FeedFacts,
    known: Sequence[Episode],
    found: Sequence[Episode],
    lists: Callable[[str], bool],
    listed: int,
) -> bool:
    """Whether a document goes on with a feed: half of what both could have is in both, and not much else beside it.

    known: the feed's newest episodes. found: those of the document that are new or have changed. lists: whether it
    lists a guid. listed: how many it lists.
    """
    if not known:
        return is_same_show(before, after, shared=False)
    if not is_same_show(before, after, shared=True):
        return False
    matched, others = _find_again(known, found, is_same_show(before, after, shared=False))
    shared = sum(k.guid in matched or lists(k.guid) for k in known)
    dates = [k.published_at for k in known if k.published_at is not None]
    if not shared:
        newer = bool(dates) and all(e.published_at is not None and e.published_at > max(dates) for e in others)
        return newer and is_same_show(before, after, shared=False)
    if not dates:
        return 2 * shared >= min(len(known), listed)
    beside = sum(e.published_at is not None and min(dates) <= e.published_at <= max(dates) for e in others)
    older = sum(e.published_at is not None and e.published_at < min(dates) for e in others)
    is_wider = beside > shared or (len(known) < FEW <= older)
    return 2 * shared >= min(len(known), listed) and not is_wider


def _find_again(
    known: Sequence[Episode], found: Sequence[Episode], has_same_name: bool
) -> tuple[set[str], list[Episode]]:
    """(the guids of what is known that are found again, what is found and not known): by guid, by a file or by a title
    that no other episode has. Under another name of the show a title counts on its day: many shows have a "Part 1".
    """
    titles = _by_unique(known, lambda e: plain_title(e.title))
    files = _by_unique(known, lambda e: canonical_url(e.audio_url))
    guids = {k.guid for k in known}
    matched: set[str] = set()
    others: list[Episode] = []
    for e in found:
        titled = titles.get(plain_title(e.title))
        if titled is not None and not has_same_name and not _are_near(titled.published_at, e.published_at):
            titled = None
        if same := titled or files.get(canonical_url(e.audio_url)):
            matched.add(same.guid)
        elif e.guid not in guids:
            others.append(e)
    return matched, others


def _by_unique(known: Sequence[Episode], name_of: Callable[[Episode], str]) -> dict[str, Episode]:
    """The episodes by a name that only one of them has."""
    count = Counter(map(name_of, known))
    return {name: k for k in known if (name := name_of(k)) and count[name] == 1}


def _are_near(a: datetime | None, b: datetime | None) -> bool:
    return a is not None and b is not None and abs(a - b) <= SAME_DAY
