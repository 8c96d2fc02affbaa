"""What a spelling that is to be learned would change in what is stored, before it is written into the watchlist.

Only transcripts that hold the spelling are looked through, by the engine of the backtest: matching a name by its
sound takes a tenth of a second an hour of talk, and what else would sound like a new alias is seen when it is in use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from podwatch.history.backtest import Change, Difference, Outcome, Part, backtest
from podwatch.model import Proposal, Watch
from podwatch.query import Engine
from podwatch.query.clauses import Term
from podwatch.settings import Settings
from podwatch.store.database import Store, open_store
from podwatch.watchlist.edits import changed_watches

MOST = 200  # transcripts that hold a spelling; of more, the newest
FEW = 10  # that one process looks through sooner than others are started


@dataclass(frozen=True, slots=True)
class Effect:
    """What a proposal would do. transcripts: those that hold its spelling; measured: how many were looked through."""

    proposal: Proposal
    transcripts: int
    measured: int
    outcome: Outcome


Followed = Callable[[Iterator[Part], int], Iterator[Part]]


def measure_effects(
    settings: Settings,
    watches: Sequence[Watch],
    proposals: Sequence[Proposal],
    processes: int,
    followed: Followed = lambda parts, of: parts,
) -> Iterator[Effect]:
    """The effect of each proposal alone, in their order. watches: as they are, among them all that are to change."""
    by_name = {w.name: w for w in watches}
    with closing(open_store(settings)) as store:
        held = transcripts_with_spelling(store, proposals)
    for proposal, ids in zip(proposals, held, strict=True):
        now = by_name[proposal.watch]
        [then] = changed_watches([now], [proposal])
        difference = Difference(change=Change.CHANGED, now=now, then=then)
        some = sorted(ids[-MOST:])
        whole = Part()
        count = 1 if len(some) < FEW else processes
        for part in followed(backtest(settings, [difference], some, count), len(some)):
            whole.add(part)
        yield Effect(proposal, len(ids), len(some), whole.outcomes.get(now.name, Outcome()))


def transcripts_with_spelling(store: Store, proposals: Sequence[Proposal]) -> list[list[int]]:
    """For each proposal the transcripts that hold its spelling as words, ascending."""
    numbers = [str(i) for i in range(len(proposals))]
    terms = [Term(text=p.spelling, source=p.spelling) for p in proposals]
    engine = Engine([(Watch(name=n, query=t.text), t) for n, t in zip(numbers, terms, strict=True)])
    found: dict[str, list[int]] = {n: [] for n in numbers}
    for source in store.load_sources(store.transcript_ids()):
        for name in {m.watch for m in engine(source.transcript).mentions}:
            found[name].append(source.transcript.id)
    return [found[n] for n in numbers]
