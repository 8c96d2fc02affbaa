"""detect's to-do list and save: transcripts in which watches have not been looked for, and the mentions found.

The deliveries of alerts are written in the transaction that writes their mentions, so that no mention ever exists
without its delivery.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, insert, not_, select, update

from podwatch.model import ALL, Alert, Doubt, Episode, HoldReason, Mention, Shard, Transcript, Watch
from podwatch.store.alerts import insert_deliveries
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.episodes import SELECT_EPISODES, episode_of
from podwatch.store.fetch import transcript_of
from podwatch.store.hearings import insert_doubts
from podwatch.store.mention_diff import MentionKey, mention_keys, mention_rows, reconcile_mentions
from podwatch.store.mentions import mention_columns
from podwatch.store.sent_messages import identities_with_deliveries, schedule_edits
from podwatch.store.statements import in_batches, in_shard
from podwatch.store.tables import episodes, feeds, mentions, transcripts, watches
from podwatch.store.watches import IS_TEXT_WATCH, watch_of

SOURCES_PAGE = 100  # transcripts in memory at a time


@dataclass(frozen=True, slots=True)
class WatchesToDetect:
    """Watches to look for: (seq, watch) in the order of seq."""

    watches: tuple[tuple[int, Watch], ...]

    @property
    def latest(self) -> int:
        return self.watches[-1][0] if self.watches else 0

    def after(self, seq: int) -> tuple[Watch, ...]:
        return tuple(w for s, w in self.watches if s > seq)


@dataclass(frozen=True, slots=True)
class TranscriptSource:
    """A transcript to search, its episode, and the address and tags of its feed, by which scopes select.

    detected_through: the largest number of a watch's revision that has been looked for in it.
    """

    transcript: Transcript
    episode: Episode
    feed_url: str
    feed_tags: tuple[str, ...]
    detected_through: int
    labels: bytes


@dataclass(frozen=True, slots=True)
class Detection:
    """The mentions found in a transcript and their alerts.

    looked_for: watches by name; held: why alerts that are new are to be held, None when they are due. doubts: places
    where the audio is to be asked before anything is said of them; left: where it is not, since there are too many.
    """

    source: TranscriptSource
    looked_for: Mapping[str, Watch]
    found: Sequence[Mention]
    alerts: Sequence[Alert]
    held: HoldReason | None = None
    doubts: Sequence[Doubt] = ()
    left: Sequence[Doubt] = ()


class DetectRows(Rows):
    def watches_to_detect(self) -> WatchesToDetect:
        """The watches that are looked for in texts: all but those of surges."""
        with self.reading() as c:
            rows = c.execute(select(watches).where(IS_TEXT_WATCH).order_by(watches.c.seq))
            return WatchesToDetect(tuple((r.seq, watch_of(r)) for r in rows))

    def transcripts_due(
        self, latest: int, now: datetime, shard: Shard = ALL, page: int = 100
    ) -> Iterator[TranscriptSource]:
        """The transcripts in which not every watch up to ``latest`` has been looked for, by pages."""
        due, t = _due(latest, now), transcripts.c
        query = select(t.id).where(*due, *in_shard(t.id, shard)).order_by(t.id).limit(page)
        after = 0
        while ids := [r.id for r in self.read_rows(query.where(t.id > after))]:
            yield from self.load_sources(ids, *due)
            after = ids[-1]

    def transcript_ids_due(self, latest: int, now: datetime) -> list[int]:
        """The ids of the same transcripts."""
        query = select(transcripts.c.id).where(*_due(latest, now)).order_by(transcripts.c.id)
        return [r.id for r in self.read_rows(query)]

    def load_sources(self, ids: Sequence[int], *where: ColumnElement[bool]) -> Iterator[TranscriptSource]:
        """Those of these transcripts that have their text, and for which the conditions hold, in the order of ids."""
        for page in in_batches(ids):
            query = select(transcripts).where(transcripts.c.id.in_(page), transcripts.c.pruned_at.is_(None), *where)
            query = query.order_by(transcripts.c.id)
            with self.reading() as c:
                rows = c.execute(query, execution_options={"podwatch_binary": True}).all()
                of_rows = _SELECT_WITH_FEEDS.where(episodes.c.id.in_([r.episode_id for r in rows]))
                known = {r.id: r for r in c.execute(of_rows)}
            for r in rows:  # unpacked one by one: a page of texts would not stay in the processor's cache
                yield _source(r, known[r.episode_id])

    def labels_of_feed(self, feed_id: int, last: int) -> dict[int, bytes]:
        """The labels of the feed's newest ``last`` transcripts, by the id of their episode."""
        t = transcripts.c
        query = (
            select(t.episode_id, t.labels)
            .join(episodes, episodes.c.id == t.episode_id)
            .where(episodes.c.feed_id == feed_id, t.pruned_at.is_(None))
            .order_by(t.id.desc())
            .limit(last)
        )
        return {r.episode_id: r.labels for r in self.read_rows(query)}

    def save_detections(self, done: Sequence[Detection], through: int, now: datetime) -> int:
        """Saves the mentions found in some transcripts and their alerts in one transaction; returns how many are new.

        Mentions that were stored before keep their rows; those that were not found again are marked as gone.
        A transcript that was replaced in the meantime, or is being replaced, is left out: it stays on the to-do list.
        """
        watch_ids = _watch_ids(done)
        unchanged = self._unchanged(done, watch_ids)  # read before the transaction, in which other writers wait
        fresh: list[dict[str, Any]] = []
        with self.writing() as c:
            t = transcripts.c
            mine = select(t.id, t.revision, t.detected_through).where(t.id.in_(watch_ids)).order_by(t.id)
            current = {r.id: r for r in c.execute(mine.with_for_update(skip_locked=True))}
            saved = [d for d in done if _is_current(current.get(d.source.transcript.id), d.source)]
            differ = [
                d
                for d in saved
                if d.source.transcript.id not in unchanged
                or current[d.source.transcript.id].detected_through != d.source.detected_through  # by another run
            ]
            stored = mention_rows(c, [d.source.transcript.id for d in differ], _union(watch_ids))
            alerted = identities_with_deliveries(c, {d.source.episode.identity for d in differ})
            for d in differ:
                transcript, identity = d.source.transcript, d.source.episode.identity
                rows = [mention_values(m, d.looked_for[m.watch], d.source, now) for m in d.found]
                known = [r for r in stored.get(transcript.id, ()) if r.watch_id in watch_ids[transcript.id]]
                if rows or known:
                    added, changed = reconcile_mentions(c, transcript, known, rows, now)
                    fresh += added
                    if changed and identity in alerted:
                        schedule_edits(c, sorted(changed), identity, now)
            if fresh:
                c.execute(insert(mentions), fresh)
            for d in saved:
                insert_doubts(c, d.source.transcript.id, d.source.transcript.revision, d.doubts, d.left, now)
            insert_deliveries(c, [(alert, d.held) for d in saved for alert in d.alerts], now)
            if saved:
                c.execute(_MARK_DETECTED, [{"row": d.source.transcript.id, "through": through} for d in saved])
        return len(fresh)

    def _unchanged(self, done: Sequence[Detection], watch_ids: Mapping[int, frozenset[int]]) -> frozenset[int]:
        """The ids of the transcripts whose mentions are stored exactly as they were found: nothing is to be written."""
        again = [d for d in done if d.source.detected_through]  # the others have no mentions yet
        if not again:
            return frozenset()
        with self.reading() as c:
            stored = mention_keys(c, [d.source.transcript.id for d in again], _union(watch_ids))
        revisions: dict[int, set[int]] = defaultdict(set)
        for transcript_id, revision in stored:
            revisions[transcript_id].add(revision)

        def is_unchanged(d: Detection) -> bool:
            t = d.source.transcript
            keys = {k for k in stored.get((t.id, t.revision), ()) if k[0] in watch_ids[t.id]}
            return revisions[t.id] <= {t.revision} and keys == _found_keys(d)

        return frozenset(d.source.transcript.id for d in again if is_unchanged(d))

    def save_detect_failure(self, source: TranscriptSource, error: str, again_at: datetime) -> None:
        """Records a bug on its transcript, so that a retry leaves it out until ``again_at``."""
        mine = transcripts.c.id == source.transcript.id
        self.execute(update(transcripts).where(mine).values(detect_error=error, next_detect_at=again_at))

    def save_watch_error(self, watch: Watch, error: str) -> None:
        """Records on a watch why it could not be looked for."""
        self.execute(update(watches).where(watches.c.id == watch.id).values(error=error))


