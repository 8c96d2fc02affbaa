"""The audit: every change that somebody made on the page, the newest first."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from podwatch.store.audit import Facts
from podwatch.web.alert_filter import parse_id
from podwatch.web.page import PageDep, cached_view

router = APIRouter(include_in_schema=False)
PAGE_SIZE = 50


@router.get("/changes", response_class=HTMLResponse)
@cached_view
def show_changes(request: Request, page: PageDep) -> Response:
    before = request.query_params.get("before")
    found = page.store.list_audit(before=parse_id(before, "before") if before else None, limit=PAGE_SIZE + 1)
    older = found[PAGE_SIZE - 1].id if len(found) > PAGE_SIZE else 0
    return page.render(request, "changes.html", changes=found[:PAGE_SIZE], older=older, facts=describe_facts)


def describe_facts(facts: Facts) -> str:
    """``tags: news, daily``."""
    shown = ((k, ", ".join(map(str, v)) if isinstance(v, list) else v) for k, v in (facts or {}).items())
    return "; ".join(f"{k}: {v}" for k, v in shown if v not in (None, ""))
