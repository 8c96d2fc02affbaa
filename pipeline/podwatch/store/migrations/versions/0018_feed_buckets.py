"""By which bucket of hosts a feed belongs to a shard: workers side by side each ask hosts of their own."""

import sqlalchemy as sa
from alembic import op

from podwatch.policy.shards import bucket_of

revision = "0018"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("feeds", sa.Column("bucket", sa.Integer(), nullable=False, server_default="0"))
    connection = op.get_bind()
    feeds = sa.table("feeds", sa.column("id", sa.Integer), sa.column("url", sa.Text), sa.column("bucket", sa.Integer))
    rows = [{"row": r.id, "of": bucket_of(r.url)} for r in connection.execute(sa.select(feeds.c.id, feeds.c.url))]
    if rows:
        mine = sa.update(feeds).where(feeds.c.id == sa.bindparam("row")).values(bucket=sa.bindparam("of"))
        connection.execute(mine, rows)


def downgrade() -> None:
    op.drop_column("feeds", "bucket")
