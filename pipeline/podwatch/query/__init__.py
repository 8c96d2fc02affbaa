"""DETECTORS: what each kind of watch looks for. All watches compile together into one engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from podwatch.errors import PodwatchError
from podwatch.model import Watch
from podwatch.query.clauses import Clause
from podwatch.query.context import EpisodeFields
from podwatch.query.engine import Engine, EngineResult
from podwatch.query.detectors import entity_clause
from podwatch.query.parser import parse

__all__ = ["DETECTORS", "Engine", "EngineResult", "EpisodeFields", "build", "clause_of"]


def query_clause(watch: Watch) -> Clause:
    """The query of the watch as a clause; raises WatchlistError."""
    return parse(watch.query or "")


DETECTORS: Mapping[str, Callable[[Watch], Clause]] = MappingProxyType({"query": query_clause, "entity": entity_clause})


def build(watches: Sequence[Watch]) -> Engine:
    """One engine for all of them, whatever their kinds. Those that cannot be looked for are in its ``broken``.

    Watches of surges are left out: no text says what they look for.
    """
    return Engine([(watch, clause_of(watch)) for watch in watches if watch.surge is None])


def clause_of(watch: Watch) -> Clause | PodwatchError:
    """What the watch looks for, or why it cannot be looked for."""
    try:
        return DETECTORS[watch.kind](watch)
    except PodwatchError as e:
        return e
