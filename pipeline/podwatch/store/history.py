"""What history/ reads: stored transcripts by id, whatever was looked for in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import func, select, update

from podwatch.model import Mention
from podwatch.store.alerts import mention_of
from podwatch.store.detect import DetectRows, TranscriptSource, source_of
from podwatch.store.episodes import in_batches
from podwatch.store.tables import episodes, mentions, transcripts, watches
from podwatch.store.watches import IS_TEXT_WATCH


class HistoryRows(DetectRows):
    def transcript_ids(self, since: datetime | None = None) -> list[int]:
        """The transcripts there are, or those of episodes that came out at ``since`` or later."""
        t = transcripts.c
        query = select(t.id).order_by(t.id)
        if since is not None:
            query = query.join(episodes, episodes.c.id == t.episode_id).where(episodes.c.published_at >= since)
        with self.reading() as c:
            return list(c.execute(query).scalars())

    def count_undetected(self) -> int:
        """How many transcripts there are in which not every watch was looked for."""
        latest = select(func.coalesce(func.max(watches.c.seq), 0)).where(IS_TEXT_WATCH).scalar_subquery()
        query = select(func.count()).select_from(transcripts).where(transcripts.c.detected_through < latest)
        with self.reading() as c:
            return c.execute(query).scalar_one()

    def load_sources(self, ids: Sequence[int]) -> Iterator[TranscriptSource]:
        """These transcripts with their episodes, in the order of their numbers."""
        for some in in_batches(ids):
            with self.reading() as c:
                rows, about = self._rows(c, some)
            for r in rows:
                yield source_of(r, about[r.episode_id], r.detected_through)

    def watch_seqs(self) -> dict[str, int]:
        """The number of each enabled watch, which says what was looked for where."""
        with self.reading() as c:
            rows = c.execute(select(watches.c.name, watches.c.seq).where(watches.c.enabled))
            return {r.name: r.seq for r in rows}

    def load_mentions(self, ids: Sequence[int], watch_ids: Sequence[int]) -> dict[int, list[Mention]]:
        """By transcript the stored mentions of some watches, in the order of the text."""
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
        """How many mentions are no longer found since then."""
        with self.reading() as c:
            return c.execute(select(func.count()).where(mentions.c.gone_at >= moment)).scalar_one()

    def requeue_watches(self, names: Collection[str] | None, since: datetime | None) -> int:
        """Puts watches (None: all) on the to-do list again, for the transcripts of episodes that came out at ``since``
        or later; returns how many transcripts that are. Their revisions stay: the same is looked for.

        It takes the next numbers for the watches. Older transcripts count as looked through for these numbers where
        they were for all before.
        """
        t, w = transcripts.c, watches.c
        with self.writing() as c:
            rows = c.execute(select(w.id, w.name, w.seq).where(IS_TEXT_WATCH).order_by(w.seq)).all()
            last = c.execute(select(func.coalesce(func.max(w.seq), 0))).scalar_one()
            latest = rows[-1].seq if rows else 0
            again = [r.id for r in rows if names is None or r.name in names]
            for number, row_id in enumerate(again, last + 1):
                c.execute(update(watches).where(w.id == row_id).values(seq=number))
            if since is None:
                return c.execute(select(func.count()).select_from(transcripts)).scalar_one()
            wanted = select(episodes.c.id).where(episodes.c.published_at >= since)
            if again:
                older = (t.detected_through >= latest, t.episode_id.not_in(wanted))
                c.execute(update(transcripts).where(*older).values(detected_through=last + len(again)))
            return c.execute(select(func.count()).select_from(transcripts).where(t.episode_id.in_(wanted))).scalar_one()
