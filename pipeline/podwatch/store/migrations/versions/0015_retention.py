"""How long the text of transcripts is kept: for each feed, and which texts are gone."""

import sqlalchemy as sa
from alembic import op

from podwatch.errors import StoreError

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


def downgrade() -> None:
    """A text that was pruned would be read there as if it were none: such a database does not go back."""
    pruned = op.get_bind().execute(sa.text("SELECT count(*) FROM transcripts WHERE pruned_at IS NOT NULL")).scalar_one()
    if pruned:
        raise StoreError(
            f"the texts of {pruned} transcripts were pruned, which the tables of {down_revision} cannot say",
            todo="restore the backup from before the upgrade",
        )
    op.drop_index("ix_transcripts_kept", "transcripts")
    op.drop_column("transcripts", "pruned_at")
    op.drop_column("feeds", "keep_days")
