"""Removes the text of old transcripts, and keeps what was found in it: the row stays, so nothing is fetched again.

What goes: the text with its times and labels, also as it was before, its place in the search index, the places of
names in it, and what is left of listening to its audio.
What stays: mentions with their words and sentences, alerts, how often which name was said, and that the episode was
listened to. Only a backfill asks for such a text again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update

from podwatch.policy.retention import ExpiredTexts
from podwatch.store.connection import Rows
from podwatch.store.page_tables import earlier_revisions
from podwatch.store.recording_tables import recognitions, recording_chunks
from podwatch.store.search_tables import search_documents
from podwatch.store.statements import in_batches
from podwatch.store.tables import entity_spans, episodes, feeds, transcripts, watches
from podwatch.store.watches import IS_TEXT_WATCH

# The detected_through of a pruned transcript: beyond that of every watch, so that it is on no to-do list, nor in the
# way of one, however many there are.
BEYOND_ALL = 1 << 62
# By the index of that column alone: pruned_at lies behind the text in its row, which would be read from the disk.
HAS_TEXT = transcripts.c.detected_through < BEYOND_ALL
PRUNED_IDS = select(transcripts.c.id).where(transcripts.c.detected_through == BEYOND_ALL)


@dataclass(frozen=True, slots=True)
class PrunableTexts:
    """What could be pruned. bytes: of the texts, as they are stored; unsearched: texts as old that are kept for now,
    since not every watch was looked for in them yet."""

    transcripts: int
    bytes: int
    unsearched: int


class PruneRows(Rows):
    def keep_choices(self) -> list[tuple[int, int]]:
        """(id, days) of the feeds that have a retention of their own."""
        query = select(feeds.c.id, feeds.c.keep_days).where(feeds.c.keep_days.is_not(None)).order_by(feeds.c.id)
        return [(r.id, r.keep_days) for r in self.read_rows(query)]

    def set_keep(self, feed_id: int, days: int | None) -> None:
        """How long the texts of a feed are kept; None: as the settings say."""
        self.execute(update(feeds).where(feeds.c.id == feed_id).values(keep_days=days))

    def count_prunable(self, expired: ExpiredTexts) -> PrunableTexts:
        t = transcripts.c
        size = func.coalesce(func.sum(func.length(t.body) + func.length(t.labels)), 0)
        joined = transcripts.join(episodes, episodes.c.id == t.episode_id).join(feeds, feeds.c.id == episodes.c.feed_id)
        with self.reading() as c:
            old = select(func.count(), size).select_from(joined).where(*_are_expired(expired))
            found, total = c.execute(old.where(_IS_SEARCHED)).one()
            kept = c.execute(old.where(~_IS_SEARCHED)).one()[0]
        return PrunableTexts(found, int(total), kept)

    def prunable_ids(self, expired: ExpiredTexts, most: int) -> list[int]:
        """Transcripts whose text may go, those that came in first before the others."""
        t = transcripts.c
        query = (
            select(t.id)
            .join(episodes, episodes.c.id == t.episode_id)
            .join(feeds, feeds.c.id == episodes.c.feed_id)
            .where(*_are_expired(expired), _IS_SEARCHED)
            .order_by(t.fetched_at, t.id)
            .limit(most)
        )
        return [r.id for r in self.read_rows(query)]

    def prune_texts(self, ids: Sequence[int], now: datetime) -> int:
        """Removes the texts of these transcripts; returns how many there were. One that was pruned already stays so."""
        t, s, r, before = transcripts.c, entity_spans.c, recognitions.c, earlier_revisions.c
        gone = {"body": b"", "labels": b"", "pruned_at": now, "detected_through": BEYOND_ALL}
        # Without validators: a server that is asked for the text again must not answer that we have it.
        gone |= {"etag": None, "last_modified": None, "detect_error": None, "next_detect_at": None}
        pruned = 0
        for some in in_batches(ids):
            with self.writing() as c:
                mine = update(transcripts).where(t.id.in_(some), t.pruned_at.is_(None), _IS_SEARCHED)
                done = c.execute(mine.values(**gone).returning(t.id, t.episode_id)).all()
                of = [row.episode_id for row in done]
                c.execute(delete(search_documents).where(search_documents.c.episode_id.in_(of)))
                c.execute(update(entity_spans).where(s.transcript_id.in_([row.id for row in done])).values(body=b""))
                c.execute(delete(earlier_revisions).where(before.transcript_id.in_([row.id for row in done])))
                c.execute(delete(search_documents).where(search_documents.c.episode_id.in_(of)))
                c.execute(update(episodes).where(episodes.c.id.in_(of)).values(next_fetch_at=None))
                heard = select(r.recording_id).where(r.episode_id.in_(of), r.recording_id.is_not(None))
                c.execute(delete(recording_chunks).where(recording_chunks.c.recording_id.in_(heard)))
            pruned += len(done)
        return pruned


# Nothing that is said in a text may be lost: it goes once every watch was looked for in it.
_IS_SEARCHED = transcripts.c.detected_through >= (
    select(func.coalesce(func.max(watches.c.seq), 0)).where(IS_TEXT_WATCH).scalar_subquery()
)


def _are_expired(expired: ExpiredTexts) -> list[ColumnElement[bool]]:
    t = transcripts.c
    of = feeds.c.keep_days.is_(None) if expired.feeds is None else feeds.c.id.in_(expired.feeds)
    return [t.pruned_at.is_(None), t.fetched_at < expired.before, of]
