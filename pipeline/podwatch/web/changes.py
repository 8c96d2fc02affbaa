"""The audit: every change that somebody made on the page, by a button in Slack or a command, the newest first."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from podwatch.store.audit import Action, AuditFilter, Facts, describe_facts
from podwatch.web.alert_filter import parse_id
from podwatch.web.page import PageDep, cached_view, query_of

router = APIRouter(include_in_schema=False)
PAGE_SIZE = 50


@router.get("/changes", response_class=HTMLResponse)
@cached_view
def show_changes(request: Request, page: PageDep) -> Response:
    query = request.query_params
    before = query.get("before")
    fields = {name: query.get(name, "").replace("\0", "")[:200] for name in ("who", "what", "q")}
    wanted = AuditFilter(fields["who"], fields["what"], fields["q"])
    found = page.store.list_audit(wanted, before=parse_id(before, "before") if before else None, limit=PAGE_SIZE + 1)
    older = query_of(fields | {"before": found[PAGE_SIZE - 1].id}) if len(found) > PAGE_SIZE else ""
    return page.render(
        request,
        "changes.html",
        changes=found[:PAGE_SIZE],
        older=older,
        fields=fields,
        people=page.store.audited_people(),
        actions=[a.value for a in Action],
        is_filtered=any(fields.values()),
        facts=describe_facts,
        difference=split_difference,
    )


def split_difference(before: Facts, after: Facts) -> tuple[str, str]:
    """What was before and what is after, each without what is the same in both."""
    if not before or not after:
        return describe_facts(before), describe_facts(after)
    own = {k: v for k, v in before.items() if after.get(k) != v}
    new = {k: v for k, v in after.items() if before.get(k) != v}
    return describe_facts(own), describe_facts(new)


def describe_difference(before: Facts, after: Facts) -> str:
    """The same in one line: ``query: grain → query: corn``."""
    if not before or not after:
        return describe_facts(before) or describe_facts(after)
    old, new = split_difference(before, after)
    return f"{old} → {new}" if old and new else new or old
