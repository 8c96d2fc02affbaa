"""The second hearing's to-do list and saves: places in doubt, and what was heard again of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, or_, select, update

from podwatch.model import ALL, Doubt, Episode, Hearing, HearingOutcome, Shard
from podwatch.policy.moved_places import find_moved_place
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.episodes import SELECT_EPISODES, episode_of
from podwatch.store.packing import unpack
from podwatch.store.recording_tables import hearings
from podwatch.store.statements import in_batches, in_shard, upsert
from podwatch.store.tables import episodes, feeds, transcripts

# The detected_through of a transcript that is to be searched for every watch again: not 0, of one that never was, since
# what is new in an old episode is no news.
SEARCH_AGAIN = -1


@dataclass(frozen=True, slots=True)
class DoubtfulTranscript:
    """A transcript with places that wait for being heard again. failures: how often that has failed so far."""

    transcript_id: int
    revision: int
    episode: Episode
    feed_url: str
    login: str | None
    asked_at: datetime
    failures: int


@dataclass(frozen=True, slots=True)
class HeardPlace:
    """What became of a doubt. seconds: of audio that were heard for it."""

    hearing: Hearing
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class StoredHearing:
    """A doubt with what became of it. is_decided: False while it waits; then its outcome means nothing."""

    hearing: Hearing
    is_decided: bool
    transcript_id: int
    episode_id: int
    show: str
    title: str
    asked_at: datetime
    heard_at: datetime | None


class HearingRows(Rows):
    def hearings_of(self, ids: Sequence[int]) -> dict[int, list[Hearing]]:
        """What was decided of the doubts of the stored text of these transcripts, by transcript."""
        h, t = hearings.c, transcripts.c
        found: dict[int, list[Hearing]] = defaultdict(list)
        for some in in_batches(ids):
            query = (
                select(hearings)
                .join(transcripts, t.id == h.transcript_id)
                .where(h.transcript_id.in_(some), h.transcript_revision == t.revision, h.outcome.is_not(None))
                .order_by(h.start, h.id)
            )
            for r in self.read_rows(query):
                found[r.transcript_id].append(_hearing(r))
        return dict(found)

    def doubts_waiting(self, transcript_id: int) -> list[Doubt]:
        """The doubts of a transcript's stored text that wait for being heard again, in the order of the text."""
        h, t = hearings.c, transcripts.c
        query = (
            select(hearings)
            .join(transcripts, t.id == h.transcript_id)
            .where(t.id == transcript_id, h.transcript_revision == t.revision, h.outcome.is_(None))
            .order_by(h.start, h.id)
        )
        return [_doubt(r) for r in self.read_rows(query)]

    def transcripts_to_hear_again(self, now: datetime, shard: Shard = ALL) -> list[DoubtfulTranscript]:
        """The transcripts with doubts that are due, the newest episodes first."""
        h, t, e = hearings.c, transcripts.c, episodes.c
        waiting = (
            select(h.transcript_id, func.min(h.asked_at).label("asked_at"), func.max(h.failures).label("failures"))
            .join(transcripts, t.id == h.transcript_id)
            .where(h.outcome.is_(None), h.next_at <= now, h.transcript_revision == t.revision)
            .group_by(h.transcript_id)
            .subquery()
        )
        query = (
            SELECT_EPISODES.add_columns(
                t.id.label("transcript_id"),
                t.revision.label("transcript_revision"),
                feeds.c.url.label("feed_url"),
                feeds.c.login,
                waiting.c.asked_at,
                waiting.c.failures,
            )
            .join(transcripts, t.episode_id == e.id)
            .join(waiting, waiting.c.transcript_id == t.id)
            .where(t.pruned_at.is_(None), *in_shard(t.id, shard))
            .order_by(func.coalesce(e.published_at, e.first_seen_at).desc(), e.id.desc())
        )
        return [
            DoubtfulTranscript(
                transcript_id=r.transcript_id,
                revision=r.transcript_revision,
                episode=episode_of(r),
                feed_url=r.feed_url,
                login=r.login,
                asked_at=r.asked_at,
                failures=r.failures,
            )
            for r in self.read_rows(query)
        ]

    def claim_hearings(self, d: DoubtfulTranscript, now: datetime, until: datetime) -> bool:
        """Claims the doubts of a transcript until then; False when another run has them."""
        return self.execute(_waiting(d, now).values(next_at=until)) > 0

    def postpone_hearings(self, d: DoubtfulTranscript, until: datetime, *, failed: bool) -> None:
        """Has the claimed doubts wait until then."""
        h = hearings.c
        failures = h.failures + 1 if failed else h.failures
        self.execute(_of(d).where(h.outcome.is_(None)).values(next_at=until, failures=failures))

    def save_hearings(self, d: DoubtfulTranscript, heard: Sequence[HeardPlace], now: datetime) -> None:
        """Saves what became of doubts. Once none of the transcript waits any more it is searched again."""
        h, t = hearings.c, transcripts.c
        with self.writing() as c:
            for place in heard:
                hearing = place.hearing
                mine = (h.name == hearing.doubt.name, h.start == hearing.doubt.start, h.end == hearing.doubt.end)
                values = {
                    "outcome": hearing.outcome.value,
                    "likelihoods": list(hearing.likelihoods) or None,
                    "recogniser": hearing.recogniser,
                    "seconds": place.seconds,
                    "heard_at": now,
                    "next_at": None,
                }
                c.execute(_of(d).where(*mine).values(**values))
            waits = select(func.count()).select_from(hearings).where(*_is_of(d), h.outcome.is_(None))
            if heard and not c.execute(waits).scalar_one():
                again = update(transcripts).where(t.id == d.transcript_id, t.revision == d.revision)
                c.execute(again.values(detected_through=SEARCH_AGAIN))

    def heard_out(self, ids: Sequence[int]) -> set[int]:
        """Those of these episodes whose audio nobody needs any more: searched, with no doubt that waits."""
        h, t = hearings.c, transcripts.c
        waits = select(h.id).where(h.transcript_id == t.id, h.transcript_revision == t.revision, h.outcome.is_(None))
        query = select(t.episode_id).where(t.detected_through > 0, ~waits.exists())
        return {r.episode_id for some in in_batches(ids) for r in self.read_rows(query.where(t.episode_id.in_(some)))}

    def list_hearings(
        self, transcript_id: int | None = None, limit: int | None = None, *, undecided_of: Sequence[str] | None = None
    ) -> list[StoredHearing]:
        """The doubts of stored texts, the newest first. undecided_of: those of these watched names that the audio has
        not decided.
        """
        h, t, e = hearings.c, transcripts.c, episodes.c
        query = (
            select(hearings, e.title, e.id.label("episode_id"), feeds.c.title.label("show"))
            .join(transcripts, t.id == h.transcript_id)
            .join(episodes, e.id == t.episode_id)
            .join(feeds, feeds.c.id == e.feed_id)
            .where(h.transcript_revision == t.revision)
            .order_by(h.asked_at.desc(), h.transcript_id.desc(), h.start, h.id)
            .limit(limit)
        )
        query = query if transcript_id is None else query.where(h.transcript_id == transcript_id)
        if undecided_of is not None:
            undecided = or_(h.outcome.is_(None), h.outcome != HearingOutcome.HEARD.value)
            query = query.where(h.name.in_(undecided_of), undecided)
        return [
            StoredHearing(
                hearing=_hearing(r),
                is_decided=r.outcome is not None,
                transcript_id=r.transcript_id,
                episode_id=r.episode_id,
                show=r.show or "",
                title=r.title or "",
                asked_at=r.asked_at,
                heard_at=r.heard_at,
            )
            for r in self.read_rows(query)
        ]

    def expire_hearings(self, asked_before: datetime, now: datetime) -> None:
        """Leaves to the text what has waited since before then; its transcripts are searched again."""
        h, t = hearings.c, transcripts.c
        late = (h.outcome.is_(None), h.asked_at < asked_before)
        ids = sorted({r.transcript_id for r in self.read_rows(select(h.transcript_id).where(*late))})
        if not ids:
            return
        with self.writing() as c:
            for some in in_batches(ids):
                mine = h.transcript_id.in_(some)
                values = {"outcome": HearingOutcome.NOT_IN_TIME.value, "heard_at": now, "next_at": None}
                c.execute(update(hearings).where(mine, *late).values(**values))
                c.execute(
                    update(transcripts)
                    .where(t.id.in_(some), t.pruned_at.is_(None))
                    .values(detected_through=SEARCH_AGAIN)
                )

    def seconds_heard_again(self, since: datetime) -> float:
        """Seconds of audio that were heard again since then."""
        h = hearings.c
        [row] = self.read_rows(select(func.coalesce(func.sum(h.seconds), 0.0)).where(h.heard_at >= since))
        return float(row[0])

    def count_waiting_hearings(self) -> int:
        """How many doubts wait for being heard again."""
        h, t = hearings.c, transcripts.c
        query = select(func.count()).select_from(hearings).join(transcripts, t.id == h.transcript_id)
        [row] = self.read_rows(query.where(h.outcome.is_(None), h.transcript_revision == t.revision))
        return int(row[0])


