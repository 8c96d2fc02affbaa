"""Entities in the store: the transcripts that are to be read for names, and the entities found in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise
from typing import Any

import orjson
import zstandard
from sqlalchemy import Connection, and_, delete, func, insert, not_, or_, select

from podwatch.model import ALL, Entity, EntityType, Form, Shard, Transcript, UnreadReason
from podwatch.store.connection import Rows
from podwatch.store.fetch import transcript_of
from podwatch.store.prune import PRUNED_IDS
from podwatch.store.statements import in_batches, in_shard, upsert
from podwatch.store.tables import entities, entity_names, entity_spans, episodes, feeds, transcripts

LEVEL = 6  # of zstd


@dataclass(frozen=True, slots=True)
class UnreadTranscript:
    """A transcript to read for names. feed_id: by whose other episodes repeated passages are recognised."""

    transcript: Transcript
    feed_id: int
    show: str


@dataclass(frozen=True, slots=True)
class TranscriptEntities:
    """The entities of a transcript. aside: for each, how many of its spans are in boilerplate."""

    transcript: Transcript
    entities: Sequence[Entity]
    aside: Sequence[int]
    unread: UnreadReason | None = None


class EntityRows(Rows):
    def unread_transcripts(self, now: datetime, shard: Shard = ALL, page: int = 16) -> Iterator[list[UnreadTranscript]]:
        """Pages of the transcripts whose present revision was not read for names, the newest first."""
        t, s = transcripts.c, entity_spans.c
        done = and_(s.revision == t.revision, or_(s.again_at.is_(None), s.again_at > now))
        query = (
            select(transcripts, episodes.c.feed_id, feeds.c.title.label("show"))
            .join(episodes, episodes.c.id == t.episode_id)
            .join(feeds, feeds.c.id == episodes.c.feed_id)
            .outerjoin(entity_spans, s.transcript_id == t.id)
            .where(t.pruned_at.is_(None), or_(s.transcript_id.is_(None), not_(done)), *in_shard(t.id, shard))
            .order_by(t.id.desc())
            .limit(page)
        )
        rows = self.read_rows(query)
        while rows:
            yield [UnreadTranscript(transcript_of(r), r.feed_id, r.show) for r in rows]
            rows = self.read_rows(query.where(t.id < rows[-1].id))

    def count_unread(self) -> int:
        """How many transcripts have never been read for names."""
        read = entity_spans.c.transcript_id
        query = select(func.count()).select_from(transcripts).outerjoin(entity_spans, read == transcripts.c.id)
        with self.reading() as c:
            return c.execute(query.where(read.is_(None), transcripts.c.id.not_in(PRUNED_IDS))).scalar_one()

    def save_entities(self, found: Sequence[TranscriptEntities], now: datetime) -> int:
        """Saves the entities of some transcripts in one transaction, in place of their old ones; returns how many.

        A transcript that was replaced in the meantime is left out: it is on the to-do list again.
        """
        saved = 0
        with self.writing() as c:
            revisions = _revisions(c, [n.transcript.id for n in found])
            current = [n for n in found if revisions.get(n.transcript.id) == n.transcript.revision]
            ids = _name_ids(c, {e.key: e.name for n in current for e in n.entities})
            for n in current:
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
                saved += len(rows)
        return saved

    def save_entities_failure(self, transcript: Transcript, error: str, again_at: datetime, now: datetime) -> None:
        """Records a bug on its transcript, so that a retry leaves it out until ``again_at``."""
        with self.writing() as c:
            if _revisions(c, [transcript.id]).get(transcript.id) == transcript.revision:
                empty = {"body": _pack(()), "unread": None, "found_at": now}
                _replace_row(c, transcript, empty | {"error": error, "again_at": again_at})

    def entities_of(self, ids: Sequence[int]) -> dict[int, tuple[Entity, ...]]:
        """The entities of those of these transcripts whose present revision was read, the most frequent first."""
        s, t = entity_spans.c, transcripts.c
        query = select(s.transcript_id, s.body).join(transcripts, t.id == s.transcript_id)
        query = query.where(s.revision == t.revision, s.error.is_(None), t.pruned_at.is_(None))
        return {
            r.transcript_id: _unpack(r.body)
            for some in in_batches(ids)
            for r in self.read_rows(query.where(s.transcript_id.in_(some)))
        }


def _revisions(c: Connection, ids: Sequence[int]) -> dict[int, int]:
    t = transcripts.c
    rows = c.execute(select(t.id, t.revision).where(t.id.in_(ids)).order_by(t.id).with_for_update())
    return {r.id: r.revision for r in rows}


def _replace_row(c: Connection, transcript: Transcript, values: Mapping[str, Any]) -> None:
    """Upserts the row of a transcript, and deletes its counts."""
    c.execute(delete(entities).where(entities.c.transcript_id == transcript.id))
    values = {**values, "revision": transcript.revision}
    row = upsert(c.dialect, entity_spans).values(transcript_id=transcript.id, **values)
    c.execute(row.on_conflict_do_update(index_elements=["transcript_id"], set_=values))


def _name_ids(c: Connection, wanted: Mapping[str, str]) -> dict[str, int]:
    """The id of each key; unknown ones are inserted, in order, so that two processes doing so do not deadlock."""
    ids: dict[str, int] = {}
    n = entity_names.c
    for keys in in_batches(sorted(wanted)):
        query = select(n.key, n.id).where(n.key.in_(keys))
        ids |= {r.key: r.id for r in c.execute(query)}
        if new := [{"key": key, "name": wanted[key]} for key in keys if key not in ids]:
            c.execute(upsert(c.dialect, entity_names).on_conflict_do_nothing(index_elements=["key"]), new)
            ids |= {r.key: r.id for r in c.execute(query)}
    return ids


def _pack(found: Sequence[Entity]) -> bytes:
    """Compressed JSON: of each entity key, name, type, votes, forms, and the differences between its spans' ends."""
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
    return zstandard.compress(orjson.dumps(rows), LEVEL)


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
        for key, name, kind, votes, forms, steps in orjson.loads(zstandard.decompress(body))
    )


def _spans(steps: Sequence[int]) -> tuple[tuple[int, int], ...]:
    edges = list(accumulate(steps))
    return tuple(zip(edges[::2], edges[1::2], strict=True))
