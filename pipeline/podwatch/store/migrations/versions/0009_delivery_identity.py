"""Deliveries that outlive their episode and their watch's name; channels that are one whatever they are called."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

UTC = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("identity", sa.String(32), nullable=True))
    op.create_index("ix_deliveries_identity", "deliveries", ["identity"], unique=False)
    op.execute(
        "UPDATE deliveries SET identity = (SELECT identity FROM episodes WHERE episodes.id = deliveries.episode_id)"
    )
    op.add_column("watches", sa.Column("key_name", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE watches SET key_name = name")
    op.add_column("watches", sa.Column("disabled_at", UTC, nullable=True))
    op.add_column("channels", sa.Column("target", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("channels", "target")
    op.drop_column("watches", "disabled_at")
    op.drop_column("watches", "key_name")
    op.drop_index("ix_deliveries_identity", "deliveries")
    op.drop_column("deliveries", "identity")
