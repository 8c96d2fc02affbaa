"""poll's to-do list and save: feeds, which of them are due, and the results of polls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Date, Integer, Text, bindparam, delete, func, insert, literal, select, update

from podwatch.logins import origin_of
from podwatch.model import ALL, Episode, Feed, FeedFacts, Person, PollResult, Shard
from podwatch.policy.shards import bucket_of
from podwatch.redaction import display_address
from podwatch.store.alerts import detach_deliveries
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.episode_upsert import upsert_episodes
from podwatch.store.episodes import SELECT_EPISODES, episode_of
from podwatch.store.removed_feeds import remember_feed
from podwatch.store.statements import in_host_shard, upsert
from podwatch.store.tables import episodes, feed_days, feed_items, feeds

# Saved after every poll; the others only when the document was read, with its episodes.
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
LONGEST_ANSWER = 200  # characters of a failure's line that a day keeps


class PollRows(Rows):
    def add_feeds(self, wanted: Iterable[Feed], now: datetime) -> int:
        """Adds the feeds that are new and gives the known ones their new tags and login; returns how many are new.

        A known one that is not polled any more, because it was gone for good, is polled again.
        """
        new = 0
        with self.writing() as c:
            known = {r.url: r for r in c.execute(select(feeds.c.id, feeds.c.url, feeds.c.tags, feeds.c.next_poll_at))}

            for feed in wanted:
                row = known.get(feed.url)
                if row is None:
                    values: dict[str, Any] = {
                        "url": feed.url,
                        "login": feed.login,
                        "title": feed.title,
                        "tags": list(feed.tags),
                    }
                    values |= {"bucket": bucket_of(feed.url), "recent": [], "added_at": now, "next_poll_at": now}
                    c.execute(insert(feeds).values(**values))
                    new += 1
                    continue
                changes: dict[str, Any] = {}
                if set(feed.tags) - set(row.tags):
                    changes["tags"] = list(dict.fromkeys([*row.tags, *feed.tags]))
                if feed.login is not None:
                    changes["login"] = feed.login
                if feed.login is not None or row.next_poll_at is None:
                    changes["next_poll_at"] = now
                if changes:
                    c.execute(update(feeds).where(feeds.c.id == row.id).values(**changes))
        return new

    def remove_feed(self, url: str) -> bool:
        """Deletes a feed with its episodes; False when there is none. Deliveries stay: see detach_deliveries."""
        with self.writing() as c:
            row = c.execute(select(feeds).where(feeds.c.url == url)).first()
            if row is None:
                return False
            remember_feed(c, feed_of(row), row.last_polled_at or row.added_at)
            detach_deliveries(c, row.id)
            c.execute(delete(feeds).where(feeds.c.id == row.id))
            return True

    def describe_feed(self, url: str, *, title: str | None = None, tags: Sequence[str] | None = None) -> None:
        """Sets the title of a feed, its tags, or both. A title stays whatever its document says, until it is ""."""
        values = {name: value for name, value in (("title", title), ("tags", tags)) if value is not None}
        if values:
            self.execute(update(feeds).where(feeds.c.url == url).values(**values))

    def set_disabled(self, url: str, now: datetime, *, disabled: bool) -> bool:
        """Has a feed rest, or polls it again: at once when it is due. Whether that changes anything."""
        is_as_before = feeds.c.disabled_at.is_(None) if disabled else feeds.c.disabled_at.is_not(None)
        query = update(feeds).where(feeds.c.url == url, is_as_before)
        if not disabled:
            return self.execute(query.values(disabled_at=None, next_poll_at=now)) > 0
        return self.execute(query.values(disabled_at=now)) > 0

    def feeds(self) -> list[Feed]:
        return [feed_of(r) for r in self.read_rows(select(feeds).order_by(feeds.c.id))]

    def feeds_due(self, now: datetime | None, shard: Shard = ALL) -> list[Feed]:
        """The feeds that are due, the longest waiting first; when ``now`` is None all but those never polled again."""
        due = feeds.c.next_poll_at.is_not(None) if now is None else feeds.c.next_poll_at <= now
        query = (
            select(feeds)
            .where(due, feeds.c.disabled_at.is_(None), *in_host_shard(feeds.c.bucket, shard))
            .order_by(feeds.c.next_poll_at, feeds.c.id)
        )
        return [feed_of(r) for r in self.read_rows(query)]

    def due_by_bucket(self, now: datetime) -> dict[int, int]:
        """By the bucket of their host how many feeds and transcripts are due."""
        f, e = feeds.c, episodes.c
        polls = select(f.bucket, func.count().label("n")).where(f.next_poll_at <= now, f.disabled_at.is_(None))
        fetches = select(f.bucket, func.count().label("n")).join(episodes, e.feed_id == f.id)
        found: dict[int, int] = {}
        for query in (polls, fetches.where(e.next_fetch_at <= now, e.backlog.is_(False))):
            for r in self.read_rows(query.group_by(f.bucket)):
                found[r.bucket] = found.get(r.bucket, 0) + r.n
        return found

    def newest_episodes(self, feed: Feed, most: int) -> list[Episode]:
        """The feed's episodes, newest first."""
        e = episodes.c
        query = SELECT_EPISODES.where(e.feed_id == feed.id).order_by(e.published_at.desc(), e.id.desc()).limit(most)
        return [episode_of(r) for r in self.read_rows(query)]

    def undated_episodes(self) -> dict[int, int]:
        """By the id of a feed how many of its episodes have no date, or none that can be read; feeds with some only."""
        e = episodes.c
        query = select(e.feed_id, func.count().label("n")).where(e.published_at.is_(None)).group_by(e.feed_id)
        return {r.feed_id: r.n for r in self.read_rows(query)}

    def items_of(self, feed: Feed) -> bytes | None:
        """What was known of the items when the feed's document was last read, as bytes of KnownItems."""
        with self.reading() as c:
            return c.execute(_ITEMS, {"feed": feed.id}).scalar()

    def save_polls(
        self, polled: Sequence[PollResult], now: datetime, first: int, tell: Callable[[str], None] = lambda line: None
    ) -> int:
        """Saves the results of some polls, each of another feed, in one transaction; returns how many episodes are new.

        first: of a feed that has no episode yet only so many, its newest, are live; the others are backlog.
        tell: gets a line for each feed that lists its archive, which is backlog, too.
        """
        state = [{"row": p.feed.id} | {name: getattr(p.feed, name) for name in POLL_COLUMNS} for p in polled]
        documents = [p for p in polled if p.lists is not None]
        items = [{"feed": p.feed.id, "known": p.items} for p in documents if p.items is not None]
        with self.writing() as c:
            if state:
                c.execute(_SAVE_STATE, state)
            _save_days(c, polled, now)
            if documents:
                c.execute(_SAVE_FACTS, [_document_facts(p.feed) for p in documents])
            if items:
                c.execute(_FORGET_ITEMS, items)
                c.execute(_SAVE_ITEMS, items)
            return upsert_episodes(c, documents, now, first, tell=tell) if documents else 0

    def move_feed(self, feed: Feed, url: str, now: datetime) -> Feed:
        """Gives the feed its new address. When another feed has that already this one is not polled any more.

        Its login is for its old server: it does not move to another one, which has answered without it.
        """
        login = feed.login if origin_of(url) == origin_of(feed.url) else None
        with self.writing() as c:
            other = c.execute(select(feeds.c.id).where(feeds.c.url == url, feeds.c.id != feed.id)).scalar()
            if other is None:
                c.execute(
                    update(feeds).where(feeds.c.id == feed.id).values(url=url, bucket=bucket_of(url), login=login)
                )
                return replace(feed, url=url, login=login)
        there = display_address(url)
        error = f"{display_address(feed.url)}: has moved to {there}, which is polled already - remove this one"
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


