"""The editor of watches: add, change, switch off and on, remove; checked and tried out before it is saved.

Where the watchlist is a file that is synced (PODWATCH_WATCHLIST) nothing is changed here, since the next sync would
undo it: what is to be committed is shown instead.
"""

from __future__ import annotations

import secrets
from collections import Counter
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from podwatch.diagnose.watch_facts import shown_entry
from podwatch.errors import PodwatchError, WatchlistError
from podwatch.model import Watch
from podwatch.notifiers import show_channel
from podwatch.store.audit import AuditEntry
from podwatch.store.completions import NAMES
from podwatch.store.search import SearchScope
from podwatch.store.watch_edits import Author, WatchConflict
from podwatch.watchlist.entry_edits import diff_of
from podwatch.web.access import Visitor, VisitorDep
from podwatch.web.page import FormDep, Page, PageDep, go_to
from podwatch.web.watch_check import WatchReport, examine, explain
from podwatch.web.watch_file import FileChange, propose_change
from podwatch.web.watch_form import (
    Values,
    digest_of,
    empty_values,
    read_values,
    shown_yaml,
    suggest_name,
    values_of,
)

router = APIRouter(include_in_schema=False)
MOST_NAMES = 8
PREFILLED = ("name", "query", "entity", "aliases", "channel")


@router.get("/editor", response_class=HTMLResponse)
def show_editor(request: Request, page: PageDep, visitor: VisitorDep) -> Response:
    """Of the watch that the address names, else of a new one, filled with what the address says."""
    _require_change(visitor)
    query = request.query_params
    if name := query.get("watch", ""):
        present = find_watch(page, name)
        return render_editor(request, page, values_of(present), present, fresh=True)
    values = empty_values(usual_channel(page.store.watches()))
    given = {f: query.get(f, "").replace("\0", "")[:4000] for f in PREFILLED if query.get(f)}
    values |= given
    if "entity" in given and "query" not in given:
        values["kind"] = "entity"
    target = values["query"] if values["kind"] == "query" else values["entity"]
    values["name"] = values["name"] or (suggest_name(target) if target else "")
    return render_editor(request, page, values, None, fresh=not given)


@router.post("/editor", response_class=HTMLResponse)
def save_or_check(request: Request, page: PageDep, visitor: VisitorDep, form: FormDep) -> Response:
    values, was = read_values(form), str(form.get("was", ""))
    present = page.store.find_watch(was) if was else None
    now_stored = present.watch if present is not None and present.enabled else None
    report = examine(page, values, now_stored, _editor_of(form), backtest=form.get("do") != "save")
    if form.get("do") != "save" or report.has_errors or report.watch is None:
        status = 422 if form.get("do") == "save" else 200
        return render_editor(request, page, values, now_stored, was=was, form=form, report=report, status=status)
    if page.rt.settings.watchlist is not None:
        change = propose_change(page.rt.settings.watchlist, was or None, report.watch)
        return render_editor(request, page, values, now_stored, was=was, form=form, report=report, change=change)
    if was and (now_stored is None or digest_of(now_stored) != form.get("seen")):
        return _show_conflict(request, page, values, now_stored, was, form, report)
    try:
        saved = save(page, visitor, report.watch, now_stored)
    except WatchConflict as e:
        return _show_conflict(request, page, values, e.present, was, form, report)
    except WatchlistError as e:
        report = WatchReport(report.watch, (explain(e), *report.findings), None)
        return render_editor(request, page, values, now_stored, was=was, form=form, report=report, status=422)
    return go_to(request, f"/watches/{_part(saved.name)}", said=_describe_saved(saved, now_stored))


@router.post("/editor/check", response_class=HTMLResponse)
def check(request: Request, page: PageDep, visitor: VisitorDep, form: FormDep) -> Response:
    """What is said beside the form, for the script that asks while somebody types."""
    values, was = read_values(form), str(form.get("was", ""))
    stored = page.store.find_watch(was) if was else None
    present = stored.watch if stored is not None and stored.enabled else None
    report = examine(page, values, present, _editor_of(form))
    return page.render(request, "watch_report.html", report=report, is_changed=_is_changed(report, present))


@router.get("/editor/names")
def complete(request: Request, page: PageDep, visitor: VisitorDep) -> Response:
    """Names that begin with or hold what was typed."""
    of, text = request.query_params.get("of", ""), request.query_params.get("q", "")[:100].replace("\0", "")
    if of not in NAMES:
        raise PodwatchError("is no kind of name", where=f"of={of[:40]}", todo=f"take one of {', '.join(NAMES)}")
    found = page.store.names_like(of, text, MOST_NAMES)
    return JSONResponse([show_channel(n) for n in found] if of == "channel" else found)


