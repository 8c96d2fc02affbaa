"""Reconciles the mentions found in transcripts with the stored ones: what is equal writes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from podwatch.model import Transcript
from podwatch.policy.mention_revisions import Place, diff_mentions
from podwatch.store.connection import AnyRow
from podwatch.store.episodes import BATCH_SIZE, in_batches
from podwatch.store.tables import mentions

REVISED_COLUMNS = ("label", "approximate")  # of a mention, when its transcript is looked through again
MAX_FILTERED_WATCHES = 50  # watches that are asked for by their numbers; of more all mentions of a transcript are read

# What one mention of a transcript is, as far as looking again can change it: (watch, start, end, surface, *LEARNT).
MentionKey = tuple[int, int, int, str, str | None, bool]


def mention_keys(
    c: Connection, ids: Sequence[int], watch_ids: Collection[int]
) -> dict[tuple[int, int], set[MentionKey]]:
    """The mentions that are there, by (transcript, its revision): of these watches, or of more."""
    m = mentions.c
    columns = (m.transcript_id, m.transcript_revision, m.watch_id, m.start, m.end, m.surface, m.label, m.approximate)
    found: dict[tuple[int, int], set[MentionKey]] = defaultdict(set)
    for some in in_batches(ids):
        for transcript, revision, *said in c.execute(select(*columns).where(*_current_mentions(some, watch_ids))):
            found[transcript, revision].add((*said,))
    return found


def mention_rows(c: Connection, ids: Sequence[int], watch_ids: Collection[int]) -> dict[int, list[AnyRow]]:
    """The same as whole rows, by transcript, in the order of the text."""
    m = mentions.c
    found: dict[int, list[AnyRow]] = defaultdict(list)
    for some in in_batches(ids):
        for r in c.execute(select(mentions).where(*_current_mentions(some, watch_ids)).order_by(m.start, m.id)):
            found[r.transcript_id].append(r)
    return found


def _current_mentions(ids: Sequence[int], watch_ids: Collection[int]) -> list[ColumnElement[bool]]:
    m = mentions.c
    mine = [m.watch_id.in_(sorted(watch_ids))] if len(watch_ids) <= MAX_FILTERED_WATCHES else []
    return [m.transcript_id.in_(ids), m.gone_at.is_(None), *mine]


def reconcile_mentions(
    c: Connection, t: Transcript, old: Sequence[AnyRow], rows: list[dict[str, Any]], now: datetime
) -> tuple[list[dict[str, Any]], set[int]]:
    """Moves the mentions that are still there, marks those that are gone.

    Returns the rows that are new, and the watches of which something changed.
    """
    m = mentions.c
    same_text = all(r.transcript_revision == t.revision for r in old)
    laid = diff_mentions([_place(dict(r._mapping)) for r in old], [_place(r) for r in rows], same_text=same_text)
    moved = [(old[i].id, rows[j]) for i, j in laid.same if not same_text]
    changed = {rows[j]["watch_id"] for j in laid.fresh} | {old[i].watch_id for i in laid.gone}
    changed |= {row["watch_id"] for _, row in moved}
    # First out of the way, then to their new places: two mentions may change places.
    for ids in ([old[i].id for i in laid.gone], [row_id for row_id, _ in moved]):
        for i in range(0, len(ids), BATCH_SIZE):
            c.execute(update(mentions).where(m.id.in_(ids[i : i + BATCH_SIZE])).values(gone_at=now))
    for row_id, row in moved:
        values = {k: v for k, v in row.items() if k != "found_at"} | {"gone_at": None}
        c.execute(update(mentions).where(m.id == row_id).values(**values))
    if same_text:  # the place is the same, but what is known about it may be more: other episodes that repeat it
        for i, j in laid.same:
            known = {name: rows[j][name] for name in REVISED_COLUMNS if rows[j][name] != old[i]._mapping[name]}
            if known:
                changed.add(old[i].watch_id)
                c.execute(update(mentions).where(m.id == old[i].id).values(**known))
    return [rows[j] for j in laid.fresh], changed


def _place(row: Mapping[str, Any]) -> Place:
    return Place(row["watch_id"], row["start"], row["end"], row["surface"], row["snippet"])
