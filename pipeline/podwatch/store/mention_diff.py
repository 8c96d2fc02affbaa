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
from podwatch.store.statements import in_batches
from podwatch.store.tables import mentions

REVISED_COLUMNS = ("label", "approximate")  # may change when the same text is searched again
MAX_FILTERED_WATCHES = 50  # for more watches all mentions of a transcript are read

# What can differ when a text is searched again: (watch_id, start, end, surface, *REVISED_COLUMNS).
MentionKey = tuple[int, int, int, str, str | None, bool]


def mention_keys(
    c: Connection, ids: Sequence[int], watch_ids: Collection[int]
) -> dict[tuple[int, int], set[MentionKey]]:
    """The keys of the stored mentions of these watches, or of more, by (transcript id, transcript revision)."""
    m = mentions.c
    columns = (m.transcript_id, m.transcript_revision, m.watch_id, m.start, m.end, m.surface, m.label, m.approximate)
    found: dict[tuple[int, int], set[MentionKey]] = defaultdict(set)
    for some in in_batches(ids):
        for transcript_id, revision, *key in c.execute(select(*columns).where(*_current_mentions(some, watch_ids))):
            found[transcript_id, revision].add((*key,))
    return found


def mention_rows(c: Connection, ids: Sequence[int], watch_ids: Collection[int]) -> dict[int, list[AnyRow]]:
    """The same mentions as whole rows, by transcript id, in the order of the text."""
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
    """Updates the stored mentions ``old`` of a transcript to the found ones, ``rows``; marks those that are gone.

    Returns the rows that are new, which the caller inserts, and the ids of the watches whose mentions changed.
    """
    m = mentions.c
    same_text = all(r.transcript_revision == t.revision for r in old)
    diff = diff_mentions([_place(dict(r._mapping)) for r in old], [_place(r) for r in rows], same_text=same_text)
    moved = [(old[i].id, rows[j]) for i, j in diff.same if not same_text]
    changed = {rows[j]["watch_id"] for j in diff.fresh} | {old[i].watch_id for i in diff.gone}
    changed |= {row["watch_id"] for _, row in moved}
    # Moved ones are marked as gone before they get their new spans: two may swap places, and a span is unique.
    for ids in in_batches([*(old[i].id for i in diff.gone), *(row_id for row_id, _ in moved)]):
        c.execute(update(mentions).where(m.id.in_(ids)).values(gone_at=now))
    for row_id, row in moved:
        values = {k: v for k, v in row.items() if k != "found_at"} | {"gone_at": None}
        c.execute(update(mentions).where(m.id == row_id).values(**values))
    if same_text:  # the span is the same, but it may have a label now: of a passage that other episodes repeat
        for i, j in diff.same:
            revised = {name: rows[j][name] for name in REVISED_COLUMNS if rows[j][name] != old[i]._mapping[name]}
            if revised:
                changed.add(old[i].watch_id)
                c.execute(update(mentions).where(m.id == old[i].id).values(**revised))
    return [rows[j] for j in diff.fresh], changed


def _place(row: Mapping[str, Any]) -> Place:
    return Place(row["watch_id"], row["start"], row["end"], row["surface"], row["snippet"])
