"""A view of the alerts as an Atom feed (RFC 4287), by the login or by a token that somebody can revoke."""

from __future__ import annotations

import secrets
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from podwatch.store.alert_stream import StreamedAlert
from podwatch.store.audit import Action
from podwatch.web.access import Visitor, VisitorDep, open_to_anybody
from podwatch.web.alert_filter import FilterFields, parse_filter, parse_id, read_fields
from podwatch.web.describe import describe_match, describe_outcome
from podwatch.web.page import FormDep, Page, PageDep, go_to, own_address, query_of
from podwatch.web.rendering import clean

router = APIRouter(include_in_schema=False)
ATOM = "http://www.w3.org/2005/Atom"
ENTRIES = 50


@router.get("/alerts.atom")
def show_atom(request: Request, page: PageDep) -> Response:
    return _atom(request, page, read_fields(request.query_params).query)


@router.get("/subscriptions/{token}/alerts.atom")
@open_to_anybody
def show_subscribed(token: str, request: Request, page: PageDep) -> Response:
    """Whoever has the token may read its view, and nothing else."""
    view = page.store.view_of_token(token)
    if view is None:
        raise HTTPException(404, "there is no such feed: it was revoked, or never made")
    return _atom(request, page, dict(parse_qsl(view)))


@router.get("/subscriptions", response_class=HTMLResponse)
def show_subscriptions(request: Request, page: PageDep) -> Response:
    fields = read_fields(request.query_params)
    parse_filter(fields)
    return _subscriptions(request, page, query_of(fields.query))


@router.post("/subscriptions", response_class=HTMLResponse)
def make_token(request: Request, page: PageDep, visitor: VisitorDep, form: FormDep) -> Response:
    """Shows the new feed's address: the token in it is not stored, so it is shown this once."""
    fields = read_fields(dict(parse_qsl(str(form.get("view", "")))))
    _, view, address = make_subscription(request, page, visitor, fields)
    return _subscriptions(request, page, view, address)


def make_subscription(request: Request, page: Page, visitor: Visitor, fields: FilterFields) -> tuple[int, str, str]:
    """(number, view, address) of a new feed. Raises PodwatchError for a filter that there is not."""
    parse_filter(fields)
    view, token, now = query_of(fields.query), secrets.token_urlsafe(24), page.clock()
    number = page.store.add_view_token(token, view, visitor.id, now)
    page.store.add_audit(visitor.id, Action.MAKE_TOKEN, f"feed {number}", None, {"view": view}, now)
    return number, view, f"{own_address(request)}/subscriptions/{token}/alerts.atom"


@router.post("/subscriptions/{id}/revoke")
def revoke_token(id: str, request: Request, page: PageDep, visitor: VisitorDep) -> Response:
    stop_subscription(page, visitor, parse_id(id, "feed"))
    return go_to(request, "/subscriptions")


def stop_subscription(page: Page, visitor: Visitor, number: int) -> bool:
    """False when none of this number is in force."""
    now = page.clock()
    if not page.store.revoke_view_token(number, now):
        return False
    page.store.add_audit(visitor.id, Action.REVOKE_TOKEN, f"feed {number}", {"in force": True}, None, now)
    return True


def _subscriptions(request: Request, page: Page, view: str, address: str = "") -> Response:
    tokens = page.store.view_tokens()
    return page.render(request, "subscriptions.html", view=view, tokens=tokens, address=address)


def _atom(request: Request, page: Page, query: dict[str, str]) -> Response:
    fields = read_fields(query)
    alerts = page.store.alert_stream(parse_filter(fields), limit=ENTRIES)
    base = page.rt.settings.page_url or own_address(request)
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed")
    what = ", ".join(f"{name} {value}" for name, value in fields.query.items())
    address = f"{base}/alerts?{query_of(fields.query)}"
    _add(feed, "id", address)
    _add(feed, "title", f"podwatch: {what or 'all alerts'}")
    _add(feed, "updated", _stamp(alerts[0].created_at if alerts else datetime(1970, 1, 1, tzinfo=UTC)))
    ET.SubElement(feed, f"{{{ATOM}}}link", rel="alternate", href=address)
    for a in alerts:
        _add_entry(feed, a, base)
    body = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return Response(body, media_type="application/atom+xml; charset=utf-8")


def _add_entry(feed: ET.Element, a: StreamedAlert, base: str) -> None:
    entry = ET.SubElement(feed, f"{{{ATOM}}}entry")
    _add(entry, "id", f"urn:podwatch:alert:{a.key}")
    _add(entry, "title", f"{a.watch}: {a.show + ' - ' if a.show else ''}{a.episode}")
    _add(entry, "updated", _stamp(a.created_at))
    ET.SubElement(ET.SubElement(entry, f"{{{ATOM}}}author"), f"{{{ATOM}}}name").text = clean(a.show or "podwatch")
    where = f"episodes/{a.episode_id}" if a.episode_id else "alerts"
    at = f"?t={a.mentions[0][1].seconds:g}#m{a.mentions[0][0]}" if a.mentions and a.mentions[0][1].seconds > 0 else ""
    ET.SubElement(entry, f"{{{ATOM}}}link", rel="alternate", href=f"{base}/{where}{at}")
    lines = [f"{m.speaker + ': ' if m.speaker else ''}{m.snippet} ({describe_match(m)})" for _, m in a.mentions]
    _add(entry, "content", "\n\n".join([*lines, describe_outcome(a)]), type="text")


def _add(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes).text = clean(text)


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
