"""Upserts the episodes of feed documents: each is matched to a known row, so that one episode stays one row.

Many feeds at a time, because a statement costs more than a row: the known rows are read with one statement a table,
matched in memory, feed after feed, and written with one statement a table. The result is the same as if each feed had
been saved alone, in their order.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, insert, select, tuple_, update

from podwatch.model import Episode, Feed, PollResult
from podwatch.policy.archives import describe_archive, find_archive
from podwatch.policy.episode_identity import (
    compare_episodes,
    find_shift,
    guid_under_guid,
    has_document_moved,
    identity_keys,
    is_one_under_guid,
    is_undated_item,
    match_episode,
)
from podwatch.policy.passing_parts import PassingParts, find_passing_parts, without_passing
from podwatch.store.connection import AnyRow
from podwatch.store.episodes import SELECT_EPISODES, UPDATED_COLUMNS, episode_columns, episode_of, sort_newest_first
from podwatch.store.passing_parts import find_kept_transcripts
from podwatch.store.removed_feeds import recall_episodes
from podwatch.store.statements import in_batches
from podwatch.store.tables import episode_keys, episodes, feeds, transcripts

_PROVISIONAL_ID = 1 << 62  # the first id of rows that are not inserted yet; sorts behind all stored ones


@dataclass(slots=True)
class _Row:
    """An episode as it is to be stored. stored: as it is in the database now; None when it is new."""

    episode: Episode
    stored: Episode | None = None
    backlog: bool = False
    ask_now: bool = False  # request its transcript (again) at once


def upsert_episodes(
    c: Connection,
    polled: Sequence[PollResult],
    now: datetime,
    first: int,
    *,
    past: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> int:
    """Saves the episodes that some polls found, each of another feed; returns how many are new.

    first: of a feed that has no episode yet only so many, its newest, are live; the others are backlog.
    past: every new episode is backlog. tell: gets a line for each feed in which old episodes appeared, which are
    backlog, too.
    """
    found = {p.feed.id: _episodes_by_guid(p) for p in polled}
    upsert = _Upsert()
    for r in _select(c, _BY_GUID, [(feed, guid) for feed, by_guid in found.items() for guid in by_guid]):
        upsert.add(r)
    fresh = {f: [e for e in es.values() if not upsert.is_known(e)] for f, es in found.items()}
    upsert.load_guids_to_give_up(c, [e for es in fresh.values() for e in es])
    known = {r.id: r for r in _select(c, _FEEDS, [f for f, es in fresh.items() if es])}
    upsert.load_candidates(c, [e for es in fresh.values() for e in es])
    upsert.recall_removed(c, [p.feed for p in polled if fresh[p.feed.id]])
    for p in polled:
        feed = p.feed
        fresh_guids = {e.guid for e in fresh[feed.id]}
        upsert.update_known(e for guid, e in found[feed.id].items() if guid not in fresh_guids)
        new = upsert.match_or_create(feed, fresh[feed.id], p)
        feed_row = known.get(feed.id)
        is_first = feed_row is not None and not feed_row.has_episodes
        live = {e.guid for e in sort_newest_first([r.episode for r in new])[:first]} if is_first else None
        archive = find_archive([r.episode for r in new], p.newest_known) if live is None and not past else frozenset()
        if archive:
            tell(describe_archive(feed.url, [r.episode for r in new if r.episode.guid in archive]))
        for row in new:
            row.backlog = past or (live is not None and row.episode.guid not in live) or row.episode.guid in archive
            row.ask_now = not row.backlog and bool(row.episode.transcripts or (feed_row and feed_row.transcript_page))
    changed = [r for r in upsert.rows.values() if r.stored is not None and r.stored is not r.episode]
    if any(r.ask_now for r in changed):
        moved = [(r.stored, r.episode) for r in changed if r.ask_now and r.stored is not None]
        kept = find_kept_transcripts(c, moved, {p.feed.id: p.lists for p in polled if p.lists is not None}, now)
        for row in changed:
            row.ask_now &= row.episode.id not in kept
    _update(c, changed, now)
    _insert(c, upsert.new, now)
    return len(upsert.new)


def _episodes_by_guid(p: PollResult) -> dict[str, Episode]:
    return {e.guid: replace(e, feed_id=p.feed.id, show=p.feed.title) for e in p.episodes}


class _Upsert:
    """The rows read so far and the new ones, indexed by the keys under which an episode is recognised."""

    def __init__(self) -> None:
        self.rows: dict[int, _Row] = {}
        self.by_guid: dict[tuple[int, str], _Row] = {}  # as stored
        self.new: list[_Row] = []
        self._by_key: dict[int, dict[int, _Row]] = defaultdict(dict)
        self._keys: dict[tuple[int, str], frozenset[int]] = {}
        self._removed: dict[int, _Row] = {}  # of feeds that were removed; ids below 0
        self._holders: set[tuple[int, str]] = set()  # feeds, and the identities that episodes of theirs have

    def add(self, r: AnyRow) -> None:
        if r.id not in self.rows:
            e = episode_of(r)
            row = self.rows[r.id] = _Row(e, e, r.backlog)
            self.by_guid[e.feed_id, e.guid] = row

    def is_known(self, e: Episode) -> bool:
        """Whether the row with its guid is the same episode, and not another one to which the feed gave that guid."""
        row = self.by_guid.get((e.feed_id, e.guid))
        return row is not None and is_one_under_guid(e, row.episode)

    def load_guids_to_give_up(self, c: Connection, fresh: Iterable[Episode]) -> None:
        """Reads the rows that have the guid already that another row gets when it gives up its own."""
        others = [self.by_guid[e.feed_id, e.guid].episode for e in fresh if (e.feed_id, e.guid) in self.by_guid]
        for r in _select(c, _BY_GUID, [(k.feed_id, guid_under_guid(k)) for k in others]):
            self.add(r)

    def load_candidates(self, c: Connection, fresh: Iterable[Episode]) -> None:
        """Reads the rows that share a key with an episode whose guid is not known."""
        self._keys = {(e.feed_id, e.guid): identity_keys(e, neighbouring_days=True) for e in fresh}
        shared = [(r.key, r.episode_id) for r in _select(c, _BY_KEY, sorted(set().union(*self._keys.values())))]
        for r in _select(c, _BY_ID, sorted({n for _, n in shared} - self.rows.keys())):
            self.add(r)
        for key, n in shared:
            self._by_key[key][n] = self.rows[n]
        feed_ids = {feed for feed, _ in self._keys}
        matched = [self.rows[n].episode for _, n in shared]
        elsewhere = {k.identity for k in matched if len(feed_ids) > 1 or k.feed_id not in feed_ids}
        self._holders = {(r.feed_id, r.identity) for r in _select(c, _HOLDERS, sorted(elsewhere))}

    def recall_removed(self, c: Connection, polled: Iterable[Feed]) -> None:
        """Makes episodes of removed feeds candidates, of which something was said: they lend their identity."""
        wanted = frozenset[int]().union(*self._keys.values())
        for e in recall_episodes(c, polled):
            if under := identity_keys(e) & wanted:
                row = _Row(replace(e, id=-1 - len(self._removed)))
                self._removed[row.episode.id] = row
                self._index(row, under)
        identities = sorted({r.episode.identity for r in self._removed.values()})
        self._holders |= {(r.feed_id, r.identity) for r in _select(c, _HOLDERS, identities)}

    def update_known(self, found: Iterable[Episode]) -> None:
        for e in found:
            self._update_row(self.by_guid[e.feed_id, e.guid], e)

    def match_or_create(self, feed: Feed, fresh: Sequence[Episode], p: PollResult) -> list[_Row]:
        """Updates the row that each episode matches, or makes a new one; returns the new ones."""
        made: list[_Row] = []
        given_up = {e.guid for e in fresh if (feed.id, e.guid) in self.by_guid}
        taken: set[int] = set()  # the rows that an item of the document is already

        def lists(guid: str) -> bool:
            return p.lists is not None and guid not in given_up and p.lists(guid)

        candidates = {e.guid: self._candidates(e) for e in fresh}
        gone = [(e, k) for e in fresh for k in candidates[e.guid] if k.feed_id == feed.id and not lists(k.guid)]
        shift, has_moved = find_shift(gone), has_document_moved(gone, len(fresh))
        passing = self._passing_audio(feed, fresh, gone, lists, shift)
        for e in fresh:
            known = [
                self.rows[k.id].episode if k.id in self.rows else k for k in candidates[e.guid] if k.id not in taken
            ]
            if passing:
                known = [without_passing(k, passing) if k.feed_id == feed.id else k for k in known]
            same = match_episode(without_passing(e, passing), known, lists, shift, has_moved)
            other = self.by_guid.get((feed.id, e.guid))
            if other and other.episode.guid == e.guid and not (same and same[0].id == other.episode.id):
                self._give_up_guid(other)
            if same is not None and same[0].feed_id == feed.id:
                self._update_row(self.rows[same[0].id], e)
                self.by_guid[feed.id, e.guid] = self.rows[same[0].id]
                taken.add(same[0].id)
                continue
            identity = same[0].identity if same else ""
            # Beside another episode of its feed with that identity it is not the same one.
            if not identity or (feed.id, identity) in self._holders:
                identity = _identity(feed, e.guid)
                if any(k.identity == identity for k in candidates[e.guid]):  # another episode had its guid before
                    identity = _identity(feed, guid_under_guid(e))
            self._holders.add((feed.id, identity))
            made.append(_Row(replace(e, id=_PROVISIONAL_ID + len(self.new) + len(made), identity=identity)))
        for row in made:  # not before, since two items of one document are two episodes
            self.rows[row.episode.id] = row
            self._index(row, identity_keys(row.episode))
        self.new += made
        return made

    def _passing_audio(
        self,
        feed: Feed,
        fresh: Sequence[Episode],
        gone: Sequence[tuple[Episode, Episode]],
        lists: Callable[[str], bool],
        shift: int,
    ) -> PassingParts:
        """What passes in the addresses of the document's audio: it changed for all items that are known otherwise.

        gone: the fresh ones, each with one that it may be, and which is no longer listed.
        """
        if not gone:
            return {}
        known = [r for r in self.rows.values() if r.episode.feed_id == feed.id and r.stored is not None]
        pairs = [
            (r.episode.id, r.stored.audio_url, r.episode.audio_url)
            for r in known
            if r.stored is not None and r.stored is not r.episode
        ]
        pairs += [
            (k.id, k.audio_url, e.audio_url) for e, k in gone if compare_episodes(e, k, shift) or is_undated_item(e, k)
        ]
        listed = [e.audio_url for e in (*fresh, *(r.episode for r in known if lists(r.episode.guid))) if e.audio_url]
        return find_passing_parts(((n, a, b) for n, a, b in pairs if a and b), listed)

    def _candidates(self, e: Episode) -> list[Episode]:
        rows = {n: r for key in self._keys[e.feed_id, e.guid] for n, r in self._by_key.get(key, {}).items()}
        return [rows[n].episode for n in sorted(rows)]

    def _give_up_guid(self, row: _Row) -> None:
        """Leaves the guid to another episode, to which the feed has given it."""
        guid = guid_under_guid(row.episode)
        while (row.episode.feed_id, guid) in self.by_guid:
            guid += "'"
        row.episode = replace(row.episode, guid=guid)

    def _update_row(self, row: _Row, e: Episode) -> None:
        """Updates the row with what the document says now."""
        old = row.episode
        if episode_columns(old) == episode_columns(e):
            return
        # Its transcript was published after the episode, or has moved.
        row.ask_now |= bool(e.transcripts) and e.transcripts != old.transcripts and not row.backlog
        row.episode = replace(
            e,
            id=old.id,
            identity=old.identity,
            first_seen_at=old.first_seen_at,
            fetch_failures=old.fetch_failures,
        )
        self._index(row, identity_keys(row.episode))

    def _index(self, row: _Row, under: Iterable[int]) -> None:
        for key in under:
            self._by_key[key][row.episode.id] = row


def _select(c: Connection, query: Any, values: Sequence[Any]) -> Iterator[AnyRow]:
    for some in in_batches(values):
        yield from c.execute(query, {"values": some})


def _update(c: Connection, rows: Sequence[_Row], now: datetime) -> None:
    if not rows:
        return
    moving = [r for r in rows if r.stored and r.stored.guid != r.episode.guid]
    given_up = {(r.stored.feed_id, r.stored.guid) for r in moving if r.stored}
    if any((r.episode.feed_id, r.episode.guid) in given_up for r in moving):  # before another row takes it
        c.execute(_GIVE_UP_GUID, [{"row": r.episode.id, "guid": f"{r.episode.guid} (moving)"} for r in moving])
    c.execute(_CORRECT, [{"row": r.episode.id} | episode_columns(r.episode) for r in rows])
    if again := [{"row": r.episode.id, "now": now} for r in rows if r.ask_now]:
        c.execute(_ASK_AGAIN, again)
    added = {
        (key, r.episode.id) for r in rows if r.stored for key in identity_keys(r.episode) - identity_keys(r.stored)
    }
    added -= {(k.key, k.episode_id) for k in _select(c, _KEYS_OF, sorted({n for _, n in added}))}
    _insert_keys(c, added)


def _insert(c: Connection, rows: Sequence[_Row], now: datetime) -> None:
    if not rows:
        return
    values = [
        episode_columns(r.episode)
        | {
            "feed_id": r.episode.feed_id,
            "identity": r.episode.identity,
            "first_seen_at": now,
            "backlog": r.backlog,
            "next_fetch_at": now if r.ask_now else None,
            "fetch_failures": 0,
        }
        for r in rows
    ]
    ids = {(r.feed_id, r.guid): r.id for r in c.execute(_INSERT, values)}
    _insert_keys(c, {(key, ids[r.episode.feed_id, r.episode.guid]) for r in rows for key in identity_keys(r.episode)})


def _insert_keys(c: Connection, under: Iterable[tuple[int, int]]) -> None:
    if rows := [{"key": key, "episode_id": n} for key, n in sorted(under)]:
        c.execute(insert(episode_keys), rows)


def _identity(feed: Feed, guid: str) -> str:
    return hashlib.blake2b(f"{feed.url}\x1f{guid}".encode("utf-8", "replace"), digest_size=16).hexdigest()


# Built once: building a statement costs more than running it.
_VALUES: Any = bindparam("values", expanding=True)
_BY_GUID = SELECT_EPISODES.where(tuple_(episodes.c.feed_id, episodes.c.guid).in_(_VALUES))
_BY_ID = SELECT_EPISODES.where(episodes.c.id.in_(_VALUES))
_BY_KEY = select(episode_keys.c.key, episode_keys.c.episode_id).where(episode_keys.c.key.in_(_VALUES))
_HOLDERS = select(episodes.c.feed_id, episodes.c.identity).where(episodes.c.identity.in_(_VALUES))
_KEYS_OF = select(episode_keys.c.key, episode_keys.c.episode_id).where(episode_keys.c.episode_id.in_(_VALUES))
_HAS_EPISODES = exists().where(episodes.c.feed_id == feeds.c.id)
_FEEDS = select(feeds.c.id, feeds.c.transcript_page, _HAS_EPISODES.label("has_episodes")).where(feeds.c.id.in_(_VALUES))
_CORRECT = (
    update(episodes)
    .where(episodes.c.id == bindparam("row"))
    .values({episodes.c[name]: bindparam(name) for name in UPDATED_COLUMNS})
)
_GIVE_UP_GUID = update(episodes).where(episodes.c.id == bindparam("row")).values({episodes.c.guid: bindparam("guid")})
_ASK_AGAIN = (
    update(episodes)
    .where(episodes.c.id == bindparam("row"))
    .where(~exists().where(transcripts.c.episode_id == episodes.c.id, transcripts.c.pruned_at.is_not(None)))
    .values({episodes.c.next_fetch_at: bindparam("now"), episodes.c.fetch_failures: 0})
)
_INSERT = insert(episodes).returning(episodes.c.id, episodes.c.feed_id, episodes.c.guid)
