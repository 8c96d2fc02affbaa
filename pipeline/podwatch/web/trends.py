"""Trends: how often watches, shows and named entities come up over time, up to five beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from podwatch.errors import PodwatchError
from podwatch.redaction import display_address
from podwatch.store.database import Store
from podwatch.store.page_figures import WatchState
from podwatch.store.trends import StoredSurge
from podwatch.web.alert_filter import parse_id
from podwatch.web.alerts import MOST_LISTED_FEEDS
from podwatch.web.api_records import REFUSALS
from podwatch.web.line_chart import draw_lines
from podwatch.web.page import PageDep, cached_view

router = APIRouter()
MOST = 5  # series beside each other
PERIODS = (30, 90, 365)
KINDS = ("watch", "show", "entity")
NAMES = 200  # entities offered for completion


@dataclass(frozen=True, slots=True)
class Series:
    """What is counted. of: as it stands in an address, such as watch:grain; counts: by UTC day, 2026-11-03."""

    of: str
    kind: str
    name: str
    counts: dict[str, int]
    surges: list[StoredSurge]


@dataclass(frozen=True, slots=True)
class SurgeRecord:
    day: str
    watch: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class TrendRecord:
    """of: what was asked for; by_day: mentions (of an entity: how often it is named) on each UTC day."""

    of: str
    name: str
    total: int
    by_day: dict[str, int]
    surges: list[SurgeRecord]


@router.get("/trends", response_class=HTMLResponse, include_in_schema=False)
@cached_view
def show_trends(request: Request, page: PageDep) -> Response:
    query, now, store = request.query_params, page.clock(), page.store
    days = _period(query.get("days", ""))
    since = _days_before(now, days)
    added = [f"{kind}:{query.get(kind, '').strip()}" for kind in KINDS if query.get(kind, "").strip()]
    asked, mistakes = list(dict.fromkeys([*query.getlist("of"), *added])), []
    states, feeds = store.watch_states(), store.feeds()
    chosen: list[Series] = []
    by_day = {} if asked else store.mentions_by_day(since)  # counted once for all that are shown
    for of in asked or _most_mentioned(by_day, states):
        try:
            chosen.append(load_series(store, of, since, by_day))
        except PodwatchError as e:
            mistakes.append(e.line)
    if len(chosen) > MOST:
        mistakes.append(f"{MOST} are compared at most: the first {MOST} are shown")
        chosen = chosen[:MOST]
    last = now.astimezone(UTC).date()
    chart = draw_lines([s.counts for s in chosen], [[(g.day, g.why) for g in s.surges] for s in chosen], last, days)
    named = [s.of for s in chosen]
    return page.render(
        request,
        "trends.html",
        400 if mistakes and not chosen else 200,
        chosen=list(zip(chosen, chart.lines, strict=True)),
        chart=chart,
        days=days,
        periods=[(n, _query(named, n)) for n in PERIODS],
        without={s.of: _query([of for of in named if of != s.of], days) for s in chosen},
        mistakes=mistakes,
        watches=[s.watch.name for s in states],
        feeds=sorted(feeds, key=lambda f: f.title.casefold()) if len(feeds) <= MOST_LISTED_FEEDS else None,
        names=[n.name for n in store.entity_counts(since, None, NAMES)],
        is_full=len(chosen) >= MOST,
    )


@router.get("/api/v1/trends", responses=REFUSALS)
def list_trends(
    page: PageDep,
    of: Annotated[
        list[str], Query(description="watch:NAME, show:NUMBER of its feed, or entity:NAME.", max_length=MOST)
    ],
    days: Annotated[int, Query(ge=1, le=3660)] = 90,
) -> list[TrendRecord]:
    """How often each comes up on each day, and the surges that were found."""
    since = _days_before(page.clock(), days)
    found = [load_series(page.store, name, since) for name in dict.fromkeys(of)]
    return [
        TrendRecord(
            s.of,
            s.name,
            sum(s.counts.values()),
            dict(sorted(s.counts.items())),
            [SurgeRecord(g.day, g.watch, g.name, g.why) for g in s.surges],
        )
        for s in found
    ]


def load_series(store: Store, of: str, since: datetime, counted: Mapping[int, dict[str, int]] | None = None) -> Series:
    """Raises PodwatchError for what there is not. counted: the mentions of all watches by day, where that was done."""
    kind, _, name = _clean(of).partition(":")
    name = name.strip()
    surges = store.stored_surges(since)
    match kind:
        case "watch":
            stored = store.find_watch(name)
            if stored is None:
                raise PodwatchError("is not among the watches", where=name[:80], todo="choose one of the list")
            counts = (counted or store.mentions_by_day(since, stored.watch.id)).get(stored.watch.id, {})
            return Series(f"watch:{name}", kind, name, counts, [g for g in surges if g.watch == name])
        case "show":
            feed = store.find_feed(parse_id(name, "show"))
            if feed is None:
                raise PodwatchError("is not among the feeds", where=name, todo="choose one of the list")
            shown = feed.title or display_address(feed.url)
            return Series(f"show:{feed.id}", kind, shown, store.feed_mentions_by_day(feed.id, since), [])
        case "entity":
            by_day = store.entity_by_day(name, since)
            if by_day is None:
                todo = "write it as podwatch entities lists it"
                raise PodwatchError("was never named, or names are not looked for", where=name[:80], todo=todo)
            of_name = [g for g in surges if g.name.casefold() == name.casefold()]
            return Series(f"entity:{name}", kind, name, by_day, of_name)
    todo = "write watch:NAME, show:NUMBER or entity:NAME"
    raise PodwatchError("is nothing that is counted", where=f"of={of[:80]}", todo=todo)


def _most_mentioned(by_day: Mapping[int, dict[str, int]], states: Iterable[WatchState]) -> list[str]:
    """The watches with the most mentions, where nothing was chosen."""
    names = {s.watch.id: s.watch.name for s in states}
    totals = sorted(((sum(days.values()), n) for n, days in by_day.items() if n in names), reverse=True)
    return [f"watch:{names[n]}" for _, n in totals[:3]]


def _period(text: str) -> int:
    return int(text) if text in map(str, PERIODS) else PERIODS[1]


def _query(of: Iterable[str], days: int) -> str:
    return urlencode([*(("of", each) for each in of), ("days", days)])


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def _days_before(now: datetime, days: int) -> datetime:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days - 1)
