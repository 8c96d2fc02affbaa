"""Search: a query of the watch language over all stored transcripts, with facets and exports, and as a watch."""

from __future__ import annotations

import calendar
import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from time import monotonic
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse

from podwatch.errors import PodwatchError
from podwatch.history.search import CompiledSearch, SearchHit, SearchResult, compile_search, search
from podwatch.notifiers.card import link_at
from podwatch.redaction import display_address, redact_text
from podwatch.store.search import SearchScope
from podwatch.web.alert_filter import parse_day, parse_id
from podwatch.web.alerts import MOST_LISTED_FEEDS, defuse
from podwatch.web.page import PageDep, query_of
from podwatch.web.rendering import seconds_or_none
from podwatch.web.watch_form import suggest_name

router = APIRouter(include_in_schema=False)
PAGE_SIZE = 30  # hits, in whole episodes
MOST_READ, MOST_READ_EXPORT = 600, 5000  # transcripts read for one page, for one export
SECONDS, SECONDS_EXPORT = 4.0, 60.0  # for reading them
MOST_EXPORTED = 10_000  # hits
FACET_VALUES = 12
FIELDS = ("q", "feed", "since", "until")
CSV_COLUMNS = ("date", "show", "episode", "seconds", "speaker", "kind", "surface", "sentence", "link")


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet with its hits; query: of the address that shows these alone."""

    name: str
    hits: int
    query: str


@router.get("/search", response_class=HTMLResponse)
def show_search(request: Request, page: PageDep) -> Response:
    fields = read_fields(request.query_params)
    store, feeds = page.store, page.store.feeds()
    found, mistake, total = SearchResult(), "", 0
    after = request.query_params.get("after", "")
    if fields["q"]:
        try:
            compiled, scope = compile_search(fields["q"]), parse_scope(fields)
            behind = parse_id(after, "after") if after else None
            found = search(
                store,
                compiled,
                scope,
                limit=PAGE_SIZE,
                after=behind,
                facets=True,
                most_read=MOST_READ,
                may_continue=within(SECONDS),
            )
            total = store.count_searchable(scope)
        except PodwatchError as e:
            mistake = e.line
    return page.render(
        request,
        "search.html",
        400 if mistake else 200,
        fields=fields,
        query=query_of(fields),
        mistake=mistake,
        found=found,
        total=total,
        episodes=_by_episode(found.hits),
        facets=_facets(found, fields),
        older=query_of(fields | {"after": found.after}) if found.after else "",
        paged=bool(after),
        watch=watch_yaml(fields["q"]) if fields["q"] and not mistake else "",
        feeds=sorted(feeds, key=lambda f: f.title.casefold()) if len(feeds) <= MOST_LISTED_FEEDS else None,
        any_transcripts=bool(total) or bool(store.count_searchable(SearchScope())),
    )


@router.get("/search.csv")
def export_csv(request: Request, page: PageDep) -> Response:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(CSV_COLUMNS)
    for hit in _export(request, page):
        e, m = hit.source.episode, hit.mention
        day = f"{e.published_at:%Y-%m-%d}" if e.published_at else None
        said = (seconds_or_none(m), m.speaker, m.kind.value, m.surface, m.snippet, link_at(e, m.seconds))
        writer.writerow([defuse(cell) for cell in (day, show_name(hit), e.title, *said)])
    headers = {"content-disposition": 'attachment; filename="search.csv"'}
    return PlainTextResponse(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/search.json")
def export_json(request: Request, page: PageDep) -> Response:
    """One JSON object a line, as `podwatch search --json` prints them."""
    lines = b"".join(orjson.dumps(hit_record(hit)) + b"\n" for hit in _export(request, page))
    headers = {"content-disposition": 'attachment; filename="search.jsonl"'}
    return Response(lines, media_type="application/x-ndjson", headers=headers)


def read_fields(query: Mapping[str, str]) -> dict[str, str]:
    """The fields of the form, as they were typed."""
    return {name: query.get(name, "").replace("\0", "").encode("utf-8", "ignore").decode().strip() for name in FIELDS}


def parse_scope(fields: Mapping[str, str]) -> SearchScope:
    """Raises PodwatchError. until is the last day that is searched."""
    until = parse_day(fields["until"], "until") if fields["until"] else None
    return SearchScope(
        since=_midnight(parse_day(fields["since"], "since")) if fields["since"] else None,
        until=_midnight(until) + timedelta(days=1) if until else None,
        feed_id=parse_id(fields["feed"], "feed") if fields["feed"] else None,
    )


def hit_record(hit: SearchHit) -> dict[str, Any]:
    """A hit for programs."""
    e, m = hit.source.episode, hit.mention
    return {
        "episode": e.id,
        "transcript": hit.source.transcript.id,
        "feed": e.feed_id,
        "show": show_name(hit),
        "title": e.title,
        "published_at": e.published_at,
        "link": link_at(e, m.seconds),
        "kind": m.kind.value,
        "score": m.score,
        "surface": m.surface,
        "start": m.start,
        "end": m.end,
        "seconds": seconds_or_none(m),
        "approximate": m.approximate,
        "segment": m.segment,
        "speaker": m.speaker,
        "snippet": m.snippet,
        "snippet_start": m.snippet_start,
        "reason": m.reason,
    }


def within(seconds: float) -> Callable[[], bool]:
    """Says as long as so many seconds last that there is time left."""
    until = monotonic() + seconds
    return lambda: monotonic() < until


def show_name(hit: SearchHit) -> str:
    return redact_text(hit.source.episode.show) or display_address(hit.source.feed_url)


def watch_yaml(query: str) -> str:
    """The entry of a watchlist that looks for the query from now on."""
    quoted = " ".join(query.split()).replace("'", "''")
    return f"watches:\n  - name: {suggest_name(query)}\n    query: '{quoted}'\n"


def _export(request: Request, page: PageDep) -> list[SearchHit]:
    fields = read_fields(request.query_params)
    compiled: CompiledSearch = compile_search(fields["q"])
    scope = parse_scope(fields)
    return search(
        page.store,
        compiled,
        scope,
        limit=MOST_EXPORTED,
        most_read=MOST_READ_EXPORT,
        may_continue=within(SECONDS_EXPORT),
    ).hits


def _by_episode(hits: list[SearchHit]) -> list[list[SearchHit]]:
    groups: dict[int, list[SearchHit]] = {}
    for hit in hits:
        groups.setdefault(hit.source.transcript.id, []).append(hit)
    return list(groups.values())


def _facets(found: SearchResult, fields: Mapping[str, str]) -> list[tuple[str, list[FacetValue]]]:
    """The facets that tell something apart, each value with the address that chooses it."""
    f = found.facets
    shows = [
        FacetValue(redact_text(f.titles[n]), hits, query_of({**fields, "feed": n})) for n, hits in f.feeds.most_common()
    ]
    speakers = [
        FacetValue(name or "not named", hits, query_of({**fields, "q": _said_by(fields["q"], name)}) if name else "")
        for name, hits in f.speakers.most_common()
    ]
    months = [
        FacetValue(month or "no date", hits, query_of({**fields, **_days_of(month)}) if month else "")
        for month, hits in sorted(f.months.items(), reverse=True)
    ]
    named = [("Shows", shows), ("Speakers", speakers), ("Months", months)]
    return [(name, values[:FACET_VALUES]) for name, values in named if values]


def _said_by(query: str, speaker: str) -> str:
    name = speaker.replace('"', " ").strip()
    return f'({query}) AND speaker:"{name}"'


def _days_of(month: str) -> dict[str, str]:
    year, number = int(month[:4]), int(month[5:])
    return {"since": f"{month}-01", "until": f"{month}-{calendar.monthrange(year, number)[1]}"}


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
