"""Which places of hearings the text has passed over, and only the wider net proposes."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("hearings", sa.Column("is_wide", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """The places of the wider net go: an older podwatch would take them for doubts, and alerts would wait for them."""
    op.execute("DELETE FROM hearings WHERE is_wide")
    op.drop_column("hearings", "is_wide")
