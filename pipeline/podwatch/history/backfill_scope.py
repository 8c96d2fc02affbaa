"""The scope of a backfill: the feeds and hosts that it covers, and whether it may still run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic
from zlib import crc32

from podwatch.errors import PodwatchError
from podwatch.model import ALL, Backfill, BackfillRange, BackfillState, Feed, Shard, Watch
from podwatch.policy.feed_choice import choose_feed, reference_to
from podwatch.policy.scopes import is_in_scope
from podwatch.runtime import Runtime

STATE_INTERVAL = 1.0  # seconds between two reads of a backfill's state from the database

MayContinue = Callable[[], bool]
Progress = Callable[[str, int, int], None]  # (what is counted, how many are done, of how many)


def select_feeds(b: Backfill, feeds: Sequence[Feed], watches: Sequence[Watch]) -> list[Feed]:
    """The feeds that a backfill covers; raises PodwatchError when it names a feed or watch that is not there. Pure."""
    chosen = {choose_feed(feeds, named).url for named in b.feeds}
    names = {w.name: w for w in watches}
    if unknown := [name for name in b.watches if name not in names]:
        raise PodwatchError("is not among the watches", where=unknown[0], todo="see podwatch watches list")
    # A language is that of a transcript, and not known before there is one.
    scopes = [replace(names[name].scope, languages=()) for name in b.watches]
    return [
        f
        for f in feeds
        if (not b.feeds or f.url in chosen)
        and (not b.tags or set(f.tags) & set(b.tags))
        and (not scopes or any(is_in_scope(scope, f.url, f.tags, None) for scope in scopes))
    ]


def with_references(rt: Runtime, b: Backfill) -> Backfill:
    """The backfill with its feeds noted so that no row or list holds a secret; raises what select_feeds() does."""
    feeds = rt.store.feeds()
    select_feeds(b, feeds, rt.store.watches())
    return replace(b, feeds=tuple(reference_to(choose_feed(feeds, named)) for named in b.feeds))


def covered_feeds(rt: Runtime, b: Backfill) -> list[Feed]:
    """The feeds of the store that a backfill covers; raises what select_feeds() does."""
    return select_feeds(b, rt.store.feeds(), rt.store.watches())


def resolve_range(rt: Runtime, b: Backfill) -> BackfillRange:
    """The days of a backfill with the ids of its feeds, as the store takes them."""
    return BackfillRange(b.since, b.until, [f.id for f in covered_feeds(rt, b)], b.watches)


def owns_host(shard: Shard, host: str) -> bool:
    """Whether a host is a shard's: each host is of one shard, so that together they ask it no more than one would."""
    return shard == ALL or crc32(host.encode("utf-8", "replace")) % shard.count == shard.index


class RunningCheck:
    """Whether a backfill may go on: nobody has paused or cancelled it. Always so of one that is not stored.

    Its state is read once a STATE_INTERVAL at most. For any thread.
    """

    def __init__(self, rt: Runtime, b: Backfill) -> None:
        self._rt, self._number = rt, b.id
        self._read_at, self._is_running = 0.0, True

    def __call__(self) -> bool:
        if self._number and self._is_running and monotonic() - self._read_at > STATE_INTERVAL:
            stored = self._rt.store.backfill(self._number)
            self._read_at = monotonic()
            self._is_running = stored is not None and stored.state is BackfillState.RUNNING
        return self._is_running
