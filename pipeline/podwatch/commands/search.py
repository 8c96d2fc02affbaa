"""podwatch search: what a query finds in all stored transcripts."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

from podwatch.commands import cli
from podwatch.commands.choices import known_feed
from podwatch.commands.options import Json, OutputOption, ShowName, Since, Until, check_period
from podwatch.commands.output import (
    Output,
    emit_json,
    format_moment,
    mention_json,
    open_runtime,
    print_line,
    print_stderr,
    require_utf8,
    show_rows,
    strip_control,
)

if TYPE_CHECKING:
    from podwatch.history.search import Facets, SearchHit, SearchResult
    from podwatch.store.database import Store
    from podwatch.store.detect import TranscriptSource

COLUMNS = ("date", "time", "show", "title", "snippet", "link")
CSV_COLUMNS = (
    "date", "time", "show", "title", "kind", "score", "speaker", "surface", "snippet", "link", "seconds", "approximate",
    "published_at", "reason", "start", "end", "segment", "transcript", "episode",
)  # fmt: skip
MANY = 100  # transcripts that are not in the index, from which on that is said
FACET_LINES = 12  # of each facet


def search(
    query: Annotated[str, cli.Argument(help="In the language of the watches, see docs/queries.md.")] = "",
    feed: ShowName = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, cli.Option("--limit", min=1, help="How many hits, the newest episodes first.")] = 50,
    facets: Annotated[bool, cli.Option("--facets", help="How many hits by show, speaker and month, instead.")] = False,
    index: Annotated[bool, cli.Option("--index", help="Indexes what was stored before there was an index.")] = False,
    json: Json = False,
    output: OutputOption = None,
) -> None:
    """Finds a query in all stored transcripts, newest episode first.

    Example: podwatch search '"black sea" NEAR/10 grain' --since 2026-10-01
    """
    from podwatch.commands.progress import progress_bar
    from podwatch.history.search import compile_search
    from podwatch.history.search import search as run_search
    from podwatch.store.search import SearchScope

    check_period(since, until)
    if not query and not index:
        raise cli.BadParameter("give a query, or --index")
    compiled = compile_search(require_utf8(query)) if query else None
    with open_runtime() as rt:
        if index:
            fill_index(rt.store)
        if compiled is None:
            return
        chosen = known_feed(rt.store, feed)
        scope = SearchScope(since, until, chosen.id if chosen else None)
        with progress_bar("transcripts", piped=False) as progress:
            found = run_search(rt.store, compiled, scope, limit=limit, facets=facets, progress=progress)
        total = rt.store.count_searchable(scope)
        state = rt.store.index_state()
    as_json, as_csv = json or output is Output.JSON, output is Output.CSV
    line = describe(found, total, facets=facets)
    if facets:
        show_facets(found.facets, as_json, as_csv)
    elif found.hits and sys.stdout.isatty() and not (as_json or as_csv):
        show_hits(found.hits)
    else:
        columns = CSV_COLUMNS if as_csv else COLUMNS
        rows = [hit_values(hit) if as_json or as_csv else _cells(hit) for hit in found.hits]
        show_rows(rows, columns, as_json, line, as_csv=as_csv)
    if found.hits or facets or as_json:
        print_stderr(line)
    if (left := state.transcripts - state.indexed) > MANY:
        print_stderr(f"{left:,} transcripts are not in the index yet: podwatch search --index makes this quicker")


def fill_index(store: Store) -> None:
    """Indexes all that is not, with its progress."""
    from podwatch.commands.progress import progress_bar
    from podwatch.line.search_index import index_transcripts

    with progress_bar("transcripts indexed", piped=True) as progress:
        done = index_transcripts(store, progress)
    print_stderr(f"{done:,} transcripts were added to the index; it holds {store.index_state().indexed:,}")


def describe(found: SearchResult, total: int, *, facets: bool) -> str:
    """What was found in how much, for people: an empty answer has to be one that can be trusted."""
    hits = f"{found.count:,} hit{'s' * (found.count != 1)} in {found.episodes:,} episode{'s' * (found.episodes != 1)}"
    how = f"{found.read:,} of {total:,} transcripts read, the others cannot have it"
    if not found.is_narrowed:
        how = (
            f"every transcript has to be read, as no word of the query must be there: {found.read:,} of {total:,} read"
        )
    elif found.read == total:
        how = f"all {total:,} transcripts read"
    if found.is_whole:
        return f"{hits} ({how})"
    left = found.candidates - found.read
    more = f"{left:,} older transcript{'s' * (left != 1)} that may have more {'was' if left == 1 else 'were'} not read"
    return f"{hits} so far; {more}: {'--since, --until' if facets else 'see --limit, --until'}"


def hit_values(hit: SearchHit) -> dict[str, Any]:
    """For programs: the mention in the form that DESIGN.md fixes, without a watch, and where it was said."""
    from podwatch.notifiers.card import link_at

    e, m = hit.source.episode, hit.mention
    values = mention_json(m, hit.source.transcript.id, e.id)
    del values["watch"]
    return values | {
        "show": show_name(hit.source),
        "title": e.title,
        "date": e.published_at.date().isoformat() if e.published_at else None,
        "published_at": e.published_at,
        "time": format_moment(m) if m.seconds == m.seconds else None,  # nan: not known
        "link": link_at(e, m.seconds),
    }


def show_name(source: TranscriptSource) -> str:
    """The title of its show, or the address of its feed."""
    from podwatch.redaction import display_address, redact_text

    return redact_text(source.episode.show) or display_address(source.feed_url)


def _cells(hit: SearchHit) -> dict[str, Any]:
    return hit_values(hit) | {"time": format_moment(hit.mention)}


def show_hits(hits: list[SearchHit]) -> None:
    """Episode by episode, each hit with its time, its sentence and what was found in bold."""
    from podwatch.notifiers.card import link_at

    last = 0
    for hit in hits:
        e, m = hit.source.episode, hit.mention
        if hit.source.transcript.id != last:
            last = hit.source.transcript.id
            day = f"{e.published_at:%Y-%m-%d}" if e.published_at else "no date"
            print_line(
                [("", "\n"), ("bold", day), ("", f"  {strip_control(show_name(hit.source))}: {strip_control(e.title)}")]
            )
        end = m.snippet_start + len(m.surface)
        speaker = f"{strip_control(m.speaker)}: " if m.speaker else ""
        before, surface, after = m.snippet[: m.snippet_start], m.snippet[m.snippet_start : end], m.snippet[end:]
        line = [("cyan", f"{format_moment(m):>9}"), ("dim", f"  {speaker}"), ("", strip_control(before))]
        print_line([*line, ("bold yellow", strip_control(surface)), ("", strip_control(after))])
        if link := link_at(e, m.seconds):
            print_line([("dim", f"{'':11}{strip_control(link)}")])


def show_facets(facets: Facets, as_json: bool, as_csv: bool) -> None:
    """The facets, each with its values, the most hits first; months in their order."""
    from podwatch.redaction import redact_text

    feeds = [{"facet": "show", "value": redact_text(facets.titles[n]), "feed": n, "hits": hits}
             for n, hits in facets.feeds.most_common()]  # fmt: skip
    rows: list[dict[str, Any]] = [*feeds, *_rows("speaker", facets.speakers.most_common())]
    rows += _rows("month", sorted(facets.months.items(), reverse=True))
    if as_json:
        for row in rows:
            emit_json(row)
        return
    if not as_csv and sys.stdout.isatty():
        seen: Counter[str] = Counter()
        rows = [row for row in rows if (seen.update([row["facet"]]) or seen[row["facet"]] <= FACET_LINES)]
    if rows:
        show_rows(rows, ("facet", "value", "hits"), False, "", as_csv=as_csv)


def _rows(facet: str, values: list[tuple[str, int]]) -> list[dict[str, Any]]:
    return [{"facet": facet, "value": value or None, "hits": hits} for value, hits in values]
