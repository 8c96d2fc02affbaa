"""Backtest: what a proposed watchlist would gain and lose over the stored transcripts. Stores nothing.

Only watches that would find something else are evaluated, by the same engine as detect. The mentions of a present watch
are read from the store where detect has looked for it, and evaluated where it has not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from xxhash import xxh3_64_intdigest

from podwatch import query
from podwatch.history.process_pool import choose_process_count, run_in_processes, split_parts
from podwatch.line.detect import evaluate
from podwatch.line.repeated_passages import PassageLabeller
from podwatch.model import SPEECH, DeliverMode, Mention, Scope, Watch
from podwatch.policy.scopes import is_in_scope
from podwatch.query.engine import PLANNED_AFTER
from podwatch.settings import Settings
from podwatch.store.database import Store, explaining_failures, open_store
from podwatch.store.detect import TranscriptSource

SAMPLES = 3  # mentions shown of those gained, and of those lost
TERMS = 10  # surfaces shown of a watch
WEEK = 7 * 86400.0  # seconds
PRESENT = "\x00"  # prefix of a watch's name in the engine: the present watch, beside the proposed one of that name


class WatchChange(StrEnum):
    """How a watch of the proposed list differs from the present ones."""

    NEW = "new"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A watch that would find something else. present, proposed: None when the list has no watch of that name."""

    change: WatchChange
    present: Watch | None
    proposed: Watch | None

    @property
    def name(self) -> str:
        watch = self.proposed or self.present
        assert watch is not None
        return watch.name


@dataclass(frozen=True, slots=True)
class Sample:
    """A mention and its episode (its id). number: a hash by which samples are chosen, the same in every process."""

    number: int
    mention: Mention
    show: str
    title: str
    published_at: datetime | None
    episode: int = 0


@dataclass(slots=True)
class Outcome:
    """The effect on one watch in some transcripts.

    hits: mentions of the proposed watch, and transcripts: in how many they are; gained, lost: those that only the
    proposed, or only the present one has; alerts: identities of the episodes in which the proposed watch raises an
    alert, alerts_now: the present one.
    """

    hits: int = 0
    transcripts: int = 0
    gained: int = 0
    lost: int = 0
    alerts: set[str] = field(default_factory=set)
    alerts_now: set[str] = field(default_factory=set)
    terms: Counter[str] = field(default_factory=Counter)  # surfaces of the hits, in lower case
    samples_gained: list[Sample] = field(default_factory=list)
    samples_lost: list[Sample] = field(default_factory=list)
    failed: int = 0  # transcripts in which it could not be evaluated
    error: str = ""

    def add(self, other: Outcome) -> None:
        self.hits += other.hits
        self.transcripts += other.transcripts
        self.gained += other.gained
        self.lost += other.lost
        self.alerts |= other.alerts
        self.alerts_now |= other.alerts_now
        self.terms += other.terms
        self.samples_gained = choose_samples(self.samples_gained + other.samples_gained)
        self.samples_lost = choose_samples(self.samples_lost + other.samples_lost)
        self.failed += other.failed
        self.error = self.error or other.error


@dataclass(slots=True)
class BacktestResult:
    """The outcomes in some transcripts by the name of the watch. first, last: when their episodes were published."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    transcripts: int = 0
    characters: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, other: BacktestResult) -> None:
        for name, outcome in other.outcomes.items():
            self.outcomes.setdefault(name, Outcome()).add(outcome)
        self.transcripts += other.transcripts
        self.characters += other.characters
        for date in (other.first, other.last):
            self.include_date(date)

    def include_date(self, date: datetime | None) -> None:
        if date is not None:
            self.first = min(self.first or date, date)
            self.last = max(self.last or date, date)

    @property
    def weeks(self) -> float:
        """From the first to the last episode; one at least, so that a day's alerts are not multiplied."""
        if self.first is None or self.last is None:
            return 1.0
        return max(1.0, (self.last - self.first).total_seconds() / WEEK)


def merge_results(parts: Iterable[BacktestResult]) -> BacktestResult:
    """The results of all parts as one."""
    whole = BacktestResult()
    for part in parts:
        whole.add(part)
    return whole


