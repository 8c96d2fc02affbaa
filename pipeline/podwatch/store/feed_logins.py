"""The stored logins of feeds: set, removed, and replaced by their encrypted form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select, update

from podwatch.store.connection import Rows
from podwatch.store.tables import feeds


class FeedLoginRows(Rows):
    def set_login(self, feed_id: int, login: str | None, now: datetime) -> None:
        """Gives a feed a login, as it is stored, or takes it away; the feed is due at once."""
        self.execute(update(feeds).where(feeds.c.id == feed_id).values(login=login, next_poll_at=now))

    def replace_logins(self, replacement: Callable[[str, str], str | None]) -> int:
        """Replaces logins in one transaction; returns how many.

        replacement: (address of the feed, its stored login) -> what is stored instead; None leaves it as it is.
        """
        done = 0
        with self.writing() as c:
            rows = c.execute(select(feeds.c.id, feeds.c.url, feeds.c.login).where(feeds.c.login.is_not(None)))
            for r in rows.all():
                new = replacement(r.url, r.login)
                if new is not None:
                    c.execute(update(feeds).where(feeds.c.id == r.id).values(login=new))
                    done += 1
        return done
