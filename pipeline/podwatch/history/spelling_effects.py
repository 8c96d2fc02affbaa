"""What a proposed spelling would change in what is stored, measured before it is written into the watchlist.

Only the newest transcripts that hold the spelling are searched, by the backtest: matching a name by its sound takes a
tenth of a second an hour of talk. What else would sound like a new alias shows when it is in use.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from podwatch.history.backtest import BacktestResult, Difference, Outcome, WatchChange, backtest, merge_results
from podwatch.history.process_pool import Follow, choose_process_count, follow_nothing
from podwatch.model import Proposal, Watch
from podwatch.query import Engine
from podwatch.query.clauses import Term
from podwatch.settings import Settings
from podwatch.store.database import Store, open_store
from podwatch.watchlist.edits import changed_watches

MAX_TRANSCRIPTS = 200  # searched for one spelling: the newest
PARALLEL_FROM = 10  # transcripts: matching by sound is slow, so that few are worth a second process


@dataclass(frozen=True, slots=True)
class SpellingEffect:
    """The effect of a proposal. transcripts: how many hold its spelling; measured: how many of them were searched."""

    proposal: Proposal
    transcripts: int
    measured: int
    outcome: Outcome


def measure_effects(
    settings: Settings,
    watches: Sequence[Watch],
    proposals: Sequence[Proposal],
    processes: int | None = None,
    follow: Follow[BacktestResult] = follow_nothing,
) -> Iterator[SpellingEffect]:
    """The effect of each proposal alone, in their order.

    watches: the present ones, among them all that a proposal is for. processes: None for as many as help.
    """
    by_name = {w.name: w for w in watches}
    with closing(open_store(settings)) as store:
        ids_by_proposal = transcripts_with_spelling(store, proposals)
    for proposal, ids in zip(proposals, ids_by_proposal, strict=True):
        present = by_name[proposal.watch]
        [proposed] = changed_watches([present], [proposal])
        difference = Difference(change=WatchChange.CHANGED, present=present, proposed=proposed)
        newest = sorted(ids[-MAX_TRANSCRIPTS:])
        count = processes or choose_process_count(len(newest), PARALLEL_FROM)
        whole = merge_results(follow(backtest(settings, [difference], newest, count), len(newest)))
        yield SpellingEffect(proposal, len(ids), len(newest), whole.outcomes.get(present.name, Outcome()))


def transcripts_with_spelling(store: Store, proposals: Sequence[Proposal]) -> list[list[int]]:
    """For each proposal the ids of the transcripts that hold its spelling as words, ascending."""
    terms = {str(i): Term(text=p.spelling, source=p.spelling) for i, p in enumerate(proposals)}
    engine = Engine([(Watch(name=name, query=term.text), term) for name, term in terms.items()])
    found: dict[str, list[int]] = {name: [] for name in terms}
    for source in store.load_sources(store.transcript_ids()):
        for name in {m.watch for m in engine(source.transcript).mentions}:
            found[name].append(source.transcript.id)
    return list(found.values())
