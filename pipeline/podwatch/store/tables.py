"""The tables as SQLAlchemy Core objects, with the meaning of each column; migrations/ creates them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """An aware UTC datetime, on SQLite too, which has no such type. A naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive datetime: {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite gives an automatic id only to a column of type INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


feeds = Table(
    "feeds",
    metadata,
    _id(),
    Column("url", Text, nullable=False, unique=True),  # without its login
    Column("bucket", Integer, nullable=False, default=0),  # of its host, for shards: see policy/shards.py
    Column("login", Text),  # user:password, or that encrypted: see logins.py
    Column("title", Text, nullable=False, default=""),
    Column("tags", JSON, nullable=False, default=list),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("digest", String(64)),
    Column("added_at", Utc, nullable=False),
    Column("last_polled_at", Utc),
    Column("next_poll_at", Utc, index=True),  # null: never again
    Column("disabled_at", Utc),  # when somebody had it rest; null: it is polled
    Column("recent", JSON, nullable=False, default=list),  # of its newest episodes: seconds since 1970
    Column("listen", Boolean),  # whether podwatch listens to its audio itself; null: as the settings say
    Column("keep_days", Integer),  # for how long its transcripts' text is kept; 0: for ever; null: as the settings say
    Column("transcript_page", Text),  # the template of its transcript pages: see transcripts/sources.py
    Column("facts", JSON),  # of its last document: model.FeedFacts
    Column("failures", Integer, nullable=False, default=0),
    Column("failing_since", Utc),
    Column("error", Text),
)

# What is known of the items of a feed's document. Not a column of feeds, since only a changed document needs it.
feed_items = Table(
    "feed_items",
    metadata,
    Column("feed_id", Id, ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("known", LargeBinary, nullable=False),
)

# What was polled on each UTC day, for coverage. No row: the feed was not polled, or podwatch did not keep it yet.
feed_days = Table(
    "feed_days",
    metadata,
    Column("feed_id", Id, ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True, index=True),
    Column("polled", Integer, nullable=False),  # how often
    Column("failed", Integer, nullable=False),  # how many of these failed
    Column("last_answer", Text, nullable=False),  # the status, or the line of the failure
    sqlite_with_rowid=False,
)

episodes = Table(
    "episodes",
    metadata,
    _id(),
    Column("feed_id", Id, ForeignKey("feeds.id", ondelete="CASCADE"), nullable=False),
    Column("guid", Text, nullable=False),
    Column("identity", String(32), nullable=False, index=True),  # the same for one episode in several feeds
    Column("title", Text, nullable=False, default=""),
    Column("link", Text),
    Column("audio_url", Text),
    Column("published_at", Utc, index=True),
    Column("duration", Float),
    Column("notes", Text, nullable=False, default=""),
    Column("language", Text),
    Column("transcripts", JSON, nullable=False, default=list),  # the ones that the feed names, not those fetched
    Column("details", JSON, nullable=False, default=dict),  # persons, season, chapters, ...: see episodes.py
    Column("first_seen_at", Utc, nullable=False),
    Column("backlog", Boolean, nullable=False, default=False),  # only a backfill fetches its transcript
    Column("next_fetch_at", Utc, index=True),  # when to request the transcript, or the claim on it ends; null: never
    Column("fetch_failures", Integer, nullable=False, default=0),
    Column("fetch_error", Text),
    UniqueConstraint("feed_id", "guid"),
)

# See model.Backfill.
backfills = Table(
    "backfills",
    metadata,
    _id(),
    Column("key", Text, unique=True),  # of who asked for it
    Column("since", Utc, nullable=False),
    Column("until", Utc, nullable=False),
    Column("feeds", JSON, nullable=False, default=list),
    Column("tags", JSON, nullable=False, default=list),
    Column("watches", JSON, nullable=False, default=list),
    Column("deliver", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    Column("counts", JSON, nullable=False, default=dict),  # of its last report
    Column("created_at", Utc, nullable=False),
    Column("updated_at", Utc, nullable=False),
)

# How far back the older pages of a feed were crawled, so that no other backfill crawls them again the same day.
walks = Table(
    "walks",
    metadata,
    Column("feed_id", Id, ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("since", Utc, nullable=False),
    Column("walked_at", Utc, nullable=False),
    Column("error", Text),  # why the crawl ended early
)

# Keys that recognise an episode when its guid has changed, or in another feed: see policy/episode_identity.py.
episode_keys = Table(
    "episode_keys",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("episode_id", Id, ForeignKey("episodes.id", ondelete="CASCADE"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

transcripts = Table(
    "transcripts",
    metadata,
    _id(),
    Column("episode_id", Id, ForeignKey("episodes.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("media_type", Text, nullable=False, default=""),
    Column("language", Text),
    Column("revision", Integer, nullable=False, default=1),
    Column("digest", String(64), nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("fetched_at", Utc, nullable=False),
    Column("checks", Integer, nullable=False, default=0),  # how often it was requested since
    Column("characters", Integer, nullable=False),
    Column("segments", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # text and times, see store/packing.py
    Column("labels", LargeBinary, nullable=False),  # of boilerplate, see transcripts/labels/boilerplate.py
    # The largest watches.seq that has been looked for in it; watches with a larger one are still to do.
    Column("detected_through", Id, nullable=False, default=0, index=True),
    Column("detect_error", Text),  # a bug met while it was searched
    Column("next_detect_at", Utc),  # of a bug: when to try again
    Column("pruned_at", Utc),  # when its text went, by its age; null: it is there
)

watches = Table(
    "watches",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("spec", JSON, nullable=False),
    Column("channel", Text, nullable=False),
    Column("deliver", String(8), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("revision", Integer, nullable=False, default=1),
    Column("revised_at", Utc, nullable=False),
    # Numbers the revisions of the whole watchlist: a new or changed watch gets the next number.
    Column("seq", Id, nullable=False, unique=True),
    Column("enabled", Boolean, nullable=False, default=True),
    Column("disabled_at", Utc),  # when it was taken off the watchlist
    Column("removed_at", Utc),  # when somebody removed it for good; null: it can be switched on again
    # Of the keys of its alerts: the name that it had first, so that a renamed watch tells nothing twice.
    Column("key_name", Text, nullable=False, default="", server_default=""),
    Column("error", Text),
)

mentions = Table(
    "mentions",
    metadata,
    _id(),
    Column("watch_id", Id, ForeignKey("watches.id", ondelete="CASCADE"), nullable=False),
    Column("watch_revision", Integer, nullable=False),
    Column("transcript_id", Id, ForeignKey("transcripts.id", ondelete="CASCADE"), nullable=False),
    Column("transcript_revision", Integer, nullable=False),
    Column("episode_id", Id, ForeignKey("episodes.id", ondelete="CASCADE"), nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("score", Float, nullable=False),
    Column("surface", Text, nullable=False),
    Column("seconds", Float),  # null: the transcript has no times
    Column("approximate", Boolean, nullable=False, default=False),  # seconds is interpolated
    Column("segment", Integer, nullable=False),
    Column("speaker", Text),
    Column("snippet", Text, nullable=False),
    Column("snippet_start", Integer, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("label", String(16)),  # of the boilerplate it is in
    Column("found_at", Utc, nullable=False),
    Column("gone_at", Utc),  # when it was not found again in a later revision of the transcript or the watch
    Index("ix_mentions_watch_id_episode_id", "watch_id", "episode_id"),
    Index("ix_mentions_transcript_id_watch_id", "transcript_id", "watch_id"),
)
# The entities of a transcript with their spans. A row with the transcript's revision means that it was read for names.
entity_spans = Table(
    "entity_spans",
    metadata,
    Column(
        "transcript_id", Id, ForeignKey("transcripts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("revision", Integer, nullable=False),  # of the transcript
    Column("body", LargeBinary, nullable=False),  # the entities with forms and spans, see store/entities.py
    Column("unread", Text),  # why it was not read: model.UnreadReason
    Column("error", Text),  # a bug met while it was read
    Column("again_at", Utc),  # of a bug: when to try again
    Column("found_at", Utc, nullable=False),
)

entity_names = Table(
    "entity_names",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),  # the name folded: see entities/name_keys.py
    Column("name", Text, nullable=False),
)

# How often each transcript names an entity, to be counted over time.
entities = Table(
    "entities",
    metadata,
    Column("name_id", Id, ForeignKey("entity_names.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column(
        "transcript_id",
        Id,
        ForeignKey("transcripts.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    ),
    Column("type", String(16), nullable=False),
    Column("count", Integer, nullable=False),
    Column("aside", Integer, nullable=False),  # how many of these are in sponsor reads, promotion, repeated passages
    sqlite_with_rowid=False,
)

# An alert, a digest, a report, or a reply that continues one of them in its thread. All times: Store.clock().
deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    Column("key", String(64), nullable=False, unique=True),
    Column("kind", String(8), nullable=False, default="alert", server_default="alert"),
    Column("watch_id", Id, ForeignKey("watches.id", ondelete="CASCADE")),  # of an alert
    # Of an alert; null once its feed was removed: what was said stays said (see detach_deliveries).
    Column("episode_id", Id, ForeignKey("episodes.id", ondelete="CASCADE"), index=True),
    Column("identity", String(32), index=True),  # of an alert: its episode's
    Column("parent_id", Id, ForeignKey("deliveries.id", ondelete="CASCADE"), index=True),  # of a reply
    Column("part", Integer, nullable=False, default=0, server_default="0"),  # of a reply: 1, 2, ...
    Column("digest_id", Id, ForeignKey("deliveries.id", ondelete="SET NULL"), index=True),  # of an alert in a digest
    Column("channel", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(16)),  # held, digest: the name of a model.HoldReason
    Column("attempts", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0, server_default="0"),
    Column("looks", Integer, nullable=False, default=0, server_default="0"),
    # due, retry: when to try; attempting: when the lease ends; held: when to decide again; null: never.
    Column("next_attempt_at", Utc, index=True),
    Column("created_at", Utc, nullable=False),
    Column("attempted_at", Utc),  # of the first attempt whose outcome is not known
    Column("posted_at", Utc),  # of the last attempt to post
    Column("sent_at", Utc, index=True),
    Column("check_at", Utc, index=True),  # sent: its content may have changed
    Column("sweep_at", Utc, index=True),  # sent after several attempts: when to check for a second copy
    Column("shown", String(32)),  # hash of its content in the channel
    Column("notifier", Text),
    Column("remote_channel", Text),
    Column("remote_id", Text),
    Column("error", Text),  # dead, retry: the failure; held: the text of the reason
    Column("note", Text),  # of a digest: the line about coverage, as it was when the digest was made
    Column("content", JSON),  # of a report: all of it, as it was when the report was made
    Index(None, "channel", "posted_at"),
    Index(None, "watch_id", "sent_at"),
)

# A channel by its name in the watchlist; "service:..." is a whole service with its token.
channels = Table(
    "channels",
    metadata,
    Column("name", Text, primary_key=True),
    Column("next_at", Utc),  # when the next message may go to it
    Column("paused_until", Utc),  # paused until then: an operator has to act; then it is probed
    Column("failures", Integer, nullable=False, default=0, server_default="0"),  # in a row
    Column("error", Text),
    Column("rules", JSON),  # model.ChannelRules; null: none
    # The row that its rate limit and pauses stand on, under the service's own id; null: not looked up yet, or itself.
    Column("target", Text),
    Column("next_report_at", Utc),  # when its next weekly report is to be made; null: none, or not known yet
)

# Single facts by name, such as when the line last ran through: see marks.py.
marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("value", Text, nullable=False),
)

# One row, on SQLite only: where the clock that all workers share started to count, see store/clock.py.
clocks = Table(
    "clocks",
    metadata,
    Column("boot", String(64), primary_key=True),  # id of the machine's start
    Column("ticks", Float, nullable=False),  # seconds since then
    Column("wall", Utc, nullable=False),  # the machine's clock at that moment
)


@lru_cache(maxsize=1)
def complete_metadata() -> MetaData:
    """The metadata with the indexes that each dialect writes otherwise.

    SQLAlchemy loads both dialects to check them, a sixth of what a command takes to start; only migrations need it.
    """
    kept, gone = transcripts.c.pruned_at.is_(None), mentions.c.gone_at.is_(None)
    Index("ix_transcripts_kept", transcripts.c.fetched_at, sqlite_where=kept, postgresql_where=kept)
    place = (mentions.c.transcript_id, mentions.c.watch_id, mentions.c.start, mentions.c.end)
    # A span holds one mention of a watch, as long as that is not gone.
    Index("uq_mentions_place", *place, unique=True, sqlite_where=gone, postgresql_where=gone)
    return metadata
