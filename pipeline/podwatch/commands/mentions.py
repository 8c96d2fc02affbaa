"""podwatch mentions: what was found, as the store has it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from podwatch.commands.output import Json, mention_json, moment, runtime, show, utf8

Since = Annotated[
    datetime | None,
    typer.Option("--since", formats=["%Y-%m-%d"], help="Episodes published on this day or later (UTC)."),
]


def mentions(
    watch: Annotated[str | None, typer.Option("--watch", help="Only of this watch.")] = None,
    since: Since = None,
    json: Json = False,
) -> None:
    """The mentions found, newest episode first."""
    watch = utf8(watch) if watch is not None else None
    start = since.replace(tzinfo=UTC) if since else None
    with runtime() as rt:
        rows = [
            mention_json(f.mention, f.transcript_id, f.episode.id)
            if json
            else {
                "episode": f"{f.episode.show}: {f.episode.title}",
                "at": moment(f.mention),
                "watch": f.mention.watch,
                "kind": f.mention.kind.value,
                "snippet": f.mention.snippet,
            }
            for f in rt.store.mentions(watch=watch, since=start)
        ]
    show(rows, ("episode", "at", "watch", "kind", "snippet"), json, "no mentions yet: podwatch run")
