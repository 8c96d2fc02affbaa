"""What rescans and backtests ask of the store: transcripts and mentions by id, and watches to look for again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func, select, update

from podwatch.model import Mention
from podwatch.store.detect import DetectRows
from podwatch.store.mentions import mention_of
from podwatch.store.prune import HAS_TEXT
from podwatch.store.statements import in_batches
from podwatch.store.tables import episodes, mentions, transcripts, watches
from podwatch.store.watches import IS_TEXT_WATCH


class HistoryRows(DetectRows):
    def transcript_ids(self, since: datetime | None = None) -> list[int]:
        """The ids of all transcripts with their text, or of those whose episode was published at ``since`` or later."""
        t = transcripts.c
        query = select(t.id).where(HAS_TEXT).order_by(t.id)
        if since is not None:
            query = query.join(episodes, episodes.c.id == t.episode_id).where(episodes.c.published_at >= since)
        return [r.id for r in self.read_rows(query)]

    def watch_seqs(self) -> dict[str, int]:
        """The number of each enabled watch's revision, by name: it was looked for where detected_through reaches it."""
        return {r.name: r.seq for r in self.read_rows(select(watches.c.name, watches.c.seq).where(watches.c.enabled))}

    def load_mentions(self, ids: Sequence[int], watch_ids: Sequence[int]) -> dict[int, list[Mention]]:
        """The stored mentions of some watches by the id of the transcript, in the order of the text."""
        m, found = mentions.c, defaultdict[int, list[Mention]](list)
        with self.reading() as c:
            for some in in_batches(ids):
                for few in in_batches(watch_ids):
                    query = (
                        select(mentions, watches.c.name.label("watch"))
                        .join(watches, watches.c.id == m.watch_id)
                        .where(m.transcript_id.in_(some), m.watch_id.in_(few), m.gone_at.is_(None))
                        .order_by(m.transcript_id, m.start, m.id)
                    )
                    for r in c.execute(query):
                        found[r.transcript_id].append(mention_of(r, r.watch))
        return dict(found)

    def count_gone_since(self, moment: datetime) -> int:
        """How many mentions were marked as gone at ``moment`` or later."""
        with self.reading() as c:
            return c.execute(select(func.count()).where(mentions.c.gone_at >= moment)).scalar_one()

    def requeue_watches(self, names: Collection[str] | None, since: datetime | None) -> int:
        """Has watches (None: all) looked for again in the transcripts of episodes published at ``since`` or later.

        Returns how many transcripts that are. The watches get the next numbers and keep their revisions. An older
        transcript in which every watch was looked for counts as searched up to the new numbers, too.
        """
        t, w = transcripts.c, watches.c
        with self.writing() as c:
            rows = c.execute(select(w.id, w.name, w.seq).where(IS_TEXT_WATCH).order_by(w.seq)).all()
            last = c.execute(select(func.coalesce(func.max(w.seq), 0))).scalar_one()
            latest = rows[-1].seq if rows else 0
            again = [r.id for r in rows if names is None or r.name in names]
            for number, row_id in enumerate(again, last + 1):
                c.execute(update(watches).where(w.id == row_id).values(seq=number))
            counted = select(func.count()).select_from(transcripts).where(HAS_TEXT)
            if since is None:
                return c.execute(counted).scalar_one()
            wanted = select(episodes.c.id).where(episodes.c.published_at >= since)
            if again:
                older = (t.detected_through >= latest, HAS_TEXT, t.episode_id.not_in(wanted))
                c.execute(update(transcripts).where(*older).values(detected_through=last + len(again)))
            return c.execute(counted.where(t.episode_id.in_(wanted))).scalar_one()
