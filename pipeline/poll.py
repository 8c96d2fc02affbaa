"""poll: asks the feeds that are due whether they have something new."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic, process_time
from urllib.parse import urlsplit

from xxhash import xxh3_128_hexdigest

from pipeline import feeds
from pipeline.bugs import Bugs
from pipeline.errors import PodwatchError
from pipeline.feeds import Reading
from pipeline.http import Answer
from pipeline.model import ALL, Episode, Feed, Polled, Shard, Tally
from pipeline.polite import Turns
from pipeline.runtime import Runtime, log
from pipeline.schedule import RECENT, after_failure, after_success, is_dead

ACCEPT = "application/rss+xml, application/atom+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.5"
BATCH = 200  # polls kept in one transaction
STEP = 0.5  # seconds after which also fewer are kept
TICK = 0.05
FEW = 16  # threads to begin with
BUSY = 0.7  # of one core: Python runs on no more, so beyond it further threads only get in each other's way

Outcome = tuple[Feed, Polled | PodwatchError | Exception]


def poll(
    rt: Runtime,
    now: datetime,
    shard: Shard = ALL,
    *,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Tally:
    """Polls what is due (with force: everything); each failure is kept on its feed, with a back-off.

    progress: called with how many are done, and how many there are.
    """
    due = rt.store.feeds_due(None if force else now, shard)
    done = new = failed = 0
    notes: list[str] = []
    bugs = Bugs("poll")
    batch: list[Polled] = []
    for outcome in ask_all(rt, due, now):
        if outcome is not None:
            done += 1
            polled, line = settle(rt, outcome, now, bugs)
            batch.append(polled)
            if line is not None:
                failed += 1
                notes.append(line)
        if batch and (outcome is None or len(batch) >= BATCH):
            new += rt.store.save_polls(batch, now, rt.settings.first_poll)
            batch = []
            if progress is not None:
                progress(done, len(due))
    bugs.raise_all()
    return Tally("poll", done, new, failed, tuple(notes))


def settle(rt: Runtime, outcome: Outcome, now: datetime, bugs: Bugs) -> tuple[Polled, str | None]:
    """What is kept of a poll, and the line to say about it when it failed."""
    feed, result = outcome
    if isinstance(result, Polled):
        if result.feed.url != feed.url:
            moved = rt.store.move_feed(replace(result.feed, url=feed.url), result.feed.url, now)
            return replace(result, feed=moved), moved.error
        return result, None
    if not isinstance(result, PodwatchError):
        result = PodwatchError(bugs.note(feed.url, result), retryable=True)
    failing = failure(feed, result, now, rt.settings.poll_floor)
    line = result.line
    if is_dead(failing.failing_since, now):
        line += f" - it has failed since {failing.failing_since:%Y-%m-%d}: remove it, or mend its address"
    log.warning("poll: %s", line)
    return Polled(feed=failing), line


def ask_all(rt: Runtime, due: Sequence[Feed], now: datetime) -> Iterator[Outcome | None]:
    """The outcome of each feed as it comes, asked by many threads at once; None when it is time to keep them.

    Feeds whose host asks for a longer pause than a run has come out as postponed, without having been asked.
    """
    turns = Turns(due, lambda feed: urlsplit(feed.url).netloc, pause=rt.settings.host_pause)
    outcomes: queue.SimpleQueue[Outcome | None] = queue.SimpleQueue()

    def work() -> None:
        while (turn := turns.take()) is not None:
            result = ask(rt, turn.item, now)
            turns.done(turn, getattr(result, "retry_after", None))
            outcomes.put((turn.item, result))

    crew = Crew(work, min(len(due), rt.settings.poll_threads))
    left, kept = len(due), monotonic()
    while left:
        crew.grow()
        try:
            outcome = outcomes.get(timeout=TICK)
        except queue.Empty:
            if not crew.alive() and outcomes.empty():
                break  # what is left was refused
        else:
            left -= 1
            yield outcome
        if monotonic() - kept > STEP:
            yield None
            kept = monotonic()
    for feed in turns.refused():
        yield feed, PodwatchError("its host asks to be left alone; asked again later", where=feed.url, retryable=True)
    yield None


class Crew:
    """As many threads as help: doubled while they wait for servers, not once they keep a core busy."""

    def __init__(self, work: Callable[[], None], most: int) -> None:
        self._work, self._most = work, most
        self._threads: list[threading.Thread] = []
        self._wall, self._cpu = monotonic(), process_time()
        self._add(FEW)

    def grow(self) -> None:
        """Called often; looks at the time since the last tick."""
        wall = monotonic() - self._wall
        if wall >= TICK and len(self._threads) < self._most:
            if process_time() - self._cpu < BUSY * wall:
                self._add(len(self._threads))
            self._wall, self._cpu = monotonic(), process_time()

    def alive(self) -> bool:
        return any(t.is_alive() for t in self._threads)

    def _add(self, count: int) -> None:
        for _ in range(min(count, self._most - len(self._threads))):
            thread = threading.Thread(target=self._work, daemon=True)
            thread.start()
            self._threads.append(thread)


def ask(rt: Runtime, feed: Feed, now: datetime) -> Polled | PodwatchError | Exception:
    """One request and what it says. Errors are returned, so that they reach the feed's row."""
    try:
        answer = rt.http.get(feed.url, etag=feed.etag, last_modified=feed.last_modified, accept=ACCEPT)
        digest = xxh3_128_hexdigest(answer.body) if answer.status == 200 else feed.digest
        reading = None
        if digest != feed.digest:
            stored = rt.store.items_of(feed)
            known = feeds.Known.from_bytes(stored) if stored else None
            reading = feeds.read(answer.body, answer.url, answer.headers.get("content-type", ""), known)
        return changes(replace(feed, digest=digest), answer, reading, now, rt.settings.poll_floor)
    except PodwatchError as e:
        return e
    except Exception as e:  # noqa: BLE001 - raised with the others at the end
        return e