def find_differences(present: Sequence[Watch], proposed: Sequence[Watch]) -> list[Difference]:
    """The watches that would find something else: those of the proposed list in its order, then those it lacks. Pure.

    Watches of surges are left out: no single transcript says what they would find.
    """
    left = {w.name: w for w in present if w.surge is None}
    found = []
    for watch in (w for w in proposed if w.surge is None):
        old = left.pop(watch.name, None)
        if old is None:
            found.append(Difference(change=WatchChange.NEW, present=None, proposed=watch))
        elif old.fingerprint != watch.fingerprint:
            found.append(Difference(change=WatchChange.CHANGED, present=old, proposed=watch))
    return found + [Difference(change=WatchChange.REMOVED, present=w, proposed=None) for w in left.values()]


def compare_mentions(
    d: Difference, source: TranscriptSource, present: Sequence[Mention], proposed: Sequence[Mention]
) -> Outcome:
    """What a watch gains and loses in one transcript. Pure."""
    present_spans, proposed_spans = {(m.start, m.end) for m in present}, {(m.start, m.end) for m in proposed}
    gained = [m for m in proposed if (m.start, m.end) not in present_spans]
    lost = [m for m in present if (m.start, m.end) not in proposed_spans]
    return Outcome(
        hits=len(proposed_spans),
        transcripts=1 if proposed_spans else 0,
        gained=len(gained),
        lost=len(lost),
        alerts={source.episode.identity} if raises_alert(d.proposed, proposed) else set(),
        alerts_now={source.episode.identity} if raises_alert(d.present, present) else set(),
        terms=Counter(m.surface.lower() for m in proposed),
        samples_gained=choose_samples([make_sample(source, m) for m in gained]),
        samples_lost=choose_samples([make_sample(source, m) for m in lost]),
    )


def raises_alert(watch: Watch | None, mentions: Sequence[Mention]) -> bool:
    """Whether these mentions of an episode would raise an alert that somebody is told of, alone or in a digest."""
    if watch is None or watch.deliver is DeliverMode.NONE:
        return False
    return sum(m.label not in watch.skip for m in mentions) >= watch.minimum


def make_sample(source: TranscriptSource, m: Mention) -> Sample:
    e = source.episode
    # Not by the transcript's number, which depends on which of two was fetched first.
    number = xxh3_64_intdigest(f"{e.guid} {m.start} {m.end}".encode("utf-8", "replace"))
    return Sample(number, m, e.show, e.title, e.published_at, e.id)


def choose_samples(samples: list[Sample]) -> list[Sample]:
    """SAMPLES of them, spread over the store, and the same however the transcripts are shared among processes."""
    return sorted(samples, key=lambda s: s.number)[:SAMPLES]


class BacktestPlan:
    """The watches to evaluate, compiled. Make it once: processes that are forked from this one share it.

    planned_after: see query.Engine; for one watch in few transcripts counting words costs more than it saves.
    """

    def __init__(self, differences: Sequence[Difference], planned_after: Sequence[int] = PLANNED_AFTER) -> None:
        self.differences = differences
        proposed = [d.proposed for d in differences if d.proposed is not None]
        present = [replace(d.present, name=PRESENT + d.present.name) for d in differences if d.present is not None]
        self.watches = (*proposed, *present)
        self.engine = query.build_engine(self.watches, planned_after)


