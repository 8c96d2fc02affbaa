"""The mutes in the store: what raises no alert for a while, and who asked for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from podwatch.model import Mute
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.tables import feeds, mutes, watches


class MuteRows(Rows):
    def add_mute(self, mute: Mute, now: datetime) -> Mute:
        """Stores it; returns it as it is stored, with the names of what it covers."""
        if mute.watch_id is None and mute.feed_id is None:
            raise ValueError("a mute needs a watch or a feed")  # else it would silence everything
        with self.writing() as c:
            return insert_mute(c, mute, now)

    def active_mutes(self, now: datetime) -> list[Mute]:
        """Those that hold now, the one that ends first first."""
        with self.reading() as c:
            return [_mute(r) for r in c.execute(_MUTES.where(mutes.c.until > now))]

    def mutes(self) -> list[Mute]:
        """All there were, the one that ends first first."""
        with self.reading() as c:
            return [_mute(r) for r in c.execute(_MUTES)]

    def end_mute(self, id: int, now: datetime) -> bool:
        """Ends it now; False when there is none of this id that still holds."""
        m = mutes.c
        with self.writing() as c:
            return c.execute(update(mutes).where(m.id == id, m.until > now).values(until=now)).rowcount == 1


def insert_mute(c: Connection, mute: Mute, now: datetime) -> Mute:
    """In the caller's transaction."""
    values = {name: getattr(mute, name) for name in ("watch_id", "feed_id", "until", "reason", "by")}
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
        watch_id=r.watch_id,
        feed_id=r.feed_id,
        until=r.until,
        reason=r.reason,
        by=r.by,
        created_at=r.created_at,
        watch=r.watch,
        show=r.title or r.url,
    )