def changes(feed: Feed, answer: Answer, reading: Reading | None, now: datetime, floor: float) -> Polled:
    """What an answer makes of the feed; reading: of its body, None when there is nothing new in it. Pure."""
    polled = replace(feed, last_polled_at=now, failures=0, failing_since=None, error=None)
    if answer.moved_to:
        polled = replace(polled, url=answer.moved_to)
    if answer.status == 200:
        headers = answer.headers
        polled = replace(polled, etag=headers.get("etag"), last_modified=headers.get("last-modified"))
    if reading is None:
        return Polled(feed=_scheduled(polled, now, floor))
    recent = newest(feed, reading.episodes, now)
    polled = replace(polled, title=reading.facts.title or feed.title, facts=reading.facts, recent=recent)
    listed = frozenset(reading.listed)
    return Polled(
        feed=_scheduled(polled, now, floor),
        episodes=reading.episodes,
        lists=lambda guid: feeds.guid_key(guid) in listed,
        items=reading.known.to_bytes(),
    )


def newest(feed: Feed, found: Sequence[Episode], now: datetime) -> tuple[datetime, ...]:
    """When the newest episodes came out, newest first, whole seconds; dates in the future are left out."""
    dates = {e.published_at.replace(microsecond=0) for e in found if e.published_at is not None} | set(feed.recent)
    return tuple(sorted((d for d in dates if d <= now + timedelta(days=1)), reverse=True)[: RECENT + 1])


def _scheduled(feed: Feed, now: datetime, floor: float) -> Feed:
    declared = feed.facts.rhythm if feed.facts else None
    following = after_success(now, feed.recent, floor=floor, hint=feed.hint, declared=declared, url=feed.url)
    return replace(feed, next_poll_at=following.at)


def failure(feed: Feed, error: PodwatchError, now: datetime, floor: float) -> Feed:
    """The feed after a failed poll."""
    status, asked = getattr(error, "status", 0), getattr(error, "retry_after", None)
    following = after_failure(now, feed.failures + 1, floor=floor, asked=asked, gone=status == 410, url=feed.url)
    return replace(
        feed,
        last_polled_at=now,
        next_poll_at=following.at,
        failures=feed.failures + 1,
        failing_since=feed.failing_since or now,
        error=error.line,
    )
