"""The last hits of a watch, and mutes, in the JSON API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from fastapi import Path as PathField

from podwatch.model import Mute
from podwatch.web.access import VisitorDep
from podwatch.web.alert_filter import LARGEST_ID
from podwatch.web.api_records import REFUSALS, MentionRecord, mention_record
from podwatch.web.page import PageDep
from podwatch.web.watches import stop_mute

router = APIRouter(prefix="/api/v1", responses=REFUSALS)


@dataclass(frozen=True, slots=True)
class HitRecord:
    """A mention with the episode that it is in."""

    episode: int
    title: str
    show: str
    published_at: datetime | None
    mention: MentionRecord


@dataclass(frozen=True, slots=True)
class MuteRecord:
    """A watch, a show, or a watch in a show, without alerts until a moment."""

    id: int
    watch: str | None
    feed: int | None
    show: str | None
    until: datetime
    by: str
    reason: str


@router.get("/watches/{name:path}/hits")
def list_hits(
    page: PageDep,
    name: Annotated[str, PathField(max_length=200)],
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[HitRecord]:
    """The mentions of a watch that were found last, the newest first."""
    stored = page.store.find_watch(name.replace("\0", "").encode("utf-8", "ignore").decode())
    if stored is None:
        raise HTTPException(404, "there is no such watch; one that was renamed has its new name in the list")
    hits = page.store.recent_hits(stored.watch.id, limit)
    return [
        HitRecord(h.episode_id, h.episode, h.show, h.published_at, mention_record(h.mention_id, h.mention))
        for h in hits
    ]


@router.get("/mutes")
def list_mutes(page: PageDep) -> list[MuteRecord]:
    """The mutes in force, the one that ends first before the others."""
    return [_mute_record(m) for m in page.store.active_mutes(page.clock())]


@router.delete("/mutes/{id}", status_code=204)
def delete_mute(id: Annotated[int, PathField(ge=1, le=LARGEST_ID)], page: PageDep, visitor: VisitorDep) -> None:
    """Ends a mute now."""
    stop_mute(page, visitor, id)


def _mute_record(m: Mute) -> MuteRecord:
    return MuteRecord(m.id, m.watch, m.feed_id, m.show, m.until, m.by, m.reason)
