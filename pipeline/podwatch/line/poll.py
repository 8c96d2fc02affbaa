"""poll, the first verb: requests the feeds that are due, and stores what is new in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from xxhash import xxh3_128_hexdigest

from podwatch import feeds
from podwatch.errors import PodwatchError, Postponed, RunEnded
from podwatch.feeds import FeedReading
from podwatch.line.bugs import Bugs
from podwatch.line.feed_moves import ACCEPT, check_redirect, find_new_address
from podwatch.line.newest_pages import NewestPages, read_newest_pages
from podwatch.model import ALL, Episode, Feed, PollResult, Shard, Tally
from podwatch.net.client import Response, fresh_seconds
from podwatch.net.host_queue import host_of
from podwatch.net.worker_pool import run_by_host
from podwatch.policy.host_limits import LIVE
from podwatch.policy.poll_schedule import (
    POSTPONE,
    RHYTHM_EPISODES,
    is_dead,
    is_whole_due,
    schedule_after_failure,
    schedule_after_success,
)
from podwatch.redaction import split_login
from podwatch.runtime import Runtime, log
from podwatch.store import database as store

BATCH = 400  # polls stored in one transaction
BATCH_EPISODES = 5_000  # or fewer polls, once they have so many new episodes

Result = PollResult | PodwatchError | Exception


def poll(
    rt: Runtime,
    now: datetime,
    shard: Shard = ALL,
    *,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Tally:
    """Polls what is due (force: every feed). A failure is stored on its feed, with the back-off until the next poll.

    progress: called with how many are done, and how many there are.
    """
    due = rt.store.feeds_due(None if force else now, shard)
    done = new = failed = waiting = left = 0
    notes: list[str] = []
    bugs = Bugs("poll")
    batch: list[tuple[Feed, PollResult]] = []
    rt.http.limit_run(rt.settings.run_seconds)
    outcomes = run_by_host(
        due,
        partial(request_feed, rt, now=now, force=force),
        host_of=lambda feed: host_of(feed.url),
        postponed=lambda feed: Postponed("its host asks to be left alone", where=feed.url),
        threads=rt.settings.poll_threads,
        per_host=LIVE.per_host,
        pause=rt.settings.host_pause * LIVE.pause,
        is_saturated=feeds.was_saturated,
        seconds=rt.settings.run_seconds,
        cut=lambda feed: RunEnded("is left to the next run", where=feed.url),
    )
    for outcome in outcomes:
        if outcome is not None and isinstance(outcome[1], RunEnded):
            left += 1  # and due as before
        elif outcome is not None:
            done += 1
            polled, line = resolve_outcome(rt, outcome, now, bugs)
            batch.append((outcome[0], polled))
            if line is not None:
                failed += 1
                notes.append(line)
            waiting += len(polled.episodes)
        if batch and (outcome is None or len(batch) >= BATCH or waiting >= BATCH_EPISODES):
            found, bad = save_batch(rt, batch, now, bugs, notes.append)
            new, failed, batch, waiting = new + found, failed + len(bad), [], 0
            notes += bad
            if progress is not None:
                progress(done, len(due))
    bugs.raise_all()
    if left:
        notes.append(
            f"{left} {'feed is' if left == 1 else 'feeds are'} left to the next run: the time of this one is over"
        )
    return Tally("poll", done, new, failed, tuple(notes), left)


def save_batch(
    rt: Runtime,
    batch: Sequence[tuple[Feed, PollResult]],
    now: datetime,
    bugs: Bugs,
    tell: Callable[[str], None] = lambda line: None,
) -> tuple[int, list[str]]:
    """Stores polls in one transaction: (how many episodes are new, a line for each poll that cannot be stored).

    batch: each feed as it was, and its poll. When a bug keeps them from being stored, each is stored alone; the one
    with the bug stays as it was, so that the next poll finds everything in its document again. tell: gets the lines
    about what was stored.
    """
    lines: list[str] = []
    try:
        new = rt.store.save_polls([result for _, result in batch], now, rt.settings.first_poll, lines.append)
        for line in lines:
            tell(line)
        return new, []
    except Exception as e:  # noqa: BLE001 - raised with the others at the end
        bug = e
    if store.explain_failure(bug) is not None:
        raise bug  # the database has failed
    if len(batch) == 1:
        [(feed, _)] = batch
        error = PodwatchError(bugs.note(feed.url, bug), retryable=True)
        failing = feed_after_failure(feed, error, now, rt.settings.poll_floor)
        rt.store.save_polls([PollResult(feed=failing, answer=error.line)], now, 0)
        return 0, [error.line]
    saved = [save_batch(rt, [poll], now, bugs, tell) for poll in batch]
    return sum(new for new, _ in saved), [line for _, lines in saved for line in lines]


def resolve_outcome(
    rt: Runtime, outcome: tuple[Feed, Result], now: datetime, bugs: Bugs
) -> tuple[PollResult, str | None]:
    """(what is stored of a poll, the line that reports its failure)"""
    feed, result = outcome
    if isinstance(result, PollResult):
        if result.feed.url != feed.url:
            moved = rt.store.move_feed(replace(result.feed, url=feed.url), result.feed.url, now)
            return replace(result, feed=moved), moved.error
        return result, None
    if isinstance(result, Postponed):
        return PollResult(feed=replace(feed, next_poll_at=now + POSTPONE)), None
    if not isinstance(result, PodwatchError):
        result = PodwatchError(bugs.note(feed.url, result), retryable=True)
    failing = feed_after_failure(feed, result, now, rt.settings.poll_floor)
    line = result.line
    if is_dead(failing.failing_since, now):
        line += f" - it has failed since {failing.failing_since:%Y-%m-%d}: remove it, or mend its address"
    log.warning("poll: %s", line)
    return PollResult(feed=failing, answer=result.line), line


def request_feed(rt: Runtime, feed: Feed, now: datetime, force: bool = False) -> Result:
    """Requests a feed and reads what is new in it. Errors are returned, so that they reach the feed's row.

    force: without conditions, whatever is known of it.
    """
    try:
        login = rt.keyring.login_for(feed.url, feed.login)
        whole = force or is_whole_due(feed.last_polled_at, now, feed.url)
        etag, last_modified = (None, None) if whole else (feed.etag, feed.last_modified)
        answer = rt.http.get(feed.url, etag=etag, last_modified=last_modified, accept=ACCEPT, login=login)
        if feed.facts is None and (link := feeds.find_feed_link(answer.body, answer.url)):
            answer = rt.http.get(split_login(link)[0], accept=ACCEPT)  # a show's page: its feed is polled from now on
            answer = replace(answer, moved_to=answer.moved_to or split_login(link)[0])
        digest = xxh3_128_hexdigest(answer.body) if answer.status == 200 else feed.digest
        reading = None
        if digest != feed.digest:
            stored = rt.store.items_of(feed)
            known = feeds.KnownItems.from_bytes(stored) if stored else None
            reading = feeds.read_feed(answer.body, answer.url, answer.headers.get("content-type", ""), known)
            check_redirect(rt, feed, answer, reading)
            answer = replace(answer, body=b"")  # frees a large document before its episodes are unpacked
        facts = reading.facts if reading else feed.facts
        pages = read_newest_pages(rt, feed, facts, reading.episodes if reading else (), now)
        polled = build_poll_result(replace(feed, digest=digest), answer, reading, now, rt.settings.poll_floor)
        if pages is not None:
            polled = add_pages(rt, feed, polled, pages, now, fresh_seconds(answer.headers))
        if address := find_new_address(rt, feed, answer.url, reading, now):
            # The validators of the old address mean nothing at the new one.
            there = replace(polled.feed, url=address, etag=None, last_modified=None, digest=None)
            polled = replace(polled, feed=there)
        return polled
    except PodwatchError as e:
        return e
    except Exception as e:  # noqa: BLE001 - raised with the others at the end
        return e


def build_poll_result(
    feed: Feed, answer: Response, reading: FeedReading | None, now: datetime, floor: float
) -> PollResult:
    """The feed after a response, with its new episodes. reading: of the body; None when it is unchanged. Pure."""
    polled = replace(feed, last_polled_at=now, failures=0, failing_since=None, error=None)
    if answer.moved_to and answer.status == 200:  # with its document at hand, which check_redirect has seen
        polled = replace(polled, url=answer.moved_to)
    etag, last_modified = validators_of(feed, answer, reading)
    polled = replace(polled, etag=etag, last_modified=last_modified)
    if reading is None:
        return PollResult(feed=_schedule(polled, now, floor, fresh_seconds(answer.headers)), answer=str(answer.status))
    episodes = reading.episodes
    recent = newest_dates(feed, episodes, now)
    polled = replace(polled, title=choose_title(feed, reading.facts.title), facts=reading.facts, recent=recent)
    listed = frozenset(reading.guid_keys)
    return PollResult(
        feed=_schedule(polled, now, floor, fresh_seconds(answer.headers)),
        episodes=episodes,
        lists=lambda guid: feeds.guid_key(guid) in listed,
        items=reading.known.to_bytes(),
        newest_known=feed.last_episode_at,
        answer=str(answer.status),
    )


def add_pages(
    rt: Runtime, feed: Feed, polled: PollResult, pages: NewestPages, now: datetime, fresh: float
) -> PollResult:
    """The poll with what is on the feed's newest pages. feed: as it was. fresh: see _schedule."""
    known = feeds.KnownItems.from_bytes(stored) if (stored := polled.items or rt.store.items_of(feed)) else None
    listed = frozenset(pages.guid_keys) | frozenset((known.final_guids or known.guids) if known else ())
    first, facts = polled.lists, polled.feed.facts
    recent = newest_dates(polled.feed, pages.episodes, now)
    seen = replace(polled.feed, recent=recent, facts=replace(facts, newest_page=pages.url) if facts else None)
    return replace(
        polled,
        feed=_schedule(seen, now, rt.settings.poll_floor, fresh),
        episodes=polled.episodes + pages.episodes,
        lists=lambda guid: feeds.guid_key(guid) in listed or (first is not None and first(guid)),
        newest_known=feed.last_episode_at,
    )


