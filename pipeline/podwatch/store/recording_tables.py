"""The tables of listening: recordings that are recognised, chunk by chunk, and what became of each episode."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from podwatch.store.tables import Id, Utc, metadata

# Audio that podwatch recognises, by its content, so that none is recognised twice.
recordings = Table(
    "recordings",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("digest", String(64), nullable=False),  # SHA-256 of the file
    Column("recogniser", Text, nullable=False),  # its name, with the model and that one's revision
    Column("language", Text),  # of its first speech, for the rest of it
    Column("claimed_until", Utc),  # when the claim of the run that works on it ends
    Column("recognised_at", Utc),  # null: not all of its chunks are there
    UniqueConstraint("digest", "recogniser"),
)

# What was heard in the parts of a recording; they go once the transcript is stored.
recording_chunks = Table(
    "recording_chunks",
    metadata,
    Column("recording_id", Id, ForeignKey("recordings.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),  # from 0
    Column("body", LargeBinary, nullable=False),  # model.RecognisedChunk, see store/listen.py
    sqlite_with_rowid=False,
)

# What became of listening to an episode. No row: nobody has tried yet.
recognitions = Table(
    "recognitions",
    metadata,
    Column("episode_id", Id, ForeignKey("episodes.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("requested", Boolean, nullable=False, default=False),  # by a backfill, so that its feed's setting is nothing
    Column("next_listen_at", Utc, index=True),  # when to listen, or the claim on it ends; null: never
    Column("failures", Integer, nullable=False, default=0),
    Column("error", Text),
    Column("recording_id", Id, ForeignKey("recordings.id", ondelete="SET NULL"), index=True),
    Column("seconds", Float, nullable=False, default=0.0),  # of audio that was recognised for it, not copied
    Column("recognised_at", Utc, index=True),
    Column("quality", JSON),  # see speech/quality.py
)

# Places of a transcript where a watched name may be said, and what was heard again of them. See model.Hearing.
hearings = Table(
    "hearings",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("transcript_id", Id, ForeignKey("transcripts.id", ondelete="CASCADE"), nullable=False),
    Column("transcript_revision", Integer, nullable=False),
    Column("name", Text, nullable=False),  # as it is watched, in full
    Column("start", Integer, nullable=False),  # characters of the text, half-open
    Column("end", Integer, nullable=False),
    Column("surface", Text, nullable=False),
    Column("score", Float, nullable=False),  # by the text alone
    Column("is_wide", Boolean, nullable=False, default=False),  # only the wider net proposes it
    Column("asked_at", Utc, nullable=False),
    Column("next_at", Utc, index=True),  # when it is heard again, or the claim on it ends; null: it is decided
    Column("failures", Integer, nullable=False, default=0),
    Column("outcome", String(16)),  # of model.HearingOutcome; null: it waits
    Column("likelihoods", JSON),
    Column("recogniser", Text, nullable=False, default=""),
    Column("seconds", Float, nullable=False, default=0.0),  # of audio that were heard for it
    Column("heard_at", Utc, index=True),
    UniqueConstraint("transcript_id", "transcript_revision", "name", "start", "end"),
)
