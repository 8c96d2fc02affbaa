"""The JSON API, /api/v1: what the views show and change, by the same code, with paging and an OpenAPI document."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from pydantic import BaseModel, Field

from podwatch.errors import PodwatchError
from podwatch.model import Kind, Period, Precision, Transcript, Verdict, measure_precision
from podwatch.policy.coverage import measure_days, measure_feeds, measure_watches, split_by_feed
from podwatch.redaction import redact_text
from podwatch.store.alert_stream import Outcome
from podwatch.web import api_records as records
from podwatch.web.access import VisitorDep
from podwatch.web.alert_filter import LARGEST_ID, FilterFields, parse_day, parse_filter
from podwatch.web.alerts import give_answer
from podwatch.web.coverage import DAYS, list_day
from podwatch.web.doubts import list_doubts
from podwatch.web.feeds import add_named, change_tags, choose_state, find_feed, make_tags, remove_feed
from podwatch.web.page import Page, PageDep, relative_address
from podwatch.web.transcript_layout import word_times

router = APIRouter(prefix="/api/v1", responses=records.REFUSALS)
Id = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Offset = Annotated[int, Query(ge=0, le=LARGEST_ID)]
Limit = Annotated[int, Query(ge=1, le=200)]
Before = Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="Only what is older than this one.")]
_ONE_DAY = timedelta(days=1)
_LONGEST = 366  # days of coverage at once


class NewAnswer(BaseModel):
    """An answer to an alert."""

    verdict: Verdict


class NewFeeds(BaseModel):
    """Feeds to poll: their addresses, or those of a show's page."""

    urls: list[str] = Field(min_length=1, max_length=200)
    tags: list[str] = []


class NewTags(BaseModel):
    """The tags of a feed, instead of those that it has."""

    tags: list[str]


class Said(BaseModel):
    """What was done, in words."""

    said: str


@router.get("/alerts", response_model=records.AlertPage)
def list_alerts(
    request: Request,
    page: PageDep,
    watch: str = "",
    feed: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    since: date | None = None,
    until: date | None = None,
    kind: Kind | None = None,
    state: Outcome | None = None,
    before: Before = None,
    limit: Limit = 50,
) -> Response:
    """The alerts, the newest first. since, until: the days (UTC) on which they were found."""
    fields = FilterFields(
        watch=watch, feed=str(feed or ""), since=_text(since), until=_text(until), kind=kind or "", state=state or ""
    )
    wanted = parse_filter(fields)

    def compute() -> str:
        found = page.store.alert_stream(wanted, before=before, limit=limit + 1)
        last = found[limit - 1].id if len(found) > limit else None
        return records.to_json(records.AlertPage([records.alert_record(a) for a in found[:limit]], last))

    # Programs ask for the same again and again; they get no answer that is a second old, as people do.
    text = page.views.read(("api", relative_address(request)), compute, must_be_new=True)
    return Response(text, media_type="application/json")


@router.get("/alerts/{id}")
def show_alert(id: Id, page: PageDep) -> records.AlertRecord:
    """One alert with all its mentions."""
    found = page.store.streamed_alert(id)
    if found is None:
        raise HTTPException(404, "there is no such alert")
    return records.alert_record(found)


@router.post("/alerts/{id}/answers")
def answer_alert(id: Id, answer: NewAnswer, page: PageDep, visitor: VisitorDep) -> Said:
    """What Slack's buttons do: judge an alert, mute its show for 30 days, or snooze its watch for 7."""
    return Said(said=give_answer(page, visitor, id, answer.verdict.value))


@router.get("/episodes/{id}")
def show_episode(id: Id, page: PageDep) -> records.EpisodeRecord:
    found = page.store.listed_episode(id)
    if found is None:
        raise HTTPException(404, "there is no such episode")
    return records.episode_record(found, page.store.watches_to_detect().latest)


@router.get("/episodes/{id}/mentions")
def list_mentions(id: Id, page: PageDep) -> list[records.MentionRecord]:
    """All mentions in an episode, in the order of its text."""
    return [records.mention_record(m.id, m.mention) for m in page.store.marked_mentions(id)]


@router.get("/episodes/{id}/hearings")
def list_hearings(id: Id, page: PageDep) -> list[records.HearingRecord]:
    """The places of its text where a watched name was in doubt: what waits to be heard again, and what was decided."""
    found = list_doubts(page.store, _transcript(page, id), page.store.marked_mentions(id))
    return [records.hearing_record(d) for d in found]


@router.get("/episodes/{id}/transcript")
def show_transcript(id: Id, page: PageDep) -> records.TranscriptRecord:
    t = _transcript(page, id)
    facts = page.store.transcript_facts(id)
    segments = [records.SegmentRecord(_finite(s.start), _finite(s.end), s.speaker, s.text) for s in t.segments()]
    source = redact_text(facts.source) if facts else ""
    return records.TranscriptRecord(id, source, t.media_type, t.language, t.revision, t.text, segments)


@router.get("/episodes/{id}/words")
def show_words(id: Id, page: PageDep) -> records.WordTimes:
    """When the words of its transcript are said."""
    return records.WordTimes(word_times(_transcript(page, id)))


@router.get("/watches")
def list_watches(page: PageDep, days: Annotated[int, Query(ge=1, le=_LONGEST)] = 90) -> list[records.WatchRecord]:
    """The watches, their answers, and their mentions on each day of the last ones."""
    by_day = page.store.mentions_by_day(_midnight(page.clock()) - (days - 1) * _ONE_DAY)
    said = measure_precision(page.store.standing_verdicts(current=True))
    return [
        records.watch_record(s, said.get(s.watch.name, Precision()), by_day.get(s.watch.id, {}))
        for s in page.store.watch_states()
    ]


