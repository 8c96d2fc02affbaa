"""detect's part of the store: transcripts with watches not yet looked for, and the mentions found.

The alerts' delivery rows are written in the same transaction as their mentions, so that no mention ever exists
without its delivery.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, not_, select, update

from podwatch.model import ALL, Alert, DeliveryState, Episode, HoldReason, Mention, Shard, Transcript, Watch
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.episodes import BATCH_SIZE, EPISODE_COLUMNS, episode_of
from podwatch.store.fetch import transcript_of
from podwatch.store.mention_diff import MentionKey, mention_keys, mention_rows, reconcile_mentions
from podwatch.store.sent_messages import identities_with_deliveries, schedule_edits
from podwatch.store.tables import deliveries, episodes, feeds, mentions, transcripts, watches
from podwatch.store.watches import IS_TEXT_WATCH, watch_of


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
    """A transcript to search, with what a scope asks about its feed."""

    transcript: Transcript
    episode: Episode
    feed_url: str
    feed_tags: tuple[str, ...]
    detected_through: int
    labels: bytes


@dataclass(frozen=True, slots=True)
class Detection:
    """What was found in a transcript. looked_for: by name; held: why its new alerts are not to be sent."""

    source: TranscriptSource
    looked_for: Mapping[str, Watch]
    found: Sequence[Mention]
    alerts: Sequence[Alert]
    held: HoldReason | None = None


class DetectRows(Rows):
    def watches_to_detect(self) -> WatchesToDetect:
        """The watches that are looked for in texts: all but those of surges."""
        with self.reading() as c:
            rows = c.execute(select(watches).where(IS_TEXT_WATCH).order_by(watches.c.seq))
            return WatchesToDetect(tuple((r.seq, watch_of(r)) for r in rows))

    def transcripts_due(
        self, latest: int, now: datetime, shard: Shard = ALL, page: int = 100
    ) -> Iterator[TranscriptSource]:
        """The transcripts in which not every watch up to ``latest`` has been looked for, ``page`` held at a time."""
        after, t = 0, transcripts.c
        while True:
            query = select(t.detected_through, t.id).where(*_due(latest, now), t.id > after).order_by(t.id).limit(page)
            if shard.count > 1:
                query = query.where(t.id % shard.count == shard.index)
            with self.reading() as c:
                due = {r.id: r.detected_through for r in c.execute(query)}
                rows, about = self._rows(c, due)
            if not due:
                return
            for r in rows:  # unpacked one by one: a page of texts would not stay in the processor's cache
                yield source_of(r, about[r.episode_id], due[r.id])
            after = max(due)

    def transcript_ids_due(self, latest: int, now: datetime) -> list[int]:
        """The same transcripts by their numbers."""
        query = select(transcripts.c.id).where(*_due(latest, now)).order_by(transcripts.c.id)
        with self.reading() as c:
            return list(c.execute(query).scalars())

    def labels_of_feed(self, feed_id: int, last: int) -> dict[int, bytes]:
        """The labels of the feed's newest transcripts, by the id of their episode."""
        t = transcripts.c
        query = (
            select(t.episode_id, t.labels)
            .join(episodes, episodes.c.id == t.episode_id)
            .where(episodes.c.feed_id == feed_id)
            .order_by(t.id.desc())
            .limit(last)
        )
        with self.reading() as c:
            return {r.episode_id: r.labels for r in c.execute(query)}

    def _rows(self, c: Connection, due: Iterable[int]) -> tuple[Sequence[AnyRow], dict[int, AnyRow]]:
        """The rows of transcripts, and by its id that of each one's episode."""
        query = select(transcripts).where(transcripts.c.id.in_(list(due))).order_by(transcripts.c.id)
        rows = c.execute(query, execution_options={"podwatch_binary": True}).all()
        about = {
            r.id: r
            for r in c.execute(
                select(*EPISODE_COLUMNS, feeds.c.url.label("feed_url"), feeds.c.tags.label("feed_tags"))
                .join(feeds, feeds.c.id == episodes.c.feed_id)
                .where(episodes.c.id.in_([r.episode_id for r in rows]))
            )
        }
        return rows, about

    def save_detection(
        self,
        source: TranscriptSource,
        looked_for: Mapping[str, Watch],
        found: Sequence[Mention],
        alerts: Sequence[Alert],
        through: int,
        now: datetime,
    ) -> int:
        """save_detections() of one transcript."""
        return self.save_detections([Detection(source, looked_for, found, alerts)], through, now)

    def save_detections(self, done: Sequence[Detection], through: int, now: datetime) -> int:
        """Keeps what was found in some transcripts, and their new alerts, in one transaction; returns how much is new.

        Mentions that were there keep their rows; those that are no longer are marked as gone.

        A transcript that was replaced in the meantime, or is being replaced, is left out: it stays on the to-do list.
        """
        asked = _LookedFor(done)
        same = self._unchanged(done, asked)  # read beforehand: while this one writes, others wait
        new = 0
        fresh: list[dict[str, Any]] = []
        with self.writing() as c:
            t = transcripts.c
            mine = select(t.id, t.revision, t.detected_through).where(t.id.in_([d.source.transcript.id for d in done]))
            current = {r.id: r for r in c.execute(mine.order_by(t.id).with_for_update(skip_locked=True))}
            kept = [d for d in done if _is_current(current.get(d.source.transcript.id), d.source)]
            differ = [d for d in kept if d.source.transcript.id not in same or _is_overtaken(current, d.source)]
            there = mention_rows(c, [d.source.transcript.id for d in differ], asked.every)
            told = identities_with_deliveries(c, {d.source.episode.identity for d in differ})
            for d in differ:
                watch_ids = asked.of(d)
                rows = [mention_values(found, d.looked_for[found.watch], d.source, now) for found in d.found]
                known = [r for r in there.get(d.source.transcript.id, ()) if r.watch_id in watch_ids]
                if rows or known:
                    added, changed = reconcile_mentions(c, d.source.transcript, known, rows, now)
                    fresh += added
                    new += len(added)
                    if changed and d.source.episode.identity in told:
                        schedule_edits(c, sorted(changed), d.source.episode.identity, now)
            if fresh:
                c.execute(insert(mentions), fresh)
            insert_deliveries(c, [(alert, d.held) for d in kept for alert in d.alerts], now)
            if kept:
                c.execute(_MARK_DETECTED, [{"row": d.source.transcript.id, "through": through} for d in kept])
        return new

    def _unchanged(self, done: Sequence[Detection], asked: _LookedFor) -> frozenset[int]:
        """The transcripts of which just that was found which is stored, so that nothing has to be written."""
        again = [d for d in done if d.source.detected_through]  # the others were never looked through
        if not again:
            return frozenset()
        with self.reading() as c:
            there = mention_keys(c, [d.source.transcript.id for d in again], asked.every)
        revisions: dict[int, set[int]] = defaultdict(set)
        for transcript, revision in there:
            revisions[transcript].add(revision)
        return frozenset(
            d.source.transcript.id
            for d in again
            if revisions[d.source.transcript.id] <= {d.source.transcript.revision}
            and asked.found_keys(d, there.get((d.source.transcript.id, d.source.transcript.revision), ()))
            == asked.found(d)
        )

    def save_detect_failure(self, source: TranscriptSource, error: str, again_at: datetime) -> None:
        """Stamps a bug on its transcript, so that a retry walks past it; it stays on the to-do list for later."""
        with self.writing() as c:
            c.execute(
                update(transcripts)
                .where(transcripts.c.id == source.transcript.id)
                .values(detect_error=error, next_detect_at=again_at)
            )

    def save_watch_error(self, watch: Watch, error: str) -> None:
        """Stamps on the watch that it could not be looked for; the others went on."""
        with self.writing() as c:
            c.execute(update(watches).where(watches.c.id == watch.id).values(error=error))


