"""Surges in the store: which were alerted, and a surge's mentions and delivery in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import insert, select

from podwatch.model import Alert, Mention, Watch
from podwatch.store.alerts import insert_deliveries
from podwatch.store.connection import Rows
from podwatch.store.detect import TranscriptSource, mention_values
from podwatch.store.statements import in_batches
from podwatch.store.tables import deliveries, mentions, transcripts, watches


class SurgeRows(Rows):
    def has_delivery_after(self, keys: Collection[str], moment: datetime) -> bool:
        """Whether one of the deliveries with these keys was created later than ``moment``."""
        d = deliveries.c
        return any(
            self.read_rows(select(d.id).where(d.key.in_(some), d.created_at > moment).limit(1))
            for some in in_batches(sorted(keys))
        )

    def alerted_identities(self, watch: Watch) -> set[str]:
        """The identities of the episodes for which the watch has a delivery."""
        d = deliveries.c
        query = select(d.identity).where(d.watch_id == watch.id, d.identity.is_not(None))
        return {r.identity for r in self.read_rows(query)}

    def save_surge(self, source: TranscriptSource, found: Sequence[Mention], alert: Alert, now: datetime) -> bool:
        """Saves the mentions and the delivery, both or neither.

        False, with nothing saved, when the alert was saved meanwhile, or the transcript replaced.
        """
        t, key = source.transcript, deliveries.c.key
        with self.writing() as c:
            # Of two workers at once the second waits for this row, and then sees the delivery of the first.
            c.execute(select(watches.c.id).where(watches.c.id == alert.watch.id).with_for_update())
            mine = select(transcripts.c.revision).where(transcripts.c.id == t.id).with_for_update()
            if c.execute(mine).scalar() != t.revision:
                return False
            if c.execute(select(key).where(key == alert.key)).first() is not None:
                return False
            c.execute(insert(mentions), [mention_values(m, alert.watch, source, now) for m in found])
            insert_deliveries(c, [(alert, None)], now)
            return True
