"""The scope of a backfill: which feeds, which hosts, and whether it is still wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from zlib import crc32

from podwatch.errors import PodwatchError
from podwatch.model import ALL, Backfill, BackfillRange, BackfillState, Feed, Scope, Shard, Watch
from podwatch.runtime import Runtime

GLANCE = 1.0  # seconds for which an answer of the database, whether it is still wanted, holds

Going = Callable[[], bool]
Progress = Callable[[str, int, int], None]  # (what is counted, how many are done, of how many)


def feeds_of(b: Backfill, feeds: Sequence[Feed], watches: Sequence[Watch]) -> list[Feed]:
    """The feeds that a backfill goes over; raises PodwatchError when it names one that is not there. Pure."""
    known = {f.url for f in feeds}
    if missing := [url for url in b.feeds if url not in known]:
        raise PodwatchError("is not among the feeds", where=missing[0], todo="see podwatch feeds list")
    names = {w.name: w for w in watches}
    if unknown := [name for name in b.watches if name not in names]:
        raise PodwatchError("is not among the watches", where=unknown[0], todo="see podwatch watches list")
    scopes = [names[name].scope for name in b.watches]
    return [
        f
        for f in feeds
        if (not b.feeds or f.url in b.feeds)
        and (not b.tags or set(f.tags) & set(b.tags))
        and (not scopes or any(_holds(scope, f) for scope in scopes))
    ]


def _holds(scope: Scope, feed: Feed) -> bool:
    """Whether a watch may look at a feed; the language is of the transcript, and not known before."""
    tags = set(feed.tags)
    if tags & set(scope.not_tags) or feed.url in scope.not_urls:
        return False
    return (not scope.tags or bool(tags & set(scope.tags))) and (not scope.urls or feed.url in scope.urls)


def range_of(rt: Runtime, b: Backfill) -> BackfillRange:
    found = feeds_of(b, rt.store.feeds(), rt.store.watches())
    return BackfillRange(b.since, b.until, [f.id for f in found], b.watches)


def owns_host(shard: Shard, host: str) -> bool:
    """Whether a host is a shard's: each is asked by one alone, so that together they ask no more than one would."""
    return shard == ALL or crc32(host.encode("utf-8", "replace")) % shard.count == shard.index


class IsWanted:
    """Whether nobody has paused or cancelled a backfill; always so of one that is not written down. For any thread."""

    def __init__(self, rt: Runtime, b: Backfill) -> None:
        self._rt, self._number = rt, b.id
        self._at, self._still = 0.0, True

    def __call__(self) -> bool:
        if self._number and self._still and monotonic() - self._at > GLANCE:
            now = self._rt.store.backfill(self._number)
            self._at, self._still = monotonic(), now is not None and now.state is BackfillState.RUNNING
        return self._still
