"""fetch's to-do list and save: the episodes whose transcript is to be requested, and the transcripts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select, update

from podwatch.model import ALL, Episode, SearchTokens, Shard, Transcript, TranscriptRequest
from podwatch.policy.passing_parts import PassingParts, changed_parts, is_same_address
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.episodes import SELECT_EPISODES, episode_of
from podwatch.store.hearings import carry_hearings
from podwatch.store.packing import unpack
from podwatch.store.passing_parts import load_passing, save_passing
from podwatch.store.revisions import keep_revision
from podwatch.store.search import replace_documents
from podwatch.store.statements import in_batches, in_host_shard
from podwatch.store.tables import entity_spans, episodes, feeds, transcripts


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchResult:
    """The result of a request for a transcript.

    fields: the columns of its row; None when it is unchanged. next_fetch_at: when to request it again, in case it was
    corrected; None: never. tokens: of its text, for the search index; None: it is to be indexed later.
    """

    episode: Episode
    fields: dict[str, Any] | None
    next_fetch_at: datetime | None
    tokens: SearchTokens | None = None


class FetchRows(Rows):
    def claim_wanted(self, now: datetime, until: datetime, shard: Shard = ALL) -> list[TranscriptRequest]:
        """Claims the episodes whose transcript is to be requested now, those that have none yet first.

        Until ``until`` no other run gets them; after it they are due again.
        """
        e = episodes.c
        hosts = in_host_shard(feeds.c.bucket, shard)
        of_shard = [e.feed_id.in_(select(feeds.c.id).where(*hosts))] if hosts else []
        due = select(e.id).where(e.next_fetch_at <= now, _IS_LIVE, *of_shard)
        with self.writing() as c:
            claim = update(episodes).where(e.id.in_(due.with_for_update(skip_locked=True)), e.next_fetch_at <= now)
            mine = set(c.execute(claim.values(next_fetch_at=until).returning(e.id)).scalars())
            if not mine:
                return []
            claimed = self.requests_of(c, e.next_fetch_at == until, *of_shard)
            return [request for request in claimed if request.episode.id in mine]

    def extend_claim(self, ids: Collection[int], claimed_until: datetime, until: datetime) -> None:
        """Extends to ``until`` the claims of those of the episodes that are claimed until ``claimed_until``."""
        e = episodes.c
        with self.writing() as c:
            for some in in_batches(sorted(ids)):
                mine = (e.id.in_(some), e.next_fetch_at == claimed_until)
                c.execute(update(episodes).where(*mine).values(next_fetch_at=until))

    def requests_of(self, c: Connection, *where: ColumnElement[bool]) -> list[TranscriptRequest]:
        """The requests for the transcripts of these episodes."""
        t = transcripts.c
        query = (
            SELECT_EPISODES.add_columns(
                t.source,
                t.etag,
                t.last_modified,
                t.checks,
                feeds.c.transcript_page,
                feeds.c.facts,
                feeds.c.url.label("feed_url"),
                feeds.c.login,
            )
            .outerjoin(transcripts, t.episode_id == episodes.c.id)
            .where(*where)
            .order_by(t.id.is_not(None), episodes.c.next_fetch_at, episodes.c.id)
        )
        rows = list(c.execute(query))
        passing = load_passing(c) if any(r.source for r in rows) else {}
        return [_request(r, passing) for r in rows]

    def episodes_without_transcript(self) -> list[Episode]:
        """Every episode that has none, those of the backlog too: for transcripts that people provide as files."""
        query = SELECT_EPISODES.outerjoin(transcripts, transcripts.c.episode_id == episodes.c.id)
        return [episode_of(r) for r in self.read_rows(query.where(transcripts.c.id.is_(None)).order_by(episodes.c.id))]

    def episodes_with_transcript(self) -> list[Episode]:
        """Of every episode that has one: show, date and identity alone."""
        query = (
            select(feeds.c.title, episodes.c.published_at, episodes.c.identity)
            .join(feeds, feeds.c.id == episodes.c.feed_id)
            .join(transcripts, transcripts.c.episode_id == episodes.c.id)
        )
        return [
            Episode(guid="", show=r.title, published_at=r.published_at, identity=r.identity)
            for r in self.read_rows(query)
        ]

    def save_transcripts(self, fetched: Sequence[FetchResult], now: datetime) -> int:
        """Saves some transcripts in one transaction; returns how many are new or have changed.

        A changed one replaces the stored one as its next revision, in which every watch is looked for again.
        """
        if not fetched:
            return 0
        new = 0
        fresh: list[dict[str, Any]] = []
        passing: dict[str, frozenset[str]] = {}
        indexed: dict[int, SearchTokens | None] = {}
        with self.writing() as c:
            known = self._known(c, [f.episode.id for f in fetched])
            c.execute(_MARK_FETCHED, [{"row": f.episode.id, "at": f.next_fetch_at} for f in fetched])
            for f in fetched:
                old = known.get(f.episode.id)
                if old is not None:
                    is_new = self._save_again(c, f, old, now)
                    new += is_new
                    if is_new:
                        indexed[f.episode.id] = f.tokens
                    moved = None if is_new or f.fields is None else changed_parts(old.source, f.fields["source"])
                    if moved is not None and moved[1]:  # the same text at another address
                        passing[moved[0]] = moved[1] | passing.get(moved[0], frozenset())
                elif f.fields is not None:
                    fresh.append({"episode_id": f.episode.id, "fetched_at": now, **f.fields})
                    indexed[f.episode.id] = f.tokens
            if fresh:
                c.execute(insert(transcripts), fresh)
            replace_documents(c, indexed)
            if passing:
                save_passing(c, load_passing(c), passing, now)
        return new + len(fresh)

    def _known(self, c: Connection, ids: Sequence[int]) -> dict[int, AnyRow]:
        t = transcripts.c
        columns = (t.id, t.episode_id, t.digest, t.revision, t.checks, t.source, t.pruned_at)
        query = select(*columns).where(t.episode_id.in_(ids))
        return {r.episode_id: r for r in c.execute(query)}

    def _save_again(self, c: Connection, f: FetchResult, old: AnyRow, now: datetime) -> bool:
        mine = update(transcripts).where(transcripts.c.id == old.id)
        if old.pruned_at is not None and f.fields is not None:
            revision = old.revision + (old.digest != f.fields["digest"])
            fresh = {"revision": revision, "detected_through": 0, "checks": 0, "fetched_at": now, "pruned_at": None}
            c.execute(mine.values(**fresh, **f.fields))
            c.execute(delete(entity_spans).where(entity_spans.c.transcript_id == old.id))  # to be read for names anew
            return True
        if f.fields is None or old.digest == f.fields["digest"]:
            fresh = {k: v for k, v in (f.fields or {}).items() if k in ("source", "etag", "last_modified")}
            c.execute(mine.values(checks=old.checks + 1, **fresh))
            return False
        keep_revision(c, old.id)
        carry_hearings(c, old.id, old.revision, f.fields["body"])
        c.execute(mine.values(revision=old.revision + 1, detected_through=0, checks=0, fetched_at=now, **f.fields))
        return True

    def take_from_backlog(self, ids: Sequence[int]) -> None:
        """Takes episodes out of the backlog, because somebody provided a transcript for them."""
        with self.writing() as c:
            for some in in_batches(ids):
                c.execute(update(episodes).where(episodes.c.id.in_(some)).values(backlog=False))

    def save_fetch_failures(self, failed: Iterable[tuple[Episode, str, datetime | None]]) -> None:
        """Records failures on their episodes: (episode, line, when to retry; None: not until the feed changes)."""
        with self.writing() as c:
            for episode, error, again_at in failed:
                values = {"fetch_failures": episode.fetch_failures + 1, "fetch_error": error, "next_fetch_at": again_at}
                c.execute(update(episodes).where(episodes.c.id == episode.id).values(**values))

    def set_transcript_page(self, url: str, template: str | None, now: datetime) -> bool:
        """Sets the template of a feed's transcript pages; its episodes without a transcript are due at once.

        False when there is no such feed.
        """
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


_IS_LIVE = episodes.c.backlog.is_(False)  # the backlog is the work of backfills, which have limits of their own

_MARK_FETCHED = (
    update(episodes)
    .where(episodes.c.id == bindparam("row"))
    .values(next_fetch_at=bindparam("at"), fetch_failures=0, fetch_error=None)
)


def _request(r: AnyRow, passing: PassingParts) -> TranscriptRequest:
    episode, source = episode_of(r), r.source
    if source and passing:  # under its address of today, so that it is asked for with its validators
        source = next((t.url for t in episode.transcripts if is_same_address(t.url, source, passing)), source)
    return TranscriptRequest(
        episode=episode,
        page_template=r.transcript_page,
        blocked=bool(r.facts and r.facts.get("blocked")),
        feed_url=r.feed_url,
        login=r.login,
        source=source,
        etag=r.etag,
        last_modified=r.last_modified,
        checks=r.checks or 0,
    )


def transcript_of(r: AnyRow) -> Transcript:
    """The transcript of a row; its columns are unpacked when one of them is first used."""
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
