"""detect, the third verb: searches transcripts for the watches that were not yet looked for in them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from podwatch import query
from podwatch.line.bugs import RETRY_AFTER_BUG, Bugs, explain_stop
from podwatch.line.entities import find_entities
from podwatch.line.repeated_passages import PassageLabeller
from podwatch.line.surges import alert_surges
from podwatch.line.watch_errors import stamp_watches
from podwatch.model import ALL, Entity, Shard, Tally, Watch
from podwatch.policy.alerts import build_alerts
from podwatch.policy.hearing_schedule import LONGEST_WAIT
from podwatch.policy.holds import old_episode_reason
from podwatch.policy.scopes import is_in_scope
from podwatch.query import Engine, EngineResult, EpisodeFields
from podwatch.redaction import display_address
from podwatch.runtime import Runtime
from podwatch.store.database import Store
from podwatch.store.detect import Detection, TranscriptSource, WatchesToDetect

BATCH = 100  # transcripts stored in one transaction: a commit waits some milliseconds for the disk
MAX_ENGINES = 8  # compiled of parts of the watchlist, each for transcripts that were searched up to the same watch


class DetectionPlan:
    """The watches to look for, compiled. Make it once: processes that are forked from this one share it.

    broken: by its name each watch that cannot be looked for, with the line that reports why.
    """

    def __init__(self, rt: Runtime) -> None:
        self.todo = rt.store.watches_to_detect()
        self.watches = [w for _, w in self.todo.watches]
        self.engine = query.build_engine(self.watches)
        self.broken = stamp_watches(rt, self.watches, self.engine.broken)


class Detector:
    """Searches transcripts and stores what it finds. done, new: how many they were, and their new mentions."""

    def __init__(self, rt: Runtime, plan: DetectionPlan, now: datetime, bugs: Bugs) -> None:
        self._rt, self._plan, self._now, self._bugs = rt, plan, now, bugs
        self.broken = dict(plan.broken)
        self.done = self.new = 0
        self._live = timedelta(days=rt.settings.live_days)
        self._selection = WatchSelection(plan.todo, plan.broken)
        self._labeller = PassageLabeller(rt.store)
        # By the number up to which watches were looked for before: for a changed watch only that is evaluated.
        self._engines = {0: plan.engine}

    def __call__(self, sources: Iterable[TranscriptSource], progress: Callable[[int], None] | None = None) -> None:
        """progress: called with how many transcripts are done. A bug is stamped on its transcript."""
        batch: list[Detection] = []
        for source in sources:
            self.done += 1
            try:
                batch.append(self._search(source))
            except Exception as e:  # noqa: BLE001 - raised with the others at the end
                self._stamp_bug(source, e)
            if len(batch) >= BATCH:
                self._save(batch)
                batch = []
            if progress is not None:
                progress(self.done)
        self._save(batch)

    def _search(self, source: TranscriptSource) -> Detection:
        watches, in_scope = self._selection.select(source)
        through = source.detected_through
        if through and through not in self._engines and len(self._engines) < MAX_ENGINES:
            self._engines[through] = query.build_engine(self._plan.todo.after(through))
        engine, speech = self._engines.get(through, self._plan.engine), self._rt.settings.speech
        has_audio = bool(source.episode.audio_url)
        asks, widely = speech.again and has_audio, speech.again_widely and has_audio
        result = evaluate(self._rt.store, engine, source, in_scope, asks_audio=asks, asks_widely=widely)
        mentions = self._labeller.label_mentions(source, result.mentions)
        if result.failed:
            self.broken |= stamp_watches(self._rt, self._plan.watches, result.failed)
            watches = {name: w for name, w in watches.items() if name not in result.failed}
        mentioned = [watches[name] for name in dict.fromkeys(m.watch for m in mentions)]
        alerts = build_alerts(mentions, mentioned, source.episode)
        old = old_episode_reason(source.episode, through, self._now, self._live)
        return Detection(source, watches, mentions, alerts, old, result.doubts, result.left)

    def _save(self, batch: Sequence[Detection]) -> None:
        """Stores what was found in some transcripts at once; when that fails, each alone."""
        try:
            self.new += self._rt.store.save_detections(batch, self._plan.todo.latest, self._now) if batch else 0
        except Exception as e:  # noqa: BLE001 - raised with the others at the end
            if len(batch) == 1 or explain_stop(e) is not None:
                self._stamp_bug(batch[0].source, e)
            else:
                for detection in batch:
                    self._save([detection])

    def _stamp_bug(self, source: TranscriptSource, e: Exception) -> None:
        line = self._bugs.note(f"{source.episode.show}: {source.episode.title}", e)
        self._rt.store.save_detect_failure(source, line, self._now + RETRY_AFTER_BUG)


def detect(
    rt: Runtime,
    now: datetime,
    shard: Shard = ALL,
    *,
    due: Callable[[int], Iterable[TranscriptSource]] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Tally:
    """Looks for every watch in every transcript in which it was not yet looked for.

    due: from the latest watch's number to the transcripts to search; None: all that are due now, and then names and
    surges, too. progress: called with how many transcripts are done.
    """
    bugs = Bugs("detect")
    if due is None:
        leave_late_doubts(rt, now)
    plan = DetectionPlan(rt)
    detector = Detector(rt, plan, now, bugs)
    # Recognising names takes two seconds an hour of talk: alerts wait for it only where a watch asks for names.
    notes = find_entities(rt, now, shard, bugs) if plan.engine.asks_for_entities else ()
    latest = plan.todo.latest
    detector(due(latest) if due else rt.store.transcripts_due(latest, now, shard), progress)
    broken = detector.broken
    if due is None:
        if not plan.engine.asks_for_entities:
            notes = find_entities(rt, now, shard, bugs)
        surge_notes, failures = alert_surges(rt, now, shard)
        broken |= failures
        notes += surge_notes
    bugs.raise_all()
    return Tally("detect", detector.done, detector.new, len(broken), (*notes, *broken.values()))


def leave_late_doubts(rt: Runtime, now: datetime) -> None:
    """Leaves to the text the places that nothing has heard again: what hears may be switched off, or never run."""
    rt.store.expire_hearings(now - LONGEST_WAIT, now)


def evaluate(
    store: Store,
    engine: Engine,
    source: TranscriptSource,
    only: Container[str],
    *,
    asks_audio: bool = False,
    asks_widely: bool = False,
) -> EngineResult:
    """What an engine finds in a stored transcript, for detect and for a backtest alike. only: names of watches.

    asks_audio, asks_widely: see EpisodeFields; only detect does, what was heard again counts for all.
    """
    number = source.transcript.id
    entities = store.entities_of([number]) if engine.asks_for_entities else {}
    heard = store.hearings_of([number]) if engine.goes_by_sound else {}
    fields = episode_fields(source, entities.get(number))
    hearings = heard.get(number, ())
    fields = replace(fields, hearings=hearings, asks_audio=asks_audio, asks_widely=asks_widely)
    return engine(source.transcript, fields, only)


def episode_fields(source: TranscriptSource, entities: Sequence[Entity] | None) -> EpisodeFields:
    """What a query may ask about the episode of a transcript. entities: None when it was not read for names."""
    e = source.episode
    return EpisodeFields(
        title=e.title, notes=e.notes, show=e.show, feed_url=display_address(source.feed_url), entities=entities
    )


class WatchSelection:
    """Which watches to look for in a transcript, decided once for all transcripts that do not differ in it."""

    def __init__(self, todo: WatchesToDetect, broken: Container[str]) -> None:
        self._todo = todo
        self._broken = frozenset(w.name for _, w in todo.watches if w.name in broken)
        self._scopes = tuple(dict.fromkeys(w.scope for _, w in todo.watches))
        self._selected: dict[tuple[int, tuple[bool, ...]], tuple[dict[str, Watch], frozenset[str]]] = {}

    def select(self, source: TranscriptSource) -> tuple[dict[str, Watch], frozenset[str]]:
        """(by name the watches that were not yet looked for in it, the names of those whose scope holds its feed)"""
        feed = (source.feed_url, source.feed_tags, source.transcript.language)
        key = (source.detected_through, tuple(is_in_scope(scope, *feed) for scope in self._scopes))
        if key not in self._selected:
            watches = {w.name: w for w in self._todo.after(source.detected_through) if w.name not in self._broken}
            scopes = {scope for scope, holds in zip(self._scopes, key[1], strict=True) if holds}
            self._selected[key] = watches, frozenset(name for name, w in watches.items() if w.scope in scopes)
        return self._selected[key]
