"""poll's part of the store: the feeds, which of them are due, and what a poll changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from pipeline.model import ALL, Episode, Feed, Shard, TranscriptRef
from pipeline.store.engine import AnyRow, Rows
from pipeline.store.tables import episodes, feeds

# What a later poll may correct; identity, first sight and fetch state stay.
FACTS = ("title", "link", "audio_url", "published_at", "duration", "notes", "language", "transcripts")


class PollRows(Rows):
    def add_feeds(self, wanted: Iterable[Feed], now: datetime) -> int:
        """Adds the feeds that are not there yet and gives those that are their new tags; returns how many are new."""
        new = 0
        with self.writing() as c:
            for feed in wanted:
                row = c.execute(select(feeds.c.id, feeds.c.tags).where(feeds.c.url == feed.url)).first()
                if row is None:
                    c.execute(
                        insert(feeds).values(
                            url=feed.url, title=feed.title, tags=list(feed.tags), added_at=now, next_poll_at=now
                        )
                    )
                    new += 1
                elif set(feed.tags) - set(row.tags):
                    tags = list(dict.fromkeys([*row.tags, *feed.tags]))
                    c.execute(update(feeds).where(feeds.c.id == row.id).values(tags=tags))
        return new

    def remove_feed(self, url: str) -> bool:
        with self.writing() as c:
            return c.execute(delete(feeds).where(feeds.c.url == url)).rowcount > 0

    def feeds(self) -> list[Feed]:
        with self.reading() as c:
            return [_feed(r) for r in c.execute(select(feeds).order_by(feeds.c.id))]

    def feeds_due(self, now: datetime | None, shard: Shard = ALL) -> list[Feed]:
        """The feeds whose time has come, the longest waiting first; all that are polled at all when now is None."""
        due = feeds.c.next_poll_at.is_not(None) if now is None else feeds.c.next_poll_at <= now
        query = select(feeds).where(due).order_by(feeds.c.next_poll_at, feeds.c.id)
        if shard.count > 1:
            query = query.where(feeds.c.id % shard.count == shard.index)
        with self.reading() as c:
            return [_feed(r) for r in c.execute(query)]

    def save_poll(self, feed: Feed, found: Sequence[Episode], now: datetime, first: int) -> int:
        """Keeps the feed as it is now, and the episodes found; returns how many of them were not known.

        first: how many of its newest a feed that never gave an episode brings into the line; the rest is backlog.
        """
        with self.writing() as c:
            c.execute(
                update(feeds)
                .where(feeds.c.id == feed.id)
                .values(
                    url=feed.url,
                    title=feed.title,
                    etag=feed.etag,
                    last_modified=feed.last_modified,
                    digest=feed.digest,
                    last_polled_at=feed.last_polled_at,
                    next_poll_at=feed.next_poll_at,
                    failures=feed.failures,
                    error=feed.error,
                    last_episode_at=feed.last_episode_at,
                )
            )
            if not found:
                return 0
            mine = episodes.c.feed_id == feed.id
            known: dict[str, AnyRow] = {}
            guids = [e.guid for e in found]
            for i in range(0, len(guids), 500):
                query = select(episodes).where(mine, episodes.c.guid.in_(guids[i : i + 500]))
                known.update((r.guid, r) for r in c.execute(query))
            young = c.execute(select(func.count()).select_from(episodes).where(mine)).scalar() == 0
            fresh = [e for e in found if e.guid not in known]
            live = {e.guid for e in _newest(fresh)[:first]} if young else {e.guid for e in fresh}
            rows = [
                _facts(e)
                | {
                    "feed_id": feed.id,
                    "guid": e.guid,
                    "first_seen_at": now,
                    "backlog": e.guid not in live,
                    "next_fetch_at": now if e.guid in live and e.transcripts else None,
                }
                for e in fresh
            ]
            if rows:
                c.execute(insert(episodes), rows)
            for e in found:
                if e.guid in known:
                    self._correct(c, known[e.guid], e, now)
            return len(rows)

    def _correct(self, c: Any, row: AnyRow, e: Episode, now: datetime) -> None:
        facts = _facts(e)
        changed = {k: v for k, v in facts.items() if v != getattr(row, k)}
        if "transcripts" in changed and e.transcripts and not row.backlog:
            # A transcript that came after its episode, or moved: ask (again), at once.
            changed |= {"next_fetch_at": now, "fetch_failures": 0}
        if changed:
            c.execute(update(episodes).where(episodes.c.id == row.id).values(**changed))


_NEVER = datetime.max.replace(tzinfo=UTC)


def _newest(found: Sequence[Episode]) -> list[Episode]:
    """Newest first; those without a date count as they stand in the feed, after the dated ones."""
    dated = [e for e in found if e.published_at is not None]
    undated = [e for e in found if e.published_at is None]
    return sorted(dated, key=lambda e: e.published_at or _NEVER, reverse=True) + undated


def _facts(e: Episode) -> dict[str, Any]:
    facts: dict[str, Any] = {name: getattr(e, name) for name in FACTS}
    facts["transcripts"] = [asdict(t) for t in e.transcripts]
    return facts


def _feed(r: AnyRow) -> Feed:
    return Feed(
        id=r.id,
        url=r.url,
        title=r.title,
        tags=tuple(r.tags),
        etag=r.etag,
        last_modified=r.last_modified,
        digest=r.digest,
        last_polled_at=r.last_polled_at,
        next_poll_at=r.next_poll_at,
        last_episode_at=r.last_episode_at,
        failures=r.failures,
        error=r.error,
    )


def episode_of(r: AnyRow) -> Episode:
    """An episode from a row of episodes joined with feeds.title as ``show``."""
    return Episode(
        id=r.id,
        feed_id=r.feed_id,
        guid=r.guid,
        show=r.show,
        title=r.title,
        link=r.link,
        audio_url=r.audio_url,
        published_at=r.published_at,
        duration=r.duration,
        notes=r.notes,
        language=r.language,
        transcripts=tuple(TranscriptRef(**t) for t in r.transcripts),
        first_seen_at=r.first_seen_at,
        fetch_failures=r.fetch_failures,
    )


EPISODE = (*episodes.c, feeds.c.title.label("show"))
