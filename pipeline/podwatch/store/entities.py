"""The store's part of entities: which transcripts were not read for names yet, who is named in them, and how often."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise
from typing import Any

import orjson
import zstandard
from sqlalchemy import Connection, and_, delete, func, insert, not_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from podwatch.model import ALL, Entity, EntityType, Form, Shard, Transcript, UnreadReason
from podwatch.store.connection import Rows
from podwatch.store.episodes import BATCH_SIZE
from podwatch.store.fetch import transcript_of
from podwatch.store.tables import entities, entity_names, entity_spans, episodes, feeds, transcripts

LEVEL = 6


@dataclass(frozen=True, slots=True)
class UnreadTranscript:
    """A transcript whose entities are to be looked for, and its feed, whose other episodes say what is repeated."""

    transcript: Transcript
    feed_id: int
    show: str


@dataclass(frozen=True, slots=True)
class TranscriptEntities:
    """What was found in a transcript. aside: for each entity, how many of its spans are in boilerplate."""

    transcript: Transcript
    entities: Sequence[Entity]
    aside: Sequence[int]
    unread: UnreadReason | None = None


class EntityRows(Rows):
    def unread_transcripts(self, now: datetime, shard: Shard = ALL, page: int = 16) -> Iterator[list[UnreadTranscript]]:
        """Pages of the transcripts whose entities were not looked for in their revision, the newest first."""
        t, s = transcripts.c, entity_spans.c
        before: int | None = None
        while True:
            done = and_(s.revision == t.revision, or_(s.again_at.is_(None), s.again_at > now))
            query = (
                select(transcripts, episodes.c.feed_id, feeds.c.title.label("show"))
                .join(episodes, episodes.c.id == t.episode_id)
                .join(feeds, feeds.c.id == episodes.c.feed_id)
                .outerjoin(entity_spans, s.transcript_id == t.id)
                .where(or_(s.transcript_id.is_(None), not_(done)))
                .order_by(t.id.desc())
                .limit(page)
            )
            if before is not None:
                query = query.where(t.id < before)
            if shard.count > 1:
                query = query.where(t.id % shard.count == shard.index)
            with self.reading() as c:
                found = [UnreadTranscript(transcript_of(r), r.feed_id, r.show) for r in c.execute(query)]
            if not found:
                return
            yield found
            before = found[-1].transcript.id

    def count_unread(self) -> int:
        """How many transcripts have never been read for names."""
        query = select(func.count()).select_from(transcripts)
        query = query.outerjoin(entity_spans, entity_spans.c.transcript_id == transcripts.c.id)
        with self.reading() as c:
            return int(c.execute(query.where(entity_spans.c.transcript_id.is_(None))).scalar_one())

    def save_entities(self, found: Sequence[TranscriptEntities], now: datetime) -> int:
        """Keeps the entities of some transcripts in one transaction, in place of what they had; returns how many.

        A transcript that was replaced in the meantime is left alone: it is on the to-do list again.
        """
        kept = 0
        with self.writing() as c:
            revisions = _revisions(c, [n.transcript.id for n in found])
            sound = [n for n in found if revisions.get(n.transcript.id) == n.transcript.revision]
            ids = _name_ids(c, {e.key: e.name for n in sound for e in n.entities})
            for n in sound:
                body = _pack(n.entities)
                values = {"body": body, "unread": n.unread.value if n.unread else None, "error": None, "again_at": None}
                _replace_row(c, n.transcript, values | {"found_at": now})
                rows = [
                    {
                        "name_id": ids[e.key],
                        "transcript_id": n.transcript.id,
                        "type": e.type.value,
                        "count": e.count,
                        "aside": aside,
                    }
                    for e, aside in zip(n.entities, n.aside, strict=True)
                ]
                if rows:
                    c.execute(insert(entities), rows)
                kept += len(rows)
        return kept

    def save_entities_failure(self, transcript: Transcript, error: str, again_at: datetime, now: datetime) -> None:
        """Stamps a bug on its transcript, so that a retry walks past it."""
        with self.writing() as c:
            if _revisions(c, [transcript.id]).get(transcript.id) == transcript.revision:
                empty = {"body": _pack(()), "unread": None, "found_at": now}
                _replace_row(c, transcript, empty | {"error": error, "again_at": again_at})

    def entities_of(self, ids: Sequence[int]) -> dict[int, tuple[Entity, ...]]:
        """Their entities, the most frequent first; without the transcripts not read in their present revision."""
        s, t = entity_spans.c, transcripts.c
        found: dict[int, tuple[Entity, ...]] = {}
        with self.reading() as c:
            for i in range(0, len(ids), BATCH_SIZE):
                query = select(s.transcript_id, s.body).join(transcripts, t.id == s.transcript_id)
                query = query.where(
                    s.transcript_id.in_(ids[i : i + BATCH_SIZE]), s.revision == t.revision, s.error.is_(None)
                )
                found.update((r.transcript_id, _unpack(r.body)) for r in c.execute(query))
        return found


def _revisions(c: Connection, ids: Sequence[int]) -> dict[int, int]:
    t = transcripts.c
    rows = c.execute(select(t.id, t.revision).where(t.id.in_(ids)).order_by(t.id).with_for_update())
    return {r.id: r.revision for r in rows}


def _replace_row(c: Connection, transcript: Transcript, values: Mapping[str, Any]) -> None:
    """The row of a transcript, written or written over; its counts are taken away."""
    c.execute(delete(entities).where(entities.c.transcript_id == transcript.id))
    row = dict(values) | {"revision": transcript.revision}
    mine = entity_spans.c.transcript_id == transcript.id
    if not c.execute(update(entity_spans).where(mine).values(**row)).rowcount:
        c.execute(insert(entity_spans).values(transcript_id=transcript.id, **row))


def _name_ids(c: Connection, wanted: Mapping[str, str]) -> dict[str, int]:
    """The id of each key; unknown ones are added. In the order of the keys: two processes may do so at once."""
    keys = sorted(wanted)
    dialect = sqlite if c.dialect.name == "sqlite" else postgresql
    ids: dict[str, int] = {}
    n = entity_names.c
    for i in range(0, len(keys), BATCH_SIZE):
        part = keys[i : i + BATCH_SIZE]
        known = {r.key: r.id for r in c.execute(select(n.key, n.id).where(n.key.in_(part)))}
        new = [{"key": k, "name": wanted[k]} for k in part if k not in known]
        if new:
            c.execute(dialect.insert(entity_names).on_conflict_do_nothing(index_elements=["key"]), new)
            known |= {r.key: r.id for r in c.execute(select(n.key, n.id).where(n.key.in_(part)))}
        ids |= known
    return ids


def _pack(found: Sequence[Entity]) -> bytes:
    """Each as key, name, type, votes, forms, and of its spans the steps from edge to edge."""
    rows = [
        (
            e.key,
            e.name,
            e.type.value,
            [(kind.value, n) for kind, n in e.votes],
            [(f.text, f.count) for f in e.forms],
            [b - a for a, b in pairwise((0, *(edge for span in e.spans for edge in span)))],
        )
        for e in found
    ]
    return zstandard.ZstdCompressor(level=LEVEL).compress(orjson.dumps(rows))


def _unpack(body: bytes) -> tuple[Entity, ...]:
    return tuple(
        Entity(
            key=key,
            name=name,
            type=EntityType(kind),
            votes=tuple((EntityType(k), n) for k, n in votes),
            forms=tuple(Form(text, n) for text, n in forms),
            spans=_spans(steps),
        )
        for key, name, kind, votes, forms, steps in orjson.loads(zstandard.ZstdDecompressor().decompress(body))
    )


def _spans(steps: Sequence[int]) -> tuple[tuple[int, int], ...]:
    edges = list(accumulate(steps))
    return tuple(zip(edges[::2], edges[1::2], strict=True))
