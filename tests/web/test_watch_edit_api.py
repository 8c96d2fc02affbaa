"""Programs change watches as the page does: checked, guarded against two editors, audited; never a synced file's."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from podwatch.runtime import Runtime
from podwatch.store.audit import Action
from podwatch.web.access import API_HEADER
from tests.support.page_visitors import READER, Browser, browse, find_mentions, store_show

HEADERS = {API_HEADER: "podwatch"}


@pytest.fixture
def filled(either: Runtime, now: datetime) -> Runtime:
    store_show(either, now, ["Ann Lee sold grain./And grain.", None])
    find_mentions(either, now)
    return either


def put(browser: Browser, name: str, yaml: str, seen: str = "") -> Any:
    url = f"/api/v1/watches/{name}/entry"
    return browser.client.put(url, json={"yaml": yaml, "seen": seen}, headers=HEADERS)


def set_state(browser: Browser, name: str, state: str) -> int:
    url = f"/api/v1/watches/{name}/state"
    return int(browser.client.post(url, json={"state": state}, headers=HEADERS).status_code)


def names(rt: Runtime) -> list[str]:
    return sorted(w.name for w in rt.store.watches())


def test_a_new_watch_is_added_with_what_is_to_be_said_of_it(filled: Runtime, now: datetime) -> None:
    done = put(browse(filled, now), "corn", "name: corn\nquery: corn and ship\nchannel: '#trade'\n")
    assert done.status_code == 200, done.text
    assert "corn" in names(filled)
    assert done.json()["yaml"].startswith("name: corn\n")
    assert any("and" in f["what"] for f in done.json()["findings"])  # lower case: is AND meant?
    [noted] = filled.store.changes_of(["watch corn"], 1)
    assert noted.action == Action.ADD_WATCH


def test_a_watch_is_changed_by_whoever_has_seen_it_as_it_is(filled: Runtime, now: datetime) -> None:
    browser = browse(filled, now)
    before = browser.json("/api/v1/watches/grain/entry")
    changed = before["yaml"].replace("query: grain", "query: grain OR corn")
    assert put(browser, "grain", changed, before["seen"]).json()["revision"] == before["revision"] + 1
    late = put(browser, "grain", before["yaml"] + "minimum: 2\n", before["seen"])
    assert late.status_code == 409
    assert "grain OR corn" in late.text
    assert browser.json("/api/v1/watches/grain/entry")["yaml"] == changed


# what is sent, the status, what the answer says
REFUSED: dict[str, tuple[str, int, str]] = {
    "no YAML": ("name: [", 400, ""),
    "two watches": ("- name: a\n  query: a\n- name: b\n  query: b\n", 400, "is 2 watches"),
    "no watch": ("- just: a list\n", 400, ""),
    "a query with a mistake": ("name: a\nquery: '(grain'\n", 400, "column 7: ends where ) is expected"),
    "an unknown field": ("name: a\nquerry: grain\n", 400, "querry"),
    "another watch's name": ("name: lee\nquery: grain\n", 422, "another watch has this name"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_watch_is_refused_with_its_mistake(case: str, filled: Runtime, now: datetime) -> None:
    yaml, status, said = REFUSED[case]
    answer = put(browse(filled, now), "a", yaml)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text


def test_a_check_saves_nothing(filled: Runtime, now: datetime) -> None:
    url = "/api/v1/watches/check"
    answer = browse(filled, now).client.post(url, json={"yaml": "name: x\nquery: '#grain'\n"}, headers=HEADERS)
    assert answer.status_code == 200
    assert "x" not in names(filled)


def test_a_watch_is_switched_off_and_on_and_removed(filled: Runtime, now: datetime) -> None:
    browser = browse(filled, now)
    assert set_state(browser, "grain", "off") == 204
    assert "grain" not in names(filled)
    assert set_state(browser, "grain", "on") == 204
    assert "grain" in names(filled)
    assert set_state(browser, "grain", "removed") == 204
    assert set_state(browser, "nobody", "off") == 404


def test_a_synced_file_is_not_undone_but_its_change_is_said(filled: Runtime, now: datetime, tmp_path: Path) -> None:
    file = tmp_path / "watchlist.yaml"
    file.write_text("watches:\n- name: grain\n  query: grain\n")
    filled.settings = replace(filled.settings, watchlist=file)
    browser = browse(filled, now)
    seen = browser.json("/api/v1/watches/grain/entry")["seen"]
    answer = put(browser, "grain", "name: grain\nquery: corn\n", seen)
    assert answer.status_code == 409
    assert "+  query: corn" in answer.json()["detail"]
    assert set_state(browser, "grain", "off") == 409
    assert "grain" in names(filled)


def test_whoever_may_only_read_changes_no_watch(filled: Runtime, now: datetime) -> None:
    browser = browse(filled, now, READER)
    assert put(browser, "corn", "name: corn\nquery: corn\n").status_code == 403
    assert set_state(browser, "grain", "off") == 403