def _due(latest: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    t = transcripts.c
    return t.detected_through < latest, not_(and_(t.next_detect_at.is_not(None), t.next_detect_at > now))


def _watch_ids(done: Sequence[Detection]) -> dict[int, frozenset[int]]:
    """By the id of the transcript, the ids of the watches looked for in it.

    Mostly the same mapping of watches for all transcripts, so each mapping is read once.
    """
    mappings = {id(d.looked_for): d.looked_for for d in done}
    ids = {number: frozenset(w.id for w in mapping.values()) for number, mapping in mappings.items()}
    return {d.source.transcript.id: ids[id(d.looked_for)] for d in done}


def _union(watch_ids: Mapping[int, frozenset[int]]) -> frozenset[int]:
    return frozenset[int]().union(*set(watch_ids.values()))


def _found_keys(d: Detection) -> set[MentionKey]:
    return {(d.looked_for[m.watch].id, m.start, m.end, m.surface, m.label, m.approximate) for m in d.found}


def _is_current(row: AnyRow | None, source: TranscriptSource) -> bool:
    return row is not None and bool(row.revision == source.transcript.revision)


_SELECT_WITH_FEEDS = SELECT_EPISODES.add_columns(feeds.c.url.label("feed_url"), feeds.c.tags.label("feed_tags"))
_MARK_DETECTED = (
    update(transcripts)
    .where(transcripts.c.id == bindparam("row"), transcripts.c.detected_through < bindparam("through"))
    .values(detected_through=bindparam("through"), detect_error=None, next_detect_at=None)
)


def _source(r: AnyRow, episode: AnyRow) -> TranscriptSource:
    return TranscriptSource(
        transcript=transcript_of(r),
        episode=episode_of(episode),
        feed_url=episode.feed_url,
        feed_tags=tuple(episode.feed_tags),
        detected_through=r.detected_through,
        labels=r.labels,
    )


def mention_values(m: Mention, watch: Watch, source: TranscriptSource, now: datetime) -> dict[str, Any]:
    """The row of a new mention."""
    return mention_columns(m) | {
        "watch_id": watch.id,
        "watch_revision": watch.revision,
        "transcript_id": source.transcript.id,
        "transcript_revision": source.transcript.revision,
        "episode_id": source.transcript.episode_id,
        "found_at": now,
    }
