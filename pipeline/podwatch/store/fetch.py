"""fetch's part of the store: the episodes that want a transcript, and the transcripts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, insert, select, update

from podwatch.model import ALL, Episode, Shard, Transcript, TranscriptRequest
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.episodes import BATCH_SIZE, EPISODE_COLUMNS, episode_of, in_batches
from podwatch.store.packing import unpack
from podwatch.store.tables import episodes, feeds, transcripts


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchResult:
    """What is saved of a request for a transcript.

    fields: its columns; None when it is as it was. next_fetch_at: when to ask whether it was corrected; None: never.
    """

    episode: Episode
    fields: dict[str, Any] | None
    next_fetch_at: datetime | None


class FetchRows(Rows):
    def transcripts_wanted(self, now: datetime, shard: Shard = ALL) -> list[TranscriptRequest]:
        """The episodes whose transcript is to be asked for now, those that have none yet first."""
        with self.reading() as c:
            return [_wanted(r) for r in c.execute(self._wanted(and_(episodes.c.next_fetch_at <= now, _IS_LIVE), shard))]

    def claim_wanted(self, now: datetime, until: datetime, shard: Shard = ALL) -> list[TranscriptRequest]:
        """The same, taken until ``until``: before that nobody else gets them, and after it everybody does."""
        e = episodes.c
        due = select(e.id).where(e.next_fetch_at <= now, _IS_LIVE, *_of(shard)).with_for_update(skip_locked=True)
        with self.writing() as c:
            take = update(episodes).where(e.id.in_(due), e.next_fetch_at <= now)
            mine = set(c.execute(take.values(next_fetch_at=until).returning(e.id)).scalars())
            if not mine:
                return []
            return [_wanted(r) for r in c.execute(self._wanted(e.next_fetch_at == until, shard)) if r.id in mine]

    def extend_claim(self, ids: Collection[int], claimed_until: datetime, until: datetime) -> None:
        """Moves the end of the lease of episodes that were taken until ``taken``; those that somebody else has stay."""
        e, every = episodes.c, sorted(ids)
        with self.writing() as c:
            for i in range(0, len(every), BATCH_SIZE):
                mine = (e.id.in_(every[i : i + BATCH_SIZE]), e.next_fetch_at == claimed_until)
                c.execute(update(episodes).where(*mine).values(next_fetch_at=until))

    def requests_of(self, c: Connection, which: ColumnElement[bool]) -> list[TranscriptRequest]:
        """Episodes with what it takes to ask for their transcripts."""
        return [_wanted(r) for r in c.execute(self._wanted(which, ALL))]

    def _wanted(self, which: ColumnElement[bool], shard: Shard) -> Select[*tuple[Any, ...]]:
        t = transcripts.c
        about = (t.source, t.etag, t.last_modified.label("modified"), t.checks, feeds.c.transcript_page, feeds.c.facts)
        return (
            select(*EPISODE_COLUMNS, *about)
            .join(feeds, feeds.c.id == episodes.c.feed_id)
            .outerjoin(transcripts, t.episode_id == episodes.c.id)
            .where(which, *_of(shard))
            .order_by(t.id.is_not(None), episodes.c.next_fetch_at, episodes.c.id)
        )

    def episodes_without_transcript(self) -> list[Episode]:
        """Every episode that has none, of the backlog too: for files dropped in by hand."""
        query = (
            select(*EPISODE_COLUMNS)
            .join(feeds, feeds.c.id == episodes.c.feed_id)
            .outerjoin(transcripts, transcripts.c.episode_id == episodes.c.id)
            .where(transcripts.c.id.is_(None))
            .order_by(episodes.c.id)
        )
        with self.reading() as c:
            return [episode_of(r) for r in c.execute(query)]

    def save_transcripts(self, fetched: Sequence[FetchResult], now: datetime) -> int:
        """Keeps some transcripts in one transaction; returns how many were not there, or say something else now.

        Another text replaces the old one as the next revision, and is looked through anew.
        """
        new = 0
        fresh: list[dict[str, Any]] = []
        with self.writing() as c:
            known = self._known(c, [f.episode.id for f in fetched])
            c.execute(_MARK_FETCHED, [{"episode": f.episode.id, "again_at": f.next_fetch_at} for f in fetched])
            for f in fetched:
                old = known.get(f.episode.id)
                if old is not None:
                    new += self._save_again(c, f, old, now)
                elif f.fields is not None:
                    fresh.append({"episode_id": f.episode.id, "fetched_at": now, **f.fields})
            if fresh:
                c.execute(insert(transcripts), fresh)
        return new + len(fresh)

    def _known(self, c: Connection, ids: Sequence[int]) -> dict[int, AnyRow]:
        t = transcripts.c
        query = select(t.id, t.episode_id, t.digest, t.revision, t.checks).where(t.episode_id.in_(ids))
        return {r.episode_id: r for r in c.execute(query)}

    def _save_again(self, c: Connection, f: FetchResult, old: AnyRow, now: datetime) -> bool:
        mine = update(transcripts).where(transcripts.c.id == old.id)
        if f.fields is None or old.digest == f.fields["digest"]:
            fresh = {k: v for k, v in (f.fields or {}).items() if k in ("source", "etag", "last_modified")}
            c.execute(mine.values(checks=old.checks + 1, **fresh))
            return False
        c.execute(mine.values(revision=old.revision + 1, detected_through=0, checks=0, fetched_at=now, **f.fields))
        return True

    def take_from_backlog(self, ids: Sequence[int]) -> None:
        """Takes episodes out of the backlog, because a transcript was dropped in for them."""
        with self.writing() as c:
            for some in in_batches(ids):
                c.execute(update(episodes).where(episodes.c.id.in_(some)).values(backlog=False))

    def save_fetch_failures(self, failed: Iterable[tuple[Episode, str, datetime | None]]) -> None:
        """Stamps failures on their episodes: (episode, line, when to ask again; None: not until the feed changes)."""
        with self.writing() as c:
            for episode, error, again_at in failed:
                values = {"fetch_failures": episode.fetch_failures + 1, "fetch_error": error, "next_fetch_at": again_at}
                c.execute(update(episodes).where(episodes.c.id == episode.id).values(**values))

    def set_transcript_page(self, url: str, template: str | None, now: datetime) -> bool:
        """Where a feed's transcript pages are; its episodes without a transcript are asked for again at once."""
        with self.writing() as c:
            feed = c.execute(select(feeds.c.id).where(feeds.c.url == url)).scalar()
            if feed is None:
                return False
            c.execute(update(feeds).where(feeds.c.id == feed).values(transcript_page=template))
            if template is not None:
                have = select(transcripts.c.episode_id)
                older = (episodes.c.feed_id == feed, episodes.c.backlog, episodes.c.fetch_error.is_not(None))
                c.execute(update(episodes).where(*older).values(fetch_error=None, fetch_failures=0))
                lacking = (episodes.c.feed_id == feed, episodes.c.backlog.is_(False), episodes.c.id.not_in(have))
                c.execute(update(episodes).where(*lacking).values(next_fetch_at=now, fetch_failures=0))
        return True


_IS_LIVE = episodes.c.backlog.is_(False)  # the rest is the work of a backfill, with limits of its own

_MARK_FETCHED = (
    update(episodes)
    .where(episodes.c.id == bindparam("episode"))
    .values(next_fetch_at=bindparam("again_at"), fetch_failures=0, fetch_error=None)
)


def _of(shard: Shard) -> list[ColumnElement[bool]]:
    return [episodes.c.id % shard.count == shard.index] if shard.count > 1 else []


def _wanted(r: AnyRow) -> TranscriptRequest:
    return TranscriptRequest(
        episode=episode_of(r),
        page_template=r.transcript_page,
        blocked=bool(r.facts and r.facts.get("blocked")),
        source=r.source,
        etag=r.etag,
        last_modified=r.modified,
        checks=r.checks or 0,
    )


def transcript_of(r: AnyRow) -> Transcript:
    text, offsets, starts, ends, speakers, words = unpack(r.body)
    return Transcript(
        id=r.id,
        episode_id=r.episode_id,
        text=text,
        offsets=offsets,
        starts=starts,
        ends=ends,
        speakers=speakers,
        words=words,
        source=r.source,
        media_type=r.media_type,
        language=r.language,
        revision=r.revision,
    )
