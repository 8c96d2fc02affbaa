"""detect: looks through the transcripts for the watches that were not yet looked for in them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from podwatch import query as detectors
from podwatch.errors import PodwatchError, WatchlistError
from podwatch.line.bugs import Bugs
from podwatch.line.entities import find_entities
from podwatch.line.repeated_passages import PassageLabeller
from podwatch.line.surges import alert_surges
from podwatch.model import ALL, Entity, Shard, Tally, Watch
from podwatch.policy.alerts import build_alerts
from podwatch.policy.holds import old_episode_reason
from podwatch.policy.scopes import is_in_scope
from podwatch.query import Engine, EngineResult, EpisodeFields
from podwatch.runtime import Runtime, log
from podwatch.store.database import Store
from podwatch.store.detect import Detection, TranscriptSource, WatchesToDetect

AGAIN = timedelta(hours=1)  # after a bug
BATCH = 100  # transcripts kept in one transaction: each costs the disk some milliseconds
ENGINES = 8  # of parts of the watchlist


class DetectionPlan:
    """What is to be looked for, compiled. Make it once: processes that are forked from this one have it, too.

    broken: by their names the watches that cannot be looked for, with a line that says why.
    """

    def __init__(self, rt: Runtime) -> None:
        self.todo = rt.store.watches_to_detect()
        self.watches = [w for _, w in self.todo.watches]
        self.engine = detectors.build(self.watches)
        self.broken = stamp_watches(rt, self.watches, self.engine.broken)


class Detector:
    """Looks through transcripts and keeps what is found. done, new: how many they were, and their new mentions."""

    def __init__(self, rt: Runtime, plan: DetectionPlan, now: datetime, bugs: Bugs) -> None:
        self._rt, self._plan, self._now, self._bugs = rt, plan, now, bugs
        self.broken = dict(plan.broken)
        self.done = self.new = 0
        self._live = timedelta(days=rt.settings.live_days)
        self._questions = WatchSelection(plan.todo, plan.broken)
        self._labelling = PassageLabeller(rt.store)
        # By what was looked for before: of a changed watch alone the whole list is not evaluated.
        self._engines = {0: plan.engine}

    def __call__(self, sources: Iterable[TranscriptSource], progress: Callable[[int], None] | None = None) -> None:
        batch: list[Detection] = []
        for source in sources:
            self.done += 1
            try:
                batch.append(self._detect_one(source))
            except Exception as e:  # noqa: BLE001 - raised with the others at the end
                _stamp_bug(self._rt, source, e, self._now, self._bugs)
            if len(batch) >= BATCH:
                self._save(batch)
                batch = []
            if progress is not None:
                progress(self.done)
        self._save(batch)

    def _detect_one(self, source: TranscriptSource) -> Detection:
        asked, in_scope = self._questions.select(source)
        through = source.detected_through
        if through and through not in self._engines and len(self._engines) < ENGINES:
            self._engines[through] = detectors.build(self._plan.todo.after(through))
        result = evaluate(self._rt.store, self._engines.get(through, self._plan.engine), source, in_scope)
        found = self._labelling.label_mentions(source, result.mentions)
        if result.failed:
            failures = {name: _failure(e) for name, e in result.failed.items()}
            self.broken |= stamp_watches(self._rt, self._plan.watches, failures)
            asked = {name: w for name, w in asked.items() if name not in result.failed}
        told = build_alerts(found, [asked[name] for name in dict.fromkeys(m.watch for m in found)], source.episode)
        return Detection(source, asked, found, told, old_episode_reason(source.episode, through, self._now, self._live))

    def _save(self, batch: Sequence[Detection]) -> None:
        self.new += save_batch(self._rt, batch, self._plan.todo.latest, self._now, self._bugs)


def detect(
    rt: Runtime,
    now: datetime,
    shard: Shard = ALL,
    *,
    due: Callable[[int], Iterable[TranscriptSource]] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Tally:
    """Looks for every watch in every transcript that has not seen it; a watch that cannot be built is stamped.

    due: the transcripts in which not every watch up to a number was looked for; None: all that are due now.
    progress: called with how many transcripts were looked through.
    """
    bugs = Bugs("detect")
    plan = DetectionPlan(rt)
    looking = Detector(rt, plan, now, bugs)
    # Reading names takes two seconds an hour of talk: alerts wait for it only where a watch asks for names.
    notes = find_entities(rt, now, shard, bugs) if plan.engine.asks_for_entities else ()
    latest = plan.todo.latest
    looking(due(latest) if due else rt.store.transcripts_due(latest, now, shard), progress)
    if due is None and not plan.engine.asks_for_entities:
        notes = find_entities(rt, now, shard, bugs)
    broken = looking.broken
    if due is None:  # what surges is asked of the present, not of the past that is looked through again
        said, failures = deliver_surges(rt, now, shard)
        broken |= failures
        notes += said
    bugs.raise_all()
    return Tally("detect", looking.done, looking.new, len(broken), (*notes, *broken.values()))


def deliver_surges(rt: Runtime, now: datetime, shard: Shard) -> tuple[tuple[str, ...], dict[str, str]]:
    """Hands what surges to deliver. Returns what there is to say about it, and the watches that failed, with why."""
    said, failures = alert_surges(rt, now, shard)
    return said, stamp_watches(rt, rt.store.watches(), {name: _failure(e) for name, e in failures.items()})


def save_batch(rt: Runtime, batch: Sequence[Detection], through: int, now: datetime, bugs: Bugs) -> int:
    """Keeps what was found in some transcripts at once, or, when one of them cannot be kept, each alone."""
    try:
        return rt.store.save_detections(batch, through, now) if batch else 0
    except Exception as e:  # noqa: BLE001 - one of them cannot be kept: see which
        if len(batch) == 1:
            _stamp_bug(rt, batch[0].source, e, now, bugs)
            return 0
    return sum(save_batch(rt, [d], through, now, bugs) for d in batch)


def _stamp_bug(rt: Runtime, source: TranscriptSource, e: Exception, now: datetime, bugs: Bugs) -> None:
    line = bugs.note(f"{source.episode.show}: {source.episode.title}", e)
    rt.store.save_detect_failure(source, line, now + AGAIN)


def evaluate(store: Store, engine: Engine, source: TranscriptSource, only: Container[str]) -> EngineResult:
    """What an engine finds in a stored transcript: the same for detect and for a backtest."""
    named = store.entities_of([source.transcript.id]) if engine.asks_for_entities else {}
    return engine(source.transcript, episode_fields(source, named.get(source.transcript.id)), only)


class WatchSelection:
    """Which watches are to be looked for in a transcript: worked out once for all transcripts that are alike in it."""

    def __init__(self, todo: WatchesToDetect, broken: Container[str]) -> None:
        self._todo = todo
        self._broken = frozenset(w.name for _, w in todo.watches if w.name in broken)
        self._scopes = tuple(dict.fromkeys(w.scope for _, w in todo.watches))
        self._known: dict[tuple[int, tuple[bool, ...]], tuple[dict[str, Watch], frozenset[str]]] = {}

    def select(self, source: TranscriptSource) -> tuple[dict[str, Watch], frozenset[str]]:
        """(by name the watches that were not yet looked for, the names of those whose scope holds the feed)."""
        feed = (source.feed_url, source.feed_tags, source.transcript.language)
        key = (source.detected_through, tuple(is_in_scope(scope, *feed) for scope in self._scopes))
        if key not in self._known:
            asked = {w.name: w for w in self._todo.after(source.detected_through) if w.name not in self._broken}
            inside = {scope for scope, holds in zip(self._scopes, key[1], strict=True) if holds}
            self._known[key] = asked, frozenset(name for name, w in asked.items() if w.scope in inside)
        return self._known[key]


def episode_fields(source: TranscriptSource, entities: Sequence[Entity] | None) -> EpisodeFields:
    """What a query may ask about the episode of a transcript. entities: None when nobody looked for them."""
    e = source.episode
    return EpisodeFields(title=e.title, notes=e.notes, show=e.show, feed_url=source.feed_url, entities=entities)


def stamp_watches(rt: Runtime, watches: Sequence[Watch], failures: Mapping[str, PodwatchError]) -> dict[str, str]:
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
