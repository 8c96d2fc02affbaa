"""What is wrong, or likely not meant, in watches that are right in form: for `watches check` and the page's editor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from podwatch import notifiers, query
from podwatch.errors import PodwatchError
from podwatch.model import Feed, Watch
from podwatch.query.check_warnings import (
    Finding,
    Level,
    MatchRate,
    advise_on_names,
    find_common_watches,
    find_warnings,
)
from podwatch.query.clauses import Clause
from podwatch.watchlist.warnings import find_list_warnings, find_scope_warnings


def examine_watches(watches: Sequence[Watch], broken: Mapping[str, PodwatchError]) -> list[Finding]:
    """What can be said without feeds and transcripts. broken: by name the watches that the engine cannot look for."""
    clauses = clauses_of(watches)
    queries = {w.name: clauses[w.name] for w in watches if w.name in clauses}
    return [
        *find_warnings(watches, clauses, broken),
        *check_channels(watches),
        *find_list_warnings(watches, queries),
    ]


def compare_with_store(
    watches: Sequence[Watch], feeds: Sequence[Feed], rates: Mapping[str, MatchRate]
) -> Iterator[Finding]:
    """What the feeds and transcripts say of them, and what is to know of names that are looked for by their sound."""
    yield from find_scope_warnings(watches, {t for f in feeds for t in f.tags}, {f.url for f in feeds})
    yield from find_common_watches([w for w in watches if w.surge is None], rates)
    yield from advise_on_names(clauses_of(watches))


def check_watch(watch: Watch, others: Sequence[Watch], feeds: Sequence[Feed], rate: MatchRate | None) -> list[Finding]:
    """The findings of one watch beside the others of its list, the errors first."""
    broken = query.build_engine([watch]).broken if watch.surge is None else {}
    found = examine_watches([watch], broken)
    if not broken:  # said of the later one of two
        known = {f.message for f in found}
        both = find_warnings([*others, watch], clauses_of([*others, watch]), broken)
        found += [f for f in both if f.watch == watch.name and f.message not in known]
        found += compare_with_store([watch], feeds, {} if rate is None else {watch.name: rate})
    order = list(Level)
    return sorted(found, key=lambda f: order.index(f.level))


def check_channels(watches: Sequence[Watch]) -> Iterator[Finding]:
    """Errors of channels whose address cannot be one, each at the first watch that has it."""
    for watch in {w.channel: w for w in reversed(watches)}.values():
        e = notifiers.find_channel_mistake(watch.channel)
        if e is not None:
            yield Finding(Level.ERROR, watch.name, 0, f"channel {e.where}: {e.what}", e.todo)


def clauses_of(watches: Sequence[Watch]) -> dict[str, Clause]:
    """By name the clauses of those that have one: surges have none, nor has what cannot be parsed."""
    return {w.name: c for w in watches if w.surge is None and isinstance(c := query.clause_of(w), Clause)}
