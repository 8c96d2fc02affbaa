"""DETECTORS: for each kind of watch that looks into texts, the function that turns the watch into a clause."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from podwatch.errors import PodwatchError
from podwatch.model import Watch
from podwatch.query.clauses import Clause, Or, SoundsLike, Term
from podwatch.query.engine import PLANNED_AFTER, Engine
from podwatch.query.parser import parse


def query_clause(watch: Watch) -> Clause:
    """The query of a watch as a clause; raises WatchlistError."""
    return parse(watch.query or "")


def entity_clause(watch: Watch) -> Clause:
    """The names of a watched entity, and, if asked for, what sounds like it, as one clause.

    Of names that overlap the longest counts. A name has no plural: Brook is not Brooks.
    """
    name = watch.entity or ""
    names: list[Clause] = [Term(text=name, source=name, inflected=False, brand=_may_be_brand(name, watch.type))]
    for alias in watch.aliases:
        brand = _may_be_brand(alias, watch.type)
        names.append(Term(text=alias, source=alias, inflected=False, alias_of=name, brand=brand))
    if watch.sounds_like:
        names.append(
            SoundsLike(
                text=name,
                source=f"~~{name}",
                aliases=watch.aliases,
                type=watch.type,
                threshold=watch.threshold,
                excluded=watch.exclude,
            )
        )
    return Or(parts=tuple(names), source=name, longest=True)


def _may_be_brand(name: str, type_: str | None) -> bool:
    """Whether a name may be a possessive: Lowes is Lowe's; Mike Brooks is not Mike Brook's."""
    return type_ in ("company", "organisation") or (type_ != "person" and " " not in name)


DETECTORS: Mapping[str, Callable[[Watch], Clause]] = MappingProxyType({"query": query_clause, "entity": entity_clause})


def clause_of(watch: Watch) -> Clause | PodwatchError:
    """What the watch looks for, or why it cannot be looked for."""
    try:
        return DETECTORS[watch.kind](watch)
    except PodwatchError as e:
        return e


def build_engine(watches: Sequence[Watch], planned_after: Sequence[int] = PLANNED_AFTER) -> Engine:
    """One engine for all watches, whatever their kinds. Those that cannot be looked for are in its ``broken``.

    Watches of surges are left out: a surge is in no one text. planned_after: see Engine.
    """
    return Engine([(watch, clause_of(watch)) for watch in watches if watch.surge is None], planned_after)
