"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "feeds",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("added_at", UTC, nullable=False),
        sa.Column("last_polled_at", UTC, nullable=True),
        sa.Column("next_poll_at", UTC, nullable=True),
        sa.Column("recent", sa.JSON(), nullable=False),
        sa.Column("transcript_page", sa.Text(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", UTC, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_feeds"),
        sa.UniqueConstraint("url", name="uq_feeds_url"),
    )
    op.create_index("ix_feeds_next_poll_at", "feeds", ["next_poll_at"], unique=False)
    op.create_table(
        "watches",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("deliver", sa.String(length=8), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("revised_at", UTC, nullable=False),
        sa.Column("seq", ID, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_watches"),
        sa.UniqueConstraint("name", name="uq_watches_name"),
        sa.UniqueConstraint("seq", name="uq_watches_seq"),
    )
    op.create_table(
        "episodes",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("guid", sa.Text(), nullable=False),
        sa.Column("identity", sa.String(length=32), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("audio_url", sa.Text(), nullable=True),
        sa.Column("published_at", UTC, nullable=True),
        sa.Column("duration", sa.Float(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("transcripts", sa.JSON(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("first_seen_at", UTC, nullable=False),
        sa.Column("backlog", sa.Boolean(), nullable=False),
        sa.Column("next_fetch_at", UTC, nullable=True),
        sa.Column("fetch_failures", sa.Integer(), nullable=False),
        sa.Column("fetch_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_episodes_feed_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_episodes"),
        sa.UniqueConstraint("feed_id", "guid", name="uq_episodes_feed_id_guid"),
    )
    op.create_index("ix_episodes_identity", "episodes", ["identity"], unique=False)
    op.create_index("ix_episodes_next_fetch_at", "episodes", ["next_fetch_at"], unique=False)
    op.create_index("ix_episodes_published_at", "episodes", ["published_at"], unique=False)
    op.create_table(
        "feed_items",
        sa.Column("feed_id", ID, autoincrement=False, nullable=False),
        sa.Column("known", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_feed_items_feed_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", name="pk_feed_items"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("watch_id", ID, nullable=False),
        sa.Column("episode_id", ID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", UTC, nullable=True),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("attempted_at", UTC, nullable=True),
        sa.Column("sent_at", UTC, nullable=True),
        sa.Column("notifier", sa.Text(), nullable=True),
        sa.Column("remote_channel", sa.Text(), nullable=True),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name="fk_deliveries_episode_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["watch_id"], ["watches.id"], name="fk_deliveries_watch_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("key", name="uq_deliveries_key"),
    )
    op.create_index("ix_deliveries_next_attempt_at", "deliveries", ["next_attempt_at"], unique=False)
    op.create_index("ix_deliveries_sent_at", "deliveries", ["sent_at"], unique=False)
    op.create_table(
        "episode_keys",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("episode_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name="fk_episode_keys_episode_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", "episode_id", name="pk_episode_keys"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_episode_keys_episode_id", "episode_keys", ["episode_id"], unique=False)
    op.create_table(
        "transcripts",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("episode_id", ID, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("fetched_at", UTC, nullable=False),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("labels", sa.LargeBinary(), nullable=False),
        sa.Column("detected_through", ID, nullable=False),
        sa.Column("detect_error", sa.Text(), nullable=True),
        sa.Column("next_detect_at", UTC, nullable=True),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name="fk_transcripts_episode_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_transcripts"),
        sa.UniqueConstraint("episode_id", name="uq_transcripts_episode_id"),
    )
    op.create_index("ix_transcripts_detected_through", "transcripts", ["detected_through"], unique=False)
    op.create_table(
        "mentions",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("watch_id", ID, nullable=False),
        sa.Column("watch_revision", sa.Integer(), nullable=False),
        sa.Column("transcript_id", ID, nullable=False),
        sa.Column("transcript_revision", sa.Integer(), nullable=False),
        sa.Column("episode_id", ID, nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("surface", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("segment", sa.Integer(), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=True),
        sa.Column("snippet", sa.Text(), nullable=False),
        sa.Column("snippet_start", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("label", sa.String(length=16), nullable=True),
        sa.Column("found_at", UTC, nullable=False),
        sa.Column("gone_at", UTC, nullable=True),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name="fk_mentions_episode_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["transcript_id"], ["transcripts.id"], name="fk_mentions_transcript_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["watch_id"], ["watches.id"], name="fk_mentions_watch_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_mentions"),
    )
    op.create_index("ix_mentions_transcript_id_watch_id", "mentions", ["transcript_id", "watch_id"], unique=False)
    op.create_index("ix_mentions_watch_id_episode_id", "mentions", ["watch_id", "episode_id"], unique=False)
    op.create_index(
        "uq_mentions_place",
        "mentions",
        ["transcript_id", "watch_id", "start", "end"],
        unique=True,
        sqlite_where=sa.text("gone_at IS NULL"),
        postgresql_where=sa.text("gone_at IS NULL"),
    )
