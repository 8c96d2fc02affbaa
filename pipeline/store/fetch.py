"""fetch's part of the store: the episodes that want a transcript, and the transcripts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from pipeline.model import ALL, Episode, Shard, Transcript
from pipeline.store.engine import AnyRow, Rows
from pipeline.store.episodes import EPISODE, episode_of
from pipeline.store.packing import pack, unpack
from pipeline.store.tables import episodes, feeds, transcripts


class FetchRows(Rows):
    def episodes_due(self, now: datetime, shard: Shard = ALL) -> list[Episode]:
        """The episodes whose transcript is to be asked for now."""
        query = (
            select(*EPISODE)
            .join(feeds, feeds.c.id == episodes.c.feed_id)
            .where(episodes.c.next_fetch_at <= now)
            .order_by(episodes.c.next_fetch_at, episodes.c.id)
        )
        if shard.count > 1:
            query = query.where(episodes.c.id % shard.count == shard.index)
        with self.reading() as c:
            return [episode_of(r) for r in c.execute(query)]

    def save_transcript(self, t: Transcript, now: datetime) -> bool:
        """Keeps the transcript of its episode; False when exactly this one was there already.

        Another text replaces the old one as the next revision, and is looked through anew.
        """
        fields: dict[str, Any] = {
            "source": t.source,
            "media_type": t.media_type,
            "language": t.language,
            "digest": t.digest,
            "fetched_at": now,
            "characters": len(t.text),
            "segments": len(t),
            "body": pack(t.text, t.offsets, t.starts, t.ends, t.speakers, t.words),
        }
        with self.writing() as c:
            c.execute(
                update(episodes)
                .where(episodes.c.id == t.episode_id)
                .values(next_fetch_at=None, fetch_failures=0, fetch_error=None)
            )
            mine = transcripts.c.episode_id == t.episode_id
            old = c.execute(select(transcripts.c.digest, transcripts.c.revision).where(mine)).first()
            if old is None:
                c.execute(insert(transcripts).values(episode_id=t.episode_id, **fields))
            elif old.digest == fields["digest"]:
                return False
            else:
                c.execute(
                    update(transcripts).where(mine).values(revision=old.revision + 1, detected_through=0, **fields)
                )
        return True

    def save_fetch_failure(self, episode: Episode, error: str, again_at: datetime | None) -> None:
        """Stamps the failure on the episode; again_at None: not asked again until the feed says something new."""
        with self.writing() as c:
            c.execute(
                update(episodes)
                .where(episodes.c.id == episode.id)
                .values(fetch_failures=episode.fetch_failures + 1, fetch_error=error, next_fetch_at=again_at)
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
