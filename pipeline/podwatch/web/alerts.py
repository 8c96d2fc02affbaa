"""The stream of alerts, the first view: what was found, why, what became of it, and what people say of it."""

from __future__ import annotations

import csv
import io
from datetime import datetime

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from podwatch.diagnose.coverage import coverage_line
from podwatch.errors import PodwatchError
from podwatch.line.answers import save_answer
from podwatch.model import Answer, Kind, Verdict
from podwatch.notifiers.escaping import defuse_cell
from podwatch.redaction import display_address
from podwatch.store.alert_stream import Outcome, StreamedAlert
from podwatch.web.access import Visitor, VisitorDep
from podwatch.web.alert_filter import parse_filter, parse_id, read_fields
from podwatch.web.describe import describe_match, describe_outcome, message_link
from podwatch.web.page import FormDep, Page, PageDep, cached_view, go_to, query_of
from podwatch.web.rendering import seconds_or_none

router = APIRouter(include_in_schema=False)
PAGE_SIZE = 50
CSV_ROWS = 10_000
MOST_LISTED_FEEDS = 200  # in the filter: more would weigh more than the alerts


@router.get("/", response_class=HTMLResponse)
def show_first(request: Request) -> Response:
    return go_to(request, "/alerts")


@router.get("/alerts", response_class=HTMLResponse)
@cached_view
def show_alerts(request: Request, page: PageDep) -> Response:
    fields = read_fields(request.query_params)
    wanted = parse_filter(fields)
    before = request.query_params.get("before")
    store = page.store
    alerts = store.alert_stream(wanted, before=parse_id(before, "before") if before else None, limit=PAGE_SIZE + 1)
    more, alerts = len(alerts) > PAGE_SIZE, alerts[:PAGE_SIZE]
    feeds = store.feed_names(MOST_LISTED_FEEDS + 1)
    is_empty = not alerts and not fields.query
    older = query_of(fields.query | {"before": alerts[-1].id}) if more else ""
    return page.render(
        request,
        "alerts.html",
        alerts=alerts,
        fields=fields,
        query=query_of(fields.query),
        older=older,
        paged=before is not None,
        back="/alerts?" + query_of(fields.query | {"before": before}),
        facets=store.alert_facets(),
        with_state=lambda state: query_of(fields.query | {"state": "" if fields.state == state else state}),
        watches=[w.watch.name for w in store.watch_states()],
        feeds=feeds if len(feeds) <= MOST_LISTED_FEEDS else None,
        any_feeds=bool(feeds),
        kinds=[k.value for k in Kind],
        states=[o.value for o in Outcome],
        said=request.query_params.get("said", "")[:300],
        heard=f"So far: {coverage_line(store, page.clock())}." if is_empty and feeds else "",
    )


@router.post("/alerts/{id}/answers")
def answer_alert(id: str, request: Request, page: PageDep, visitor: VisitorDep, form: FormDep) -> Response:
    said = give_answer(page, visitor, parse_id(id, "alert"), str(form.get("verdict", "")))
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"said": said})
    return go_to(request, f"{form.get('back') or '/alerts'}#a{id}", said=said)


def give_answer(page: Page, visitor: Visitor, id: int, verdict: str) -> str:
    """Saves an answer as Slack's buttons do, with its audit; returns the confirmation. 404 for no such alert."""
    if verdict not in {v.value for v in Verdict}:
        raise PodwatchError("is no answer", where=f"verdict={verdict[:40]}", todo=f"take one of {', '.join(Verdict)}")
    found = page.store.streamed_alert(id, shown=0)
    if found is None:
        raise HTTPException(404, "there is no such alert")
    now = page.clock()
    about = f"alert {id}: {found.watch} in {found.episode or 'an episode that is gone'}"
    answer = Answer(key=found.key, verdict=Verdict(verdict), user=visitor.id, at=now)
    return save_answer(page.store, answer, now, who=visitor.id, about=about)


@router.get("/alerts.csv")
def export_alerts(request: Request, page: PageDep) -> Response:
    wanted = parse_filter(read_fields(request.query_params))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(CSV_COLUMNS)
    for a in page.store.alert_stream(wanted, limit=CSV_ROWS):
        writer.writerows([defuse(cell) for cell in row] for row in csv_rows(a))
    headers = {"content-disposition": 'attachment; filename="alerts.csv"'}
    return PlainTextResponse(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


CSV_COLUMNS = ("alert", "found", "watch", "show", "episode", "published", "seconds", "speaker", "kind", "score",
               "surface", "sentence", "why", "outcome", "sent", "message")  # fmt: skip


def csv_rows(a: StreamedAlert) -> list[tuple[object, ...]]:
    """A row for each mention, of the first ones; one without, when there is none any more."""
    head = (a.id, _iso(a.created_at), a.watch, a.show or display_address(a.feed_url), a.episode, _iso(a.published_at))
    tail = (describe_outcome(a), _iso(a.sent_at), message_link(a))
    rows: list[tuple[object, ...]] = []
    for _, m in a.mentions:
        said = (seconds_or_none(m), m.speaker, m.kind.value, m.score, m.surface, m.snippet, describe_match(m))
        rows.append((*head, *said, *tail))
    return rows or [(*head, *[None] * 7, *tail)]


def defuse(cell: object) -> object:
    """A cell of a CSV file, never a formula."""
    return defuse_cell(cell) if isinstance(cell, str) else cell


def _iso(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
