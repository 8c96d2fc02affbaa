"""Remembers of a removed feed the episodes that something was said of, so that nothing is said again once it is back.

It may come back under another address (https, www, a host that it has moved to). Then its episodes are recognised as
those of another feed are, and get the identities that they had. Marks: one for each removed feed with its episodes, and
one that finds it by address, podcast:guid and title.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson
from sqlalchemy import Connection, delete, select

from podwatch.model import Episode, Feed, FeedFacts
from podwatch.policy.episode_identity import plain_show
from podwatch.store.episodes import SELECT_EPISODES
from podwatch.store.statements import in_batches, upsert
from podwatch.store.tables import deliveries, episodes, marks

INDEX = "removed_feeds"  # its value: {name of a mark: [keys of the feed]}, the last removed last
MAX_FEEDS = 500  # that are remembered
MAX_EPISODES = 500  # of a feed, its newest


def remember_feed(c: Connection, feed: Feed, at: datetime) -> None:
    """Before the feed is deleted. at: when it was polled last. Of its address only a hash is kept: it may be secret."""
    e, d = episodes.c, deliveries.c
    told = select(d.episode_id).where(d.episode_id.is_not(None))
    query = SELECT_EPISODES.where(e.feed_id == feed.id, e.id.in_(told)).order_by(e.id.desc()).limit(MAX_EPISODES)
    kept = [
        {
            "guid": r.guid,
            "title": r.title,
            "show": r.show,
            "audio_url": r.audio_url,
            "published_at": r.published_at,
            "duration": r.duration,
            "identity": r.identity,
        }
        for r in c.execute(query)
    ]
    keys = _keys_of(feed)
    if not kept or not keys:
        return
    name = f"{INDEX} {keys[0]}"
    index = _load(c, INDEX) or {}
    index = {n: ks for n, ks in index.items() if n != name} | {name: keys}
    forgotten, index = list(index)[:-MAX_FEEDS], dict(list(index.items())[-MAX_FEEDS:])
    c.execute(delete(marks).where(marks.c.name.in_(forgotten)))
    before = [k for k in _load(c, name) or [] if k["identity"] not in {k["identity"] for k in kept}]
    for mark, value in ((name, (kept + before)[:MAX_EPISODES]), (INDEX, index)):
        text = orjson.dumps(value).decode()
        added = upsert(c.dialect, marks).values(name=mark, at=at, value=text)
        c.execute(added.on_conflict_do_update(index_elements=["name"], set_={"at": at, "value": text}))


def recall_episodes(c: Connection, feeds: Iterable[Feed]) -> Iterator[Episode]:
    """What was said of these feeds before they were removed: episodes that have no row any more."""
    index = _load(c, INDEX)
    if not index:
        return
    for feed in feeds:
        keys = set(_keys_of(feed))
        for some in in_batches([name for name, known in index.items() if keys & set(known)]):
            for value in c.execute(select(marks.c.value).where(marks.c.name.in_(some))).scalars():
                for row in orjson.loads(value):
                    at = row["published_at"]
                    yield Episode(**row | {"published_at": datetime.fromisoformat(at) if at else None})


def _load(c: Connection, name: str) -> Any:
    value = c.execute(select(marks.c.value).where(marks.c.name == name)).scalar()
    return orjson.loads(value) if value else None


def _keys_of(feed: Feed) -> list[str]:
    """Under which a feed is found again; the first is its address without what never tells feeds apart."""
    facts = feed.facts or FeedFacts()
    names = [f"address {_plain_address(feed.url)}"]
    if facts.podcast_guid:
        names.append(f"guid {facts.podcast_guid.lower()}")
    names += [f"title {plain_show(t)}" for t in dict.fromkeys((feed.title, facts.title)) if plain_show(t)]
    return [hashlib.blake2b(n.encode("utf-8", "replace"), digest_size=12).hexdigest() for n in names]


def _plain_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    except ValueError:
        return url
    host = (parts.hostname or "").removeprefix("www.")
    return f"{host}{port}{parts.path.rstrip('/')}?{parts.query}"
