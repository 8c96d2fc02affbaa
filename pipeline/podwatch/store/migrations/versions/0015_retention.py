"""How long the text of transcripts is kept: for each feed, and which texts are gone."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("feeds", sa.Column("keep_days", sa.Integer(), nullable=True))
    op.add_column("transcripts", sa.Column("pruned_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_transcripts_kept",
        "transcripts",
        ["fetched_at"],
        sqlite_where=sa.text("pruned_at IS NULL"),
        postgresql_where=sa.text("pruned_at IS NULL"),
    )
