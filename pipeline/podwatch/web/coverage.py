"""Coverage as a calendar: on which days what came out was listened to, down to each episode and its reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from markupsafe import Markup, escape

from podwatch.model import (
    Coverage,
    CoverageFacts,
    EpisodeCount,
    EpisodeDoubt,
    HearingOutcome,
    NotListened,
    Period,
    Watch,
)
from podwatch.policy.coverage import (
    describe_coverage,
    describe_reasons,
    measure_days,
    measure_each_feed,
    measure_feed_days,
    measure_feeds,
    sum_episodes,
)
from podwatch.policy.hearing_coverage import HearingCounter
from podwatch.policy.scopes import is_in_scope
from podwatch.policy.wording import agree
from podwatch.redaction import display_address, redact_text
from podwatch.store.page_figures import ListedEpisode
from podwatch.web.alert_filter import parse_day, parse_id
from podwatch.web.page import Page, PageDep, cached_view, query_of

router = APIRouter(include_in_schema=False)
DAYS = 28  # four weeks fit on a screen
ROWS_SHOWN = 60
MOST_NAMES = 5  # in doubt, of an episode in a list
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cell:
    """A day of a row. level: all, most, some or none was listened to; "" when nothing came out."""

    day: date
    level: str
    episodes: int
    text: str


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """A feed, a watch, or all together, day after day. query: of the address of its days."""

    name: str
    address: str
    cells: Sequence[Cell]
    total: Coverage
    said: str
    query: str

    def draw_cells(self) -> Markup:
        """The cells of its days, drawn here: a template would escape thousands of pieces one by one."""
        query = escape(self.query)
        return Markup("".join(_draw(c, query) for c in self.cells))  # noqa: S704 - its parts are escaped


@dataclass(frozen=True, slots=True)
class ListedState:
    """What became of an episode. kind: for programs; text: for people."""

    kind: str
    text: str


@router.get("/coverage", response_class=HTMLResponse)
@cached_view
def show_coverage(request: Request, page: PageDep) -> Response:
    now = page.clock()
    until = request.query_params.get("until", "")
    last = parse_day(until, "until") if until else now.astimezone(UTC).date()
    first = last - (DAYS - 1) * _ONE_DAY
    days = [first + i * _ONE_DAY for i in range(DAYS)]
    period = Period(_start(first), min(_start(last + _ONE_DAY), max(now, _start(first) + _ONE_DAY)))
    facts, by_day = page.store.daily_coverage_facts(period)
    whole = measure_feeds(facts, now)
    of_watches = watch_rows(facts, by_day, days)
    of_each = measure_each_feed(facts)
    totals = [(f, of_each[f.id]) for f in facts.feeds]
    totals.sort(key=lambda x: (-x[1].not_listened, (x[0].title or x[0].url).casefold()))
    shown = totals[:ROWS_SHOWN]
    every = measure_feed_days(replace(facts, feeds=[f for f, _ in shown]), by_day)
    of_feeds = [
        CalendarRow(
            f.title or display_address(f.url), f"/feeds/{f.id}", make_cells(days, every[f.id]), total,
            describe_coverage(total), query_of({"feed": f.id}),
        )
        for f, total in shown
    ]  # fmt: skip
    return page.render(
        request,
        "coverage.html",
        days=days,
        total=whole,
        said=describe_coverage(whole),
        watches=of_watches[:ROWS_SHOWN],
        watches_left=max(0, len(of_watches) - ROWS_SHOWN),
        feeds=of_feeds,
        feeds_left=len(totals) - len(shown),
        earlier=(first - _ONE_DAY).isoformat(),
        later=(last + DAYS * _ONE_DAY).isoformat() if last < now.astimezone(UTC).date() else "",
    )


@router.get("/coverage/days/{day}", response_class=HTMLResponse)
@cached_view
def show_day(day: str, request: Request, page: PageDep) -> Response:
    when, query = parse_day(day, "day"), request.query_params
    feed = parse_id(query["feed"], "feed") if query.get("feed") else None
    name = query.get("watch", "")
    rows = list_day(page, when, feed, name)
    return page.render(request, "coverage_day.html", day=when, rows=rows, watch=name, feed=feed)


def list_day(page: Page, when: date, feed: int | None, name: str) -> list[tuple[ListedEpisode, ListedState]]:
    """What came out on a day, what was missed first. feed, name: of this feed, or in the scope of this watch, alone."""
    start = _start(when)
    stored = page.store.find_watch(name) if name else None
    if name and stored is None:
        raise HTTPException(404, "there is no such watch")
    watch = stored.watch if stored else None
    found = page.store.episodes_of_day(start, start + _ONE_DAY, feed)
    latest = page.store.watches_to_detect().latest
    facts = page.store.coverage_facts(Period(start, start + _ONE_DAY), None if feed is None else [feed])
    seen = None if watch is None else [(seq, w) for seq, w in facts.watches if w.id == watch.id]
    doubts = HearingCounter(facts).list_episodes(seen)
    inside = [e for e in found if watch is None or _holds(watch, e)]
    through = stored.seq if stored else latest
    rows = [(e, add_doubts(describe_listed(e, through), doubts.get(e.episode.id, ()))) for e in inside]
    rows.sort(key=lambda r: (r[1].kind == "listened", r[0].episode.show.casefold()))
    return rows


def watch_rows(
    facts: CoverageFacts, by_day: Mapping[date, Sequence[EpisodeCount]], days: Sequence[date]
) -> list[CalendarRow]:
    """A row a watch, the most missed first. Most watches have one scope, which is measured once for them."""
    is_behind = any(n.why is NotListened.NOT_SEARCHED for n in facts.counts)
    known: dict[object, dict[date, Coverage]] = {}
    hearings = HearingCounter(facts)
    rows = []
    for seq, w in facts.watches:
        alike = (w.scope, w.surge is None, w.id in facts.broken, seq if is_behind else 0)
        if alike not in known:
            known[alike] = measure_days(facts, by_day, [(seq, w)])
        total = replace(sum_episodes(known[alike].values()), hearings=hearings.count([(seq, w)]))
        cells = make_cells(days, known[alike])
        rows.append(CalendarRow(w.name, "", cells, total, describe_coverage(total), query_of({"watch": w.name})))
    return sorted(rows, key=lambda r: (-r.total.not_listened, r.name))


def make_cells(days: Sequence[date], found: Mapping[date, Coverage]) -> list[Cell]:
    cells = []
    for day in days:
        c = found.get(day)
        if c is None:
            cells.append(Cell(day, "", 0, f"{day}: no episode"))
            continue
        said = f"{c.listened} of {c.episodes} listened to" + (f"; {describe_reasons(c)}" if c.not_listened else "")
        cells.append(Cell(day, choose_level(c), c.episodes, f"{day}: {said}" if c.episodes else f"{day}: no episode"))
    return cells


def _draw(c: Cell, query: str) -> str:
    if not c.episodes:
        return "<td></td>"
    shown = c.episodes if c.episodes < 1000 else f"{c.episodes // 1000}k"
    link = f'<a href="coverage/days/{c.day}?{query}" title="{escape(c.text)}">{shown}</a>'
    return f'<td class="{c.level}">{link}</td>'


def choose_level(c: Coverage) -> str:
    if not c.episodes:
        return ""
    if not c.not_listened:
        return "all"
    if not c.listened:
        return "none"
    return "most" if c.listened * 2 >= c.episodes else "some"


def describe_listed(e: ListedEpisode, through: int | None) -> ListedState:
    """Whether an episode was listened to, and why not. through: the number of the watch that has to be looked for."""
    if e.has_transcript:
        if through is not None and (e.detected_through or 0) < through:
            return ListedState("not_searched", "its transcript is stored, and not searched yet")
        return ListedState("listened", "listened to")
    if e.fetch_error:
        return ListedState("failed", f"its transcript could not be fetched: {redact_text(e.fetch_error)}")
    if not e.offers:
        return ListedState("names_none", "its feed names none")
    if e.episode.backlog:
        return ListedState("backlog", "it is older than the feed's first poll")
    return ListedState("waits", "it is not fetched yet")


def add_doubts(state: ListedState, doubts: Sequence[EpisodeDoubt]) -> ListedState:
    """The same with the names in doubt that wait to be heard again, or were left to the text."""
    waits = list(dict.fromkeys(d.name for d in doubts if d.outcome is None))
    left: dict[HearingOutcome, list[str]] = defaultdict(list)
    for d in doubts:
        if d.outcome is not None and d.name not in waits and d.name not in left[d.outcome]:
            left[d.outcome].append(d.name)
    parts = [state.text]
    if waits:
        parts.append(f"{_list(waits)} {agree(len(waits), 'waits', 'wait')} to be heard again")
    parts += [f"not heard again for {_list(names)}: {why.why_left}" for why, names in left.items() if names]
    return ListedState(state.kind, "; ".join(parts))


def _list(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _holds(w: Watch, e: ListedEpisode) -> bool:
    return is_in_scope(w.scope, e.feed_url, e.feed_tags, e.language)


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
