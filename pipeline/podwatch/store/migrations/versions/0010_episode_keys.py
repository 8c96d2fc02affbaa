"""Episodes are looked up by their file on its day and by its title, without its query: all keys are made anew.

They are derived from the episodes, and are of use only to the code that looks them up: so they are made by that code.
"""

from collections.abc import Iterator
from datetime import UTC
from typing import Any

import sqlalchemy as sa
from alembic import op

from podwatch.model import Episode
from podwatch.policy.episode_identity import identity_keys

revision = "0010"
down_revision = "0009"

PAGE = 1000
FEEDS = sa.table("feeds", sa.column("id"), sa.column("title"))
EPISODES = sa.table(
    "episodes",
    sa.column("id"),
    sa.column("feed_id"),
    sa.column("guid"),
    sa.column("title"),
    sa.column("audio_url"),
    sa.column("published_at", sa.DateTime(timezone=True)),
)
KEYS = sa.table("episode_keys", sa.column("key"), sa.column("episode_id"))


def upgrade() -> None:
    c = op.get_bind()
    c.execute(sa.delete(KEYS))
    for page in _pages(c):
        c.execute(sa.insert(KEYS), [{"key": k, "episode_id": r.id} for r in page for k in _keys(r)])


def downgrade() -> None:
    """The keys stay: the older code adds its own beside them, and is led astray by none."""


def _pages(c: sa.Connection) -> Iterator[list[Any]]:
    e, last = EPISODES.c, 0
    of_feeds = EPISODES.join(FEEDS, FEEDS.c.id == e.feed_id)
    query = sa.select(e.id, e.guid, e.title, e.audio_url, e.published_at, FEEDS.c.title.label("show"))
    query = query.select_from(of_feeds).order_by(e.id).limit(PAGE)
    while page := list(c.execute(query.where(e.id > last))):
        yield page
        last = page[-1].id


def _keys(r: Any) -> list[int]:
    at = r.published_at
    if at is not None and at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    of = Episode(guid=r.guid, show=r.show, title=r.title, audio_url=r.audio_url, published_at=at)
    return sorted(identity_keys(of))
