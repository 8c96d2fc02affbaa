"""The search index: keeps it with the transcripts, fills it, and finds in it the transcripts that a query may be in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, exists, func, insert, select, text, union_all

from podwatch.model import Needed, NeededToken, NeedsAll, SearchTokens
from podwatch.store.connection import Rows
from podwatch.store.packing import unpack
from podwatch.store.prune import HAS_TEXT
from podwatch.store.search_tables import search_documents
from podwatch.store.statements import in_batches
from podwatch.store.tables import episodes, mentions, transcripts

STALE_SHARE = 0.25  # of the tokens' rows on SQLite, from which on they are made anew
_ADD_TOKENS = text("INSERT INTO search_tokens (rowid, tokens) VALUES (:id, :tokens)")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A transcript in which a query may find something, as far as the index knows."""

    transcript_id: int
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class SearchScope:
    """Which episodes are searched: published at ``since`` or later, and before ``until``; of one feed."""

    since: datetime | None = None
    until: datetime | None = None
    feed_id: int | None = None

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        e = episodes.c
        found: list[ColumnElement[bool]] = []
        if self.since is not None:
            found.append(e.published_at >= self.since)
        if self.until is not None:
            found.append(e.published_at < self.until)
        if self.feed_id is not None:
            found.append(e.feed_id == self.feed_id)
        return found


@dataclass(frozen=True, slots=True)
class TranscriptSpan:
    """Some transcripts: how many, and when the first and the last of their episodes came out."""

    count: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class IndexState:
    """How many transcripts have a text, how many of these are in the index, and how many of its rows nobody needs."""

    transcripts: int
    indexed: int
    stale: int


@dataclass(frozen=True, slots=True)
class TextToIndex:
    """The text of a transcript that is not in the index, and its revision."""

    id: int
    revision: int
    text: str


class SearchRows(Rows):
    def search_candidates(self, needed: Needed | None, scope: SearchScope) -> list[Candidate]:
        """The transcripts that have these tokens (None: all), and those that are not in the index; newest first.

        Those without a date come last, in the order in which `mentions` lists them.
        """
        d, t, e = search_documents.c, transcripts.c, episodes.c
        columns = (d.transcript_id.label("id"), e.published_at)
        indexed: Select[Any] = select(*columns).join(episodes, e.id == d.episode_id).where(*scope.conditions)
        parts = [_pending(t.id.label("id"), e.published_at).where(*scope.conditions)]
        if needed is None:
            parts.append(indexed)
        else:  # apart, as PostgreSQL uses no index for the one OR the other
            parts += [indexed.where(_has(self.engine.dialect.name, needed)), indexed.where(d.is_whole.is_(False))]
        both = union_all(*parts).subquery()
        query = select(both).order_by(both.c.published_at.desc().nulls_last(), both.c.id.desc())
        return [Candidate(r.id, r.published_at) for r in self.read_rows(query)]

    def transcripts_with_mentions(self, watch_id: int, scope: SearchScope) -> list[Candidate]:
        """Those in which the watch was found, by whatever revision of it; in the same order."""
        t, e, m = transcripts.c, episodes.c, mentions.c
        mine = select(m.transcript_id).where(m.watch_id == watch_id, m.gone_at.is_(None))
        query = select(t.id, e.published_at).join(episodes, e.id == t.episode_id)
        query = query.where(t.id.in_(mine), HAS_TEXT, *scope.conditions)
        rows = self.read_rows(query.order_by(e.published_at.desc().nulls_last(), t.id.desc()))
        return [Candidate(r.id, r.published_at) for r in rows]

    def span_of_transcripts(self, scope: SearchScope) -> TranscriptSpan:
        """How many transcripts there are in the scope, and when the first and the last of their episodes came out."""
        t, e = transcripts.c, episodes.c
        columns = (func.count(), func.min(e.published_at), func.max(e.published_at))
        query = select(*columns).select_from(transcripts).join(episodes, e.id == t.episode_id)
        [row] = self.read_rows(query.where(HAS_TEXT, *scope.conditions))
        count, first, last = row
        return TranscriptSpan(int(count), first, last)

    def search_position(self, transcript_id: int) -> Candidate | None:
        """Where a transcript stands among the others; None for one that is not stored."""
        t = transcripts.c
        query = select(t.id, episodes.c.published_at).join(episodes, episodes.c.id == t.episode_id)
        for r in self.read_rows(query.where(t.id == transcript_id)):
            return Candidate(r.id, r.published_at)
        return None

    def count_searchable(self, scope: SearchScope) -> int:
        """How many transcripts there are in the scope."""
        query = select(func.count()).select_from(transcripts).where(HAS_TEXT)
        if scope.conditions:
            query = query.join(episodes, episodes.c.id == transcripts.c.episode_id).where(*scope.conditions)
        return int(self.read_rows(query)[0][0])

    def index_state(self) -> IndexState:
        """Asked of the database's own counts, not of the texts."""
        with self.reading() as c:
            total = c.execute(select(func.count()).select_from(transcripts).where(HAS_TEXT)).scalar_one()
            indexed = c.execute(select(func.count()).select_from(search_documents)).scalar_one()
            stale = 0
            if c.dialect.name == "sqlite":
                made = c.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'search_documents'")).scalar()
                stale = int(made or 0) - indexed
        return IndexState(total, indexed, stale)

    def texts_to_index(self, most: int) -> list[TextToIndex]:
        """Transcripts that are not in the index yet, the newest first."""
        t = transcripts.c
        query = _pending(t.id, t.revision, t.body).order_by(t.id.desc()).limit(most)
        rows = self.read_rows(query.execution_options(podwatch_binary=True))
        return [TextToIndex(r.id, r.revision, unpack(r.body)[0]) for r in rows]

    def save_index(self, found: Sequence[tuple[TextToIndex, SearchTokens]]) -> int:
        """Adds transcripts to the index; returns how many.

        One that was replaced in the meantime, or indexed by another run, is left out.
        """
        t, known = transcripts.c, {read.id: (read.revision, tokens) for read, tokens in found}
        with self.writing() as c:
            query = (
                _pending(t.id, t.revision)
                .where(t.id.in_(list(known)))
                .with_for_update(of=transcripts, skip_locked=True)
            )
            same = {r.id: known[r.id][1] for r in c.execute(query) if known[r.id][0] == r.revision}
            add_documents(c, same)
        return len(same)

    def clear_index(self) -> None:
        """Empties the index, so that it is made anew."""
        with self.writing() as c:
            clear_documents(c)


