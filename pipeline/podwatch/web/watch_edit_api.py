"""Watches changed by programs: with the same checks, guard against two editors, and audit as on the page."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path
from pydantic import BaseModel, Field

from podwatch.diagnose.watch_facts import shown_entry
from podwatch.errors import WatchlistError
from podwatch.model import Watch
from podwatch.store.watch_edits import Author, WatchConflict
from podwatch.watchlist.entries import format_entry
from podwatch.watchlist.entry_edits import diff_of
from podwatch.watchlist.loader import parse_watchlist
from podwatch.web.access import VisitorDep
from podwatch.web.api_records import REFUSALS, Refusal
from podwatch.web.editor import save
from podwatch.web.page import Page, PageDep
from podwatch.web.watch_check import ShownFinding, WatchReport, examine
from podwatch.web.watch_file import propose_change
from podwatch.web.watch_form import digest_of, shown_yaml, values_of

_CONFLICT = {"model": Refusal, "description": "somebody else has changed it, or the watchlist is a synced file"}
router = APIRouter(prefix="/api/v1", responses={**REFUSALS, 409: _CONFLICT})
Name = Annotated[str, Path(max_length=200)]


class WatchText(BaseModel):
    """One watch as it stands in a watchlist: "name: grain\\nquery: grain AND ship".

    seen: that of EditedWatch, of the watch that is changed; "" for a new one.
    """

    yaml: str = Field(min_length=1, max_length=100_000)
    seen: str = Field("", max_length=100)


class SwitchTo(StrEnum):
    OFF = "off"
    ON = "on"
    REMOVED = "removed"


class NewState(BaseModel):
    """off: it is looked for no more; removed: nor listed, for good. What it found stays."""

    state: SwitchTo


@dataclass(frozen=True, slots=True)
class FindingRecord:
    """level: error, warning or note. field: of the watch, "" for all of it. column: in the query, from 1; 0: none."""

    level: str
    field: str
    column: int
    what: str
    todo: str


@dataclass(frozen=True, slots=True)
class EditedWatch:
    """A watch as YAML, addresses without their secrets. seen: to be sent back with a change of it."""

    yaml: str
    seen: str
    revision: int
    findings: list[FindingRecord]


@router.get("/watches/{name:path}/entry")
def show_entry(name: Name, page: PageDep) -> EditedWatch:
    """A watch as it stands in a watchlist, to be changed and sent back."""
    stored = page.store.find_watch(_clean(name))
    if stored is None:
        raise HTTPException(404, "there is no such watch; one that was renamed has its new name in the list")
    return _edited(stored.watch, ())


@router.post("/watches/check")
def check_watch(text: WatchText, page: PageDep, visitor: VisitorDep) -> list[FindingRecord]:
    """What `podwatch watches check` says of a watch; nothing is saved. A mistake that makes it none is a 400."""
    return [_record(f) for f in _examine(page, _read(text.yaml), None).findings if f.field != "name"]


@router.put("/watches/{name:path}/entry")
def put_entry(name: Name, text: WatchText, page: PageDep, visitor: VisitorDep) -> EditedWatch:
    """Adds the watch, or changes it: with what was ``seen`` of it, so that nobody's change is overwritten."""
    stored = page.store.find_watch(_clean(name))
    present = stored.watch if stored is not None and stored.enabled else None
    watch = _read(text.yaml)
    _refuse_synced_file(page, present, watch)
    if (digest_of(present) if present is not None else "") != text.seen:
        raise HTTPException(409, _describe_conflict(present, watch))
    report = _examine(page, watch, present)
    if report.has_errors or report.watch is None:
        raise HTTPException(422, "; ".join(f"{f.field or 'watch'}: {f.what}" for f in report.findings))
    try:
        saved = save(page, visitor, report.watch, present)
    except WatchConflict as e:
        raise HTTPException(409, _describe_conflict(e.present, watch)) from None
    return _edited(saved, report.findings)


@router.post("/watches/{name:path}/state", status_code=204)
def set_state(name: Name, state: NewState, page: PageDep, visitor: VisitorDep) -> None:
    """Switches a watch off or on, or removes it."""
    stored = page.store.find_watch(_clean(name))
    if stored is None:
        raise HTTPException(404, "there is no such watch; one that was renamed has its new name in the list")
    watch, is_on = stored.watch, state.state is SwitchTo.ON
    _refuse_synced_file(page, watch if stored.enabled else None, watch if is_on else None)
    facts, now = shown_entry(watch), page.clock()
    try:
        if is_on:
            live = timedelta(days=page.rt.settings.live_days)
            page.store.switch_on(watch.name, Author(visitor.id, None, facts), now, live)
        else:
            author, for_good = Author(visitor.id, facts, None), state.state is SwitchTo.REMOVED
            page.store.switch_off(watch, author, now, for_good=for_good)
    except WatchConflict:
        raise HTTPException(409, "it was changed by somebody else in the meantime; nothing was done") from None


def _read(yaml: str) -> Watch:
    """Raises WatchlistError, with the line and column of the text that was sent."""
    entry = textwrap.dedent(yaml.replace("\r\n", "\n")).lstrip("\n")
    if not entry.startswith("- "):  # else an item of a list, as it is copied from a watchlist
        entry = "- " + textwrap.indent(entry, "  ").lstrip(" ")
    text = f"watches:\n{entry}"
    try:
        watches, _ = parse_watchlist(text, "")
    except* WatchlistError as group:
        lines = [e.what for e in group.exceptions if isinstance(e, WatchlistError)]
        raise WatchlistError("; ".join(lines) or str(group), where="yaml") from None
    if len(watches) != 1:
        raise WatchlistError(f"is {len(watches)} watches", where="yaml", todo="send one")
    return watches[0]


def _examine(page: Page, watch: Watch, present: Watch | None) -> WatchReport:
    return examine(page, values_of(watch), present, "api", backtest=False)


def _refuse_synced_file(page: Page, present: Watch | None, watch: Watch | None) -> None:
    """Where the watchlist is a synced file, says what is to be changed in it."""
    if (file := page.rt.settings.watchlist) is not None:
        change = propose_change(file, present.name if present is not None else None, watch)
        what = f"the watchlist is the file {change.name}, and the next sync would undo this: change it there"
        raise HTTPException(409, f"{what}\n{change.diff or change.entry}")


def _describe_conflict(present: Watch | None, watch: Watch) -> str:
    if present is None:
        return "there is no such watch any more: send it with seen empty to add it"
    return "somebody else has changed it, or seen was not sent\n" + diff_of(
        shown_yaml(present), shown_yaml(watch), f"{present.name}.yaml"
    )


def _edited(watch: Watch, findings: tuple[ShownFinding, ...]) -> EditedWatch:
    shown = textwrap.dedent(format_entry(shown_entry(watch), dash="    "))
    return EditedWatch(shown, digest_of(watch), watch.revision, [_record(f) for f in findings])


def _record(f: ShownFinding) -> FindingRecord:
    return FindingRecord(f.level, f.field, f.column, f.what, f.todo)


def _clean(name: str) -> str:
    return name.replace("\0", "").encode("utf-8", "ignore").decode()
