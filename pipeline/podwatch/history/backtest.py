"""Backtest: what another watchlist would gain and lose over the stored transcripts. Nothing is stored.

Only watches that find something else are evaluated, by the same engine as detect. What the present watch has is read
from the store where it was looked for already, and evaluated where it was not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from xxhash import xxh3_64_intdigest

from podwatch import query as detectors
from podwatch.history.process_pool import run_in_processes
from podwatch.line.detect import evaluate
from podwatch.line.repeated_passages import PassageLabeller
from podwatch.model import DeliverMode, Mention, Scope, Watch
from podwatch.policy.scopes import is_in_scope
from podwatch.settings import Settings
from podwatch.store.database import Store, explaining_failures, open_store
from podwatch.store.detect import TranscriptSource

PART = 100  # transcripts that a process looks through at a time
SAMPLES = 3  # of what is gained and of what is lost, each
TERMS = 10
WEEK = 7 * 86400.0
BEFORE = "\x00"  # in front of a name: the watch as it is now, beside the one that is tried


class Change(StrEnum):
    """How a watch of the new list differs from the present ones."""

    NEW = "new"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A watch that finds something else: as it is, and as it would be. None: it is not there."""

    change: Change
    now: Watch | None
    then: Watch | None

    @property
    def name(self) -> str:
        watch = self.then or self.now
        assert watch is not None
        return watch.name


@dataclass(frozen=True, slots=True)
class Sample:
    """A mention with where it was said. number: decides whether it is shown, whoever finds it first."""

    number: int
    mention: Mention
    show: str
    title: str
    published_at: datetime | None


@dataclass(slots=True)
class Outcome:
    """What became of one watch in some transcripts. hits: of the watch as it would be; alerts: keys of episodes."""

    hits: int = 0
    gained: int = 0
    lost: int = 0
    alerts: set[str] = field(default_factory=set)
    alerts_now: set[str] = field(default_factory=set)
    terms: Counter[str] = field(default_factory=Counter)  # surfaces, in lower case
    samples_gained: list[Sample] = field(default_factory=list)
    samples_lost: list[Sample] = field(default_factory=list)
    failed: int = 0  # transcripts in which it could not be evaluated
    error: str = ""

    def add(self, other: Outcome) -> None:
        self.hits += other.hits
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
class Part:
    """What some transcripts gave, by the name of the watch. first, last: when their episodes came out."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    transcripts: int = 0
    characters: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def add(self, other: Part) -> None:
        for name, outcome in other.outcomes.items():
            self.outcomes.setdefault(name, Outcome()).add(outcome)
        self.transcripts += other.transcripts
        self.characters += other.characters
        for date in (other.first, other.last):
            self.dated(date)

    def dated(self, date: datetime | None) -> None:
        if date is not None:
            self.first = min(self.first or date, date)
            self.last = max(self.last or date, date)

    @property
    def weeks(self) -> float:
        """Between the first and the last episode; one at least, so that a day's alerts are not taken for more."""
        if self.first is None or self.last is None:
            return 1.0
        return max(1.0, (self.last - self.first).total_seconds() / WEEK)


def find_differences(now: Sequence[Watch], then: Sequence[Watch]) -> list[Difference]:
    """The watches that find something else in the new list, in its order, then those it no longer has. Pure.

    Watches of surges are left out: no single transcript says what they would find.
    """
    there = {w.name: w for w in now if w.surge is None}
    found = []
    for watch in (w for w in then if w.surge is None):
        old = there.pop(watch.name, None)
        if old is None:
            found.append(Difference(change=Change.NEW, now=None, then=watch))
        elif old.fingerprint != watch.fingerprint:
            found.append(Difference(change=Change.CHANGED, now=old, then=watch))
    return found + [Difference(change=Change.REMOVED, now=w, then=None) for w in there.values()]


def compare_mentions(
    d: Difference, source: TranscriptSource, now: Sequence[Mention], then: Sequence[Mention]
) -> Outcome:
    """What a watch gains and loses in one transcript. Pure."""
    was, would = {(m.start, m.end) for m in now}, {(m.start, m.end) for m in then}
    gained = [m for m in then if (m.start, m.end) not in was]
    lost = [m for m in now if (m.start, m.end) not in would]
    return Outcome(
        hits=len(would),
        gained=len(gained),
        lost=len(lost),
        alerts={source.episode.identity} if raises_alert(d.then, then) else set(),
        alerts_now={source.episode.identity} if raises_alert(d.now, now) else set(),
        terms=Counter(m.surface.lower() for m in then),
        samples_gained=choose_samples([sample(source, m) for m in gained]),
        samples_lost=choose_samples([sample(source, m) for m in lost]),
    )


def raises_alert(watch: Watch | None, mentions: Sequence[Mention]) -> bool:
    """Whether these mentions of an episode would raise an alert, on its own or in a digest."""
    if watch is None or watch.deliver is DeliverMode.NONE:
        return False
    return any(m.label not in watch.skip for m in mentions)


def sample(source: TranscriptSource, m: Mention) -> Sample:
    e = source.episode
    number = xxh3_64_intdigest(f"{source.transcript.id} {m.start} {m.end}".encode())
    return Sample(number, m, e.show, e.title, e.published_at)


