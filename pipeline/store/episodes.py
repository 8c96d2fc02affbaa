"""Episodes as rows: what a document brought is laid beside what is known, so that one episode stays one row."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, insert, select, update

from pipeline.identity import keys, match
from pipeline.model import Episode, Feed, Person, Polled, Soundbite, TranscriptRef
from pipeline.store.engine import AnyRow
from pipeline.store.tables import episode_keys, episodes, feeds

# What a later poll may correct; first sight and fetch state stay.
FACTS = ("title", "link", "audio_url", "published_at", "duration", "notes", "language")
# Kept together as JSON: nothing is looked up by them.
DETAILS = (
    "author",
    "persons",
    "season",
    "number",
    "episode_type",
    "chapters_url",
    "soundbites",
    "other_audio",
    "note_links",
    "blocked",
)
EPISODE = (*episodes.c, feeds.c.title.label("show"))
MANY = 500  # values in one IN (...)
T = TypeVar("T")
_NEVER = datetime.max.replace(tzinfo=UTC)


def save_episodes(c: Connection, polled: Polled, now: datetime, first: int) -> int:
    """Keeps the episodes that a poll found; returns how many were not known, neither here nor under another guid."""
    feed = polled.feed
    found = {e.guid: replace(e, feed_id=feed.id, show=feed.title) for e in polled.episodes}
    known = _known(c, feed, list(found))
    fresh = [e for guid, e in found.items() if guid not in known]
    for guid, e in found.items():
        if guid in known:
            _correct(c, known[guid], e, now)
    if not fresh:
        return 0
    young = not known and c.execute(select(episodes.c.id).where(episodes.c.feed_id == feed.id).limit(1)).first() is None
    candidates = _candidates(c, fresh)
    inserted: list[tuple[Episode, str]] = []
    for e in fresh:
        same = match(e, candidates.get(e.guid, ()), polled.lists or (lambda guid: False))
        if same is not None and same[0].feed_id == feed.id:
            row = c.execute(select(*EPISODE).join(feeds).where(episodes.c.id == same[0].id)).one()
            _correct(c, row, e, now)
        else:
            inserted.append((e, same[0].identity if same else _identity(feed, e)))
    live = {e.guid for e in _newest([e for e, _ in inserted])[:first]} if young else None
    paged = c.execute(select(feeds.c.transcript_page).where(feeds.c.id == feed.id)).scalar() is not None
    _insert(c, inserted, live, paged, now)
    return len(inserted)


def _known(c: Connection, feed: Feed, guids: Sequence[str]) -> dict[str, AnyRow]:
    rows: dict[str, AnyRow] = {}
    for part in _parts(guids):
        query = select(*EPISODE).join(feeds).where(episodes.c.feed_id == feed.id, episodes.c.guid.in_(part))
        rows.update((r.guid, r) for r in c.execute(query))
    return rows


def _candidates(c: Connection, fresh: Sequence[Episode]) -> Mapping[str, list[Episode]]:
    """For each guid of ``fresh`` the stored episodes that share a key with it."""
    asked: dict[int, list[str]] = defaultdict(list)
    for e in fresh:
        for key in keys(e, reach=True):
            asked[key].append(e.guid)
    wanted: dict[int, set[str]] = defaultdict(set)
    for part in _parts(list(asked)):
        k = episode_keys.c
        for row in c.execute(select(k.key, k.episode_id).where(k.key.in_(part))):
            wanted[row.episode_id].update(asked[row.key])
    found: dict[str, list[Episode]] = defaultdict(list)
    for ids in _parts(list(wanted)):
        for r in c.execute(select(*EPISODE).join(feeds).where(episodes.c.id.in_(ids))):
            for guid in wanted[r.id]:
                found[guid].append(episode_of(r))
    return found


def _insert(
    c: Connection, new: Sequence[tuple[Episode, str]], live: set[str] | None, paged: bool, now: datetime
) -> None:
    """live: the guids that go into the line, None: all. paged: the feed's owner here said where transcripts are."""
    rows = []
    for e, identity in new:
        into_line = live is None or e.guid in live
        rows.append(
            _facts(e)
            | {
                "feed_id": e.feed_id,
                "guid": e.guid,
                "identity": identity,
                "first_seen_at": now,
                "backlog": not into_line,
                "next_fetch_at": now if into_line and (e.transcripts or paged) else None,
            }
        )
    if not rows:
        return
    ids = {r.guid: r.id for r in c.execute(insert(episodes).returning(episodes.c.id, episodes.c.guid), rows)}
    c.execute(
        insert(episode_keys), [{"key": key, "episode_id": ids[e.guid]} for e, _ in new for key in sorted(keys(e))]
    )


def _correct(c: Connection, row: AnyRow, e: Episode, now: datetime) -> None:
    facts = _facts(e) | {"guid": e.guid}
    changed = {k: v for k, v in facts.items() if v != getattr(row, k)}
    if not changed:
        return
    if "transcripts" in changed and e.transcripts and not row.backlog:
        # A transcript that came after its episode, or moved: ask (again), at once.
        changed |= {"next_fetch_at": now, "fetch_failures": 0}
    c.execute(update(episodes).where(episodes.c.id == row.id).values(**changed))
    added = keys(e) - keys(episode_of(row))
    if added:
        have = set(c.execute(select(episode_keys.c.key).where(episode_keys.c.episode_id == row.id)).scalars())
        rows = [{"key": key, "episode_id": row.id} for key in sorted(added - have)]
        if rows:
            c.execute(insert(episode_keys), rows)


def _identity(feed: Feed, e: Episode) -> str:
    return hashlib.blake2b(f"{feed.url}\x1f{e.guid}".encode("utf-8", "replace"), digest_size=16).hexdigest()


def _newest(found: Sequence[Episode]) -> list[Episode]:
    """Newest first; those without a date count as they stand in the feed, after the dated ones."""
    dated = [e for e in found if e.published_at is not None]
    undated = [e for e in found if e.published_at is None]
    return sorted(dated, key=lambda e: e.published_at or _NEVER, reverse=True) + undated


def _facts(e: Episode) -> dict[str, Any]:
    facts: dict[str, Any] = {name: getattr(e, name) for name in FACTS}
    whole = asdict(e)
    facts["transcripts"] = list(whole["transcripts"])
    # As JSON gives it back, so that what is unchanged compares equal; what says nothing is left out.
    details = {name: list(v) if isinstance(v, tuple) else v for name in DETAILS if (v := whole[name])}
    return facts | {"details": details}


def _parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for i in range(0, len(values), MANY):
        yield values[i : i + MANY]


def episode_of(r: AnyRow) -> Episode:
    """An episode from a row of EPISODE."""
    return Episode(
        id=r.id,
        feed_id=r.feed_id,
        guid=r.guid,
        identity=r.identity,
        show=r.show,
        title=r.title,
        link=r.link,
        audio_url=r.audio_url,
        published_at=r.published_at,
        duration=r.duration,
        notes=r.notes,
        language=r.language,
        transcripts=tuple(TranscriptRef(**t) for t in r.transcripts),
        **_details(r.details),
        first_seen_at=r.first_seen_at,
        fetch_failures=r.fetch_failures,
    )


def _details(stored: dict[str, Any]) -> dict[str, Any]:
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in stored.items()}
    if "persons" in stored:
        values["persons"] = tuple(Person(**p) for p in stored["persons"])
    if "soundbites" in stored:
        values["soundbites"] = tuple(Soundbite(**s) for s in stored["soundbites"])
    return values
