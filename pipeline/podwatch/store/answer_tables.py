"""The tables of what people told podwatch: what is muted, and their verdicts on alerts."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from podwatch.store.tables import Id, Utc, metadata

# No alerts of a watch, of a show, or of a watch in a show until a time. Past ones stay, for people to read.
mutes = Table(
    "mutes",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("watch_id", Id, ForeignKey("watches.id", ondelete="CASCADE")),
    Column("feed_id", Id, ForeignKey("feeds.id", ondelete="CASCADE")),
    Column("until", Utc, nullable=False, index=True),
    Column("reason", Text, nullable=False, default=""),
    Column("created_at", Utc, nullable=False),
    Column("by", Text, nullable=False, default=""),  # who asked for it
)

# People's verdicts on alerts. They outlive the alert's episode, and corrections of its transcript.
answers = Table(
    "answers",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False),  # the alert's
    Column("watch_id", Id, ForeignKey("watches.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("watch_revision", Integer, nullable=False),  # when they answered
    Column("verdict", String(16), nullable=False),
    Column("user", Text, nullable=False),
    Column("spellings", JSON, nullable=False),  # [[surface, kind], ...] of the alert's mentions, when they answered
    Column("answered_at", Utc, nullable=False),
    Column("noted_at", Utc, nullable=False),
    UniqueConstraint("key", "user", "verdict"),
)