def choose_samples(samples: list[Sample]) -> list[Sample]:
    """The same few, whichever process finds them first, from all over the store."""
    return sorted(samples, key=lambda s: s.number)[:SAMPLES]


class BacktestPlan:
    """The watches that differ, compiled: once, processes that are forked from this one have them, too."""

    def __init__(self, different: Sequence[Difference]) -> None:
        self.different = different
        tried = [d.then for d in different if d.then is not None]
        present = [replace(d.now, name=BEFORE + d.now.name) for d in different if d.now is not None]
        self.watches = (*tried, *present)
        self.engine = detectors.build(self.watches)


class Evaluator:
    """Evaluates the watches that differ, in one process."""

    def __init__(self, store: Store, trial: BacktestPlan) -> None:
        self._store, self._different = store, trial.different
        self._labelling = PassageLabeller(store)
        self._seqs = store.watch_seqs()
        self._engine, self._watches = trial.engine, trial.watches
        self._scopes: tuple[Scope, ...] = tuple(dict.fromkeys(w.scope for w in self._watches))
        self._stored = [d.now.id for d in self._different if d.now is not None]
        self._skips = any(w.skip for w in self._watches)
        self._asked: dict[tuple[int, tuple[bool, ...]], frozenset[str]] = {}

    def __call__(self, ids: Sequence[int]) -> Part:
        part = Part()
        stored = self._store.load_mentions(ids, self._stored) if self._stored else {}
        for source in self._store.sources(ids):
            part.transcripts += 1
            part.characters += len(source.transcript.text)
            part.dated(source.episode.published_at)
            for name, outcome in self._one(source, stored.get(source.transcript.id, ())):
                part.outcomes.setdefault(name, Outcome()).add(outcome)
        for name, error in self._engine.broken.items():
            plain = name.removeprefix(BEFORE)
            part.outcomes.setdefault(plain, Outcome()).error = error.line
        return part

    def _one(self, source: TranscriptSource, stored: Sequence[Mention]) -> Iterator[tuple[str, Outcome]]:
        result = evaluate(self._store, self._engine, source, self._only(source))
        found: dict[str, list[Mention]] = {}
        mentions = self._labelling.label_mentions(source, result.mentions) if self._skips else result.mentions
        for m in mentions:
            found.setdefault(m.watch, []).append(m)
        for m in stored:
            if self._known(m.watch, source):
                found.setdefault(BEFORE + m.watch, []).append(m)
        names = {name.removeprefix(BEFORE) for name in found}
        for d in self._different:
            if d.name in names:
                yield d.name, compare_mentions(d, source, found.get(BEFORE + d.name, ()), found.get(d.name, ()))
        for name, error in result.failed.items():
            yield name.removeprefix(BEFORE), Outcome(failed=1, error=f"{type(error).__name__}: {error}")

    def _known(self, name: str, source: TranscriptSource) -> bool:
        return source.detected_through >= self._seqs.get(name, 0)

    def _only(self, source: TranscriptSource) -> frozenset[str]:
        """The watches to evaluate: those whose scope holds the feed, without the present ones that were looked for."""
        feed = (source.feed_url, source.feed_tags, source.transcript.language)
        key = (source.detected_through, tuple(is_in_scope(scope, *feed) for scope in self._scopes))
        if key not in self._asked:
            inside = {scope for scope, holds in zip(self._scopes, key[1], strict=True) if holds}
            self._asked[key] = frozenset(
                w.name
                for w in self._watches
                if w.scope in inside
                and not (w.name.startswith(BEFORE) and self._known(w.name.removeprefix(BEFORE), source))
            )
        return self._asked[key]


def backtest(
    settings: Settings,
    different: Sequence[Difference],
    ids: Sequence[int],
    processes: int,
) -> Iterator[Part]:
    """What the watches that differ find in these transcripts, part after part, with a store in each process."""
    trial = BacktestPlan(different)
    groups = [ids[i : i + PART] for i in range(0, len(ids), PART)]

    @contextmanager
    def begin() -> Iterator[Callable[[Sequence[int]], Part]]:
        with explaining_failures(), closing(open_store(settings)) as store:
            yield Evaluator(store, trial)

    yield from run_in_processes(begin, groups, processes)


def per_week(alerts: int, part: Part) -> float:
    return round(alerts / part.weeks, 2)


def most_frequent_surfaces(outcome: Outcome) -> list[tuple[str, int]]:
    """The surfaces that make most hits, the most frequent first."""
    return sorted(outcome.terms.items(), key=lambda t: (-t[1], t[0]))[:TERMS]


def total(outcomes: Mapping[str, Outcome]) -> Outcome:
    """All watches together; alerts are of a watch and an episode, so they are counted by both."""
    whole = Outcome()
    for name, o in outcomes.items():
        keys = {f"{name}\x1f{e}" for e in o.alerts}, {f"{name}\x1f{e}" for e in o.alerts_now}
        whole.add(replace(o, alerts=keys[0], alerts_now=keys[1], terms=Counter(), samples_gained=[], samples_lost=[]))
    return whole
