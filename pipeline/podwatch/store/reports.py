"""Reports in the store: messages whose content is saved when they are made, so that each try sends the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from podwatch.model import ChannelRules, DeliveryKind, DeliveryState, HoldReason, Period, Report, Watch
from podwatch.policy.reports import WatchCounts
from podwatch.store.channels import rules_of
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.statements import in_batches, upsert
from podwatch.store.tables import channels, deliveries, episodes, mentions

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
        with self.writing() as c:
            return _insert(c, report, due_at, now)

    def report_schedules(self) -> list[tuple[ChannelRules, datetime | None]]:
        """The rules of the channels that have reports, or had one planned: (rules, when the next is due)."""
        k = channels.c
        rows = self.read_rows(select(k.name, k.rules, k.next_report_at).order_by(k.name))
        found = [(rules_of(r.name, r.rules) if r.rules else ChannelRules(name=r.name), r.next_report_at) for r in rows]
        return [(rules, at) for rules, at in found if rules.report is not None or at is not None]

    def plan_report(self, channel: str, planned: datetime | None, next_at: datetime | None) -> bool:
        """Sets when the channel's next report is due. False when it is not ``planned`` any more: by another worker."""
        with self.writing() as c:
            return _plan(c, channel, planned, next_at)

    def save_planned_report(
        self, report: Report, planned: datetime, next_at: datetime, due_at: datetime, now: datetime
    ) -> bool:
        """As plan_report, and saves the report that was due, both or neither."""
        with self.writing() as c:
            return _plan(c, report.channel, planned, next_at) and _insert(c, report, due_at, now)

    def watch_counts(self, watches: Collection[Watch], period: Period) -> dict[int, WatchCounts]:
        """By the id of a watch what became of it in a period. What a backfill found is the past, and left out."""
        m, e, d = mentions.c, episodes.c, deliveries.c
        since = period.since or datetime.min.replace(tzinfo=UTC)
        found: dict[int, tuple[int, int]] = {}
        sent: Counter[int] = Counter()
        held: dict[int, dict[HoldReason, int]] = defaultdict(dict)
        with self.reading() as c:
            for some in in_batches(sorted(w.id for w in watches)):
                query = (
                    select(m.watch_id, func.count(), func.count(e.identity.distinct()))
                    .join(episodes, e.id == m.episode_id)
                    .where(m.watch_id.in_(some), m.gone_at.is_(None), e.backlog.is_(False))
                    .where(m.found_at >= since, m.found_at < period.until)
                    .group_by(m.watch_id)
                )
                found |= {watch: (count, in_episodes) for watch, count, in_episodes in c.execute(query)}
                alerts = (
                    select(d.watch_id, d.state, d.reason, func.count())
                    .where(d.watch_id.in_(some), d.kind == DeliveryKind.ALERT.value)
                    .where(d.created_at >= since, d.created_at < period.until)
                    .group_by(d.watch_id, d.state, d.reason)
                )
                for watch, state, reason, count in c.execute(alerts):
                    if state == DeliveryState.SENT:
                        sent[watch] += count
                    elif state == DeliveryState.HELD and reason:
                        held[watch][HoldReason[reason]] = count
        return {
            w.id: WatchCounts(
                mentions=found.get(w.id, (0, 0))[0],
                episodes=found.get(w.id, (0, 0))[1],
                sent=sent[w.id],
                held=held[w.id],
            )
            for w in watches
        }


def _plan(c: Connection, channel: str, planned: datetime | None, next_at: datetime | None) -> bool:
    k = channels.c
    is_planned = k.next_report_at.is_(None) if planned is None else k.next_report_at == planned
    return c.execute(update(channels).where(k.name == channel, is_planned).values(next_report_at=next_at)).rowcount == 1


def _insert(c: Connection, report: Report, due_at: datetime, now: datetime) -> bool:
    row = {
        "key": report.key,
        "kind": DeliveryKind.REPORT.value,
        "channel": report.channel,
        "state": DeliveryState.DUE.value,
        "next_attempt_at": due_at,
        "created_at": now,
        "content": {name: getattr(report, name) for name in _CONTENT},
    }
    new = upsert(c.dialect, deliveries).values(**row).on_conflict_do_nothing(index_elements=["key"])
    return c.execute(new.returning(deliveries.c.id)).first() is not None


def report_of(r: AnyRow) -> Report:
    """The report of a delivery's row, as it was made."""
    stored: dict[str, Any] = dict(r.content)
    for name in ("lines", "columns"):
        stored[name] = tuple(stored[name])
    stored["rows"] = tuple(tuple(row) for row in stored["rows"])
    return Report(key=r.key, channel=r.channel, **stored)
