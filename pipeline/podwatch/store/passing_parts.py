"""Remembers which parts of a host's addresses pass (see policy/passing_parts.py): one mark, of the hosts seen last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import orjson
from sqlalchemy import Connection, select

from podwatch.model import Episode
from podwatch.policy.passing_parts import (
    MAX_PAIRS,
    PassingParts,
    are_same_transcripts,
    find_passing_parts,
    merge_passing,
)
from podwatch.store.statements import upsert
from podwatch.store.tables import episodes, marks

PASSING = "passing_parts"  # the name of the mark; its value: {host: [names of parts]}


def load_passing(c: Connection) -> PassingParts:
    value = c.execute(select(marks.c.value).where(marks.c.name == PASSING)).scalar()
    try:
        stored = orjson.loads(value or "{}")
        return {str(host): frozenset(map(str, names)) for host, names in stored.items()}
    except (orjson.JSONDecodeError, AttributeError, TypeError):
        return {}  # it is only worth some requests


def save_passing(c: Connection, known: PassingParts, found: PassingParts, now: datetime) -> PassingParts:
    """Adds what was found to what is known, and returns both."""
    if all(names <= known.get(host, frozenset()) for host, names in found.items()):
        return known
    merged = merge_passing(known, found)
    value = orjson.dumps({host: sorted(names) for host, names in merged.items()}).decode()
    added = upsert(c.dialect, marks).values(name=PASSING, at=now, value=value)
    c.execute(added.on_conflict_do_update(index_elements=["name"], set_={"at": now, "value": value}))
    return merged


def find_kept_transcripts(
    c: Connection,
    moved: Sequence[tuple[Episode, Episode]],
    lists: Mapping[int, Callable[[str], bool]],
    now: datetime,
) -> frozenset[int]:
    """The episodes of whose transcripts' addresses only what passes has changed; learns that from them, too.

    moved: each as it was and as it is, with other transcripts. lists: by feed, whether its document lists a guid.
    Transcripts that could not be fetched are left out: they may be had with the token of today.
    """
    settled = [(old, new) for old, new in moved if old.transcripts and not old.fetch_failures]
    known = load_passing(c) if settled else {}
    by_feed: dict[int, list[tuple[Episode, Episode]]] = defaultdict(list)
    for old, new in settled:
        if not are_same_transcripts(old.transcripts, new.transcripts, known):
            by_feed[old.feed_id].append((old, new))
    for feed, changes in by_feed.items():
        pairs = [
            (old.id, a.url, b.url)
            for old, new in changes
            for a, b in zip(old.transcripts, new.transcripts, strict=False)
        ]
        if not find_passing_parts(pairs, ()):
            continue
        stayed = _listed_addresses(c, feed, {old.id for old, _ in moved}, lists.get(feed))
        listed = [*stayed, *(t.url for _, new in changes for t in new.transcripts)]
        known = save_passing(c, known, find_passing_parts([*((0, url, url) for url in stayed), *pairs], listed), now)
    return frozenset(old.id for old, new in settled if are_same_transcripts(old.transcripts, new.transcripts, known))


def _listed_addresses(c: Connection, feed: int, moved: set[int], lists: Callable[[str], bool] | None) -> list[str]:
    """The transcripts' addresses of what a feed's document lists unchanged."""
    e = episodes.c
    query = select(e.id, e.guid, e.transcripts).where(e.feed_id == feed).order_by(e.id.desc()).limit(MAX_PAIRS // 10)
    rows = [r for r in c.execute(query) if r.transcripts and r.id not in moved and lists is not None and lists(r.guid)]
    return [t["url"] for r in rows for t in r.transcripts]
