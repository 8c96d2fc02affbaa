"""What was polled on each day, single facts, and messages whose content is stored when they are made."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "feed_days",
        sa.Column("feed_id", ID, sa.ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("polled", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("last_answer", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_feed_days_day", "feed_days", ["day"], unique=False)
    op.create_table(
        "marks",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("at", UTC, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.add_column("deliveries", sa.Column("note", sa.Text(), nullable=True))
    op.add_column("deliveries", sa.Column("content", sa.JSON(), nullable=True))
    op.add_column("channels", sa.Column("next_report_at", UTC, nullable=True))


def downgrade() -> None:
    """A message whose content was stored cannot be made there: it goes."""
    op.execute("DELETE FROM deliveries WHERE kind NOT IN ('alert', 'digest', 'reply')")
    op.drop_column("channels", "next_report_at")
    op.drop_column("deliveries", "content")
    op.drop_column("deliveries", "note")
    op.drop_table("marks")
    op.drop_table("feed_days")
