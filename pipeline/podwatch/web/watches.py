"""The watches: how often each is mentioned over time, how often people called it right, and its last hits."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from podwatch.diagnose.names_in_doubt import DescribedPlace, describe_place
from podwatch.model import HearingCounts, Mute, Period, Precision, Watch, measure_precision
from podwatch.notifiers import show_channel
from podwatch.policy.hearing_coverage import HearingCounter, count_episodes
from podwatch.policy.hearing_words import describe_hearings
from podwatch.redaction import display_address
from podwatch.store.audit import Action
from podwatch.web.access import Visitor, VisitorDep
from podwatch.web.alert_filter import parse_id
from podwatch.web.changes import describe_difference
from podwatch.web.charts import draw_bars
from podwatch.web.page import FormDep, Page, PageDep, cached_view, go_to

router = APIRouter(include_in_schema=False)
LIST_DAYS, WATCH_DAYS = 45, 90
HITS = 50
CHANGES = 5
DOUBTS, DOUBTS_READ = 20, 500  # places in doubt that are shown, of the newest


@router.get("/watches", response_class=HTMLResponse)
@cached_view
def show_watches(request: Request, page: PageDep) -> Response:
    now, store = page.clock(), page.store
    states = store.watch_states()
    by_day = store.mentions_by_day(_days_before(now, LIST_DAYS))
    last = now.astimezone(UTC).date()
    return page.render(
        request,
        "watches.html",
        watches=states,
        charts={s.watch.id: draw_bars(by_day.get(s.watch.id, {}), last, LIST_DAYS, step=5, height=22) for s in states},
        hits=store.last_hits([s.watch.id for s in states]),
        precision=measure_precision(store.standing_verdicts(current=True)),
        nobody=Precision(),
        muted={m.watch_id: m for m in store.active_mutes(now) if m.watch_id is not None and m.feed_id is None},
        days=LIST_DAYS,
        off=store.retired_watches(removed=False),
        said=request.query_params.get("said", "")[:300],
        file=page.rt.settings.watchlist,
    )


@router.get("/watches/{name:path}", response_class=HTMLResponse)
@cached_view
def show_watch(name: str, request: Request, page: PageDep) -> Response:
    now, store = page.clock(), page.store
    stored = store.find_watch(name)
    if stored is None:
        raise HTTPException(404, "there is no such watch; one that was renamed has its new name in the list")
    w = stored.watch
    by_day = store.mentions_by_day(_days_before(now, WATCH_DAYS), w.id)
    doubts, counts = list_doubts(page, now, w)
    return page.render(
        request,
        "watch.html",
        watch=w,
        stored=stored,
        definition=describe_definition(w),
        chart=draw_bars(by_day.get(w.id, {}), now.astimezone(UTC).date(), WATCH_DAYS, step=8, height=80),
        days=WATCH_DAYS,
        precision=measure_precision(store.standing_verdicts(current=True)).get(w.name, Precision()),
        mutes=[m for m in store.active_mutes(now) if m.watch_id == w.id],
        hits=store.recent_hits(w.id, HITS),
        doubts=doubts,
        heard=describe_hearings(counts),
        changes=store.changes_of([f"watch {w.name}"], CHANGES),
        difference=describe_difference,
        said=request.query_params.get("said", "")[:300],
    )


def list_doubts(page: Page, now: datetime, w: Watch) -> tuple[list[DescribedPlace], HearingCounts]:
    """The places of the last days where its name was in doubt and the audio has not decided, those that wait first; and
    in how many episodes that is.
    """
    if not w.names_by_sound:
        return [], HearingCounts()
    facts = page.store.coverage_facts(Period(_days_before(now, WATCH_DAYS), now))
    inside = HearingCounter(facts).list_episodes([(seq, x) for seq, x in facts.watches if x.id == w.id])
    if not inside:
        return [], HearingCounts()
    found = page.store.list_hearings(limit=DOUBTS_READ, undecided_of=w.names_by_sound)
    mine = sorted((p for p in found if p.episode_id in inside), key=lambda p: p.is_decided)
    return [describe_place(p) for p in mine[:DOUBTS]], count_episodes(d for every in inside.values() for d in every)


@router.post("/mutes/{id}/end")
def end_mute(id: str, request: Request, page: PageDep, visitor: VisitorDep, form: FormDep) -> Response:
    stop_mute(page, visitor, parse_id(id, "mute"))
    return go_to(request, str(form.get("back", "/watches")))


def stop_mute(page: Page, visitor: Visitor, number: int) -> None:
    """Ends a mute, with its audit. 404 when none of this number is in force."""
    now = page.clock()
    found = [m for m in page.store.active_mutes(now) if m.id == number]
    if not found or not page.store.end_mute(number, now):
        raise HTTPException(404, "nothing is muted by this now")
    page.store.add_audit(visitor.id, Action.END_MUTE, describe_mute(found[0]), {"until": found[0].until}, None, now)


def describe_mute(m: Mute) -> str:
    return " in ".join(part for part in (m.watch and f"watch {m.watch}", m.show) if part)


def describe_definition(w: Watch) -> list[tuple[str, str]]:
    """What the watchlist says of it, in the watchlist's own words, without what is as by default."""
    plain = Watch(name=w.name)
    rows = [(w.kind, w.target)]
    for field in ("type", "aliases", "exclude", "sounds_like", "threshold", "skip", "minimum"):
        value = getattr(w, field)
        if value != getattr(plain, field):
            rows.append((field, ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)))
    for name, values in asdict(w.scope).items():
        if values:
            shown = [display_address(v) for v in values] if name.endswith("urls") else values
            rows.append((f"feeds: {name.replace('not_', 'not ')}", ", ".join(shown)))
    return [*rows, ("channel", show_channel(w.channel)), ("deliver", w.deliver.value)]


def _days_before(now: datetime, days: int) -> datetime:
    """The beginning of the first of so many UTC days that end with today."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days - 1)
