"""poll: asks the feeds that are due whether they have something new."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pipeline import feeds
from pipeline.bugs import Bugs
from pipeline.errors import PodwatchError
from pipeline.http import Answer
from pipeline.model import ALL, Episode, Feed, Shard, Tally
from pipeline.runtime import Runtime, log

ACCEPT = "application/rss+xml, application/atom+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.5"
CEILING = 24 * 3600.0  # seconds: no feed is left alone for longer, however often it failed


@dataclass(frozen=True, slots=True)
class Changes:
    """What a poll makes of a feed."""

    feed: Feed
    episodes: tuple[Episode, ...] = ()


def poll(rt: Runtime, now: datetime, shard: Shard = ALL, *, force: bool = False) -> Tally:
    """Polls what is due (with force: everything); each failure is kept on its feed, with a back-off."""
    done = new = failed = 0
    notes: list[str] = []
    bugs = Bugs("poll")
    for feed in rt.store.feeds_due(None if force else now, shard):
        done += 1
        try:
            answer = rt.http.get(feed.url, etag=feed.etag, last_modified=feed.last_modified, accept=ACCEPT)
            change = changes(feed, answer, now, rt.settings.poll_floor)
        except PodwatchError as e:
            failed += 1
            notes.append(e.line)
            log.warning("poll: %s", e.line)
            change = Changes(failure(feed, e, now, rt.settings.poll_floor))
        except Exception as e:  # noqa: BLE001 - raised with the others at the end
            line = bugs.note(feed.url, e)
            change = Changes(failure(feed, PodwatchError(line, retryable=True), now, rt.settings.poll_floor))
        new += rt.store.save_poll(change.feed, change.episodes, now, rt.settings.first_poll)
    bugs.raise_all()
    return Tally("poll", done, new, failed, tuple(notes))


def changes(feed: Feed, answer: Answer, now: datetime, floor: float) -> Changes:
    """What an answer makes of the feed. Pure; raises FeedError when the body is no feed."""
    polled = replace(feed, last_polled_at=now, next_poll_at=now + timedelta(seconds=floor), failures=0, error=None)
    if answer.moved_to:
        polled = replace(polled, url=answer.moved_to)
    if answer.status == 304:
        return Changes(polled)
    digest = hashlib.blake2b(answer.body, digest_size=16).hexdigest()
    polled = replace(
        polled,
        etag=answer.headers.get("etag"),
        last_modified=answer.headers.get("last-modified"),
        digest=digest,
    )
    if digest == feed.digest:
        return Changes(polled)
    parsed = feeds.parse(answer.body, answer.url, dict(answer.headers))
    dates = [e.published_at for e in parsed.episodes if e.published_at is not None]
    return Changes(
        replace(
            polled,
            title=parsed.title or feed.title,
            last_episode_at=max(dates, default=feed.last_episode_at),
        ),
        parsed.episodes,
    )


def failure(feed: Feed, error: PodwatchError, now: datetime, floor: float) -> Feed:
    """The feed after a failed poll: asked again after twice the last wait, or as long as the server said."""
    wait = min(CEILING, max(floor, 60.0) * (1 << min(feed.failures, 12)))
    wait = max(wait, min(CEILING, getattr(error, "retry_after", None) or 0.0))
    again = None if getattr(error, "status", 0) == 410 else now + timedelta(seconds=wait)
    return replace(feed, last_polled_at=now, next_poll_at=again, failures=feed.failures + 1, error=error.line)
