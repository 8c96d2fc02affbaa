"""Converts mentions to rows and rows to mentions; lists and counts what people read of the store."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select

from podwatch.model import GUESSED, DeliveryKind, DeliveryState, Episode, Kind, Mention
from podwatch.store.connection import AnyRow, Rows
from podwatch.store.episodes import SELECT_EPISODES, episode_of
from podwatch.store.recording_tables import recognitions
from podwatch.store.tables import channels, deliveries, episodes, feeds, mentions, transcripts, watches

# The fields of Mention that are stored under their own names as they are.
_FIELDS = tuple(f.name for f in fields(Mention) if f.name not in ("watch", "kind", "seconds"))
_COUNTED = {t.name: t for t in (feeds, episodes, transcripts, mentions, deliveries)}


@dataclass(frozen=True, slots=True)
class StoredMention:
    """A stored mention with where it was found."""

    mention: Mention
    episode: Episode
    transcript_id: int
    mention_id: int
    found_at: datetime
    retired_at: datetime | None = None  # when its watch was taken off the watchlist


@dataclass(frozen=True, slots=True)
class NewMentions:
    """Mentions that were stored after some other one. ids: the first of them; last: the newest one of all."""

    ids: tuple[int, ...]
    count: int
    last: int


class MentionRows(Rows):
    def newest_mention_id(self) -> int:
        """0 when there is no mention."""
        with self.reading() as c:
            return int(c.execute(select(func.max(mentions.c.id))).scalar() or 0)

    def mentions_after(self, id: int, most: int) -> NewMentions:
        """Those of ids above this one that their transcripts still say, ``most`` of their ids at most."""
        m = mentions.c
        newer = (m.id > id, m.gone_at.is_(None))
        with self.reading() as c:
            count, last = c.execute(select(func.count(), func.max(m.id)).where(*newer)).one()
            ids = tuple(c.execute(select(m.id).where(*newer).order_by(m.id).limit(most)).scalars())
        return NewMentions(ids, count, last or id)

    def mentions(
        self,
        *,
        watch: str | None = None,
        feed_id: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
        retired: bool = False,
    ) -> Iterator[StoredMention]:
        """The mentions in episodes published at ``since`` or later, and before ``until``.

        Of enabled watches; retired: also of those that were taken off the watchlist. The newest episode comes first,
        those without a date last; its mentions in the order of the text.
        """
        m = mentions.c
        query = (
            select(mentions, watches.c.name.label("watch"), watches.c.disabled_at)
            .join(watches, watches.c.id == m.watch_id)
            .join(episodes, episodes.c.id == m.episode_id)
            .where(m.gone_at.is_(None), *([] if retired else [watches.c.enabled]))
            .order_by(episodes.c.published_at.desc().nulls_last(), m.episode_id, m.start, m.id)
        )
        if watch is not None:
            query = query.where(watches.c.name == watch)
        if since is not None:
            query = query.where(episodes.c.published_at >= since)
        if until is not None:
            query = query.where(episodes.c.published_at < until)
        if feed_id is not None:
            query = query.where(episodes.c.feed_id == feed_id)
        if limit is not None:
            query = query.limit(limit)
        known: dict[int, Episode] = {}
        with self.reading() as c:
            for r in c.execute(query).all():
                if r.episode_id not in known:
                    episode = c.execute(SELECT_EPISODES.where(episodes.c.id == r.episode_id)).one()
                    known[r.episode_id] = episode_of(episode)
                found = (mention_of(r, r.watch), known[r.episode_id], r.transcript_id, r.id, r.found_at, r.disabled_at)
                yield StoredMention(*found)

    def counts(self) -> dict[str, int]:
        """How many rows there are of each noun, by the name of its table."""
        with self.reading() as c:
            return {name: c.execute(select(func.count()).select_from(t)).scalar_one() for name, t in _COUNTED.items()}

    def transcript_bytes(self) -> int:
        """The size of all transcripts in the database, compressed, with their labels."""
        t = transcripts.c
        with self.reading() as c:
            return int(c.execute(select(func.sum(func.length(t.body) + func.length(t.labels)))).scalar() or 0)

    def guessed_charsets(self) -> list[tuple[str, str]]:
        """(title of the episode, media type) of transcripts whose charset was a mere guess, the newest first."""
        t = transcripts.c
        query = select(episodes.c.title, t.media_type).join(episodes, episodes.c.id == t.episode_id)
        query = query.where(t.media_type.endswith(GUESSED, autoescape=True)).order_by(t.fetched_at.desc(), t.id.desc())
        return [(r.title, r.media_type) for r in self.read_rows(query)]

    def identities(self) -> list[str]:
        """The identity of each episode, in the order in which they were stored."""
        return [r.identity for r in self.read_rows(select(episodes.c.identity).order_by(episodes.c.id))]

    def alert_states(self) -> dict[str, int]:
        """How many alerts are in each state; "held: REASON" for the held ones."""
        d = deliveries.c
        query = select(d.state, d.error, func.count().label("n")).where(d.kind == DeliveryKind.ALERT.value)
        counts: Counter[str] = Counter()
        for r in self.read_rows(query.group_by(d.state, d.error)):
            counts[f"held: {r.error}" if r.state == DeliveryState.HELD else r.state] += r.n
        return dict(counts)

    def errors(self) -> dict[str, list[str]]:
        """The failures as they stand on their rows: noun -> lines."""
        d, w = deliveries.c, watches.c
        failing = d.state.in_((DeliveryState.DEAD.value, DeliveryState.RETRY.value))
        lines = {
            "feed": (feeds.c.error,),
            "episode": (episodes.c.fetch_error,),
            "audio": (recognitions.c.error, ~exists().where(transcripts.c.episode_id == recognitions.c.episode_id)),
            "watch": (w.name + ": " + w.error, w.enabled),
            "channel": (channels.c.error,),
            "delivery": (d.error, failing),
        }
        with self.reading() as c:
            return {
                noun: list(c.execute(select(line).where(line.is_not(None), *where)).scalars())
                for noun, (line, *where) in lines.items()
            }


def mention_of(r: AnyRow, watch: str) -> Mention:
    """The mention of a row; ``watch`` is the name of its watch."""
    return Mention(
        watch=watch,
        kind=Kind(r.kind),
        score=r.score,
        surface=r.surface,
        start=r.start,
        end=r.end,
        seconds=math.nan if r.seconds is None else r.seconds,
        approximate=r.approximate,
        segment=r.segment,
        speaker=r.speaker,
        snippet=r.snippet,
        snippet_start=r.snippet_start,
        reason=r.reason,
        label=r.label,
    )


def mention_columns(m: Mention) -> dict[str, Any]:
    """What a mention itself puts into its row, without what it belongs to."""
    return {
        "kind": m.kind.value,
        "seconds": None if math.isnan(m.seconds) else m.seconds,
        **{name: getattr(m, name) for name in _FIELDS},
    }
