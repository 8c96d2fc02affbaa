"""The login of a feed in a column of its own, taken out of addresses and of what was noted of them."""

import re
from typing import Any
from urllib.parse import quote, unquote

import sqlalchemy as sa
from alembic import op

from podwatch.errors import StoreError

revision = "0008"
down_revision = "0007"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WITH_LOGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#]*)@")
_WITHIN_TEXT = re.compile(r"(https?://)[^/?#\s\"']*@")

feeds = sa.table(
    "feeds",
    sa.column("id", ID),
    sa.column("url", sa.Text),
    sa.column("login", sa.Text),
    sa.column("next_poll_at", sa.DateTime(timezone=True)),
    sa.column("error", sa.Text),
)
# Texts and JSON in which older versions wrote whole addresses: (table, its key, column, type)
NOTES: tuple[tuple[str, str, str, Any], ...] = (
    ("feeds", "id", "error", sa.Text()),
    ("feeds", "id", "title", sa.Text()),
    ("episodes", "id", "fetch_error", sa.Text()),
    ("walks", "feed_id", "error", sa.Text()),
    ("backfills", "id", "feeds", sa.JSON()),
    ("watches", "id", "spec", sa.JSON()),
)


def upgrade() -> None:
    op.add_column("feeds", sa.Column("login", sa.Text(), nullable=True))
    c = op.get_bind()
    rows = c.execute(sa.select(feeds.c.id, feeds.c.url).order_by(feeds.c.id)).all()
    taken = {r.url: r.id for r in rows}
    for r in rows:
        if (found := _WITH_LOGIN.match(r.url)) is None:
            continue
        url = found[1] + r.url[found.end() :]
        user, _, password = found[2].partition(":")
        login = f"{unquote(user)}:{unquote(password)}"
        mine = sa.update(feeds).where(feeds.c.id == r.id)
        if (other := taken.get(url)) is None:
            taken[url] = r.id
            c.execute(mine.values(url=url, login=login))
            continue
        # The same feed twice: one keeps the address and gets the login, the other keeps what was found in it.
        c.execute(sa.update(feeds).where(feeds.c.id == other, feeds.c.login.is_(None)).values(login=login))
        error = f"{url}: is the same feed as number {other}, which is polled with this login - remove this one"
        c.execute(mine.values(url=f"{url}#feed-{r.id}", next_poll_at=None, error=error))
    for table, key, column, kind in NOTES:
        _clean(c, table, key, column, kind)


def downgrade() -> None:
    """The logins go back into the addresses. An encrypted one cannot be read here, so that nothing is changed then."""
    c = op.get_bind()
    rows = c.execute(sa.select(feeds.c.id, feeds.c.url, feeds.c.login).where(feeds.c.login.is_not(None))).all()
    if encrypted := sum(":" not in r.login for r in rows):
        raise StoreError(
            f"the logins of {encrypted} feeds are encrypted, which the tables of {down_revision} cannot hold",
            todo="restore the backup from before the upgrade",
        )
    for r in rows:
        user, _, password = r.login.partition(":")
        login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
        scheme, _, rest = r.url.partition("://")
        c.execute(sa.update(feeds).where(feeds.c.id == r.id).values(url=f"{scheme}://{login}@{rest}"))
    op.drop_column("feeds", "login")


def _clean(c: sa.Connection, table: str, key: str, column: str, kind: Any) -> None:
    """Takes the logins out of the addresses in a column."""
    at = sa.table(table, sa.column(key, ID), sa.column(column, kind))
    noted = at.c[column]
    has_login = sa.cast(noted, sa.Text).like("%://%@%")
    for r in c.execute(sa.select(at.c[key], noted).where(has_login)).all():
        cleaned = _without_logins(r[1])
        if cleaned != r[1]:
            c.execute(sa.update(at).where(at.c[key] == r[0]).values({column: cleaned}))


def _without_logins(value: Any) -> Any:
    if isinstance(value, str):
        return _WITHIN_TEXT.sub(r"\1", value)
    if isinstance(value, list):
        return [_without_logins(v) for v in value]
    if isinstance(value, dict):
        return {k: _without_logins(v) for k, v in value.items()}
    return value
