"""listen's to-do list and saves: episodes without a transcript, recordings with their chunks, and what was heard."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
import zstandard
from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, or_, select, update

from podwatch.model import (
    ALL,
    SPEECH,
    BackfillRange,
    Episode,
    ListenRequest,
    RecognisedChunk,
    RecognisedSegment,
    RecognisedWord,
    SearchTokens,
    Shard,
    VoiceWindow,
)
from podwatch.policy.listen_schedule import PATIENCE
from podwatch.store.backfills import in_range
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.episodes import SELECT_EPISODES, episode_of
from podwatch.store.recording_tables import recognitions, recording_chunks, recordings
from podwatch.store.search import replace_documents
from podwatch.store.statements import in_batches, in_shard, upsert
from podwatch.store.tables import episodes, feeds, transcripts


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording. language: of its first speech; is_whole: all of its chunks were heard."""

    id: int
    language: str | None
    is_whole: bool


class ListenRows(Rows):
    def listen_choices(self) -> list[tuple[int, bool | None, tuple[str, ...]]]:
        """(id, what it says of listening, its tags) of each feed."""
        query = select(feeds.c.id, feeds.c.listen, feeds.c.tags)
        return [(r.id, r.listen, tuple(r.tags)) for r in self.read_rows(query)]

    def episodes_to_hear(
        self, now: datetime, feed_ids: Collection[int], shard: Shard = ALL, ids: Sequence[int] | None = None
    ) -> list[ListenRequest]:
        """The episodes with audio and without a transcript that are free and due; policy decides which are wanted.

        feed_ids: of these feeds, and what a backfill asks for of any. ids: of these episodes only. An episode whose
        feed names a transcript is among them once that was given up, or has failed for a day.
        """
        e, r = episodes.c, recognitions.c
        requested = self.read_rows(select(r.episode_id).where(r.requested, r.next_listen_at <= now))
        if not feed_ids and not requested:
            return []
        of_feeds = and_(e.feed_id.in_(feed_ids), e.backlog.is_(False))
        asked_for = or_(of_feeds, e.id.in_([row.episode_id for row in requested]))
        named = [] if ids is None else [e.id.in_(ids)]
        return self._requests(_is_free(now), _is_hopeless(now), asked_for, *in_shard(e.id, shard), *named)

    def past_to_hear(self, past: BackfillRange, now: datetime) -> list[ListenRequest]:
        """The episodes of a range with audio and without a transcript, whatever their feeds are set to.

        One whose transcript is still to come is left to fetch, as in episodes_to_hear.
        """
        given_up = and_(recognitions.c.next_listen_at.is_(None), recognitions.c.error.is_not(None))
        return self._requests(or_(_is_free(now), given_up), _is_hopeless(now), *in_range(past))

    def _requests(self, *where: ColumnElement[bool]) -> list[ListenRequest]:
        e, r = episodes.c, recognitions.c
        have = exists().where(transcripts.c.episode_id == e.id)
        columns = (feeds.c.url.label("feed_url"), feeds.c.login, feeds.c.tags, feeds.c.listen, r.requested, r.failures)
        query = (
            SELECT_EPISODES.add_columns(*columns)
            .outerjoin(recognitions, r.episode_id == e.id)
            .where(e.audio_url != "", ~have, *where)
            .order_by(e.id)
        )
        with self.reading() as c:
            rows = c.execute(query).all()
            ranks, began = _ranks(c, {row.feed_id for row in rows})
        return [_request(row, ranks, began) for row in rows]

    def claim_listening(self, episode_id: int, now: datetime, until: datetime) -> bool:
        """Claims an episode until then; False when another run has it, or it is not due."""
        r = recognitions.c
        with self.writing() as c:
            values = {"episode_id": episode_id, "next_listen_at": until, "requested": False, "failures": 0}
            fresh = upsert(c.dialect, recognitions).values(**values, seconds=0.0).on_conflict_do_nothing()
            if c.execute(fresh.returning(recognitions.c.episode_id)).first() is not None:
                return True
            mine = update(recognitions).where(r.episode_id == episode_id, r.next_listen_at <= now)
            return bool(c.execute(mine.values(next_listen_at=until)).rowcount)

    def extend_listening(self, episode_id: int, recording_id: int | None, until: datetime) -> None:
        """Extends the claims on an episode and, when it is known already, its recording."""
        with self.writing() as c:
            c.execute(_update_episode(episode_id).values(next_listen_at=until))
            if recording_id is not None:
                c.execute(_update_recording(recording_id).values(claimed_until=until))

    def release_listening(self, episode_id: int, recording_id: int | None, at: datetime) -> None:
        """Gives the claims back: the episode is due at ``at``, and any run may take the recording."""
        with self.writing() as c:
            c.execute(_update_episode(episode_id).values(next_listen_at=at))
            if recording_id is not None:
                c.execute(_update_recording(recording_id).values(claimed_until=None))

    def postpone_listening(self, ids: Sequence[int], until: datetime) -> None:
        """Has free episodes wait until then, since the budget of the day is spent."""
        if not ids:
            return
        rows = [{"episode_id": n, "next_listen_at": until, "requested": False, "failures": 0} for n in ids]
        with self.writing() as c:
            for some in in_batches(rows):
                fresh = upsert(c.dialect, recognitions).values([row | {"seconds": 0.0} for row in some])
                again = {"next_listen_at": fresh.excluded.next_listen_at}
                c.execute(fresh.on_conflict_do_update(index_elements=["episode_id"], set_=again))

    def request_listening(self, ids: Sequence[int], now: datetime) -> int:
        """Has episodes listened to whatever their feeds are set to; returns how many of them were not requested yet.

        They count as the backlog of a backfill, so that nobody is told of what is found in them unless asked.
        """
        new = 0
        values = {"requested": True, "next_listen_at": now, "failures": 0}
        with self.writing() as c:
            for some in in_batches(ids):
                fresh = upsert(c.dialect, recognitions).values(
                    [{"episode_id": n, "seconds": 0.0} | values for n in some]
                )
                mine = or_(recognitions.c.requested.is_(False), recognitions.c.next_listen_at.is_(None))
                known = fresh.on_conflict_do_update(
                    index_elements=["episode_id"], set_=values | {"error": None}, where=mine
                )
                new += len(c.execute(known.returning(recognitions.c.episode_id)).all())
                c.execute(update(episodes).where(episodes.c.id.in_(some)).values(backlog=True))
        return new

    def open_recording(self, digest: str, recogniser: str, now: datetime, until: datetime) -> Recording | None:
        """The recording of these bytes, claimed until then; None while another run works on it."""
        r = recordings.c
        with self.writing() as c:
            values = {"digest": digest, "recogniser": recogniser}
            c.execute(upsert(c.dialect, recordings).values(**values).on_conflict_do_nothing())
            row = c.execute(select(recordings).where(r.digest == digest, r.recogniser == recogniser)).one()
            if row.recognised_at is None:
                free = or_(r.claimed_until.is_(None), r.claimed_until <= now)
                claim = update(recordings).where(r.id == row.id, free)
                if not c.execute(claim.values(claimed_until=until)).rowcount:
                    return None
        return Recording(row.id, row.language, row.recognised_at is not None)

    def chunks_of(self, recording_id: int) -> dict[int, RecognisedChunk]:
        """What was heard of a recording so far, by the number of the chunk."""
        k = recording_chunks.c
        query = select(k.number, k.body).where(k.recording_id == recording_id).order_by(k.number)
        return {r.number: unpack_chunk(r.body) for r in self.read_rows(query)}

    def count_heard(self, episode_id: int, seconds: float, now: datetime) -> None:
        """Counts audio that was recognised on the budget of the day, whatever becomes of the rest of it."""
        spent = recognitions.c.seconds + seconds
        self.execute(_update_episode(episode_id).values(seconds=spent, recognised_at=now))

    def save_chunk(self, recording_id: int, number: int, chunk: RecognisedChunk) -> None:
        """Saves what was heard in a chunk, so that no run hears it again."""
        values = {"recording_id": recording_id, "number": number, "body": pack_chunk(chunk)}
        with self.writing() as c:
            c.execute(upsert(c.dialect, recording_chunks).values(**values).on_conflict_do_nothing())
            if chunk.language:
                first = and_(recordings.c.id == recording_id, recordings.c.language.is_(None))
                c.execute(update(recordings).where(first).values(language=chunk.language))

    def same_recording(self, recording_id: int) -> dict[str, Any] | None:
        """The columns of a transcript that was made of the recording for another episode; None when there is none."""
        t = transcripts.c
        named = [c for c in transcripts.c if c.name in _COPIED]
        query = (
            select(*named)
            .join(recognitions, recognitions.c.episode_id == t.episode_id)
            .where(recognitions.c.recording_id == recording_id, t.source.startswith(SPEECH, autoescape=True))
            .where(t.pruned_at.is_(None))
            .limit(1)
        )
        return next((dict(r._mapping) for r in self.read_rows(query)), None)

    def save_heard(
        self,
        episode: Episode,
        fields: Mapping[str, Any],
        recording_id: int,
        quality: Mapping[str, Any],
        now: datetime,
        tokens: SearchTokens | None = None,
    ) -> bool:
        """Saves the transcript that was made of an episode's audio; False when a published one has come meanwhile.

        tokens: as those of a FetchResult.
        """
        t = transcripts.c
        with self.writing() as c:
            stored = c.execute(select(t.id, t.source).where(t.episode_id == episode.id)).first()
            is_first = stored is None
            if is_first:
                c.execute(insert(transcripts), [{"episode_id": episode.id, "fetched_at": now, **fields}])
                replace_documents(c, {episode.id: tokens})
            heard = {"recording_id": recording_id, "recognised_at": now, "quality": dict(quality)}
            c.execute(_update_episode(episode.id).values(**heard, next_listen_at=None, error=None, failures=0))
            c.execute(_update_recording(recording_id).values(recognised_at=now, claimed_until=None))
        return is_first

    def forget_chunks(self, recording_id: int) -> None:
        """Deletes the chunks of a recording whose transcript is stored."""
        self.execute(delete(recording_chunks).where(recording_chunks.c.recording_id == recording_id))

    def save_listen_failure(
        self, episode_id: int, recording_id: int | None, error: str, again_at: datetime | None
    ) -> None:
        """Records on an episode why it could not be listened to; again_at: None when it is given up."""
        failures = recognitions.c.failures + 1
        with self.writing() as c:
            c.execute(_update_episode(episode_id).values(error=error, next_listen_at=again_at, failures=failures))
            if recording_id is not None:
                c.execute(_update_recording(recording_id).values(claimed_until=None))

    def seconds_heard(self, since: datetime) -> float:
        """Seconds of audio that were recognised since then."""
        query = select(func.coalesce(func.sum(recognitions.c.seconds), 0.0))
        [row] = self.read_rows(query.where(recognitions.c.recognised_at >= since))
        return float(row[0])

    def set_listen(self, feed_id: int, listen: bool | None) -> None:
        """Has a feed listened to or not; None: as the settings say."""
        self.execute(update(feeds).where(feeds.c.id == feed_id).values(listen=listen))


