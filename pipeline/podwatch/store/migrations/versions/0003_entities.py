"""The entities of transcripts, their names and counts."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UTC = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "entity_names",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_entity_names"),
        sa.UniqueConstraint("key", name="uq_entity_names_key"),
    )
    op.create_table(
        "entity_spans",
        sa.Column("transcript_id", ID, autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("unread", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("again_at", UTC, nullable=True),
        sa.Column("found_at", UTC, nullable=False),
        sa.ForeignKeyConstraint(
            ["transcript_id"], ["transcripts.id"], name="fk_entity_spans_transcript_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("transcript_id", name="pk_entity_spans"),
    )
    op.create_table(
        "entities",
        sa.Column("name_id", ID, autoincrement=False, nullable=False),
        sa.Column("transcript_id", ID, autoincrement=False, nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("aside", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["name_id"], ["entity_names.id"], name="fk_entities_name_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["transcript_id"], ["transcripts.id"], name="fk_entities_transcript_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("name_id", "transcript_id", name="pk_entities"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_entities_transcript_id", "entities", ["transcript_id"], unique=False)


def downgrade() -> None:
    for table in ("entities", "entity_spans", "entity_names"):
        op.drop_table(table)
