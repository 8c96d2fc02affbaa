"""Single facts of the whole store by name: when something last happened, and a word about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from podwatch.store.connection import Rows
from podwatch.store.statements import upsert
from podwatch.store.tables import marks

COMPLETE_LINE = "complete_line"  # all four verbs ran, or had nothing to do
FULL_LINE = "full_line"  # all four verbs ran
FULL_DELIVER = "full_deliver"  # deliver ran by itself
NAMES_LEFT = "names_left"  # how many transcripts the last detect left to the next for their names
ANNOUNCED = "announced"  # the newest mention that other programs were told of, by its id
HEARTBEAT = "heartbeat"  # the monitoring service took it
STORE_ID = "store_id"  # of this database, and of the copies of it
RUNS = "deliver_runs"  # how many there were: see line/restored_copy.py
RESTORED = "restored"  # when it was noticed; its value: since when the copy does not know what was sent


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

    def ensure_mark(self, name: str, at: datetime, value: str) -> Mark:
        """The fact; set to this value when there is none yet."""
        if (known := self.mark(name)) is not None:
            return known
        self.execute(upsert(self.engine.dialect, marks).values(name=name, at=at, value=value).on_conflict_do_nothing())
        return self.mark(name) or Mark(at, value)

    def move_mark(self, name: str, before: str, at: datetime, value: str) -> bool:
        """Sets the fact where it is still what it was before; False when another run has changed it."""
        m = marks.c
        return bool(self.execute(update(marks).where(m.name == name, m.value == before).values(at=at, value=value)))

    def count_mark(self, name: str, at: datetime, *, at_least: int = 0) -> int:
        """Adds one to a fact that is a number, which begins at 0, or at ``at_least``; returns it."""
        m = marks.c
        with self.writing() as c:
            c.execute(upsert(c.dialect, marks).values(name=name, at=at, value="0").on_conflict_do_nothing())
            value = c.execute(select(m.value).where(m.name == name).with_for_update()).scalar_one()
            count = max(int(value) if value.isdecimal() else 0, at_least) + 1
            c.execute(update(marks).where(m.name == name).values(at=at, value=str(count)))
        return count

    def mark(self, name: str) -> Mark | None:
        """The fact; None when it was never set."""
        for r in self.read_rows(select(marks.c.at, marks.c.value).where(marks.c.name == name)):
            return Mark(r.at, r.value)
        return None
