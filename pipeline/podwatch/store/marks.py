"""Single facts of the whole store by name: when something last happened, and a word about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from podwatch.store.connection import Rows
from podwatch.store.statements import upsert
from podwatch.store.tables import marks

COMPLETE_LINE = "complete_line"  # all four verbs ran
HEARTBEAT = "heartbeat"  # the monitoring service took it


@dataclass(frozen=True, slots=True)
class Mark:
    """A fact: when it was set, and its value."""

    at: datetime
    value: str = ""


class MarkRows(Rows):
    def set_mark(self, name: str, at: datetime, value: str = "") -> None:
        """Sets the fact, in the place of what it was before."""
        insert = upsert(self.engine.dialect, marks).values(name=name, at=at, value=value)
        self.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"at": at, "value": value}))

    def mark(self, name: str) -> Mark | None:
        """The fact; None when it was never set."""
        for r in self.read_rows(select(marks.c.at, marks.c.value).where(marks.c.name == name)):
            return Mark(r.at, r.value)
        return None