def insert_doubts(
    c: Connection, transcript_id: int, revision: int, doubts: Sequence[Doubt], left: Sequence[Doubt], now: datetime
) -> None:
    """Stores the places that are to be heard again, and those that are left to the text since they are too many.

    What is stored stays as it is.
    """
    no_budget = HearingOutcome.NO_BUDGET.value
    states: list[tuple[Doubt, dict[str, Any]]]
    states = [(d, {"next_at": now, "heard_at": None, "outcome": None}) for d in doubts]
    states += [(d, {"next_at": None, "heard_at": now, "outcome": no_budget}) for d in left]
    rows: list[dict[str, Any]] = [
        {
            "transcript_id": transcript_id,
            "transcript_revision": revision,
            "name": d.name,
            "start": d.start,
            "end": d.end,
            "surface": d.surface,
            "score": d.score,
            "is_wide": d.is_wide,
            "asked_at": now,
            "failures": 0,
            "recogniser": "",
            "seconds": 0.0,
            **state,
        }
        for d, state in states
    ]
    for some in in_batches(rows):
        c.execute(upsert(c.dialect, hearings).values(some).on_conflict_do_nothing())


def carry_hearings(c: Connection, transcript_id: int, revision: int, new_body: bytes) -> None:
    """Keeps what was heard of places of a revision for the next one, as far as they are in its text.

    So a name that the audio has confirmed, and that was told, is not in doubt again when the publisher mends the text.
    revision: the stored one, whose transcript is about to be replaced by this packed one.
    """
    h = hearings.c
    was_heard = (h.transcript_id == transcript_id, h.transcript_revision == revision, h.outcome == HearingOutcome.HEARD)
    rows = c.execute(select(hearings).where(*was_heard).order_by(h.start, h.id)).all()
    if not rows:
        return
    body = c.execute(select(transcripts.c.body).where(transcripts.c.id == transcript_id)).scalar_one()
    old, new = unpack(body)[0], unpack(new_body)[0]
    carried = []
    for r in rows:
        if (place := find_moved_place(old, r.start, r.end, new)) is not None:
            values = {name: value for name, value in r._mapping.items() if name != "id"}
            moved = {"transcript_revision": revision + 1, "start": place[0], "end": place[1], "seconds": 0.0}
            carried.append(values | moved)
    for some in in_batches(carried):
        c.execute(upsert(c.dialect, hearings).values(some).on_conflict_do_nothing())


def _is_of(d: DoubtfulTranscript) -> tuple[Any, ...]:
    return hearings.c.transcript_id == d.transcript_id, hearings.c.transcript_revision == d.revision


def _of(d: DoubtfulTranscript) -> Any:
    return update(hearings).where(*_is_of(d))


def _waiting(d: DoubtfulTranscript, now: datetime) -> Any:
    return _of(d).where(hearings.c.outcome.is_(None), hearings.c.next_at <= now)


def _doubt(r: AnyRow) -> Doubt:
    return Doubt(name=r.name, start=r.start, end=r.end, surface=r.surface, score=r.score, is_wide=r.is_wide)


def _hearing(r: AnyRow) -> Hearing:
    return Hearing(
        doubt=_doubt(r),
        outcome=HearingOutcome(r.outcome or HearingOutcome.NO_AUDIO),
        likelihoods=tuple(r.likelihoods or ()),
        recogniser=r.recogniser,
    )