def _due(latest: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    t = transcripts.c
    return t.detected_through < latest, not_(and_(t.next_detect_at.is_not(None), t.next_detect_at > now))


class _LookedFor:
    """Which watches were looked for in some transcripts: mostly the same in all of them, so it is worked out once."""

    def __init__(self, done: Sequence[Detection]) -> None:
        lists = {id(d.looked_for): d.looked_for for d in done}
        self._ids = {which: frozenset(w.id for w in watches.values()) for which, watches in lists.items()}
        self.every = frozenset[int]().union(*self._ids.values())

    def of(self, d: Detection) -> frozenset[int]:
        return self._ids[id(d.looked_for)]

    def found_keys(self, d: Detection, said: Iterable[MentionKey]) -> set[MentionKey]:
        watch_ids = self.of(d)
        return {s for s in said if s[0] in watch_ids}

    def found(self, d: Detection) -> set[MentionKey]:
        return {(d.looked_for[m.watch].id, m.start, m.end, m.surface, m.label, m.approximate) for m in d.found}


def _is_current(row: AnyRow | None, source: TranscriptSource) -> bool:
    return row is not None and bool(row.revision == source.transcript.revision)


def _is_overtaken(current: Mapping[int, AnyRow], source: TranscriptSource) -> bool:
    """Whether somebody else has looked through it since it was read."""
    return bool(current[source.transcript.id].detected_through != source.detected_through)


def _delivery(alert: Alert, held: HoldReason | None, now: datetime) -> dict[str, Any]:
    return {
        "key": alert.key,
        "watch_id": alert.watch.id,
        "episode_id": alert.episode.id,
        "channel": alert.channel,
        "state": DeliveryState.DUE.value if held is None else DeliveryState.HELD.value,
        "next_attempt_at": now if held is None else None,
        "error": None if held is None else held.value,
        "reason": None if held is None else held.name,
        "created_at": now,
    }


_HELD_FOR_BACKFILL = (DeliveryState.HELD.value, HoldReason.BACKFILL.name)
_MARK_DETECTED = (
    update(transcripts)
    .where(transcripts.c.id == bindparam("row"), transcripts.c.detected_through < bindparam("through"))
    .values(detected_through=bindparam("through"), detect_error=None, next_detect_at=None)
)


def source_of(r: AnyRow, about: AnyRow, through: int) -> TranscriptSource:
    return TranscriptSource(
        transcript=transcript_of(r),
        episode=episode_of(about),
        feed_url=about.feed_url,
        feed_tags=tuple(about.feed_tags),
        detected_through=through,
        labels=r.labels,
    )


def insert_deliveries(c: Connection, alerts: Sequence[tuple[Alert, HoldReason | None]], now: datetime) -> None:
    """Writes the deliveries of new alerts; with why each is held, if it is."""
    d = deliveries.c
    keys = [alert.key for alert, _ in alerts]
    known = {
        r.key: (r.state, r.reason)
        for i in range(0, len(keys), BATCH_SIZE)
        for r in c.execute(select(d.key, d.state, d.reason).where(d.key.in_(keys[i : i + BATCH_SIZE])))
    }
    fresh: list[dict[str, Any]] = []
    for alert, held in alerts:
        if alert.key not in known:
            fresh.append(_delivery(alert, held, now))
            known[alert.key] = fresh[-1]["state"], fresh[-1]["reason"]
        elif held is None and known[alert.key] == _HELD_FOR_BACKFILL:
            # It is in another feed, too, and new there.
            fresh = [row for row in fresh if row["key"] != alert.key]
            news = {"state": DeliveryState.DUE.value, "next_attempt_at": now, "error": None, "reason": None}
            if c.execute(update(deliveries).where(d.key == alert.key).values(**news)).rowcount == 0:
                fresh.append(_delivery(alert, None, now))
            known[alert.key] = DeliveryState.DUE.value, None
    if fresh:
        c.execute(insert(deliveries), fresh)


def mention_values(m: Mention, watch: Watch, source: TranscriptSource, now: datetime) -> dict[str, Any]:
    return {
        "watch_id": watch.id,
        "watch_revision": watch.revision,
        "transcript_id": source.transcript.id,
        "transcript_revision": source.transcript.revision,
        "episode_id": source.transcript.episode_id,
        "start": m.start,
        "end": m.end,
        "kind": m.kind.value,
        "score": m.score,
        "surface": m.surface,
        "seconds": None if math.isnan(m.seconds) else m.seconds,
        "approximate": m.approximate,
        "segment": m.segment,
        "speaker": m.speaker,
        "snippet": m.snippet,
        "snippet_start": m.snippet_start,
        "reason": m.reason,
        "label": m.label,
        "found_at": now,
    }
