"""Nobody reads without a login, nobody changes without the right to, and no other site makes a browser change anything."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from podwatch.runtime import Runtime
from podwatch.web.access import Access, LoopbackAccess, TokenAccess
from podwatch.web.application import create_app
from tests.support.page_visitors import (
    EDITOR,
    READER,
    Browser,
    Member,
    Outsider,
    Stranger,
    browse,
    find_mentions,
    store_show,
)

OPEN = {"/health", "/login", "/metrics", "/subscriptions/{token}/alerts.atom"}
ANSWER = {"verdict": "wrong", "back": "/alerts"}
TOKEN = "a-token-of-some-length"


def every_route(access: Access, rt: Runtime, now: datetime) -> list[tuple[str, str, str]]:
    """(method, path as it is declared, a path of that form)"""
    app = create_app(lambda: rt, access, lambda: now)
    routes = [r for r in app.routes if isinstance(r, APIRoute)]
    routes += [
        r
        for inner in app.routes
        for r in getattr(getattr(inner, "original_router", None), "routes", [])
        if isinstance(r, APIRoute)
    ]
    return [
        (m, r.path, re.sub(r"\{day\}", "2026-11-03", re.sub(r"\{(id|name:path|name|token)\}", "1", r.path)))
        for r in routes
        for m in r.methods or ()
    ]


def test_the_walk_knows_the_routes(rt: Runtime, now: datetime) -> None:
    paths = {path for _, path, _ in every_route(EDITOR, rt, now)}
    assert len(paths) > 30
    assert {
        "/alerts",
        "/episodes/{id}",
        "/api/v1/openapi.json",
        "/feeds/{id}/remove",
        "/api/v1/feeds/{id}",
        *OPEN,
    } <= paths


@pytest.mark.parametrize(("access", "status"), [(Stranger(), 401), (Outsider(), 403)], ids=["stranger", "outsider"])
def test_no_route_answers_without_a_login(access: Access, status: int, rt: Runtime, now: datetime) -> None:
    store_show(rt, now, ["the grain"])
    find_mentions(rt, now)
    client = TestClient(create_app(lambda: rt, access, lambda: now), follow_redirects=False)
    for method, declared, path in every_route(access, rt, now):
        response = client.request(method, path)
        assert "grain" not in response.text, path
        if declared not in OPEN:
            assert response.status_code == status, f"{method} {path}: {response.status_code}"


def test_the_open_routes_tell_nothing(rt: Runtime, now: datetime) -> None:
    strange = browse(rt, now, Stranger())
    assert strange.json("/health") == {"status": "ok"}
    strange.read("/subscriptions/guessed/alerts.atom", 404)
    strange.read("/login", 404)  # Airflow has a login of its own
    strange.read("/static/page.css")
    strange.read("/static/../page.py", 404)
    strange.read("/openapi.json", 404)
    strange.read("/docs", 404)


def test_whoever_is_not_logged_in_is_led_to_the_login_and_back(rt: Runtime, now: datetime) -> None:
    shown = browse(rt, now, Stranger(), root_path="/podwatch").read("/alerts?watch=a", 401)
    assert 'href="/auth/login?next=%2Fpodwatch%2Falerts%3Fwatch%3Da"' in shown


def test_a_reader_reads_everything_and_changes_nothing(rt: Runtime, now: datetime) -> None:
    store_show(rt, now, ["the grain"])
    find_mentions(rt, now)
    reader = browse(rt, now, READER)
    for path in ("/alerts", "/episodes/1", "/watches", "/watches/grain", "/feeds", "/feeds/1", "/coverage", "/changes"):
        shown = reader.read(path)
        assert 'method="post"' not in shown, path
    for method, _, path in every_route(READER, rt, now):
        if method not in ("GET", "HEAD") and path != "/login":
            response = reader.client.request(
                method,
                path,
                headers={"X-Requested-With": "x"},
                json={"urls": ["https://b.example/f"], "tags": [], "verdict": "wrong"},
            )
            assert response.status_code == 403, f"{method} {path}: {response.status_code}"
    assert len(rt.store.feeds()) == 1
    assert rt.store.list_audit() == []


@pytest.mark.parametrize(
    ("form", "headers", "status"),
    [
        ({"csrf": "{token}"}, {}, 303),
        ({"csrf": "{token}"}, {"Sec-Fetch-Site": "same-origin"}, 303),
        ({}, {}, 403),
        ({"csrf": ""}, {}, 403),
        ({"csrf": "guessed"}, {}, 403),
        ({"csrf": "gu\u00e9ssed"}, {}, 403),
        ({"csrf": "{token}"}, {"Sec-Fetch-Site": "cross-site"}, 403),
        ({"csrf": "{token}"}, {"Sec-Fetch-Site": "same-site"}, 403),  # a neighbour's subdomain may set our cookie
        ({"csrf": "{token}"}, {"Sec-Fetch-Site": "none"}, 403),
        ({}, {"X-Requested-With": "x"}, 403),  # of the API alone
    ],
)  # fmt: skip
def test_a_change_needs_the_token_of_our_own_page(
    form: dict[str, str], headers: dict[str, str], status: int, rt: Runtime, now: datetime
) -> None:
    store_show(rt, now, ["the grain"])
    find_mentions(rt, now)
    browser = browse(rt, now)
    given = {k: v.format(token=browser.token()) for k, v in form.items()}
    response = browser.client.post("/alerts/1/answers", data=ANSWER | given, headers=headers, follow_redirects=False)
    assert response.status_code == status
    assert len(rt.store.list_audit()) == (1 if status == 303 else 0)


def test_a_program_with_a_bearer_token_needs_no_form(rt: Runtime, now: datetime) -> None:
    store_show(rt, now, ["the grain"])
    find_mentions(rt, now)
    program = browse(rt, now, Member("bot", ambient=False))
    assert program.client.post("/api/v1/alerts/1/answers", json={"verdict": "wrong"}).status_code == 200
    browser = browse(rt, now)
    assert browser.client.post("/api/v1/alerts/1/answers", json={"verdict": "wrong"}).status_code == 403
    headers = {"X-Requested-With": "curl"}
    assert (
        browser.client.post("/api/v1/alerts/1/answers", json={"verdict": "wrong"}, headers=headers).status_code == 200
    )


@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1:8090", 200), ("localhost", 200), ("[::1]:8090", 200), ("LOCALHOST:1", 200),
     ("evil.example", 403), ("127.0.0.1.evil.example", 403), ("", 403), ("10.0.0.1", 403)],
)  # fmt: skip
def test_alone_without_a_token_only_this_machines_names_are_served(
    host: str, status: int, rt: Runtime, now: datetime
) -> None:
    """Else a site whose name is pointed to 127.0.0.1 could read the page in its visitors' browsers."""
    browse(rt, now, LoopbackAccess("me")).read("/alerts", status, Host=host)


