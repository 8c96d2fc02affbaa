"""Episodes that podwatch listens to itself: whose audio was recognised, how far, and what became of it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("feeds", sa.Column("listen", sa.Boolean(), nullable=True))
    op.create_table(
        "recordings",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("recogniser", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("claimed_until", UTC, nullable=True),
        sa.Column("recognised_at", UTC, nullable=True),
        sa.UniqueConstraint("digest", "recogniser", name="uq_recordings_digest_recogniser"),
    )
    op.create_table(
        "recording_chunks",
        sa.Column(
            "recording_id",
            ID,
            sa.ForeignKey("recordings.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "recognitions",
        sa.Column(
            "episode_id", ID, sa.ForeignKey("episodes.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
        ),
        sa.Column("requested", sa.Boolean(), nullable=False),
        sa.Column("next_listen_at", UTC, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("recording_id", ID, sa.ForeignKey("recordings.id", ondelete="SET NULL"), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("recognised_at", UTC, nullable=True),
        sa.Column("quality", sa.JSON(), nullable=True),
    )
    for column in ("next_listen_at", "recording_id", "recognised_at"):
        op.create_index(f"ix_recognitions_{column}", "recognitions", [column], unique=False)


def downgrade() -> None:
    for table in ("recognitions", "recording_chunks", "recordings"):
        op.drop_table(table)
    op.drop_column("feeds", "listen")