def _is_hopeless(now: datetime) -> ColumnElement[bool]:
    """Whether no transcript is to be expected of an episode."""
    e = episodes.c
    return or_(e.next_fetch_at.is_(None), and_(e.fetch_error.is_not(None), e.first_seen_at < now - PATIENCE))


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(recognitions.c.episode_id.is_(None), recognitions.c.next_listen_at <= now)


_COPIED = ("source", "media_type", "language", "digest", "characters", "segments", "body", "labels")


def _update_episode(n: int) -> Any:
    return update(recognitions).where(recognitions.c.episode_id == n)


def _update_recording(n: int) -> Any:
    return update(recordings).where(recordings.c.id == n)


def _ranks(c: Connection, feed_ids: set[int]) -> tuple[dict[int, int], dict[int, datetime]]:
    """(by episode how many of its feed are newer, by feed when its first episodes were seen)."""
    e = episodes.c
    newest_first = func.row_number().over(
        partition_by=e.feed_id, order_by=(func.coalesce(e.published_at, e.first_seen_at).desc(), e.id.desc())
    )
    ranks: dict[int, int] = {}
    began: dict[int, datetime] = {}
    for some in in_batches(sorted(feed_ids)):
        ranked = select(e.id, (newest_first - 1).label("rank")).where(e.feed_id.in_(some))
        ranks.update((r.id, r.rank) for r in c.execute(ranked))
        first = select(e.feed_id, func.min(e.first_seen_at).label("at")).where(e.feed_id.in_(some)).group_by(e.feed_id)
        began.update((r.feed_id, r.at) for r in c.execute(first))
    return ranks, began


def _request(r: AnyRow, ranks: Mapping[int, int], began: Mapping[int, datetime]) -> ListenRequest:
    return ListenRequest(
        episode=episode_of(r),
        feed_url=r.feed_url,
        login=r.login,
        tags=tuple(r.tags),
        listen=r.listen,
        requested=bool(r.requested),
        failures=r.failures or 0,
        rank=ranks.get(r.id, 0),
        was_there=r.first_seen_at <= began[r.feed_id],
    )


def pack_chunk(chunk: RecognisedChunk) -> bytes:
    """A chunk as it is kept: JSON, compressed."""
    return zstandard.compress(orjson.dumps(asdict(chunk)))


def unpack_chunk(body: bytes) -> RecognisedChunk:
    """The inverse of pack_chunk."""
    tree = orjson.loads(zstandard.decompress(body))
    segments = (
        RecognisedSegment(**s | {"words": tuple(RecognisedWord(**w) for w in s["words"])}) for s in tree["segments"]
    )
    voices = (VoiceWindow(**v) for v in tree.get("voices", ()))  # none in a chunk that an older podwatch kept
    return RecognisedChunk(**tree | {"segments": tuple(segments), "voices": tuple(voices)})
