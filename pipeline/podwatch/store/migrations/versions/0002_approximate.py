"""Marks interpolated seconds of mentions; has PostgreSQL not compress transcripts, which are compressed already."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("mentions", sa.Column("approximate", sa.Boolean(), nullable=False, server_default=sa.false()))
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE transcripts ALTER COLUMN body SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.drop_column("mentions", "approximate")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE transcripts ALTER COLUMN body SET STORAGE EXTENDED")
