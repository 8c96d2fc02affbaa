"""How a transcript was before its present revision: kept when it is replaced, to show what has changed in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from podwatch.store.connection import Rows
from podwatch.store.packing import unpack
from podwatch.store.page_tables import earlier_revisions
from podwatch.store.tables import transcripts


@dataclass(frozen=True, slots=True)
class EarlierRevision:
    """A revision that was replaced: its text by segments, where it came from, and when it was fetched."""

    revision: int
    source: str
    fetched_at: datetime
    segments: tuple[str, ...]


class RevisionRows(Rows):
    def earlier_revision(self, transcript_id: int) -> EarlierRevision | None:
        """The revision before the present one; None when there was none, or its text was pruned."""
        query = select(earlier_revisions).where(earlier_revisions.c.transcript_id == transcript_id)
        for r in self.read_rows(query.execution_options(podwatch_binary=True)):
            text, offsets, *_ = unpack(r.body)
            ends = [*offsets[1:], len(text)]
            segments = tuple(text[a:b].strip() for a, b in zip(offsets, ends, strict=True))
            return EarlierRevision(r.revision, r.source, r.fetched_at, segments)
        return None


def keep_revision(c: Connection, transcript_id: int) -> None:
    """Keeps the text of a transcript that is about to be replaced, in the place of what was kept before."""
    t, e = transcripts.c, earlier_revisions.c
    columns = (t.id, t.revision, t.source, t.fetched_at, t.body)
    c.execute(delete(earlier_revisions).where(e.transcript_id == transcript_id))
    now = select(*columns).where(t.id == transcript_id)
    names = ["transcript_id", "revision", "source", "fetched_at", "body"]
    c.execute(insert(earlier_revisions).from_select(names, now))
