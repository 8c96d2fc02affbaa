"""Watches with an entity: its name, the other names it goes by, and, if asked, what sounds like it."""

from __future__ import annotations

from podwatch.model import Watch
from podwatch.query.clauses import Clause, Or, SoundsLike, Term


def entity_clause(watch: Watch) -> Clause:
    """The names of the watch as one clause, of whose finds the longest counts. A name has no plural: Brook, Brooks."""
    name = watch.entity or ""
    names: list[Clause] = [Term(text=name, source=name, inflected=False)]
    names += [Term(text=alias, source=alias, inflected=False, alias_of=name) for alias in watch.aliases]
    if watch.sounds_like:
        names.append(
            SoundsLike(
                text=name,
                source=f"~~{name}",
                aliases=watch.aliases,
                type=watch.type,
                threshold=watch.threshold,
                refused=watch.exclude,
            )
        )
    return Or(of=tuple(names), source=name, longest=True)
