"""The mutes in the store: what raises no alert for a while, and who asked for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from podwatch.model import Mute
from podwatch.redaction import display_address
from podwatch.store.answer_tables import mutes
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.tables import feeds, watches

_FIELDS = ("watch_id", "feed_id", "until", "reason", "by")


class MuteRows(Rows):
    def add_mute(self, mute: Mute, now: datetime) -> Mute:
        """Stores a mute; returns it as it is stored, with the names of what it covers."""
        if mute.watch_id is None and mute.feed_id is None:
            raise ValueError("a mute needs a watch or a feed")  # else it would silence everything
        with self.writing() as c:
            return insert_mute(c, mute, now)

    def active_mutes(self, now: datetime) -> list[Mute]:
        """The mutes in force, the one that ends first before the others."""
        return [_mute(r) for r in self.read_rows(_MUTES.where(mutes.c.until > now))]

    def mutes(self) -> list[Mute]:
        """All mutes, past ones too, in the same order."""
        return [_mute(r) for r in self.read_rows(_MUTES)]

    def end_mute(self, id: int, now: datetime) -> bool:
        """Ends a mute now; False when none of this id is in force."""
        m = mutes.c
        return self.execute(update(mutes).where(m.id == id, m.until > now).values(until=now)) == 1


def insert_mute(c: Connection, mute: Mute, now: datetime) -> Mute:
    """add_mute in the caller's transaction."""
    values = {name: getattr(mute, name) for name in _FIELDS}
    new = c.execute(insert(mutes).values(**values, created_at=now).returning(mutes.c.id)).scalar_one()
    return _mute(c.execute(_MUTES.where(mutes.c.id == new)).one())


_MUTES: Select[Any] = (
    select(mutes, watches.c.name.label("watch"), feeds.c.title, feeds.c.url)
    .outerjoin(watches, watches.c.id == mutes.c.watch_id)
    .outerjoin(feeds, feeds.c.id == mutes.c.feed_id)
    .order_by(mutes.c.until, mutes.c.id)
)


def _mute(r: AnyRow) -> Mute:
    return Mute(
        id=r.id,
        created_at=r.created_at,
        watch=r.watch,
        show=r.title or (r.url and display_address(r.url)),
        **{n: getattr(r, n) for n in _FIELDS},
    )
