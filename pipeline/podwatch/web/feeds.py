"""The feeds: how each is at a glance, its episodes, and which there are: add, tag, remove."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from podwatch.diagnose.coverage import transcripts_by_feed
from podwatch.errors import PodwatchError
from podwatch.feeds import opml
from podwatch.line.feed_discovery import look_behind_pages, look_up_show
from podwatch.line.feed_list import add_feeds
from podwatch.model import Feed
from podwatch.policy.poll_schedule import is_dead
from podwatch.redaction import display_address, is_redacted, redact_text
from podwatch.store.audit import Action
from podwatch.web.access import Visitor, VisitorDep
from podwatch.web.alert_filter import parse_id
from podwatch.web.coverage import describe_listed
from podwatch.web.page import FormDep, Page, PageDep, cached_view, go_to, query_of

router = APIRouter(include_in_schema=False)
PAGE_SIZE = 100
EPISODES_SHOWN = 50
MOST_ADDRESSES = 200  # in one form; more are an OPML file


@dataclass(frozen=True, slots=True)
class FeedHealth:
    """A feed as the list shows it. state: dead, failing, never (polled), gone (not polled any more) or fine."""

    feed: Feed
    state: str
    transcripts: str = ""


@router.get("/feeds", response_class=HTMLResponse)
@cached_view
def show_feeds(request: Request, page: PageDep) -> Response:
    now, query = page.clock(), request.query_params
    tag, state, text = query.get("tag", ""), query.get("state", ""), query.get("q", "").strip()
    offset = parse_id(query.get("from", "0"), "from")
    feeds = page.store.feeds()
    every = [FeedHealth(f, choose_state(f, now)) for f in feeds]
    order = {"dead": 0, "failing": 1, "gone": 2, "never": 3, "fine": 4}
    shown = [h for h in every if (not tag or tag in h.feed.tags) and (not state or h.state == state) and _fits(h, text)]
    shown.sort(key=lambda h: (order[h.state], (h.feed.title or h.feed.url).casefold()))
    here = shown[offset : offset + PAGE_SIZE]
    # Of those that are shown alone: it is counted from all their episodes.
    transcripts = transcripts_by_feed(page.store, now, [h.feed.id for h in here]) if here else {}
    here = [replace(h, transcripts=transcripts.get(h.feed.id, "")) for h in here]
    more = query_of({"tag": tag, "state": state, "q": text, "from": offset + PAGE_SIZE})
    return page.render(
        request,
        "feeds.html",
        feeds=here,
        total=len(every),
        shown=len(shown),
        offset=offset,
        more=more if len(shown) > offset + PAGE_SIZE else "",
        states={s: n for s in order if (n := sum(h.state == s for h in every))},
        tags=sorted({t for f in feeds for t in f.tags}),
        tag=tag,
        state=state,
        text=text,
        said=query.get("said", "")[:500],
    )


@router.get("/feeds/{id}", response_class=HTMLResponse)
@cached_view
def show_feed(id: str, request: Request, page: PageDep) -> Response:
    feed = find_feed(page, id)
    offset = parse_id(request.query_params.get("from", "0"), "from")
    latest = page.store.watches_to_detect().latest
    found = page.store.episodes_of_feed(feed.id, offset=offset, limit=EPISODES_SHOWN + 1)
    return page.render(
        request,
        "feed.html",
        feed=feed,
        state=choose_state(feed, page.clock()),
        episodes=[(e, describe_listed(e, latest)) for e in found[:EPISODES_SHOWN]],
        older=offset + EPISODES_SHOWN if len(found) > EPISODES_SHOWN else 0,
        offset=offset,
    )


@router.post("/feeds")
async def add_to_feeds(request: Request, page: PageDep, visitor: VisitorDep, form: FormDep) -> Response:
    """Adds feeds by their addresses, one a line, or those of an OPML file; tags for all of them."""
    tags = _tags(str(form.get("tags", "")))
    uploaded = form.get("opml")
    data = await uploaded.read() if isinstance(uploaded, UploadFile) else b""
    lines = str(form.get("urls", "")).split()
    said = await run_in_threadpool(add_named, page, visitor, lines, data, tags)
    return go_to(request, "/feeds", said=said)


def add_named(page: Page, visitor: Visitor, addresses: list[str], document: bytes, tags: tuple[str, ...]) -> str:
    """Adds what a form names; returns what to say of it. Raises PodwatchError when it names nothing."""
    if len(addresses) > MOST_ADDRESSES:
        raise PodwatchError(f"more than {MOST_ADDRESSES} addresses", where="the form", todo="write them as OPML")
    wanted: list[Feed] = []
    left_out: tuple[str, ...] = ()
    for address in addresses:
        if is_redacted(address):
            raise PodwatchError("has *** for a secret", where=display_address(address), todo="give the whole address")
        wanted.append(opml.feed_at(look_up_show(page.rt, address), tags=tags))
    wanted = [feed for feed, _ in look_behind_pages(page.rt, wanted)]
    if document:
        with tempfile.NamedTemporaryFile(suffix=".opml") as file:
            file.write(document)
            file.flush()
            try:
                found, left_out = opml.read_opml(Path(file.name))
            except PodwatchError as e:
                raise PodwatchError(e.what, where="the OPML file", todo=e.todo) from None
        wanted += [opml.merge_feeds(f, Feed(url=f.url, tags=tags)) for f in found if not is_redacted(f.url)]
    if not wanted:
        raise PodwatchError("names no feed", where="the form", todo="give an address or an OPML file")
    now = page.clock()
    listed, new = add_feeds(page.rt, wanted, now)
    shown = [display_address(f.url) for f in wanted]
    subject = f"{new} new of {listed} feeds"
    page.store.add_audit(visitor.id, Action.ADD_FEEDS, subject, None, {"feeds": shown[:100], "tags": list(tags)}, now)
    said = f"{listed} feed{'s' if listed != 1 else ''}, {new} new; the next poll asks for them."
    return said + (f" Left out: {'; '.join(redact_text(e) for e in left_out[:3])}" if left_out else "")


@router.post("/feeds/{id}/tags")
def tag_feed(id: str, request: Request, page: PageDep, visitor: VisitorDep, form: FormDep) -> Response:
    feed = find_feed(page, id)
    change_tags(page, visitor, feed, _tags(str(form.get("tags", ""))))
    return go_to(request, f"/feeds/{feed.id}")


def change_tags(page: Page, visitor: Visitor, feed: Feed, tags: tuple[str, ...]) -> None:
    if tags == feed.tags:
        return
    page.store.set_tags(feed.id, tags)
    before, after = {"tags": list(feed.tags)}, {"tags": list(tags)}
    page.store.add_audit(visitor.id, Action.TAG_FEED, display_address(feed.url), before, after, page.clock())


@router.post("/feeds/{id}/remove")
def remove_from_feeds(id: str, request: Request, page: PageDep, visitor: VisitorDep, form: FormDep) -> Response:
    feed = find_feed(page, id)
    if form.get("sure") != "yes":
        raise PodwatchError("was not confirmed", where="removing the feed", todo="tick the box beside the button")
    remove_feed(page, visitor, feed)
    return go_to(request, "/feeds", said=f"Removed {feed.title or display_address(feed.url)}.")


def remove_feed(page: Page, visitor: Visitor, feed: Feed) -> None:
    page.store.remove_feed(feed.url)
    shown = display_address(feed.url)
    before = {"title": feed.title, "tags": list(feed.tags)}
    page.store.add_audit(visitor.id, Action.REMOVE_FEED, shown, before, None, page.clock())


def find_feed(page: Page, id: str) -> Feed:
    feed = page.store.find_feed(parse_id(id, "feed"))
    if feed is None:
        raise HTTPException(404, "there is no such feed: it was removed, or never added")
    return feed


def choose_state(f: Feed, now: datetime) -> str:
    if is_dead(f.failing_since, now):
        return "dead"
    if f.error:
        return "failing"
    if f.last_polled_at is None:
        return "never"
    return "gone" if f.next_poll_at is None else "fine"


def _fits(h: FeedHealth, text: str) -> bool:
    return not text or text.casefold() in f"{h.feed.title} {display_address(h.feed.url)}".casefold()


def _tags(text: str) -> tuple[str, ...]:
    """Of a list with commas, as OPML's folders become tags."""
    return make_tags(part for part in text.split(",") if part.strip())


def make_tags(given: Iterable[str]) -> tuple[str, ...]:
    """Each tag once; raises PodwatchError for what cannot be one."""
    return tuple(dict.fromkeys(map(opml.normalize_tag, given)))
