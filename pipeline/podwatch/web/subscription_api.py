"""The tokens of feed readers in the JSON API: which views they read, making one, revoking one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from pydantic import BaseModel, Field

from podwatch.model import Kind
from podwatch.store.alert_stream import Outcome
from podwatch.web.access import VisitorDep
from podwatch.web.alert_filter import LARGEST_ID, FilterFields
from podwatch.web.api_records import REFUSALS
from podwatch.web.page import PageDep
from podwatch.web.subscriptions import make_subscription, stop_subscription

router = APIRouter(prefix="/api/v1", responses=REFUSALS)


class NewSubscription(BaseModel):
    """The view of the alerts that a feed reader is to read: its filter, as the view has it."""

    watch: str = ""
    feed: Annotated[int | None, Field(ge=1, le=LARGEST_ID)] = None
    since: date | None = None
    until: date | None = None
    kind: Kind | None = None
    state: Outcome | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionRecord:
    """view: the filter, as it stands in an address. by: who made it."""

    id: int
    view: str
    by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MadeSubscription:
    """address: what a feed reader is given. It holds the token, which is not stored: it is told this once."""

    id: int
    view: str
    address: str


@router.get("/subscriptions")
def list_subscriptions(page: PageDep) -> list[SubscriptionRecord]:
    """The tokens in force, the newest first."""
    return [SubscriptionRecord(t.id, t.view, t.by, t.created_at) for t in page.store.view_tokens()]


@router.post("/subscriptions", status_code=201)
def add_subscription(new: NewSubscription, request: Request, page: PageDep, visitor: VisitorDep) -> MadeSubscription:
    """Makes a token for one view, until somebody revokes it."""
    fields = FilterFields(
        watch=new.watch.replace("\0", "").encode("utf-8", "ignore").decode(),
        feed=str(new.feed or ""),
        since=new.since.isoformat() if new.since else "",
        until=new.until.isoformat() if new.until else "",
        kind=new.kind or "",
        state=new.state or "",
    )
    number, view, address = make_subscription(request, page, visitor, fields)
    return MadeSubscription(number, view, address)


@router.delete("/subscriptions/{id}", status_code=204)
def delete_subscription(id: Annotated[int, Path(ge=1, le=LARGEST_ID)], page: PageDep, visitor: VisitorDep) -> None:
    """Revokes a token: whoever has it reads nothing any more."""
    if not stop_subscription(page, visitor, id):
        raise HTTPException(404, "there is no such feed: it was revoked, or never made")
