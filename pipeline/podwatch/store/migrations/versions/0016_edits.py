"""What editing on the page needs: watches that were removed for good, and how a transcript was before."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("watches", sa.Column("removed_at", UTC, nullable=True))
    op.create_table(
        "earlier_revisions",
        sa.Column(
            "transcript_id",
            ID,
            sa.ForeignKey("transcripts.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("fetched_at", UTC, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("earlier_revisions")
    op.drop_column("watches", "removed_at")
