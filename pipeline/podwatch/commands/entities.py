"""podwatch entities: who and what is talked about, and who suddenly is."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated

import typer

from podwatch.commands.mentions import Since
from podwatch.commands.output import Json, now, runtime, say, show
from podwatch.entities.recognition import missing_requirement
from podwatch.entities.surges import TYPES, find_surges
from podwatch.line.entities import known_names
from podwatch.model import EntityType
from podwatch.runtime import Runtime

Type = Annotated[EntityType | None, typer.Option("--type", help="Only what is of this type.")]


def entities(
    since: Since = None,
    type: Type = None,
    surges: Annotated[
        bool, typer.Option("--surges", help="Only names that suddenly are in many episodes, and that nobody watches.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="So many at most.")] = 100,
    json: Json = False,
) -> None:
    """Who and what is named in the most episodes; with --surges: who suddenly is."""
    with runtime() as rt:
        rows = _surges(rt, type) if surges else _talked(rt, since, type, limit)
        waiting = rt.store.count_unread()
        if waiting:
            why = (
                missing_requirement() if rt.settings.entities else "names are not looked for: PODWATCH_ENTITIES is off"
            )
            say(f"podwatch: {waiting} transcripts were not read for names yet - {why or 'podwatch detect reads them'}")
    columns = ("name", "type", "episodes", "feeds", "expected" if surges else "count", "reason" if surges else "last")
    show(rows[:limit], columns, json, "no surges" if surges else "no names yet: podwatch detect")


def _talked(rt: Runtime, since: Since, kind: EntityType | None, limit: int) -> list[dict[str, object]]:
    start = since.replace(tzinfo=UTC) if since else None
    return [
        {
            "name": t.name,
            "type": t.type.value,
            "episodes": t.episodes,
            "feeds": t.feeds,
            "count": t.count,
            "last": t.last_at,
        }
        for t in rt.store.entity_counts(start, kind, limit)
    ]


def _surges(rt: Runtime, kind: EntityType | None) -> list[dict[str, object]]:
    types = TYPES if kind is None else {kind}
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
        for s in find_surges(rt.store, now(), known_names(rt.store.watches()), types)
    ]
