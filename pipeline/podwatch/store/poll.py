"""poll's part of the store: the feeds, which of them are due, and what a poll changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from podwatch.model import ALL, Feed, FeedFacts, Person, PollResult, Shard
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.episode_upsert import upsert_episodes
from podwatch.store.tables import feed_items, feeds

# What every poll may change; title and facts change seldom, and are written with the episodes.
POLL_COLUMNS = (
    "etag",
    "last_modified",
    "digest",
    "last_polled_at",
    "next_poll_at",
    "failures",
    "failing_since",
    "error",
)
DOCUMENT_COLUMNS = ("title", "facts", "recent")


class PollRows(Rows):
    def add_feeds(self, wanted: Iterable[Feed], now: datetime) -> int:
        """Adds the feeds that are not there yet and gives those that are their new tags; returns how many are new."""
        new = 0
        with self.writing() as c:
            known = {r.url: r for r in c.execute(select(feeds.c.id, feeds.c.url, feeds.c.tags))}
            for feed in wanted:
                row = known.get(feed.url)
                if row is None:
                    values = {"url": feed.url, "title": feed.title, "tags": list(feed.tags)}
                    c.execute(insert(feeds).values(**values, recent=[], added_at=now, next_poll_at=now))
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

    def items_of(self, feed: Feed) -> bytes | None:
        """What was known of the feed's items when its document was last read."""
        with self.reading() as c:
            return c.execute(_ITEMS, {"feed": feed.id}).scalar()

    def save_polls(self, polled: Sequence[PollResult], now: datetime, first: int) -> int:
        """Keeps what some polls brought, each of another feed, in one transaction; returns how many episodes were new.

        first: how many of its newest a feed that never gave an episode brings into the line; the rest is backlog.
        """
        state = [{"row": p.feed.id} | {name: getattr(p.feed, name) for name in POLL_COLUMNS} for p in polled]
        documents = [p for p in polled if p.lists is not None]
        items = [{"feed": p.feed.id, "known": p.items} for p in documents if p.items is not None]
        with self.writing() as c:
            if state:
                c.execute(_SAVE_STATE, state)
            if documents:
                c.execute(_SAVE_FACTS, [_document_facts(p.feed) for p in documents])
            if items:
                c.execute(_FORGET_ITEMS, items)
                c.execute(_SAVE_ITEMS, items)
            return upsert_episodes(c, documents, now, first) if documents else 0

    def move_feed(self, feed: Feed, url: str, now: datetime) -> Feed:
        """The feed under its new address. When that is polled already this one is polled no more: it is the same."""
        with self.writing() as c:
            other = c.execute(select(feeds.c.id).where(feeds.c.url == url, feeds.c.id != feed.id)).scalar()
            if other is None:
                c.execute(update(feeds).where(feeds.c.id == feed.id).values(url=url))
                return replace(feed, url=url)
        error = f"{feed.url}: has moved to {url}, which is polled already - remove this one"
        return replace(feed, next_poll_at=None, error=error)


_SAVE_STATE = (
    update(feeds)
    .where(feeds.c.id == bindparam("row"))
    .values({feeds.c[name]: bindparam(name) for name in POLL_COLUMNS})
)
_SAVE_FACTS = (
    update(feeds)
    .where(feeds.c.id == bindparam("row"))
    .values({feeds.c[name]: bindparam(name) for name in DOCUMENT_COLUMNS})
)
_ITEMS = select(feed_items.c.known).where(feed_items.c.feed_id == bindparam("feed"))
_FORGET_ITEMS = delete(feed_items).where(feed_items.c.feed_id == bindparam("feed"))
_SAVE_ITEMS = insert(feed_items).values(feed_id=bindparam("feed"), known=bindparam("known"))


def _document_facts(feed: Feed) -> dict[str, Any]:
    recent = [d.timestamp() for d in feed.recent]
    return {"row": feed.id, "title": feed.title, "facts": feed.facts, "recent": recent}


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
        recent=tuple(datetime.fromtimestamp(t, UTC) for t in r.recent),
        facts=_facts(r.facts) if r.facts else None,
        failures=r.failures,
        failing_since=r.failing_since,
        error=r.error,
    )


def _facts(stored: dict[str, Any]) -> FeedFacts:
    """FeedFacts as JSON gives them back, which made lists of tuples."""
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
    return FeedFacts(**values | {"persons": tuple(Person(**p) for p in stored["persons"])})
