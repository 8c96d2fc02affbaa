"""Search in the JSON API: /api/v1/search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from podwatch.history.search import Facets, compile_search, search
from podwatch.redaction import redact_text
from podwatch.store.search import SearchScope
from podwatch.web.alert_filter import LARGEST_ID
from podwatch.web.api_records import REFUSALS
from podwatch.web.page import PageDep
from podwatch.web.search import FACET_VALUES, MOST_READ, SECONDS, hit_record, parse_scope, within

router = APIRouter(prefix="/api/v1", responses=REFUSALS)


@dataclass(frozen=True, slots=True)
class HitRecord:
    """A hit: half-open span in characters of the transcript, seconds from the start of the audio."""

    episode: int
    transcript: int
    feed: int
    show: str
    title: str
    published_at: datetime | None
    link: str | None
    kind: str
    score: float
    surface: str
    start: int
    end: int
    seconds: float | None
    approximate: bool
    segment: int
    speaker: str | None
    snippet: str
    snippet_start: int
    reason: str


@dataclass(frozen=True, slots=True)
class FacetRecord:
    """facet: show, speaker or month; value: null where there is none; feed: the number of a show's feed."""

    facet: str
    value: str | None
    hits: int
    feed: int | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """hits: those of whole episodes, the newest first. next: what to give as `after` for the older ones, or null.

    read, candidates: how many transcripts were read, of how many that may have a hit; transcripts: of how many there
    are. is_narrowed: false where the index could not help. facets: of all hits in what was read, when asked for.
    """

    hits: list[HitRecord]
    next: int | None
    read: int
    candidates: int
    transcripts: int
    is_narrowed: bool
    facets: list[FacetRecord]


@router.get("/search")
def search_transcripts(
    page: PageDep,
    q: Annotated[str, Query(description="In the language of the watches.")] = "",
    feed: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    since: date | None = None,
    until: Annotated[date | None, Query(description="The last day (UTC) that is searched.")] = None,
    after: Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="The `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    facets: bool = False,
) -> SearchPage:
    """A query over all stored transcripts. A page ends at `limit` hits, or when enough transcripts were read."""
    compiled = compile_search(q)
    scope: SearchScope = parse_scope({"feed": str(feed or ""), "since": _text(since), "until": _text(until)})
    found = search(
        page.store,
        compiled,
        scope,
        limit=limit,
        after=after,
        facets=facets,
        most_read=MOST_READ,
        may_continue=within(SECONDS),
    )
    return SearchPage(
        hits=[HitRecord(**hit_record(hit)) for hit in found.hits],
        next=found.after,
        read=found.read,
        candidates=found.candidates,
        transcripts=page.store.count_searchable(scope),
        is_narrowed=found.is_narrowed,
        facets=_facet_records(found.facets) if facets else [],
    )


def _facet_records(f: Facets) -> list[FacetRecord]:
    """The most frequent values of each."""
    shows = [FacetRecord("show", redact_text(f.titles[n]), hits, n) for n, hits in f.feeds.most_common(FACET_VALUES)]
    rows = [("speaker", *pair) for pair in f.speakers.most_common(FACET_VALUES)]
    rows += [("month", *pair) for pair in sorted(f.months.items(), reverse=True)[:FACET_VALUES]]
    return [*shows, *(FacetRecord(facet, value or None, hits, None) for facet, value, hits in rows)]


def _text(day: date | None) -> str:
    return "" if day is None else day.isoformat()