class Evaluator:
    """Evaluates the watches of a plan over transcripts, in one process."""

    def __init__(self, store: Store, plan: BacktestPlan) -> None:
        self._store, self._plan, self._engine = store, plan, plan.engine
        self._labeller = PassageLabeller(store)
        self._seqs = store.watch_seqs()
        self._scopes: tuple[Scope, ...] = tuple(dict.fromkeys(w.scope for w in plan.watches))
        self._stored = [d.present.id for d in plan.differences if d.present is not None]
        self._any_skips = any(w.skip for w in plan.watches)
        self._selected: dict[tuple[int, tuple[bool, ...]], frozenset[str]] = {}

    def __call__(self, ids: Sequence[int]) -> BacktestResult:
        result = BacktestResult()
        stored = self._store.load_mentions(ids, self._stored) if self._stored else {}
        for source in self._store.load_sources(ids):
            result.transcripts += 1
            result.characters += len(source.transcript.text)
            result.include_date(source.episode.published_at)
            for name, outcome in self._evaluate(source, stored.get(source.transcript.id, ())):
                result.outcomes.setdefault(name, Outcome()).add(outcome)
        for name, error in self._engine.broken.items():
            result.outcomes.setdefault(name.removeprefix(PRESENT), Outcome()).error = error.line
        return result

    def _evaluate(self, source: TranscriptSource, stored: Sequence[Mention]) -> Iterator[tuple[str, Outcome]]:
        """(name of a watch, its outcome in this transcript); nothing of a watch without mentions."""
        result = evaluate(self._store, self._engine, source, self._select_watches(source))
        found: dict[str, list[Mention]] = {}
        labelled = self._any_skips or source.transcript.source.startswith(SPEECH)  # which may have phantoms
        mentions = self._labeller.label_mentions(source, result.mentions) if labelled else result.mentions
        for m in mentions:
            found.setdefault(m.watch, []).append(m)
        for m in stored:
            if self._was_detected(m.watch, source):
                found.setdefault(PRESENT + m.watch, []).append(m)
        names = {name.removeprefix(PRESENT) for name in found}
        for d in self._plan.differences:
            if d.name in names:
                yield d.name, compare_mentions(d, source, found.get(PRESENT + d.name, ()), found.get(d.name, ()))
        for name, error in result.failed.items():
            yield name.removeprefix(PRESENT), Outcome(failed=1, error=f"{type(error).__name__}: {error}")

    def _was_detected(self, name: str, source: TranscriptSource) -> bool:
        """Whether detect has looked for the present watch of that name in the transcript."""
        return source.detected_through >= self._seqs.get(name, 0)

    def _select_watches(self, source: TranscriptSource) -> frozenset[str]:
        """The watches to evaluate: with the feed in their scope, without present ones that detect has looked for."""
        feed = (source.feed_url, source.feed_tags, source.transcript.language)
        key = (source.detected_through, tuple(is_in_scope(scope, *feed) for scope in self._scopes))
        if key not in self._selected:
            scopes = {scope for scope, holds in zip(self._scopes, key[1], strict=True) if holds}
            self._selected[key] = frozenset(
                w.name
                for w in self._plan.watches
                if w.scope in scopes
                and not (w.name.startswith(PRESENT) and self._was_detected(w.name.removeprefix(PRESENT), source))
            )
        return self._selected[key]


def backtest(
    settings: Settings, differences: Sequence[Difference], ids: Sequence[int], processes: int | None = None
) -> Iterator[BacktestResult]:
    """What these watches find in these transcripts, part after part. processes: None for as many as help."""
    plan = BacktestPlan(differences)

    @contextmanager
    def begin() -> Iterator[Callable[[Sequence[int]], BacktestResult]]:
        with explaining_failures(), closing(open_store(settings)) as store:
            yield Evaluator(store, plan)

    yield from run_in_processes(begin, split_parts(ids), processes or choose_process_count(len(ids)))


def per_week(alerts: int, result: BacktestResult) -> float:
    return round(alerts / result.weeks, 2)


def most_frequent_surfaces(outcome: Outcome) -> list[tuple[str, int]]:
    """(surface, hits), the TERMS most frequent of them."""
    return sorted(outcome.terms.items(), key=lambda t: (-t[1], t[0]))[:TERMS]


def sum_outcomes(outcomes: Mapping[str, Outcome]) -> Outcome:
    """All watches together; alerts are counted by watch and episode."""
    total = Outcome()
    for name, o in outcomes.items():
        alerts, alerts_now = ({f"{name}\x1f{e}" for e in episodes} for episodes in (o.alerts, o.alerts_now))
        total.add(replace(o, alerts=alerts, alerts_now=alerts_now, terms=Counter(), samples_gained=[], samples_lost=[]))
    return total
