"""The search index: a document for each transcript that is in it, with the tokens by which it is found.

PostgreSQL has the tokens in the document, as a tsvector with a GIN index. SQLite has them in the FTS5 table
``search_tokens``, whose rowid is the document's id. That one keeps nothing but its index, so it cannot forget a row by
itself: a document that is deleted leaves its tokens there, under an id that never comes back (AUTOINCREMENT), until
the index is made anew.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Table, Text
from sqlalchemy.dialects.postgresql import TSVECTOR

from podwatch.store.tables import Id, metadata

# No document: the transcript is not indexed yet, and every search reads it.
search_documents = Table(
    "search_documents",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("transcript_id", Id, ForeignKey("transcripts.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("episode_id", Id, ForeignKey("episodes.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("is_whole", Boolean, nullable=False),  # false: it has too many tokens; every search reads it
    Column("tokens", Text().with_variant(TSVECTOR, "postgresql")),  # null on SQLite
    sqlite_autoincrement=True,
)
