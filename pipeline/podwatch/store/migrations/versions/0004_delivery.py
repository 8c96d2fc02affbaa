"""Exactly-once delivery, threads, digests, and the limits of channels."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC = sa.DateTime(timezone=True)
ADDED = (
    *("kind", "parent_id", "part", "digest_id", "reason", "failures", "looks", "posted_at", "check_at", "sweep_at"),
    "shown",
)


def upgrade() -> None:
    # SQLite creates the table anew, because watch_id and episode_id become optional: a digest has neither.
    with op.batch_alter_table("deliveries") as table:
        table.add_column(sa.Column("kind", sa.String(8), nullable=False, server_default="alert"))
        table.alter_column("watch_id", existing_type=ID, nullable=True)
        table.alter_column("episode_id", existing_type=ID, nullable=True)
        table.add_column(sa.Column("parent_id", ID, nullable=True))
        table.add_column(sa.Column("part", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("digest_id", ID, nullable=True))
        table.add_column(sa.Column("reason", sa.String(16), nullable=True))
        table.add_column(sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("looks", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("posted_at", UTC, nullable=True))
        table.add_column(sa.Column("check_at", UTC, nullable=True))
        table.add_column(sa.Column("sweep_at", UTC, nullable=True))
        table.add_column(sa.Column("shown", sa.String(32), nullable=True))
        table.create_foreign_key("fk_deliveries_parent_id", "deliveries", ["parent_id"], ["id"], ondelete="CASCADE")
        table.create_foreign_key("fk_deliveries_digest_id", "deliveries", ["digest_id"], ["id"], ondelete="SET NULL")
    for column in ("episode_id", "parent_id", "digest_id", "check_at", "sweep_at"):
        op.create_index(f"ix_deliveries_{column}", "deliveries", [column], unique=False)
    op.create_index("ix_deliveries_channel_posted_at", "deliveries", ["channel", "posted_at"], unique=False)
    op.create_index("ix_deliveries_watch_id_sent_at", "deliveries", ["watch_id", "sent_at"], unique=False)
    op.create_table(
        "channels",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("next_at", UTC, nullable=True),
        sa.Column("paused_until", UTC, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("rules", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_channels"),
    )
    op.create_table(
        "clocks",
        sa.Column("boot", sa.String(64), nullable=False),
        sa.Column("ticks", sa.Float(), nullable=False),
        sa.Column("wall", UTC, nullable=False),
        sa.PrimaryKeyConstraint("boot", name="pk_clocks"),
    )


def downgrade() -> None:
    """Only alerts have a place in the older table. One that was held back is dead there: it must not go out."""
    op.execute("UPDATE deliveries SET parent_id = NULL, digest_id = NULL")  # or a digest takes its alerts with it
    op.execute("DELETE FROM deliveries WHERE kind <> 'alert' OR watch_id IS NULL OR episode_id IS NULL")
    op.execute("UPDATE deliveries SET state = 'dead', error = reason WHERE state = 'held'")
    for column in ("episode_id", "parent_id", "digest_id", "check_at", "sweep_at"):
        op.drop_index(f"ix_deliveries_{column}", "deliveries")
    op.drop_index("ix_deliveries_channel_posted_at", "deliveries")
    op.drop_index("ix_deliveries_watch_id_sent_at", "deliveries")
    with op.batch_alter_table("deliveries") as table:
        for key in ("fk_deliveries_parent_id", "fk_deliveries_digest_id"):
            table.drop_constraint(key, type_="foreignkey")
        for column in ADDED:
            table.drop_column(column)
        table.alter_column("watch_id", existing_type=ID, nullable=False)
        table.alter_column("episode_id", existing_type=ID, nullable=False)
    for name in ("channels", "clocks"):
        op.drop_table(name)
