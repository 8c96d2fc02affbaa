"""Which places of hearings the text has passed over, and only the wider net proposes."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("hearings", sa.Column("is_wide", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """What the wider net alone proposed would be taken there for a doubt of the text: it goes."""
    op.execute("DELETE FROM hearings WHERE is_wide")
    op.drop_column("hearings", "is_wide")