def clear_documents(c: Connection) -> None:
    """The same in a transaction of the caller's."""
    c.execute(delete(search_documents))
    if c.dialect.name == "sqlite":
        c.execute(text("INSERT INTO search_tokens (search_tokens) VALUES ('delete-all')"))
        c.execute(text("DELETE FROM sqlite_sequence WHERE name = 'search_documents'"))


def replace_documents(c: Connection, by_episode: Mapping[int, SearchTokens | None]) -> None:
    """Puts the transcripts of episodes into the index, in place of what it held of them.

    None: nobody has read its tokens; it is to be indexed later, and until then every search reads it.
    """
    if not by_episode:
        return
    t = transcripts.c
    for some in in_batches(list(by_episode)):
        rows = c.execute(select(t.id, t.episode_id).where(t.episode_id.in_(some))).all()
        c.execute(delete(search_documents).where(search_documents.c.episode_id.in_(some)))
        known = {r.id: tokens for r in rows if (tokens := by_episode[r.episode_id]) is not None}
        add_documents(c, known)


def add_documents(c: Connection, tokens: Mapping[int, SearchTokens]) -> None:
    """Adds documents for these transcripts, which have none."""
    if not tokens:
        return
    t, d = transcripts.c, search_documents.c
    of = {r.id: r.episode_id for r in c.execute(select(t.id, t.episode_id).where(t.id.in_(list(tokens))))}
    rows = [{"transcript_id": n, "episode_id": of[n], "is_whole": k.is_whole} for n, k in tokens.items() if n in of]
    if not rows:
        return
    if c.dialect.name == "postgresql":
        statement = text(
            "INSERT INTO search_documents (transcript_id, episode_id, is_whole, tokens) "
            "VALUES (:transcript_id, :episode_id, :is_whole, array_to_tsvector(string_to_array(:words, ' '))) "
            "ON CONFLICT (transcript_id) DO NOTHING"  # two that index at once may both have seen none
        )
        c.execute(statement, [row | {"words": tokens[row["transcript_id"]].tokens} for row in rows])
        return
    c.execute(insert(search_documents), rows)
    made = c.execute(select(d.id, d.transcript_id).where(d.transcript_id.in_([r["transcript_id"] for r in rows])))
    c.execute(_ADD_TOKENS, [{"id": r.id, "tokens": tokens[r.transcript_id].tokens} for r in made])


def _pending(*columns: Any) -> Select[Any]:
    """Of the transcripts that have a text, and no document."""
    t = transcripts.c
    has_none = ~exists().where(search_documents.c.transcript_id == t.id)
    return (
        select(*columns)
        .select_from(transcripts)
        .join(episodes, episodes.c.id == t.episode_id)
        .where(HAS_TEXT, has_none)
    )


def _has(dialect: str, needed: Needed) -> ColumnElement[bool]:
    """Whether a document has these tokens."""
    if dialect == "postgresql":
        return text("search_documents.tokens @@ CAST(:needed AS tsquery)").bindparams(needed=to_tsquery(needed))  # type: ignore[return-value]
    return text(  # type: ignore[return-value]
        "search_documents.id IN (SELECT rowid FROM search_tokens WHERE search_tokens MATCH :needed)"
    ).bindparams(needed=to_fts5(needed))


def to_fts5(needed: Needed) -> str:
    """The expression in the language of FTS5. Tokens are letters, digits and _, so nothing has to be escaped."""
    if isinstance(needed, NeededToken):
        return f'"{needed.token}"{" *" if needed.is_prefix else ""}'
    return _joined(" AND " if isinstance(needed, NeedsAll) else " OR ", map(to_fts5, needed.parts))


def to_tsquery(needed: Needed) -> str:
    """The expression in the language of tsquery."""
    if isinstance(needed, NeededToken):
        return f"'{needed.token}'{':*' if needed.is_prefix else ''}"
    return _joined(" & " if isinstance(needed, NeedsAll) else " | ", map(to_tsquery, needed.parts))


def _joined(operator: str, parts: Iterable[str] | Sequence[str]) -> str:
    return f"({operator.join(parts)})"
