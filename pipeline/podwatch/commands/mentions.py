"""podwatch mentions: what was found, as the store has it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

from podwatch.commands import cli
from podwatch.commands.choices import known_feed, known_watch
from podwatch.commands.options import Json, OutputOption, ShowName, Since, Until, WatchName, check_period
from podwatch.commands.output import Output, format_moment, mention_json, open_runtime, show_rows, utc_now

if TYPE_CHECKING:
    from podwatch.store.mentions import StoredMention

COLUMNS = ("date", "time", "watch", "show", "title", "snippet", "link")
# Of CSV: as --json has them, those first that people look at.
CSV_COLUMNS = (
    "date", "time", "show", "title", "watch", "kind", "score", "speaker", "surface", "snippet", "link", "seconds",
    "approximate", "published_at", "found_at", "reason", "label", "start", "end", "segment", "transcript", "episode",
    "retired_at",
)  # fmt: skip


def mentions(
    watch: WatchName = None,
    feed: ShowName = None,
    since: Since = None,
    until: Until = None,
    retired: Annotated[
        bool, cli.Option("--retired", help="Also of watches that were taken off the watchlist.")
    ] = False,
    limit: Annotated[int | None, cli.Option("--limit", min=1, help="How many at most, the newest first.")] = None,
    json: Json = False,
    output: OutputOption = None,
) -> None:
    """The mentions found, newest episode first.

    Example: podwatch mentions --since 7d -o csv > week.csv
    """
    from podwatch.diagnose.coverage import no_mentions_line

    as_json = json or output is Output.JSON
    check_period(since, until)
    with open_runtime() as rt:
        name, chosen = known_watch(rt.store, watch, removed=True), known_feed(rt.store, feed)
        found = rt.store.mentions(
            watch=name,
            feed_id=chosen.id if chosen else None,
            since=since,
            until=until,
            limit=limit,
            retired=retired or name is not None,
        )
        as_values = as_json or output is Output.CSV
        rows = [_values(f) if as_values else _cells(f) for f in found]
        none = "" if rows else no_mentions_line(rt.store, utc_now(), since=since, watch=name)
        if chosen is not None or until is not None:
            of = f" --feed {chosen.id}" if chosen else ""
            none = f"no mentions; podwatch coverage{of} says what was listened to"
    is_csv = output is Output.CSV
    columns = COLUMNS[:-1] if sys.stdout.isatty() else COLUMNS  # a link leaves no room for the words beside it
    show_rows(rows, CSV_COLUMNS if is_csv else columns, as_json, none, as_csv=is_csv)


def _values(f: StoredMention) -> dict[str, Any]:
    """For programs: the mention in the form that DESIGN.md fixes, and where it was said."""
    from podwatch.notifiers.card import link_at
    from podwatch.redaction import redact_text

    e = f.episode
    about = {
        "show": redact_text(e.show),
        "title": e.title,
        "date": e.published_at.date().isoformat() if e.published_at else None,
        "published_at": e.published_at,
        "time": format_moment(f.mention) if f.mention.seconds == f.mention.seconds else None,  # nan: not known
        "link": link_at(e, f.mention.seconds),
        "label": f.mention.label,
        "found_at": f.found_at,
        "retired_at": f.retired_at,
    }
    return mention_json(f.mention, f.transcript_id, e.id) | about


def _cells(f: StoredMention) -> dict[str, Any]:
    from podwatch.notifiers.card import link_at
    from podwatch.redaction import redact_text

    m, e = f.mention, f.episode
    how = [] if m.kind.value in ("exact", "alias") else [m.kind.value.replace("_", " ")]
    how += ["retired"] if f.retired_at else []
    return {
        "date": e.published_at.date().isoformat() if e.published_at else None,
        "time": format_moment(m),
        "watch": f"{m.watch} ({', '.join(how)})" if how else m.watch,
        "show": redact_text(e.show),
        "title": e.title,
        "snippet": m.snippet,
        "link": link_at(e, m.seconds),
    }
