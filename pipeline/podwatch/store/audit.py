"""The audit: who changed what, on the page, in Slack or by a command; and the tokens of feed readers."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select, update

from podwatch.store.connection import AnyRow, Rows
from podwatch.store.page_tables import audit, view_tokens

Facts = Mapping[str, Any] | None


class Action(StrEnum):
    """What somebody changed."""

    ANSWER = "answer"
    ADD_FEEDS = "add feeds"
    TAG_FEED = "tag feed"
    REMOVE_FEED = "remove feed"
    SET_FEED = "set feed"
    ADD_WATCH = "add watch"
    EDIT_WATCH = "edit watch"
    SWITCH_OFF = "switch off watch"
    SWITCH_ON = "switch on watch"
    REMOVE_WATCH = "remove watch"
    SYNC = "sync watchlist"
    MUTE = "mute"
    SET_LOGIN = "set login"
    RELEASE = "release alerts"
    PRUNE = "prune texts"
    BACKFILL = "backfill"
    END_MUTE = "end mute"
    MAKE_TOKEN = "make token"  # noqa: S105 - the name of an action
    REVOKE_TOKEN = "revoke token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change: before and after are facts of what was changed, None where there was nothing."""

    id: int
    at: datetime
    who: str
    action: str
    subject: str
    before: Facts
    after: Facts


@dataclass(frozen=True, slots=True)
class ViewToken:
    """A token for one view of the alerts. view: its filter, as it stands in an address."""

    id: int
    view: str
    by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which changes are wanted; text: in what was changed, in any case."""

    who: str = ""
    action: str = ""
    text: str = ""


EVERY_CHANGE = AuditFilter()


class AuditRows(Rows):
    def add_audit(self, who: str, action: Action, subject: str, before: Facts, after: Facts, now: datetime) -> None:
        with self.writing() as c:
            insert_audit(c, who, action, subject, before, after, now)

    def list_audit(
        self, wanted: AuditFilter = EVERY_CHANGE, *, before: int | None = None, limit: int = 50
    ) -> list[AuditEntry]:
        """The newest changes first, from before the one with the id ``before`` on."""
        a = audit.c
        query = select(audit).order_by(a.id.desc()).limit(limit)
        query = query if before is None else query.where(a.id < before)
        query = query.where(a.who == wanted.who) if wanted.who else query
        query = query.where(a.action == wanted.action) if wanted.action else query
        query = query.where(a.subject.icontains(wanted.text, autoescape=True)) if wanted.text else query
        return [_entry(r) for r in self.read_rows(query)]

    def changes_of(self, subjects: Collection[str], limit: int) -> list[AuditEntry]:
        """The newest changes of exactly these subjects."""
        query = select(audit).where(audit.c.subject.in_(sorted(subjects))).order_by(audit.c.id.desc()).limit(limit)
        return [_entry(r) for r in self.read_rows(query)]

    def audited_people(self) -> list[str]:
        """Everybody who has changed something, by name."""
        return [r.who for r in self.read_rows(select(audit.c.who).distinct().order_by(audit.c.who))]

    def add_view_token(self, token: str, view: str, by: str, now: datetime) -> int:
        """Stores the hash of a token for a view; returns its number."""
        values = {"digest": _digest(token), "view": view, "by": by, "created_at": now}
        with self.writing() as c:
            return int(c.execute(insert(view_tokens).values(**values).returning(view_tokens.c.id)).scalar_one())

    def view_of_token(self, token: str) -> str | None:
        """The view that a token lets one read; None for one that nobody made, or that was revoked."""
        t = view_tokens.c
        query = select(t.view).where(t.digest == _digest(token), t.revoked_at.is_(None))
        with self.reading() as c:
            found: str | None = c.execute(query).scalar()
        return found

    def view_tokens(self) -> list[ViewToken]:
        """The tokens in force, the newest first."""
        t = view_tokens.c
        query = select(view_tokens).where(t.revoked_at.is_(None)).order_by(t.id.desc())
        return [ViewToken(r.id, r.view, r.by, r.created_at) for r in self.read_rows(query)]

    def revoke_view_token(self, id: int, now: datetime) -> bool:
        """False when no token of this number is in force."""
        t = view_tokens.c
        return self.execute(update(view_tokens).where(t.id == id, t.revoked_at.is_(None)).values(revoked_at=now)) == 1


def describe_facts(facts: Facts) -> str:
    """``tags: news, daily``."""
    return "; ".join(f"{k}: {_text(v)}" for k, v in (facts or {}).items() if v not in (None, ""))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, dict):
        return ", ".join(f"{k} {_text(v)}" for k, v in value.items())
    return str(value)


def insert_audit(
    c: Connection, who: str, action: Action, subject: str, before: Facts, after: Facts, now: datetime
) -> None:
    """Notes a change in the transaction that makes it."""
    values = {"who": who, "action": action.value, "subject": subject, "before": before, "after": after}
    c.execute(insert(audit).values(**values, at=now))


def _entry(r: AnyRow) -> AuditEntry:
    return AuditEntry(r.id, r.at, r.who, r.action, r.subject, r.before, r.after)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
