"""Surges in the store: which were alerted, and a surge's mentions and delivery in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import insert, select

from podwatch.model import Alert, Mention, Watch
from podwatch.store.connection import Rows
from podwatch.store.detect import TranscriptSource, insert_deliveries, mention_values
from podwatch.store.episodes import BATCH_SIZE
from podwatch.store.tables import deliveries, episodes, mentions, transcripts, watches


class SurgeRows(Rows):
    def has_delivery_after(self, keys: Collection[str], moment: datetime) -> bool:
        """Whether one of the deliveries with these keys was made later than ``moment``."""
        d, wanted = deliveries.c, sorted(keys)
        with self.reading() as c:
            for i in range(0, len(wanted), BATCH_SIZE):
                query = select(d.id).where(d.key.in_(wanted[i : i + BATCH_SIZE]), d.created_at > moment).limit(1)
                if c.execute(query).first() is not None:
                    return True
        return False

    def alerted_identities(self, watch: Watch) -> set[str]:
        """The identities of the episodes that a delivery of the watch is about."""
        query = select(episodes.c.identity).join(deliveries, deliveries.c.episode_id == episodes.c.id)
        with self.reading() as c:
            return set(c.execute(query.where(deliveries.c.watch_id == watch.id)).scalars())

    def save_surge(self, source: TranscriptSource, found: Sequence[Mention], alert: Alert, now: datetime) -> bool:
        """Saves the mentions and the delivery, both or neither; False when there is nothing to deliver.

        That is when the alert was made meanwhile, or the transcript replaced.
        """
        t, key = source.transcript, deliveries.c.key
        with self.writing() as c:
            # Of two at once the second waits here, and then sees what the first has made.
            c.execute(select(watches.c.id).where(watches.c.id == alert.watch.id).with_for_update())
            mine = select(transcripts.c.revision).where(transcripts.c.id == t.id).with_for_update()
            if c.execute(mine).scalar() != t.revision:
                return False
            if c.execute(select(key).where(key == alert.key)).first() is not None:
                return False
            c.execute(insert(mentions), [mention_values(m, alert.watch, source, now) for m in found])
            insert_deliveries(c, [(alert, None)], now)
            return True
