"""podwatch entities: the entities named in most episodes, and those that surge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from podwatch.commands import cli
from podwatch.commands.options import Json, Since
from podwatch.commands.output import open_runtime, print_stderr, show_rows, utc_now
from podwatch.model import EntityType
from podwatch.policy.wording import agree, count_of

if TYPE_CHECKING:
    from podwatch.runtime import Runtime

Type = Annotated[EntityType | None, cli.Option("--type", help="Only what is of this type.")]


def entities(
    since: Since = None,
    type: Type = None,
    surges: Annotated[
        bool, cli.Option("--surges", help="Only names that suddenly are in many episodes, and that nobody watches.")
    ] = False,
    limit: Annotated[int, cli.Option("--limit", min=1, max=100_000, help="So many at most.")] = 100,
    json: Json = False,
) -> None:
    """Who and what is named in the most episodes, or surges.

    Example: podwatch entities --surges --type person
    """
    from podwatch.entities.recognition import missing_requirement

    with open_runtime() as rt:
        rows = _surge_rows(rt, type) if surges else _entity_rows(rt, since, type, limit)
        if unread := rt.store.count_unread():
            off = None if rt.settings.entities else "names are not looked for: PODWATCH_ENTITIES is off"
            why = off or missing_requirement() or "podwatch detect reads them"
            were = f"{count_of(unread, 'transcript')} {agree(unread, 'was', 'were')}"
            print_stderr(f"podwatch: {were} not read for names yet - {why}")
    columns = ("name", "type", "episodes", "feeds", "expected" if surges else "count", "reason" if surges else "last")
    show_rows(rows[:limit], columns, json, "no surges" if surges else "no names yet: podwatch detect")


def _entity_rows(rt: Runtime, since: Since, kind: EntityType | None, limit: int) -> list[dict[str, object]]:
    return [
        {
            "name": e.name,
            "type": e.type.value,
            "episodes": e.episodes,
            "feeds": e.feeds,
            "count": e.count,
            "last": e.last_at,
        }
        for e in rt.store.entity_counts(since, kind, limit)
    ]


def _surge_rows(rt: Runtime, kind: EntityType | None) -> list[dict[str, object]]:
    from podwatch.entities.surges import SURGE_TYPES, find_surges
    from podwatch.line.entities import known_names

    types = SURGE_TYPES if kind is None else {kind}
    return [
        {
            "name": s.name,
            "type": s.type.value,
            "episodes": s.surge.named,
            "feeds": s.surge.feeds,
            "expected": round(s.surge.expected, 2),
            "chance": s.surge.chance,
            "reason": s.surge.reason,
        }
        for s in find_surges(rt.store, utc_now(), known_names(rt.store.watches()), types)
    ]
