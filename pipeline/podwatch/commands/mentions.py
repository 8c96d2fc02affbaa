"""podwatch mentions: what was found, as the store has it."""

from __future__ import annotations

from typing import Annotated

from podwatch.commands import cli
from podwatch.commands.options import Json, Since, start_of
from podwatch.commands.output import format_moment, mention_json, open_runtime, require_utf8, show_rows, utc_now


def mentions(
    watch: Annotated[str | None, cli.Option("--watch", help="Only of this watch.")] = None,
    since: Since = None,
    json: Json = False,
) -> None:
    """The mentions found, newest episode first.

    Example: podwatch mentions --watch corridor
    """
    from podwatch.diagnose.coverage import no_mentions_line

    watch = require_utf8(watch) if watch is not None else None
    with open_runtime() as rt:
        rows = [
            mention_json(f.mention, f.transcript_id, f.episode.id)
            if json
            else {
                "episode": f"{f.episode.show}: {f.episode.title}",
                "at": format_moment(f.mention),
                "watch": f.mention.watch,
                "kind": f.mention.kind.value,
                "snippet": f.mention.snippet,
            }
            for f in rt.store.mentions(watch=watch, since=start_of(since))
        ]
        none = "" if rows else no_mentions_line(rt.store, utc_now(), since=start_of(since), watch=watch)
    show_rows(rows, ("episode", "at", "watch", "kind", "snippet"), json, none)