def test_alone_with_a_token_one_logs_in_once(rt: Runtime, now: datetime) -> None:
    page = browse(rt, now, TokenAccess(TOKEN))
    assert 'href="/login?next=%2Falerts%3Fwatch%3Dgrain"' in page.read("/alerts?watch=grain", 401)
    form = page.read("/login?next=/alerts?watch=grain")
    token = re.search(r'name="csrf" value="([^"]+)"', form)
    assert token
    typed = {"csrf": token[1], "back": "/alerts?watch=grain"}
    wrong = page.client.post("/login", data=typed | {"token": "wrong"})
    assert wrong.status_code == 403
    assert "That is not the token" in wrong.text
    right = page.client.post("/login", data=typed | {"token": TOKEN}, follow_redirects=False)
    assert (right.status_code, right.headers["location"]) == (303, "/alerts?watch=grain")
    assert TOKEN not in right.headers["set-cookie"]
    page.read("/alerts")
    assert page.client.post("/login", data={"token": TOKEN}).status_code == 403  # another site logs nobody in


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil", "javascript:x", "/a\r\nX: y", ""]
)
def test_nothing_leads_to_another_site(back: str, rt: Runtime, now: datetime) -> None:
    store_show(rt, now, ["the grain"])
    find_mentions(rt, now)
    response = browse(rt, now).send("/alerts/1/answers", {"verdict": "wrong", "back": back})
    assert response.headers["location"].startswith("/alerts?said=")


def test_a_program_logs_in_with_the_token_itself(rt: Runtime, now: datetime) -> None:
    page = browse(rt, now, TokenAccess(TOKEN))
    page.read("/api/v1/alerts", 200, Authorization=f"Bearer {TOKEN}")
    page.read("/api/v1/alerts", 401, Authorization="Bearer other-token-of-length")
    page.read("/api/v1/alerts", 401, Authorization=TOKEN)
    page.read("/api/v1/alerts", 401, Cookie=f"podwatch_session={TOKEN}")


def test_a_body_that_no_form_has_is_refused_before_it_is_read(rt: Runtime, now: datetime) -> None:
    browser: Browser = browse(rt, now)
    assert browser.client.post("/feeds", content=b"x" * 4_000_001).status_code == 413


def test_every_answer_says_that_nothing_but_the_page_is_to_be_trusted(rt: Runtime, now: datetime) -> None:
    browser = browse(rt, now, loopback_audio=False)
    for path in ("/alerts", "/nowhere", "/health", "/static/page.js", "/api/v1/alerts"):
        headers = browser.client.get(path).headers
        assert "default-src 'none'; script-src 'self'; style-src 'self';" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert "127.0.0.1" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
