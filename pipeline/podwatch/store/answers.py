"""Stores people's answers to alerts: one row a person, alert and verdict, whatever comes twice or late."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from podwatch.model import Answer, Mute, StandingVerdict, Verdict
from podwatch.redaction import display_address
from podwatch.store.answer_tables import answers
from podwatch.store.connection import Rows
from podwatch.store.mutes import insert_mute
from podwatch.store.statements import upsert
from podwatch.store.tables import deliveries, episodes, feeds, mentions, watches

MAX_SPELLINGS = 100  # stored with an answer


@dataclass(frozen=True, slots=True)
class AlertSubject:
    """What an alert is about, for saving an answer to it."""

    watch_id: int
    watch: str
    revision: int
    feed_id: int
    show: str
    spellings: tuple[tuple[str, str], ...]


class AnswerRows(Rows):
    def alert_subject(self, key: str) -> AlertSubject | None:
        """What the alert with this key is about; None when there is no such alert (any more)."""
        query = (
            select(deliveries, watches.c.name, watches.c.revision, episodes.c.feed_id, feeds.c.title, feeds.c.url)
            .join(watches, watches.c.id == deliveries.c.watch_id)
            .join(episodes, episodes.c.id == deliveries.c.episode_id)
            .join(feeds, feeds.c.id == episodes.c.feed_id)
            .where(deliveries.c.key == key)
        )
        m = mentions.c
        with self.reading() as c:
            r = c.execute(query).first()
            if r is None:
                return None
            found = c.execute(
                select(m.surface, m.kind)
                .where(m.watch_id == r.watch_id, m.episode_id == r.episode_id, m.gone_at.is_(None))
                .order_by(m.score.desc(), m.id)
            )
            spellings = tuple(dict.fromkeys((f.surface, f.kind) for f in found))[:MAX_SPELLINGS]
        return AlertSubject(
            r.watch_id, r.name, r.revision, r.feed_id, r.title or (r.url and display_address(r.url)), spellings
        )

    def save_answer(self, answer: Answer, subject: AlertSubject, mute: Mute | None, now: datetime) -> bool:
        """Saves an answer, and the mute it asks for, in one transaction.

        False when it was saved before (Slack sends an envelope again when our acknowledgement is missing), or when the
        same person has pressed the same button later: then nothing changes.
        """
        values = {
            "key": answer.key,
            "watch_id": subject.watch_id,
            "watch_revision": subject.revision,
            "verdict": answer.verdict.value,
            "user": answer.user,
            "spellings": subject.spellings,
            "answered_at": answer.at,
            "noted_at": now,
        }
        row = upsert(self.engine.dialect, answers).values(**values)
        row = row.on_conflict_do_update(
            index_elements=["key", "user", "verdict"],
            set_={name: row.excluded[name] for name in ("watch_revision", "spellings", "answered_at", "noted_at")},
            where=answers.c.answered_at < row.excluded.answered_at,
        )
        with self.writing() as c:
            if c.execute(row.returning(answers.c.id)).first() is None:
                return False
            if mute is not None:
                insert_mute(c, replace(mute, by=answer.user), now)
        return True

    def answers_to(self, key: str) -> list[str]:
        """What people said of an alert so far: ``wrong by ada``."""
        query = select(answers.c.verdict, answers.c.user).where(answers.c.key == key).order_by(answers.c.answered_at)
        return [f"{r.verdict} by {r.user}" for r in self.read_rows(query)]

    def standing_verdicts(self, *, current: bool = False) -> list[StandingVerdict]:
        """The last judgement of each person on each alert of an enabled watch.

        current: only those given since the watch was last changed.
        """
        a = answers.c
        judgements = [v.value for v in Verdict if v.is_judgement]
        query = (
            select(answers, watches.c.name)
            .join(watches, watches.c.id == a.watch_id)
            .where(watches.c.enabled, a.verdict.in_(judgements))
            .order_by(a.answered_at, a.id)
        )
        if current:
            query = query.where(a.watch_revision == watches.c.revision)
        last = {(r.key, r.user): r for r in self.read_rows(query)}
        return [
            StandingVerdict(r.name, Verdict(r.verdict), tuple((s[0], s[1]) for s in r.spellings)) for r in last.values()
        ]
