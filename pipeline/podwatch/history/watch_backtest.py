"""A backtest of one watch while it is edited: what it would have found lately, beside what it finds now.

The search index leaves out the transcripts in which neither of the two can be; the others are read as every backtest
reads them, the newest first, so that a part of the answer is soon there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, repeat

from podwatch.history.backtest import (
    BacktestPlan,
    BacktestResult,
    Difference,
    Evaluator,
    Outcome,
    WatchChange,
    merge_results,
)
from podwatch.model import Watch
from podwatch.query.check_warnings import MatchRate
from podwatch.store.database import Store
from podwatch.store.search import Candidate, SearchScope

PLANNED_AFTER = (1,)
PAGES = (10, 25, 50)  # transcripts read at a time, the last again and again


@dataclass(slots=True)
class WatchBacktest:
    """What is known so far of one watch over the transcripts since a day.

    of: all transcripts since then; candidates: those that may have it; read: how many of these the engine has read.
    """

    since: datetime
    of: int = 0
    candidates: int = 0
    read: int = 0
    is_narrowed: bool = True
    result: BacktestResult = field(default_factory=BacktestResult)
    outcome: Outcome = field(default_factory=Outcome)

    @property
    def is_whole(self) -> bool:
        return self.read >= self.candidates

    @property
    def match_rate(self) -> MatchRate:
        """In how many of the transcripts it is; only a whole backtest says it."""
        return MatchRate(self.outcome.transcripts, self.of)


def backtest_watch(
    store: Store,
    present: Watch | None,
    proposed: Watch,
    since: datetime,
    report: Callable[[WatchBacktest], bool] = lambda _: True,
) -> WatchBacktest:
    """What the proposed watch finds in the transcripts since then, and the present one of which it is a change.

    report: called with what is known so far; False ends it. Raises PodwatchError for a watch that cannot be looked for;
    a surge is in no one transcript: there is nothing to read for it.
    """
    scope = SearchScope(since=since)
    span = store.span_of_transcripts(scope)
    found = WatchBacktest(since, of=span.count)
    if proposed.surge is not None:
        return found
    if present is not None and present.surge is not None:
        present = None
    name = proposed.name if present is None else present.name
    change = WatchChange.NEW if present is None else WatchChange.CHANGED
    plan = BacktestPlan(
        [Difference(change=change, present=present, proposed=replace(proposed, name=name))], PLANNED_AFTER
    )
    if name in plan.engine.broken:
        raise plan.engine.broken[name]
    ids = _candidates(store, plan, present, scope)
    found.candidates = len(ids)
    found.is_narrowed = all(plan.engine.needed_tokens(w.name) is not None for w in plan.watches)
    evaluate = Evaluator(store, plan)
    for page in _pages(ids):
        part = evaluate(page)
        result = merge_results((found.result, part))
        for date in (span.first, span.last):  # of all transcripts: what was left out counts for the weeks, too
            result.include_date(date)
        found = replace(found, result=result, outcome=result.outcomes.get(name, Outcome()), read=found.read + len(page))
        if not report(found):
            break
    for date in (span.first, span.last):
        found.result.include_date(date)
    return found


def _candidates(store: Store, plan: BacktestPlan, present: Watch | None, scope: SearchScope) -> Sequence[int]:
    """The transcripts that may have the present or the proposed watch, the newest first."""
    found: dict[int, Candidate] = {}
    for watch in plan.watches:
        found |= {c.transcript_id: c for c in store.search_candidates(plan.engine.needed_tokens(watch.name), scope)}
    if present is not None:  # what an older normaliser has found counts as it is stored
        found |= {c.transcript_id: c for c in store.transcripts_with_mentions(present.id, scope)}
    dated = sorted((c for c in found.values() if c.published_at), key=_age)
    return [c.transcript_id for c in (*dated, *(c for c in found.values() if c.published_at is None))]


def _age(c: Candidate) -> tuple[float, int]:
    return -(c.published_at.timestamp() if c.published_at else 0.0), -c.transcript_id


def _pages(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    sizes = chain(PAGES, repeat(PAGES[-1]))
    done = 0
    while done < len(ids):
        size = next(sizes)
        yield ids[done : done + size]
        done += size
