"""What the crash test delivers: rows as detect leaves them, each alert with a word of its own."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, text, update

from podwatch.model import HoldReason
from podwatch.store.database import Store
from podwatch.store.tables import deliveries, episodes, feeds, mentions, transcripts, watches

WATCHES = 20
LONG, DIGESTED = 12, 7  # every so-manyth alert continues in its thread, or waits for a digest
MENTIONS = 8  # of an alert that continues in its thread


def fill(store: Store, count: int, channels: list[str], *, first: int = 0, digest_within: float = 30.0) -> list[str]:
    """Stores the alerts number ``first`` and following, due now; returns the tokens that are to arrive, each once.

    digest_within: seconds over which those that wait for a digest come due.
    """
    now = store.clock()
    tokens: list[str] = []
    rng = random.Random(first)
    with store.writing() as c:
        if not first:
            _found(c, now)
        feed = c.execute(select(feeds.c.id)).scalar_one()
        watch_ids = list(c.execute(select(watches.c.id).order_by(watches.c.id)).scalars())
        rows: dict[str, list[dict[str, Any]]] = {"e": [], "t": [], "m": [], "d": []}
        for i in range(first, first + count):
            e, watch = i + 1, watch_ids[i % WATCHES]
            rows["e"].append(
                {"id": e, "feed_id": feed, "guid": f"g{i}", "identity": f"i{i}", "title": f"Episode {i}",
                 "audio_url": f"https://a.example/{i}.mp3", "published_at": now, "first_seen_at": now,
                 "notes": "", "transcripts": [], "details": {}}
            )  # fmt: skip
            rows["t"].append(
                {"id": e, "episode_id": e, "source": "s", "digest": "x", "fetched_at": now, "characters": 9,
                 "segments": 1, "body": b"", "labels": b"", "detected_through": WATCHES}
            )  # fmt: skip
            long = i % LONG == 0
            names = [f"tok{i:06d}x", *(f"tok{i:06d}m{m}x" for m in range(1, MENTIONS))] if long else [f"tok{i:06d}x"]
            for at, name in enumerate(names):
                rows["m"].append(
                    {"watch_id": watch, "watch_revision": 1, "transcript_id": e, "transcript_revision": 1,
                     "episode_id": e, "start": at * 1000, "end": at * 1000 + len(name), "kind": "exact", "score": 1.0,
                     "surface": name, "seconds": at * 60.0, "segment": at, "snippet": f"then {name} was said again",
                     "snippet_start": 5, "reason": "", "found_at": now}
                )  # fmt: skip
            tokens += names
            row = {"key": f"key-{i}", "watch_id": watch, "episode_id": e, "channel": channels[i % len(channels)],
                   "state": "due", "reason": None, "next_attempt_at": now, "created_at": now}  # fmt: skip
            if i % DIGESTED == 1 and not long:
                soon = now + timedelta(seconds=rng.random() * digest_within)
                row |= {"state": "held", "reason": HoldReason.DIGEST.name, "next_attempt_at": soon}
            rows["d"].append(row)
        for table, key in ((episodes, "e"), (transcripts, "t"), (mentions, "m"), (deliveries, "d")):
            c.execute(insert(table), rows[key])
        if c.dialect.name == "postgresql":
            for name in ("episodes", "transcripts"):
                c.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {first + count + 1})"))
    return tokens


def _found(c: Connection, now: datetime) -> None:
    """The feed and the watches that all alerts belong to."""
    c.execute(insert(feeds).values(url="https://a.example/f", title="Show", added_at=now))
    unnamed: dict[str, Any] = {"entity": None, "type": None, "aliases": [], "sounds_like": False}
    spec = {"query": "x", **unnamed, "scope": {}}
    rows = [
        {"name": f"watch{w}", "spec": spec, "channel": "#c", "deliver": "each", "fingerprint": "x", "revised_at": now,
         "seq": w + 1, "enabled": True}
        for w in range(WATCHES)
    ]  # fmt: skip
    c.execute(insert(watches), rows)


def left(store: Store) -> int:
    """Rows that are not at their end."""
    d = deliveries.c
    ends = (d.next_attempt_at.is_not(None), d.state == "attempting", d.check_at.is_not(None))
    with store.reading() as c:
        return c.execute(select(func.count()).where(or_(*ends)).select_from(deliveries)).scalar_one()


def states(store: Store) -> dict[str, int]:
    with store.reading() as c:
        rows = c.execute(select(deliveries.c.state, func.count()).group_by(deliveries.c.state))
        return {r[0]: r[1] for r in rows}


def revise(store: Store, count: int, taken: set[str]) -> None:
    """A corrected transcript: the word of some alerts that were sent is no longer said in it."""
    d = deliveries.c
    now = store.clock()
    with store.writing() as c:
        rows = c.execute(
            select(d.id, d.watch_id, d.episode_id, d.sent_at)
            .where(d.kind == "alert", d.state == "sent", d.digest_id.is_(None))
            .where(d.id.not_in(select(d.parent_id).where(d.parent_id.is_not(None))))
            .order_by(func.random())
            .limit(count)
        ).all()
        for r in rows:
            m = mentions.c
            mine = (m.watch_id == r.watch_id, m.episode_id == r.episode_id, m.gone_at.is_(None))
            taken |= set(c.execute(select(m.surface).where(*mine)).scalars())
            c.execute(update(mentions).where(*mine).values(gone_at=max(now, r.sent_at + timedelta(microseconds=1))))
            c.execute(update(deliveries).where(d.id == r.id).values(check_at=now))


def sent_times(store: Store, after: datetime) -> dict[str, list[datetime]]:
    """channel -> when messages were sent after a moment, in order."""
    d = deliveries.c
    found: dict[str, list[datetime]] = {}
    with store.reading() as c:
        for r in c.execute(
            select(d.channel, d.sent_at).where(d.sent_at > after, d.digest_id.is_(None)).order_by(d.sent_at)
        ):
            found.setdefault(r.channel, []).append(r.sent_at)
    return found
