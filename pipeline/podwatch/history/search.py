"""Search: what a query of the watch language finds in all stored transcripts, the newest first.

The index leaves out the transcripts that cannot have it; in the others the engine of detect decides, with the same
labels, so that a search finds what a watch would find.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat

from podwatch import query
from podwatch.errors import PodwatchError
from podwatch.line.detect import evaluate
from podwatch.line.repeated_passages import PassageLabeller
from podwatch.model import SPEECH, Mention, Needed, Watch
from podwatch.query import Engine
from podwatch.redaction import display_address
from podwatch.store.database import Store
from podwatch.store.detect import TranscriptSource
from podwatch.store.search import Candidate, SearchScope

NAME = "search"  # of the watch that a query is made into
PAGES = (20, 50)  # transcripts read at a time, the last again and again: the first hits are soon enough
PLANNED_AFTER = (1,)  # for one query in few transcripts counting words costs more than it saves
MOST_READ = 5000  # transcripts read for one search
LONGEST_QUERY = 4000  # characters
UNKNOWN = ""  # the speaker, or the month, of a hit that has none


@dataclass(frozen=True, slots=True)
class CompiledSearch:
    """A query that can be searched. needed: the tokens that a transcript must have; None: every transcript is read."""

    text: str
    engine: Engine
    needed: Needed | None


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A mention that a search found, and the transcript that it is in."""

    mention: Mention
    source: TranscriptSource


@dataclass(slots=True)
class Facets:
    """How many hits there are by feed (its number), by speaker, and by month (2026-11); of feeds also their titles."""

    feeds: Counter[int] = field(default_factory=Counter)
    speakers: Counter[str] = field(default_factory=Counter)
    months: Counter[str] = field(default_factory=Counter)
    titles: dict[int, str] = field(default_factory=dict)

    def count(self, source: TranscriptSource, mentions: Sequence[Mention]) -> None:
        e = source.episode
        self.feeds[e.feed_id] += len(mentions)
        self.titles[e.feed_id] = e.show or display_address(source.feed_url)
        self.months[f"{e.published_at:%Y-%m}" if e.published_at else UNKNOWN] += len(mentions)
        self.speakers.update(m.speaker or UNKNOWN for m in mentions)


@dataclass(slots=True)
class SearchResult:
    """What was found, and how much was looked at.

    count, episodes: of all hits in what was read, also beyond those in ``hits``. candidates: transcripts that the index
    left in; read: how many of them the engine has read. after: where the next page begins, None when this was the last.
    """

    hits: list[SearchHit] = field(default_factory=list)
    facets: Facets = field(default_factory=Facets)
    count: int = 0
    episodes: int = 0
    candidates: int = 0
    read: int = 0
    is_narrowed: bool = True
    after: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether every transcript that may hold the query was read."""
        return self.read == self.candidates


def compile_search(text: str) -> CompiledSearch:
    """Raises PodwatchError (of the query) with the column of the mistake."""
    if not text.strip():
        raise PodwatchError("is empty", where="the query", todo="write a word or a query of the watch language")
    if len(text) > LONGEST_QUERY:
        raise PodwatchError(f"is longer than {LONGEST_QUERY:,} characters", where="the query", todo="make it shorter")
    watch = Watch(name=NAME, query=text)
    engine = Engine([(watch, query.clause_of(watch))], PLANNED_AFTER)
    if NAME in engine.broken:
        raise engine.broken[NAME]
    return CompiledSearch(text, engine, engine.needed_tokens(NAME))


def search(
    store: Store,
    compiled: CompiledSearch,
    scope: SearchScope,
    *,
    limit: int,
    after: int | None = None,
    facets: bool = False,
    most_read: int = MOST_READ,
    may_continue: Callable[[], bool] = lambda: True,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> SearchResult:
    """The hits in whole episodes, until there are ``limit`` of them at least, or ``most_read`` transcripts were read.

    after: the number of the transcript behind which to begin. facets: read on behind the last hit, to count.
    may_continue: asked behind each transcript; a name by its sound takes a hundred times as long as a word.
    """
    candidates = _behind(store, store.search_candidates(compiled.needed, scope), after)
    result = SearchResult(candidates=len(candidates), is_narrowed=compiled.needed is not None)
    for source, mentions in _read(store, compiled.engine, candidates[:most_read]):
        result.read += 1
        progress(result.read, min(len(candidates), most_read))
        if mentions:
            result.count += len(mentions)
            result.episodes += 1
            result.facets.count(source, mentions)
            if len(result.hits) < limit:
                result.hits += [SearchHit(m, source) for m in mentions]
                result.after = source.transcript.id
        if (len(result.hits) >= limit and not facets) or not may_continue():
            break
    if result.is_whole and len(result.hits) == result.count:
        result.after = None
    elif len(result.hits) < limit and result.read:  # the bound was met first: go on behind what was read
        result.after = candidates[result.read - 1].transcript_id
    return result


def _behind(store: Store, candidates: list[Candidate], after: int | None) -> list[Candidate]:
    """Those that come later than the transcript of that number, which need not be a candidate any more itself."""
    if after is None:
        return candidates
    last = store.search_position(after)
    if last is None:
        raise PodwatchError("is gone", where=f"the transcript {after}", todo="begin again with the first page")
    return [c for c in candidates if _place(c) > _place(last)]


def _place(c: Candidate) -> tuple[bool, float, int]:
    """Newest first, without a date last, as the store orders them."""
    return c.published_at is None, -(c.published_at.timestamp() if c.published_at else 0.0), -c.transcript_id


def _read(
    store: Store, engine: Engine, candidates: Sequence[Candidate]
) -> Iterator[tuple[TranscriptSource, Sequence[Mention]]]:
    """Each of these transcripts that is still stored, in their order, and what the engine finds in it."""
    labeller = PassageLabeller(store)
    sizes = chain(PAGES, repeat(PAGES[-1]))
    done = 0
    while done < len(candidates):
        page = [c.transcript_id for c in candidates[done : done + next(sizes)]]
        done += len(page)
        sources = {s.transcript.id: s for s in store.load_sources(page)}
        for source in (sources[n] for n in page if n in sources):
            result = evaluate(store, engine, source, (NAME,))
            for error in result.failed.values():
                raise error
            mentions: Sequence[Mention] = result.mentions
            if mentions and source.transcript.source.startswith(SPEECH):  # which may have what nobody said
                mentions = labeller.label_mentions(source, mentions)
            yield source, mentions
