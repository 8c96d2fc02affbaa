"""detect: looks through the transcripts for the watches that were not yet looked for in them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from podwatch import query as detectors
from podwatch.errors import PodwatchError, WatchlistError
from podwatch.line.bugs import Bugs
from podwatch.line.entities import find_entities
from podwatch.line.repeated_passages import Labelling
from podwatch.line.surges import tell_surges
from podwatch.model import ALL, Entity, Scope, Shard, Tally, Watch
from podwatch.policy.alerts import alerts
from podwatch.policy.news import why_past
from podwatch.query import About, Engine, Found
from podwatch.runtime import Runtime, log
from podwatch.store.database import Store
from podwatch.store.detect import Detection, Source, Todo

AGAIN = timedelta(hours=1)  # after a bug
BATCH = 100  # transcripts kept in one transaction: each costs the disk some milliseconds
ENGINES = 8  # of parts of the watchlist


class Plan:
    """What is to be looked for, compiled. Make it once: processes that are forked from this one have it, too.

    broken: by their names the watches that cannot be looked for, with a line that says why.
    """

    def __init__(self, rt: Runtime) -> None:
        self.todo = rt.store.watches_to_detect()
        self.watches = [w for _, w in self.todo.watches]
        self.engine = detectors.build(self.watches)
        self.broken = stamped(rt, self.watches, self.engine.broken)


class Looking:
    """Looks through transcripts and keeps what is found. done, new: how many they were, and their new mentions."""

    def __init__(self, rt: Runtime, plan: Plan, now: datetime, bugs: Bugs) -> None:
        self._rt, self._plan, self._now, self._bugs = rt, plan, now, bugs
        self.broken = dict(plan.broken)
        self.done = self.new = 0
        self._live = timedelta(days=rt.settings.live_days)
        self._questions = Questions(plan.todo, plan.broken)
        self._labelling = Labelling(rt.store)
        # By what was looked for before: of a changed watch alone the whole list is not evaluated.
        self._engines = {0: plan.engine}

    def __call__(self, sources: Iterable[Source], progress: Callable[[int], None] | None = None) -> None:
        batch: list[Detection] = []
        for source in sources:
            self.done += 1
            try:
                batch.append(self._one(source))
            except Exception as e:  # noqa: BLE001 - raised with the others at the end
                _stamp(self._rt, source, e, self._now, self._bugs)
            if len(batch) >= BATCH:
                self._keep(batch)
                batch = []
            if progress is not None:
                progress(self.done)
        self._keep(batch)

    def _one(self, source: Source) -> Detection:
        asked, in_scope = self._questions.of(source)
        through = source.through
        if through and through not in self._engines and len(self._engines) < ENGINES:
            self._engines[through] = detectors.build(self._plan.todo.after(through))
        result = looked(self._rt.store, self._engines.get(through, self._plan.engine), source, in_scope)
        found = self._labelling.marked(source, result.mentions)
        if result.failed:
            failures = {name: _failure(e) for name, e in result.failed.items()}
            self.broken |= stamped(self._rt, self._plan.watches, failures)
            asked = {name: w for name, w in asked.items() if name not in result.failed}
        told = alerts(found, [asked[name] for name in dict.fromkeys(m.watch for m in found)], source.episode)
        return Detection(source, asked, found, told, why_past(source.episode, through, self._now, self._live))

    def _keep(self, batch: Sequence[Detection]) -> None:
        self.new += keep(self._rt, batch, self._plan.todo.latest, self._now, self._bugs)


def detect(
    rt: Runtime,
    now: datetime,
    shard: Shard = ALL,
    *,
    due: Callable[[int], Iterable[Source]] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Tally:
    """Looks for every watch in every transcript that has not seen it; a watch that cannot be built is stamped.

    due: the transcripts in which not every watch up to a number was looked for; None: all that are due now.
    progress: called with how many transcripts were looked through.
    """
    bugs = Bugs("detect")
    plan = Plan(rt)
    looking = Looking(rt, plan, now, bugs)
    # Reading names takes two seconds an hour of talk: alerts wait for it only where a watch asks for names.
    notes = find_entities(rt, now, shard, bugs) if plan.engine.asks_for_entities else ()
    latest = plan.todo.latest
    looking(due(latest) if due else rt.store.transcripts_due(latest, now, shard), progress)
    if due is None and not plan.engine.asks_for_entities:
        notes = find_entities(rt, now, shard, bugs)
    broken = looking.broken
    if due is None:  # what surges is asked of the present, not of the past that is looked through again
        said, failures = surges(rt, now, shard)
        broken |= failures
        notes += said
    bugs.raise_all()
    return Tally("detect", looking.done, looking.new, len(broken), (*notes, *broken.values()))


def surges(rt: Runtime, now: datetime, shard: Shard) -> tuple[tuple[str, ...], dict[str, str]]:
    """Hands what surges to deliver. Returns what there is to say about it, and the watches that failed, with why."""
    said, failures = tell_surges(rt, now, shard, lambda s, feed: beyond(s, feed.url, feed.tags, None) is None)
    return said, stamped(rt, rt.store.watches(), {name: _failure(e) for name, e in failures.items()})


def keep(rt: Runtime, batch: Sequence[Detection], through: int, now: datetime, bugs: Bugs) -> int:
    """Keeps what was found in some transcripts at once, or, when one of them cannot be kept, each alone."""
    try:
        return rt.store.save_detections(batch, through, now) if batch else 0
    except Exception as e:  # noqa: BLE001 - one of them cannot be kept: see which
        if len(batch) == 1:
            _stamp(rt, batch[0].source, e, now, bugs)
            return 0
    return sum(keep(rt, [d], through, now, bugs) for d in batch)


def _stamp(rt: Runtime, source: Source, e: Exception, now: datetime, bugs: Bugs) -> None:
    line = bugs.note(f"{source.episode.show}: {source.episode.title}", e)
    rt.store.save_detect_failure(source, line, now + AGAIN)


def looked(store: Store, engine: Engine, source: Source, only: Container[str]) -> Found:
    """What an engine finds in a stored transcript: the same for detect and for a backtest."""
    named = store.entities_of([source.transcript.id]) if engine.asks_for_entities else {}
    return engine(source.transcript, about(source, named.get(source.transcript.id)), only)


class Questions:
    """Which watches are to be looked for in a transcript: worked out once for all transcripts that are alike in it."""

    def __init__(self, todo: Todo, broken: Container[str]) -> None:
        self._todo = todo
        self._broken = frozenset(w.name for _, w in todo.watches if w.name in broken)
        self._scopes = tuple(dict.fromkeys(w.scope for _, w in todo.watches))
        self._known: dict[tuple[int, tuple[bool, ...]], tuple[dict[str, Watch], frozenset[str]]] = {}

    def of(self, source: Source) -> tuple[dict[str, Watch], frozenset[str]]:
        """(by name the watches that were not yet looked for, the names of those whose scope holds the feed)."""
        key = (source.through, tuple(in_scope(scope, source) for scope in self._scopes))
        if key not in self._known:
            asked = {w.name: w for w in self._todo.after(source.through) if w.name not in self._broken}
            inside = {scope for scope, holds in zip(self._scopes, key[1], strict=True) if holds}
            self._known[key] = asked, frozenset(name for name, w in asked.items() if w.scope in inside)
        return self._known[key]


def about(source: Source, entities: Sequence[Entity] | None) -> About:
    """What a query may ask about the episode of a transcript. entities: None when nobody looked for them."""
    e = source.episode
    return About(title=e.title, notes=e.notes, show=e.show, feed_url=source.feed_url, entities=entities)


def stamped(rt: Runtime, watches: Sequence[Watch], failures: Mapping[str, PodwatchError]) -> dict[str, str]:
    """Stamps the watches that cannot be looked for with why; the others go on."""
    lines: dict[str, str] = {}
    for watch in watches:
        if watch.name in failures:
            line = failures[watch.name].line
            lines[watch.name] = f"watch {watch.name}: {line}"
            log.warning("detect: %s", lines[watch.name])
            rt.store.save_watch_error(watch, line)
    return lines


def _failure(e: Exception) -> PodwatchError:
    return e if isinstance(e, PodwatchError) else WatchlistError(f"{type(e).__name__}: {e}", todo="please report it")


class Outside(StrEnum):
    """Why a watch does not look at a feed."""

    EXCLUDED = "the watch excludes this feed, one of its tags, or the language"
    TAGS = "the feed has none of the watch's tags"
    URLS = "the feed is none of those that the watch names"
    LANGUAGES = "the transcript is in none of the watch's languages"


def in_scope(scope: Scope, source: Source) -> bool:
    """Whether a watch looks at this feed at all."""
    return outside(scope, source) is None


def outside(scope: Scope, source: Source) -> Outside | None:
    """Why not; None when it does. What is excluded wins over what is included."""
    return beyond(scope, source.feed_url, source.feed_tags, source.transcript.language)


def beyond(scope: Scope, url: str, feed_tags: Sequence[str], language: str | None) -> Outside | None:
    """Why what is in this language, in a feed with this address and these tags, is outside; None when it is not."""
    tags, language = set(feed_tags), (language or "")[:2].lower()
    if tags & set(scope.not_tags) or url in scope.not_urls or language in _short(scope.not_languages):
        return Outside.EXCLUDED
    if scope.tags and not tags & set(scope.tags):
        return Outside.TAGS
    if scope.urls and url not in scope.urls:
        return Outside.URLS
    return Outside.LANGUAGES if scope.languages and language not in _short(scope.languages) else None


def _short(languages: Sequence[str]) -> set[str]:
    return {name[:2].lower() for name in languages}
