"""The search index, empty: `podwatch search --index` fills it, and a search before that reads what is not in it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "search_documents",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("transcript_id", number, nullable=False),
        sa.Column("episode_id", number, nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("tokens", sa.Text().with_variant(TSVECTOR, "postgresql"), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_search_documents"),
        sa.ForeignKeyConstraint(
            ["transcript_id"],
            ["transcripts.id"],
            name="fk_search_documents_transcript_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["episode_id"], ["episodes.id"], name="fk_search_documents_episode_id", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("transcript_id", name="uq_search_documents_transcript_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_search_documents_episode_id", "search_documents", ["episode_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX search_documents_tokens ON search_documents USING gin (tokens)")
    else:
        op.execute(
            "CREATE VIRTUAL TABLE search_tokens USING fts5"
            """(tokens, content='', columnsize=0, detail='none', tokenize="ascii tokenchars '_'")"""
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE search_tokens")
    op.drop_table("search_documents")