@router.post("/editor/state", response_class=HTMLResponse)
def switch(request: Request, page: PageDep, visitor: VisitorDep, form: FormDep) -> Response:
    """Takes a watch off the watchlist, puts it back, or removes it for good."""
    name, do, now = str(form.get("watch", "")), str(form.get("do", "")), page.clock()
    stored = page.store.find_watch(name)
    if stored is None or do not in ("off", "on", "remove"):
        raise HTTPException(404, "there is no such watch; one that was renamed has its new name in the list")
    if do == "remove" and form.get("sure") != "yes":
        raise PodwatchError("was not confirmed", where="removing the watch", todo="tick the box beside the button")
    watch = stored.watch
    if (file := page.rt.settings.watchlist) is not None:
        change = propose_change(file, watch.name if stored.enabled else None, None if do != "on" else watch)
        return render_editor(request, page, values_of(watch), watch, fresh=True, change=change)
    facts = shown_entry(watch)
    live = timedelta(days=page.rt.settings.live_days)
    try:
        if do == "on":
            page.store.switch_on(name, Author(visitor.id, None, facts), now, live)
            return go_to(request, f"/watches/{_part(name)}", said=f"{name} is looked for again.")
        page.store.switch_off(watch, Author(visitor.id, facts, None), now, for_good=do == "remove")
    except WatchConflict:
        what = "was changed by somebody else in the meantime; nothing was done"
        raise PodwatchError(what, where=f"watch {name}", todo="look at it again") from None
    said = "removed" if do == "remove" else "switched off"
    return go_to(request, "/watches", said=f"{name} is {said}: it is looked for no more. What it found stays.")


def save(page: Page, visitor: Visitor, watch: Watch, present: Watch | None) -> Watch:
    """Puts it to use, with its audit; raises WatchConflict and WatchlistError as the store does."""
    author = Author(visitor.id, None if present is None else shown_entry(present), shown_entry(watch))
    return page.store.save_watch(watch, present, author, page.clock(), timedelta(days=page.rt.settings.live_days))


def render_editor(
    request: Request,
    page: Page,
    values: Values,
    present: Watch | None,
    *,
    was: str | None = None,
    form: Any = None,
    report: WatchReport | None = None,
    fresh: bool = False,
    status: int = 200,
    change: FileChange | None = None,
    conflict: str = "",
    last: AuditEntry | None = None,
) -> Response:
    """fresh: nothing was typed yet, so nothing is said against it, and nothing tried."""
    if report is None:
        editor = _editor_of(form) if form is not None else secrets.token_urlsafe(9)
        report = examine(page, values, present, editor, backtest=not fresh or present is not None)
    else:
        editor = _editor_of(form)
    watches = page.store.watches()
    seen = str(form.get("seen", "")) if form is not None and not conflict else digest_of(present) if present else ""
    return page.render(
        request,
        "editor.html",
        status,
        values=values,
        report=report,
        present=present,
        was=was if was is not None else (present.name if present is not None else ""),
        seen=seen,
        editor=editor,
        is_changed=_is_changed(report, present),
        change=change,
        conflict=conflict,
        last=last,
        file=page.rt.settings.watchlist,
        channels=sorted({show_channel(w.channel) for w in watches}),
        tags=sorted({t for f in page.store.feeds() for t in f.tags}),
        any_transcripts=page.store.count_searchable(SearchScope()) > 0,
    )


def find_watch(page: Page, name: str) -> Watch:
    stored = page.store.find_watch(name)
    if stored is None:
        raise HTTPException(404, "there is no such watch; one that was renamed has its new name in the list")
    return stored.watch


def usual_channel(watches: list[Watch]) -> str:
    """The channel that most watches have."""
    counted = Counter(show_channel(w.channel) for w in watches).most_common(1)
    return counted[0][0] if counted else Watch(name="new").channel


def _show_conflict(
    request: Request, page: Page, values: Values, present: Watch | None, was: str, form: Any, report: WatchReport
) -> Response:
    """Somebody was quicker: what is stored now beside what was typed, which is still in the form."""
    assert report.watch is not None
    theirs = shown_yaml(present) if present is not None else ""
    difference = diff_of(theirs, shown_yaml(report.watch), f"{was}.yaml")
    difference = "".join(f"{line}\n" for line in difference.splitlines()[2:] if not line.startswith("@@"))
    last = next(iter(page.store.changes_of([f"watch {was}"], 1)), None)
    return render_editor(
        request, page, values, present, was=was if present is not None else "", form=form, report=report, status=409,
        conflict=difference or "nothing: both are the same", last=last,
    )  # fmt: skip


def _is_changed(report: WatchReport, present: Watch | None) -> bool:
    return present is None or (report.watch is not None and digest_of(report.watch) != digest_of(present))


def _describe_saved(saved: Watch, was: Watch | None) -> str:
    if was is None:
        return f"{saved.name} is on the watchlist: with its next run podwatch looks for it in all that is stored."
    if saved.revision != was.revision:
        return f"Saved as revision {saved.revision}: with its next run podwatch looks for it in all that is stored."
    return "Saved. It finds the same as before, so it keeps its revision."


def _editor_of(form: Any) -> str:
    return str(form.get("editor", ""))[:40] or secrets.token_urlsafe(9)


def _part(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="")


def _require_change(visitor: Visitor) -> None:
    if not visitor.may_change:
        raise HTTPException(403, "you may read this page, and not change anything")