@router.get("/feeds")
def list_feeds(page: PageDep, tag: str = "", offset: Offset = 0, limit: Limit = 100) -> records.FeedPage:
    """The feeds in the order in which they were added."""
    now = page.clock()
    found = [f for f in page.store.feeds() if not tag or tag in f.tags]
    here = [records.feed_record(f, choose_state(f, now)) for f in found[offset : offset + limit]]
    return records.FeedPage(here, offset + limit if len(found) > offset + limit else None)


@router.post("/feeds", status_code=201)
def add_feeds(new: NewFeeds, page: PageDep, visitor: VisitorDep) -> Said:
    """Adds feeds; those that are there already get the tags."""
    return Said(said=add_named(page, visitor, new.urls, b"", make_tags(new.tags)))


@router.get("/feeds/{id}")
def show_feed(id: Id, page: PageDep) -> records.FeedRecord:
    feed = find_feed(page, str(id))
    return records.feed_record(feed, choose_state(feed, page.clock()))


@router.put("/feeds/{id}/tags")
def put_tags(id: Id, new: NewTags, page: PageDep, visitor: VisitorDep) -> records.FeedRecord:
    feed = find_feed(page, str(id))
    change_tags(page, visitor, feed, make_tags(new.tags))
    return show_feed(id, page)


@router.delete("/feeds/{id}", status_code=204)
def delete_feed(id: Id, page: PageDep, visitor: VisitorDep) -> None:
    """Removes a feed with its episodes, transcripts and mentions."""
    remove_feed(page, visitor, find_feed(page, str(id)))


@router.get("/feeds/{id}/episodes")
def list_episodes(id: Id, page: PageDep, offset: Offset = 0, limit: Limit = 50) -> records.EpisodePage:
    """The episodes of a feed, the newest first, and what became of each."""
    feed = find_feed(page, str(id))
    found = page.store.episodes_of_feed(feed.id, offset=offset, limit=limit + 1)
    latest = page.store.watches_to_detect().latest
    more = offset + limit if len(found) > limit else None
    return records.EpisodePage([records.episode_record(e, latest) for e in found[:limit]], more)


@router.get("/coverage")
def show_coverage(
    page: PageDep,
    since: date | None = None,
    until: date | None = None,
    watch: str = "",
    feed: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
) -> records.CoverageReport:
    """What was listened to of what came out from since to until (UTC days): in all, for a watch, of a feed."""
    now = page.clock()
    last = until or now.astimezone(UTC).date()
    for name, day in (("since", since), ("until", until)):
        if day is not None:
            parse_day(day.isoformat(), name)
    first = since or last - (DAYS - 1) * _ONE_DAY
    if not 0 <= (last - first).days < _LONGEST:
        raise PodwatchError(
            f"are not 1 to {_LONGEST} days", where=f"since={first}, until={last}", todo="take fewer days"
        )
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    facts, by_day = page.store.daily_coverage_facts(Period(start, start + (last - first + _ONE_DAY)))
    watches = [(seq, w) for seq, w in facts.watches if watch in ("", w.name)]
    if watch and not watches:
        raise HTTPException(404, "there is no such watch")
    if feed is not None:
        facts = next((one for f, one in split_by_feed(facts) if f.id == feed), None) or _no_feed()
        by_day = {day: [n for n in counts if n.feed_id == feed] for day, counts in by_day.items()}
    total = measure_watches(facts, watches, now) if watch else measure_feeds(facts, now)
    days = measure_days(facts, by_day, watches if watch else None)
    return records.CoverageReport(
        since=first,
        until=last,
        feeds=total.feeds,
        days_polled=total.days_polled,
        days_failed=total.days_failed,
        days_not_polled=total.days_not_polled,
        days_unknown=total.days_unknown,
        total=records.coverage_record(None, total),
        days=[records.coverage_record(day, days[day]) for day in sorted(days)],
    )


@router.get("/coverage/days/{day}")
def show_coverage_day(
    day: date, page: PageDep, watch: str = "", feed: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None
) -> list[records.EpisodeRecord]:
    """What came out on a day (UTC) and whether it was listened to, what was missed first; 500 episodes at most."""
    rows = list_day(page, parse_day(day.isoformat(), "day"), feed, _clean(watch))
    return [records.listed_record(e, state) for e, state in rows]


@router.get("/changes")
def list_changes(page: PageDep, before: Before = None, limit: Limit = 50) -> records.ChangePage:
    """The audit of the changes made by the page and this API, the newest first."""
    found = page.store.list_audit(before=before, limit=limit + 1)
    last = found[limit - 1].id if len(found) > limit else None
    return records.ChangePage([records.change_record(c) for c in found[:limit]], last)


@router.get("/openapi.json", include_in_schema=False)
def show_openapi(request: Request) -> dict[str, Any]:
    """The document of this API, with the address under which it is reached."""
    document: dict[str, Any] = request.app.openapi()
    return document | {"servers": [{"url": request.scope.get("root_path", "") or "/"}]}


def _transcript(page: Page, id: int) -> Transcript:
    source = page.store.source_of_episode(id)
    if source is None:
        raise HTTPException(404, "there is no transcript of this episode, or no such episode")
    return source.transcript


def _no_feed() -> Any:
    raise HTTPException(404, "there is no such feed")


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""


def _finite(second: float) -> float | None:
    return None if math.isnan(second) else second
