"""Mutes, and people's answers to alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "mutes",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("watch_id", ID, nullable=True),
        sa.Column("feed_id", ID, nullable=True),
        sa.Column("until", UTC, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", UTC, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name="fk_mutes_feed_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["watch_id"], ["watches.id"], name="fk_mutes_watch_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_mutes"),
    )
    op.create_index("ix_mutes_until", "mutes", ["until"], unique=False)
    op.create_table(
        "answers",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("watch_id", ID, nullable=False),
        sa.Column("watch_revision", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("spellings", sa.JSON(), nullable=False),
        sa.Column("answered_at", UTC, nullable=False),
        sa.Column("noted_at", UTC, nullable=False),
        sa.ForeignKeyConstraint(["watch_id"], ["watches.id"], name="fk_answers_watch_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_answers"),
        sa.UniqueConstraint("key", "user", "verdict", name="uq_answers_key_user_verdict"),
    )
    op.create_index("ix_answers_watch_id", "answers", ["watch_id"], unique=False)


def downgrade() -> None:
    op.drop_table("answers")
    op.drop_table("mutes")
