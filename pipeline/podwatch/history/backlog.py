"""Processes the backlog of a range: fetches transcripts and searches them, part after part.

A part is spread over all hosts, so that one that may be asked twice a second does not hold up two hundred others. All
of it is written down as it comes; what a killed one had in hand is waited for, so that who goes on leaves nothing out.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from time import monotonic, sleep

from podwatch.history.backfill_scope import Going, IsWanted, Progress, owns_host, range_of
from podwatch.line.detect import detect
from podwatch.line.fetch import FetchOptions, fetch_claimed
from podwatch.line.lease import Lease
from podwatch.model import ALL, Backfill, BackfillRange, Shard
from podwatch.net.circuit_breaker import CircuitBreaker
from podwatch.net.host_queue import host_of
from podwatch.policy.fetch_schedule import BACKFILL_LEASE, BACKFILL_SEARCH
from podwatch.policy.host_limits import BACKFILL
from podwatch.runtime import Runtime, log

PART = 2000  # episodes that are taken, fetched and then looked through: repeated passages show among many of a feed
AGAIN = 1.0  # seconds after which it is asked whether another has done, or lost, what it had in hand


def process_backlog(
    rt: Runtime,
    b: Backfill,
    now: datetime,
    shard: Shard = ALL,
    *,
    going: Going | None = None,
    progress: Progress | None = None,
) -> int:
    """Fetches and searches what is missing of the range; returns how many transcripts came.

    One request to a host at a time, with twice the usual pause: the live run makes its own requests beside it.
    """
    going = going or IsWanted(rt, b)
    past = range_of(rt, b)
    began, tried, new = monotonic(), set[int](), 0
    breaker = CircuitBreaker()

    def moment() -> datetime:
        return now + timedelta(seconds=monotonic() - began)

    while going():
        asked = ((r, host_of(r.address)) for r in rt.store.backlog_episodes(past, moment()) if r.id not in tried)
        left = [(r, host) for r, host in asked if owns_host(shard, host) and breaker.allows(host)]
        open_ = [(r.id, host) for r, host in left if not r.is_claimed]
        if not left:
            break
        if not open_:  # another has it: it will be done, or due again when that was killed
            sleep(AGAIN)
            continue
        of = len(tried) + len(open_)
        for part in spread_over_hosts(open_, PART):
            lease = Lease(rt.store, moment(), BACKFILL_LEASE)
            if not (taken := lease.hold(rt.store.claim_backlog(part, moment(), lease.until))):
                continue
            options = FetchOptions(BACKFILL, moment() + BACKFILL_SEARCH, False, going, breaker)
            at = monotonic()
            shown = progress and partial(_counted, progress, len(tried), of)
            tally = fetch_claimed(rt, moment(), lease, taken, options, progress=shown)
            ended = monotonic()
            tried |= {w.episode.id for w in taken}
            new += tally.new
            rate = _rate(tally.done, ended - at)
            log.info("backfill: %s episodes asked for%s, %s transcripts", tally.done, rate, tally.new)
            if not going():
                break
            detect_range(rt, past, moment(), [w.episode.id for w in taken], going=going, progress=progress)
            sleep(max(0.0, rt.settings.host_pause * BACKFILL.pause - (monotonic() - ended)))
    if going():  # what a killed one has left, and what was there before
        mine = [r.id for r in rt.store.undetected_transcripts(past) if owns_host(shard, host_of(r.address))]
        detect_range(rt, past, moment(), mine, going=going, progress=progress)
    return new


def detect_range(
    rt: Runtime,
    past: BackfillRange,
    now: datetime,
    ids: Collection[int] | None = None,
    *,
    going: Going = lambda: True,
    progress: Progress | None = None,
) -> int:
    """Searches the transcripts of a range, or of some of its episodes; returns how many."""
    at = monotonic()
    waiting = [r.transcript_id for r in rt.store.undetected_transcripts(past) if ids is None or r.id in ids]
    if not waiting:
        return 0
    shown = progress and partial(_looked, progress, len(waiting))
    tally = detect(rt, now, due=lambda latest: rt.store.undetected_sources(waiting, latest, going), progress=shown)
    rate = _rate(tally.done, monotonic() - at)
    log.info("backfill: %s transcripts looked through%s, %s new mentions", tally.done, rate, tally.new)
    return tally.done


def spread_over_hosts(asked: Iterable[tuple[int, str]], most: int) -> Iterator[Sequence[int]]:
    """(id, host) in parts of ``most`` ids, each with as many of every host as there is room for; all ids, each once."""
    queues: dict[str, deque[int]] = defaultdict(deque)
    for number, host in asked:
        queues[host].append(number)
    while queues:
        each, part = max(1, most // len(queues)), list[int]()
        for host in list(islice(queues, most)):
            part += [queues[host].popleft() for _ in range(min(each, len(queues[host])))]
            if not queues[host]:
                del queues[host]
        yield part


def _counted(progress: Progress, before: int, of: int, done: int) -> None:
    progress("transcripts", before + done, of)


def _looked(progress: Progress, of: int, done: int) -> None:
    progress("looked through", done, of)


def _rate(count: int, seconds: float) -> str:
    return f" in {seconds:.1f} s, {count / seconds:.0f} a second" if seconds > 0 else ""