def choose_title(feed: Feed, found: str) -> str:
    """The title that a person gave, which is one that the document did not say last; else what the document says."""
    is_given = feed.title and (feed.facts is None or feed.title != feed.facts.title)
    return feed.title if is_given else found or feed.title


def validators_of(feed: Feed, answer: Response, reading: FeedReading | None) -> tuple[str | None, str | None]:
    """(ETag, Last-Modified) to ask with the next time. Pure.

    None of a document that is cut or ill-formed: the whole of it may come under the same ones. When the document is the
    same as before they are only renewed, since it may have been such a one.
    """
    etag, last_modified = answer.headers.get("etag"), answer.headers.get("last-modified")
    if reading is not None:
        return (etag, last_modified) if reading.is_well_formed else (None, None)
    if feed.etag is None and feed.last_modified is None:
        return None, None
    return etag or feed.etag, last_modified or feed.last_modified


def newest_dates(feed: Feed, found: Sequence[Episode], now: datetime) -> tuple[datetime, ...]:
    """When the feed's newest episodes came out, newest first, in whole seconds, without dates in the future."""
    dates = {e.published_at.replace(microsecond=0) for e in found if e.published_at is not None} | set(feed.recent)
    return tuple(sorted((d for d in dates if d <= now + timedelta(days=1)), reverse=True)[: RHYTHM_EPISODES + 1])


def _schedule(feed: Feed, now: datetime, floor: float, fresh: float) -> Feed:
    """fresh: seconds for which its server says that nothing will change."""
    declared = feed.facts.rhythm if feed.facts else None
    hint = max(feed.requested_interval or 0.0, fresh) or None
    following = schedule_after_success(now, feed.recent, floor=floor, hint=hint, declared=declared, url=feed.url)
    return replace(feed, next_poll_at=following.at)


def feed_after_failure(feed: Feed, error: PodwatchError, now: datetime, floor: float) -> Feed:
    """The feed after a failed poll, with the back-off. Pure."""
    status, asked = getattr(error, "status", 0), getattr(error, "retry_after", None)
    following = schedule_after_failure(
        now, feed.failures + 1, floor=floor, asked=asked, gone=status == 410, url=feed.url
    )
    return replace(
        feed,
        last_polled_at=now,
        next_poll_at=following.at,
        failures=feed.failures + 1,
        failing_since=feed.failing_since or now,
        error=error.line,
    )
