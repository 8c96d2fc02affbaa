"""The rows that the crash test delivers: alerts as detect leaves them, each with a word of its own to count."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, or_, select, text, update

from podwatch.model import HoldReason, Watch
from podwatch.store.database import Store
from podwatch.store.tables import deliveries, episodes, feeds, mentions, transcripts, watches

THREAD_EVERY, DIGEST_EVERY = 12, 7  # each 12th alert continues in a thread, of the others each 7th waits for a digest
MENTIONS = 8  # of an alert that continues in its thread


def insert_alerts(
    store: Store, count: int, channels: list[str], *, first: int = 0, digest_within: float = 30.0
) -> list[str]:
    """Stores ``count`` alerts from number ``first`` on, due now; returns the tokens that must arrive, each once.

    digest_within: seconds over which the alerts that wait for a digest come due.
    """
    now = store.clock()
    tokens: list[str] = []
    rng = random.Random(first)
    if not first:
        store.sync_watches(make_watches(channels), now)
    with store.writing() as c:
        if not first:
            c.execute(insert(feeds).values(url="https://a.example/f", title="Show", added_at=now))
        feed = c.execute(select(feeds.c.id)).scalar_one()
        channel_of = {r.id: r.channel for r in c.execute(select(watches.c.id, watches.c.channel))}
        watch_ids = sorted(channel_of)
        rows: dict[str, list[dict[str, Any]]] = {"e": [], "t": [], "m": [], "d": []}
        for i in range(first, first + count):
            e, watch = i + 1, watch_ids[i % len(watch_ids)]
            rows["e"].append(
                {"id": e, "feed_id": feed, "guid": f"g{i}", "identity": f"i{i}", "title": f"Episode {i}",
                 "audio_url": f"https://a.example/{i}.mp3", "published_at": now, "first_seen_at": now,
                 "notes": "", "transcripts": [], "details": {}}
            )  # fmt: skip
            rows["t"].append(
                {"id": e, "episode_id": e, "source": "s", "digest": "x", "fetched_at": now, "characters": 9,
                 "segments": 1, "body": b"", "labels": b"", "detected_through": len(watch_ids)}
            )  # fmt: skip
            long = i % THREAD_EVERY == 0
            names = [f"tok{i:06d}x", *(f"tok{i:06d}m{m}x" for m in range(1, MENTIONS))] if long else [f"tok{i:06d}x"]
            for at, name in enumerate(names):
                rows["m"].append(
                    {"watch_id": watch, "watch_revision": 1, "transcript_id": e, "transcript_revision": 1,
                     "episode_id": e, "start": at * 1000, "end": at * 1000 + len(name), "kind": "exact", "score": 1.0,
                     "surface": name, "seconds": at * 60.0, "segment": at, "snippet": f"then {name} was said again",
                     "snippet_start": 5, "reason": "", "found_at": now}
                )  # fmt: skip
            tokens += names
            row = {"key": f"key-{i}", "watch_id": watch, "episode_id": e, "channel": channel_of[watch],
                   "state": "due", "reason": None, "next_attempt_at": now, "created_at": now}  # fmt: skip
            if i % DIGEST_EVERY == 1 and not long:
                soon = now + timedelta(seconds=rng.random() * digest_within)
                row |= {"state": "held", "reason": HoldReason.DIGEST.name, "next_attempt_at": soon}
            rows["d"].append(row)
        for table, key in ((episodes, "e"), (transcripts, "t"), (mentions, "m"), (deliveries, "d")):
            c.execute(insert(table), rows[key])
        if c.dialect.name == "postgresql":
            for name in ("episodes", "transcripts"):
                c.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {first + count + 1})"))
    return tokens


def make_watches(channels: list[str]) -> list[Watch]:
    """A watch for each channel, that sends to it: an alert goes where its watch says."""
    return [Watch(name=f"watch{n}", query=f"x{n}", channel=channel) for n, channel in enumerate(channels)]


def count_unfinished(store: Store) -> int:
    """Deliveries that still have something to be done: to send, to look up, or to edit."""
    d = deliveries.c
    ends = (d.next_attempt_at.is_not(None), d.state == "attempting", d.check_at.is_not(None))
    with store.reading() as c:
        return c.execute(select(func.count()).where(or_(*ends)).select_from(deliveries)).scalar_one()


def retract_mentions(store: Store, count: int, tokens: set[str]) -> None:
    """Marks the mentions of ``count`` sent alerts as gone, as a corrected transcript does; adds their tokens."""
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
            tokens |= set(c.execute(select(m.surface).where(*mine)).scalars())
            c.execute(update(mentions).where(*mine).values(gone_at=max(now, r.sent_at + timedelta(microseconds=1))))
            c.execute(update(deliveries).where(d.id == r.id).values(check_at=now))