def _save_days(c: Connection, polled: Sequence[PollResult], now: datetime) -> None:
    """Adds the polls to their feeds' counts of the day. A feed that was removed meanwhile is left out."""
    day = now.astimezone(UTC).date()
    rows = [
        {"feed": p.feed.id, "on": day, "bad": int(p.feed.failures > 0), "answer": p.answer[:LONGEST_ANSWER]}
        for p in polled
        if p.answer
    ]
    if rows:
        d, added = feed_days.c, upsert(c.dialect, feed_days).from_select(_DAY_COLUMNS, _DAY)
        new = added.excluded
        counted = {"polled": d.polled + new.polled, "failed": d.failed + new.failed, "last_answer": new.last_answer}
        c.execute(added.on_conflict_do_update(index_elements=["feed_id", "day"], set_=counted), rows)


_DAY_COLUMNS = ["feed_id", "day", "polled", "failed", "last_answer"]
_DAY = select(
    feeds.c.id,
    bindparam("on", type_=Date),
    literal(1),
    bindparam("bad", type_=Integer),
    bindparam("answer", type_=Text),
).where(feeds.c.id == bindparam("feed"))


def _document_facts(feed: Feed) -> dict[str, Any]:
    recent = [d.timestamp() for d in feed.recent]
    return {"row": feed.id, "title": feed.title, "facts": feed.facts, "recent": recent}


def feed_of(r: AnyRow) -> Feed:
    return Feed(
        id=r.id,
        url=r.url,
        login=r.login,
        title=r.title,
        tags=tuple(r.tags),
        disabled_at=r.disabled_at,
        recent=tuple(datetime.fromtimestamp(t, UTC) for t in r.recent),
        facts=_facts(r.facts) if r.facts else None,
        **{name: getattr(r, name) for name in POLL_COLUMNS},
    )


def _facts(stored: dict[str, Any]) -> FeedFacts:
    """FeedFacts from JSON, which has lists for tuples."""
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
    return FeedFacts(**values | {"persons": tuple(Person(**p) for p in stored["persons"])})
