"""detect's part of the store: transcripts with watches not yet looked for, and the mentions found.

The alerts' delivery rows are written in the same transaction as their mentions, so there is no moment at which
a mention exists that nobody will deliver.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, insert, not_, select, update

from pipeline.model import ALL, Alert, Episode, Held, Mention, Shard, State, Transcript, Watch
from pipeline.revisions import Place, lay
from pipeline.store.changes import recheck
from pipeline.store.engine import AnyRow, Rows
from pipeline.store.episodes import EPISODE, MANY, episode_of
from pipeline.store.fetch import transcript_of
from pipeline.store.tables import deliveries, episodes, feeds, mentions, transcripts, watches
from pipeline.store.watches import SOUGHT, watch_of

LEARNT = ("label", "approximate")  # of a mention, when its transcript is looked through again


@dataclass(frozen=True, slots=True)
class Todo:
    """Watches to look for: (seq, watch) in the order of seq."""

    watches: tuple[tuple[int, Watch], ...]

    @property
    def latest(self) -> int:
        return self.watches[-1][0] if self.watches else 0

    def after(self, seq: int) -> tuple[Watch, ...]:
        return tuple(w for s, w in self.watches if s > seq)


@dataclass(frozen=True, slots=True)
class Source:
    """A transcript to look through, with what a scope asks about its feed."""

    transcript: Transcript
    episode: Episode
    feed_url: str
    feed_tags: tuple[str, ...]
    through: int
    labels: bytes


@dataclass(frozen=True, slots=True)
class Detection:
    """What was found in a transcript. looked_for: by name; held: why its new alerts are not to be sent."""

    source: Source
    looked_for: Mapping[str, Watch]
    found: Sequence[Mention]
    alerts: Sequence[Alert]
    held: Held | None = None


class DetectRows(Rows):
    def watches_to_detect(self) -> Todo:
        """The watches that are looked for in texts: all but those of surges."""
        with self.reading() as c:
            rows = c.execute(select(watches).where(SOUGHT).order_by(watches.c.seq))
            return Todo(tuple((r.seq, watch_of(r)) for r in rows))

    def transcripts_due(self, latest: int, now: datetime, shard: Shard = ALL, page: int = 100) -> Iterator[Source]:
        """The transcripts in which not every watch up to ``latest`` has been looked for, ``page`` held at a time."""
        after = 0
        while True:
            t = transcripts.c
            waiting = and_(t.next_detect_at.is_not(None), t.next_detect_at > now)
            query = select(t.detected_through, t.id).where(t.detected_through < latest, t.id > after, not_(waiting))
            query = query.order_by(t.id).limit(page)
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
                select(*EPISODE, feeds.c.url.label("feed_url"), feeds.c.tags.label("feed_tags"))
                .join(feeds, feeds.c.id == episodes.c.feed_id)
                .where(episodes.c.id.in_([r.episode_id for r in rows]))
            )
        }
        return rows, about

    def save_detection(
        self,
        source: Source,
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
        ids, new = [d.source.transcript.id for d in done], 0
        with self.writing() as c:
            t, m = transcripts.c, mentions.c
            mine = select(t.id, t.revision).where(t.id.in_(ids)).order_by(t.id).with_for_update(skip_locked=True)
            current = {r.id: r.revision for r in c.execute(mine)}
            there: dict[int, list[AnyRow]] = defaultdict(list)
            old = select(mentions).where(m.transcript_id.in_(ids), m.gone_at.is_(None)).order_by(m.start, m.id)
            for r in c.execute(old):
                there[r.transcript_id].append(r)
            kept = [d for d in done if current.get(d.source.transcript.id) == d.source.transcript.revision]
            for d in kept:
                watch_ids = {w.id for w in d.looked_for.values()}
                rows = [row_of(found, d.looked_for[found.watch], d.source, now) for found in d.found]
                known = [r for r in there[d.source.transcript.id] if r.watch_id in watch_ids]
                if rows or known:
                    fresh, changed = self._lay(c, d.source.transcript, known, rows, now)
                    if fresh:
                        c.execute(insert(mentions), fresh)
                    new += len(fresh)
                    if changed:
                        recheck(c, sorted(changed), d.source.episode.identity, now)
            hand_over(c, [(alert, d.held) for d in kept for alert in d.alerts], now)
            if kept:
                c.execute(_LOOKED_THROUGH, [{"row": d.source.transcript.id, "through": through} for d in kept])
        return new

    def _lay(
        self, c: Connection, t: Transcript, old: Sequence[AnyRow], rows: list[dict[str, Any]], now: datetime
    ) -> tuple[list[dict[str, Any]], set[int]]:
        """Moves the mentions that are still there, marks those that are gone.

        Returns the rows that are new, and the watches of which something changed.
        """
        m = mentions.c
        same_text = all(r.transcript_revision == t.revision for r in old)
        laid = lay([_place(dict(r._mapping)) for r in old], [_place(r) for r in rows], same_text=same_text)
        moved = [(old[i].id, rows[j]) for i, j in laid.kept if not same_text]
        changed = {rows[j]["watch_id"] for j in laid.fresh} | {old[i].watch_id for i in laid.gone}
        changed |= {row["watch_id"] for _, row in moved}
        # First out of the way, then to their new places: two mentions may change places.
        for ids in ([old[i].id for i in laid.gone], [row_id for row_id, _ in moved]):
            for i in range(0, len(ids), MANY):
                c.execute(update(mentions).where(m.id.in_(ids[i : i + MANY])).values(gone_at=now))
        for row_id, row in moved:
            values = {k: v for k, v in row.items() if k != "found_at"} | {"gone_at": None}
            c.execute(update(mentions).where(m.id == row_id).values(**values))
        if same_text:  # the place is the same, but what is known about it may be more: other episodes that repeat it
            for i, j in laid.kept:
                known = {name: rows[j][name] for name in LEARNT if rows[j][name] != old[i]._mapping[name]}
                if known:
                    changed.add(old[i].watch_id)
                    c.execute(update(mentions).where(m.id == old[i].id).values(**known))
        return [rows[j] for j in laid.fresh], changed

    def save_detect_failure(self, source: Source, error: str, again_at: datetime) -> None:
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


def _delivery(alert: Alert, held: Held | None, now: datetime) -> dict[str, Any]:
    return {
        "key": alert.key,
        "watch_id": alert.watch.id,
        "episode_id": alert.episode.id,
        "channel": alert.channel,
        "state": State.DUE.value if held is None else State.HELD.value,
        "next_attempt_at": now if held is None else None,
        "error": None if held is None else held.value,
        "reason": None if held is None else held.name,
        "created_at": now,
    }


_FROM_A_BACKFILL = (State.HELD.value, Held.BACKFILL.name)
_LOOKED_THROUGH = (
    update(transcripts)
    .where(transcripts.c.id == bindparam("row"), transcripts.c.detected_through < bindparam("through"))
    .values(detected_through=bindparam("through"), detect_error=None, next_detect_at=None)
)


def source_of(r: AnyRow, about: AnyRow, through: int) -> Source:
    return Source(
        transcript=transcript_of(r),
        episode=episode_of(about),
        feed_url=about.feed_url,
        feed_tags=tuple(about.feed_tags),
        through=through,
        labels=r.labels,
    )


def hand_over(c: Connection, alerts: Sequence[tuple[Alert, Held | None]], now: datetime) -> None:
    """Writes the deliveries of new alerts; with why each is held, if it is."""
    d = deliveries.c
    keys = [alert.key for alert, _ in alerts]
    known = {
        r.key: (r.state, r.reason)
        for i in range(0, len(keys), MANY)
        for r in c.execute(select(d.key, d.state, d.reason).where(d.key.in_(keys[i : i + MANY])))
    }
    fresh: list[dict[str, Any]] = []
    for alert, held in alerts:
        if alert.key not in known:
            fresh.append(_delivery(alert, held, now))
            known[alert.key] = fresh[-1]["state"], fresh[-1]["reason"]
        elif held is None and known[alert.key] == _FROM_A_BACKFILL:
            # It is in another feed, too, and new there.
            fresh = [row for row in fresh if row["key"] != alert.key]
            news = {"state": State.DUE.value, "next_attempt_at": now, "error": None, "reason": None}
            if c.execute(update(deliveries).where(d.key == alert.key).values(**news)).rowcount == 0:
                fresh.append(_delivery(alert, None, now))
            known[alert.key] = State.DUE.value, None
    if fresh:
        c.execute(insert(deliveries), fresh)


def row_of(m: Mention, watch: Watch, source: Source, now: datetime) -> dict[str, Any]:
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


def _place(row: Mapping[str, Any]) -> Place:
    return Place(row["watch_id"], row["start"], row["end"], row["surface"], row["snippet"])
