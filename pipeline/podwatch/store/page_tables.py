"""The tables of what the page itself keeps; all others are in tables.py."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from podwatch.store.tables import Id, Utc, metadata

# Who changed what on the page, and how it was before; nothing deletes from it.
audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", Utc, nullable=False),
    Column("who", Text, nullable=False),  # the user's id where they logged in
    Column("action", String(32), nullable=False),  # a name of store.audit.Action
    Column("subject", Text, nullable=False),  # what was changed, as people read it
    Column("before", JSON),
    Column("after", JSON),
)

# Lets a feed reader read one view of the page, without a login, until it is revoked.
view_tokens = Table(
    "view_tokens",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of the token, which is nowhere stored
    Column("view", Text, nullable=False),  # the filter, as it stands in the address
    Column("by", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("revoked_at", Utc),
)

# The revision of a transcript before its present one, to show what has changed.
earlier_revisions = Table(
    "earlier_revisions",
    metadata,
    Column(
        "transcript_id", Id, ForeignKey("transcripts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    Column("revision", Integer, nullable=False),
    Column("source", Text, nullable=False),
    Column("fetched_at", Utc, nullable=False),
    Column("body", LargeBinary, nullable=False),  # text and times, see store/packing.py
)
