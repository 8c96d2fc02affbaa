"""Reports in the store: messages whose content is saved when they are made, so that each try sends the same."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from podwatch.model import DeliveryKind, DeliveryState, Report, Watch
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.statements import in_batches, upsert
from podwatch.store.tables import deliveries, episodes, mentions

_CONTENT = ("name", "title", "lines", "columns", "rows", "coverage")  # fields of Report that a row holds as JSON


class ReportRows(Rows):
    def last_found_at(self, watches: Collection[Watch]) -> dict[int, datetime]:
        """By the id of a watch when its newest mention was found. What a backfill found is the past, and left out."""
        m, e = mentions.c, episodes.c
        found: dict[int, datetime] = {}
        with self.reading() as c:
            for some in in_batches(sorted(w.id for w in watches)):
                query = (
                    select(m.watch_id, func.max(m.found_at))
                    .join(episodes, e.id == m.episode_id)
                    .where(m.watch_id.in_(some), m.gone_at.is_(None), e.backlog.is_(False))
                    .group_by(m.watch_id)
                )
                found |= {r[0]: r[1] for r in c.execute(query)}
        return found

    def made_reports(self, keys: Collection[str]) -> set[str]:
        """Those of these keys under which a report was made."""
        key = deliveries.c.key
        rows = [r for some in in_batches(sorted(keys)) for r in self.read_rows(select(key).where(key.in_(some)))]
        return {r.key for r in rows}

    def save_report(self, report: Report, due_at: datetime, now: datetime) -> bool:
        """Saves a report that is due at ``due_at``; False, with nothing saved, when there is one with its key."""
        row = {
            "key": report.key,
            "kind": DeliveryKind.REPORT.value,
            "channel": report.channel,
            "state": DeliveryState.DUE.value,
            "next_attempt_at": due_at,
            "created_at": now,
            "content": {name: getattr(report, name) for name in _CONTENT},
        }
        new = upsert(self.engine.dialect, deliveries).values(**row).on_conflict_do_nothing(index_elements=["key"])
        with self.writing() as c:
            return c.execute(new.returning(deliveries.c.id)).first() is not None


def report_of(r: AnyRow) -> Report:
    """The report of a delivery's row, as it was made."""
    stored: dict[str, Any] = dict(r.content)
    for name in ("lines", "columns"):
        stored[name] = tuple(stored[name])
    stored["rows"] = tuple(tuple(row) for row in stored["rows"])
    return Report(key=r.key, channel=r.channel, **stored)
