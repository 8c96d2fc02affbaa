"""The tables, as SQLAlchemy Core sees them. What a column means is said here once; migrations/ makes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
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
    """An aware UTC datetime, on SQLite too, which keeps none: refuses a naive one instead of guessing."""

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
    Column("url", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False, default=""),
    Column("tags", JSON, nullable=False, default=list),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("digest", String(64)),
    Column("added_at", Utc, nullable=False),
    Column("last_polled_at", Utc),
    Column("next_poll_at", Utc, index=True),  # null: never again
    Column("recent", JSON, nullable=False, default=list),  # seconds since 1970 of its newest episodes: its rhythm
    Column("transcript_page", Text),  # where its episodes' transcript pages are: see transcripts/sources.py
    Column("facts", JSON),  # what its document said last: model.FeedFacts
    Column("failures", Integer, nullable=False, default=0),
    Column("failing_since", Utc),
    Column("error", Text),
)

# What is known of the items of a feed's document; apart from feeds, since only a changed document asks for it.
feed_items = Table(
    "feed_items",
    metadata,
    Column("feed_id", Id, ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("known", LargeBinary, nullable=False),
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
    Column("transcripts", JSON, nullable=False, default=list),  # what the feed offers, not what was fetched
    Column("details", JSON, nullable=False, default=dict),  # persons, season, chapters, ...: see episodes.py
    Column("first_seen_at", Utc, nullable=False),
    Column("backlog", Boolean, nullable=False, default=False),  # older than the feed's first poll: for a backfill
    Column("next_fetch_at", Utc, index=True),  # when to ask for the transcript; null: nothing to ask for
    Column("fetch_failures", Integer, nullable=False, default=0),
    Column("fetch_error", Text),
    UniqueConstraint("feed_id", "guid"),
)

# A bounded past that is gone over: see model.Backfill.
backfills = Table(
    "backfills",
    metadata,
    _id(),
    Column("key", Text, unique=True),  # of what asked for it
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

# How far back the older pages of a feed were walked, so that no other backfill does it again the same day.
walks = Table(
    "walks",
    metadata,
    Column("feed_id", Id, ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("since", Utc, nullable=False),
    Column("walked_at", Utc, nullable=False),
    Column("error", Text),  # what ended the walk before its time
)

# Under what an episode is found again when its guid has changed, or in another feed: see identity.py.
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
    Column("checks", Integer, nullable=False, default=0),  # how often it was asked for again since
    Column("characters", Integer, nullable=False),
    Column("segments", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),  # text and times, see packing.py
    Column("labels", LargeBinary, nullable=False),  # what is boilerplate in it, see transcripts/boilerplate.py
    # The largest watches.seq that has been looked for in it: what is above is still to do.
    Column("detected_through", Id, nullable=False, default=0, index=True),
    Column("detect_error", Text),  # a bug met while looking through it
    Column("next_detect_at", Utc),  # and not before this is it tried again
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
    # Counts revisions over the whole watchlist: a new or changed watch gets the next number.
    Column("seq", Id, nullable=False, unique=True),
    Column("enabled", Boolean, nullable=False, default=True),
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
    Column("approximate", Boolean, nullable=False, default=False),  # it is a guess between two known seconds
    Column("segment", Integer, nullable=False),
    Column("speaker", Text),
    Column("snippet", Text, nullable=False),
    Column("snippet_start", Integer, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("label", String(16)),  # of the boilerplate it stands in
    Column("found_at", Utc, nullable=False),
    Column("gone_at", Utc),  # when a later revision of the transcript, or of the watch, no longer had it
    Index("ix_mentions_watch_id_episode_id", "watch_id", "episode_id"),
    Index("ix_mentions_transcript_id_watch_id", "transcript_id", "watch_id"),
)
# One place is one mention, for as long as it is there.
Index(
    "uq_mentions_place",
    mentions.c.transcript_id,
    mentions.c.watch_id,
    mentions.c.start,
    mentions.c.end,
    unique=True,
    sqlite_where=mentions.c.gone_at.is_(None),
    postgresql_where=mentions.c.gone_at.is_(None),
)

deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    Column("key", String(64), nullable=False, unique=True),
    Column("watch_id", Id, ForeignKey("watches.id", ondelete="CASCADE"), nullable=False),
    Column("episode_id", Id, ForeignKey("episodes.id", ondelete="CASCADE"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    # due and retry: when to try; attempting: when the lease ends; null: nothing more to do.
    Column("next_attempt_at", Utc, index=True),
    Column("created_at", Utc, nullable=False),
    Column("attempted_at", Utc),  # of the first attempt whose outcome is not known
    Column("sent_at", Utc, index=True),
    Column("notifier", Text),
    Column("remote_channel", Text),
    Column("remote_id", Text),
    Column("error", Text),  # dead, retry: what went wrong; held: why
)
