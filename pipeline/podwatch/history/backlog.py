"""Processes the backlog of a backfill: fetches transcripts and searches them, part after part.

A part is spread over all hosts, so that a host that takes two requests a second does not delay two hundred others.
Everything is stored as it comes. What another process has claimed is waited for, so that a backfill that was killed and
started again ends with nothing left out.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from time import monotonic, sleep

from podwatch.history.backfill_scope import MayContinue, Progress, RunningCheck, owns_host, resolve_range
from podwatch.line.claim_renewal import Lease
from podwatch.line.detect import detect
from podwatch.line.fetch import FetchOptions, fetch_claimed
from podwatch.model import ALL, Backfill, BackfillRange, Shard
from podwatch.net.circuit_breaker import CircuitBreaker
from podwatch.net.host_queue import host_of
from podwatch.policy.host_limits import BACKFILL
from podwatch.policy.leases import BACKFILL_LEASE, BACKFILL_SEARCH
from podwatch.runtime import Runtime, log

PART = 2000  # episodes claimed, fetched and then searched: repeated passages show among many of a feed
CLAIM_INTERVAL = 1.0  # seconds between two looks whether what another process has claimed is done, or free again


def process_backlog(
    rt: Runtime, b: Backfill, now: datetime, shard: Shard = ALL, *, progress: Progress | None = None
) -> int:
    """Fetches and searches what is missing of the range; returns how many transcripts are new.

    Hosts get the requests of policy.host_limits.BACKFILL: the live run makes its own beside them.
    """
    may_continue = RunningCheck(rt, b)
    range_ = resolve_range(rt, b)
    started, tried, new = monotonic(), set[int](), 0
    breaker = CircuitBreaker()

    def moment() -> datetime:
        return now + timedelta(seconds=monotonic() - started)

    while may_continue():
        episodes = ((r, host_of(r.address)) for r in rt.store.backlog_episodes(range_, moment()) if r.id not in tried)
        left = [(r, host) for r, host in episodes if owns_host(shard, host) and breaker.allows(host)]
        free = [(r.id, host) for r, host in left if not r.is_claimed]
        if not left:
            break
        if not free:  # another process has them: they will be done, or free again when that was killed
            sleep(CLAIM_INTERVAL)
            continue
        of = len(tried) + len(free)
        for part in spread_over_hosts(free, PART):
            lease = Lease(rt.store, moment(), BACKFILL_LEASE)
            if not (claimed := lease.hold(rt.store.claim_backlog(part, moment(), lease.until))):
                continue
            options = FetchOptions(BACKFILL, moment() + BACKFILL_SEARCH, False, may_continue, breaker)
            part_started = monotonic()
            shown = _stage_progress(progress, "transcripts", len(tried), of)
            tally = fetch_claimed(rt, moment(), lease, claimed, options, progress=shown)
            part_ended = monotonic()
            ids = {w.episode.id for w in claimed}
            tried |= ids
            new += tally.new
            rate = _rate(tally.done, part_ended - part_started)
            log.info("backfill: %s episodes asked for%s, %s transcripts", tally.done, rate, tally.new)
            if not may_continue():
                break
            detect_range(rt, range_, moment(), ids, may_continue=may_continue, progress=progress)
            sleep(max(0.0, rt.settings.host_pause * BACKFILL.pause - (monotonic() - part_ended)))
    if may_continue():  # what a killed run has left, and what was there before
        ids = {r.id for r in rt.store.undetected_transcripts(range_) if owns_host(shard, host_of(r.address))}
        detect_range(rt, range_, moment(), ids, may_continue=may_continue, progress=progress)
    return new


def detect_range(
    rt: Runtime,
    range_: BackfillRange,
    now: datetime,
    ids: Collection[int] | None = None,
    *,
    may_continue: MayContinue = lambda: True,
    progress: Progress | None = None,
) -> None:
    """Searches the transcripts of a range, or those of some of its episodes."""
    started = monotonic()
    waiting = [r.transcript_id for r in rt.store.undetected_transcripts(range_) if ids is None or r.id in ids]
    if not waiting:
        return
    tally = detect(
        rt,
        now,
        due=lambda latest: rt.store.undetected_sources(waiting, latest, may_continue),
        progress=_stage_progress(progress, "looked through", 0, len(waiting)),
    )
    rate = _rate(tally.done, monotonic() - started)
    log.info("backfill: %s transcripts looked through%s, %s new mentions", tally.done, rate, tally.new)


def spread_over_hosts(episodes: Iterable[tuple[int, str]], most: int) -> Iterator[Sequence[int]]:
    """(id, host) in parts of at most ``most`` ids, the same share of each host; all ids, each once."""
    queues: dict[str, deque[int]] = defaultdict(deque)
    for episode_id, host in episodes:
        queues[host].append(episode_id)
    while queues:
        share, part = max(1, most // len(queues)), list[int]()
        for host in list(islice(queues, most)):
            part += [queues[host].popleft() for _ in range(min(share, len(queues[host])))]
            if not queues[host]:
                del queues[host]
        yield part


def _stage_progress(progress: Progress | None, stage: str, before: int, of: int) -> Callable[[int], None] | None:
    """The progress of one stage: takes how many of it are done, beside those done before."""
    return None if progress is None else lambda done: progress(stage, before + done, of)


def _rate(count: int, seconds: float) -> str:
    return f" in {seconds:.1f} s, {count / seconds:.0f} a second" if seconds > 0 else ""
