"""Mounted under a path, every link stays below it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from podwatch.runtime import Runtime
from podwatch.web.application import create_app
from tests.support.page_visitors import EDITOR, Browser, browse, find_mentions, store_show

VIEWS = (
    "/alerts",
    "/episodes/1",
    "/watches",
    "/watches/grain",
    "/feeds",
    "/feeds/1",
    "/coverage",
    "/coverage/days/2026-11-03",
    "/changes",
    "/subscriptions",
    "/editor",
    "/editor?watch=grain",
    "/search?q=grain",
    "/nowhere",
)


@pytest.mark.parametrize("how", ["mounted", "mounted below a prefix", "behind a proxy"])
def test_every_link_begins_with_the_prefix_and_leads_somewhere(how: str, rt: Runtime, now: datetime) -> None:
    store_show(rt, now, ["Ann Lee and grain"])
    find_mentions(rt, now)
    app = create_app(lambda: rt, EDITOR, lambda: now, root_path="/podwatch" if how == "behind a proxy" else "")
    if how != "behind a proxy":
        outer = FastAPI(root_path="/base" if "below" in how else "")
        outer.mount("/podwatch", app)
        app = outer
    prefix = "/base/podwatch" if "below" in how else "/podwatch"
    browser = Browser(TestClient(app), prefix)
    seen: set[str] = set()
    for view in VIEWS:
        response = browser.client.get(prefix + view)
        links = re.findall(
            r'(?:href|src|action|data-words|data-editor|data-names)="(?!https?:|#)([^"]+)"', response.text
        )
        assert links
        for link in links:
            if link.startswith("coverage/"):  # beside the calendar itself
                link = f"{prefix}/{link}"
            assert link.startswith(f"{prefix}/"), (view, link)
            seen.add(link.replace("&amp;", "&").partition("#")[0])
    posted = {
        re.sub(r"\d+", "1", s) for s in seen if re.search(r"/(answers|tags|remove|revoke|end|state|check|names)$", s)
    }
    assert posted
    for link in sorted(seen):
        if not re.search(r"/(answers|tags|remove|revoke|end|state|check|names)$", link):
            assert browser.client.get(link).status_code == 200, link
    assert (
        browser.send("/alerts/1/answers", {"verdict": "wrong", "back": "/alerts"})
        .headers["location"]
        .startswith(f"{prefix}/alerts?")
    )
    saved = browser.send("/editor", {"kind": "query", "query": "sea", "channel": "#a", "do": "save"})
    assert saved.headers["location"].startswith(f"{prefix}/watches/sea?said=")
    entry = browser.read("/alerts.atom")
    assert f"http://testserver{prefix}/episodes/1" in entry
    assert browser.json("/api/v1/openapi.json")["servers"] == [{"url": prefix}]


def test_without_a_prefix_the_first_view_is_the_alerts(rt: Runtime, now: datetime) -> None:
    assert "<h1>Alerts</h1>" in browse(rt, now).read("/")


def test_an_atom_feed_links_to_where_readers_reach_the_page(rt: Runtime, now: datetime) -> None:
    store_show(rt, now, ["Ann Lee and grain"])
    find_mentions(rt, now)
    rt.settings = replace(rt.settings, page_url="https://podwatch.example/team")
    entry = browse(rt, now).read("/alerts.atom")
    assert "https://podwatch.example/team/episodes/1?t=" in entry
    assert "testserver" not in entry
