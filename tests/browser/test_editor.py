"""The editor in a real browser: a watch edited by keyboard with its check and its backtest, two editors, a synced file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from podwatch.runtime import Runtime
from tests.support.page_server import PageServer
from tests.support.page_visitors import find_mentions, store_show
from tests.support.real_browser import CHROMIUM, axe_problems, open_browser, open_for_axe, open_tab

pytest.importorskip("playwright.sync_api", reason="make page-test installs Playwright")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
HOSTILE = "<img src=x onerror=document.title='pwned'>"
TEXTS = [
    f"The grain ships left the Black Sea. {HOSTILE}/Ann Lee sold corn.",
    "No corn today./Grain, said Dr Lee.",
    "Not.",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def site(rt: Runtime, now: datetime) -> Iterator[str]:
    store_show(rt, now, TEXTS, change=lambda e: replace(e, title=f"{e.title} {HOSTILE}"), speakers=("Ann Lee", "Bob"))
    find_mentions(rt, now)
    with PageServer(rt, now) as server:
        yield server.url


@pytest.fixture
def tab(browser: Any, site: str) -> Iterator[Any]:
    with open_tab(browser, site, expected="409") as opened:
        yield opened


def press(tab: Any, name: str, key: str = "Enter") -> None:
    """Goes to a button or link with the Tab key, as somebody without a mouse does, and presses it."""
    for _ in range(200):
        tab.keyboard.press("Tab")
        here = tab.evaluate("(document.activeElement.innerText || '').trim()")
        if re.fullmatch(name, here):
            tab.keyboard.press(key)
            return
    raise AssertionError(f"the Tab key never came to {name}")


def go_to(tab: Any, id: str) -> None:
    """Goes to a field with the Tab key."""
    for _ in range(60):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.id") == id:
            return
    raise AssertionError(f"the Tab key never came to {id}")


def report(tab: Any) -> str:
    return " ".join(tab.locator("#report").inner_text().split())


def wait_for(tab: Any, words: str) -> None:
    """Until the report beside the form says so."""
    tab.wait_for_function(
        "w => document.getElementById('report').innerText.replace(/\\s+/g, ' ').includes(w)", arg=words
    )


def test_a_watch_is_edited_by_keyboard_with_its_backtest_beside_it(tab: Any, rt: Runtime) -> None:
    tab.goto("/watches/grain")
    press(tab, "Edit")
    tab.wait_for_url("**/editor?watch=grain")
    go_to(tab, "f-query")
    tab.keyboard.press("End")
    tab.keyboard.type(" AND (")
    wait_for(tab, "column 12: ends where a word")
    assert tab.locator("#f-query").get_attribute("aria-invalid") == "true"
    assert "ends where a word" in tab.locator("#m-query").inner_text()
    for _ in range(6):
        tab.keyboard.press("Backspace")
    tab.keyboard.type(" OR corn")
    wait_for(tab, "4 hits in 2 of 3 episodes")
    wait_for(tab, "+2 gained · −0 lost")
    assert "Ann Lee sold corn." in report(tab)
    assert tab.locator("#report time").first.inner_text() in ("3 Nov 2026", "2 Nov 2026")  # in the reader's zone
    press(tab, "Save")
    tab.wait_for_url("**/watches/grain?said=*")
    assert "Saved as revision 2" in tab.get_by_role("status").inner_text()
    assert {w.name: w.query for w in rt.store.watches()}["grain"] == "grain OR corn"
    [entry] = rt.store.list_audit()
    assert (entry.who, entry.action, entry.subject) == ("ada", "edit watch", "watch grain")


def test_what_is_typed_is_completed_by_keyboard(tab: Any) -> None:
    tab.goto("/editor")
    go_to(tab, "f-query")
    tab.keyboard.type("corn AND sp")
    tab.get_by_role("option", name="speaker:").wait_for()
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    assert tab.locator("#f-query").input_value() == "corn AND speaker:"
    tab.keyboard.type("an")
    tab.get_by_role("option", name="Ann Lee").wait_for()
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Tab")
    assert tab.locator("#f-query").input_value() == 'corn AND speaker:"Ann Lee" '
    tab.keyboard.type("se")
    tab.keyboard.press("Escape")
    assert tab.get_by_role("listbox").count() == 0
    tab.keyboard.type("ll")
    assert tab.locator("#f-query").input_value() == 'corn AND speaker:"Ann Lee" sell'
    tab.on("dialog", lambda d: d.accept())


def test_a_new_watch_needs_no_name_and_is_there_for_who_never_saw_the_page(tab: Any, rt: Runtime) -> None:
    tab.goto("/watches")
    tab.get_by_role("link", name="New watch").click()
    tab.get_by_label("a name", exact=True).check()
    assert not tab.locator("#f-query").is_visible()
    tab.get_by_label("Name of a person").fill("Ann Lee")
    wait_for(tab, "of 3 episodes")
    assert tab.get_by_label("also where speech recognition misspelt it").is_checked()
    tab.get_by_label("Other names").fill("corn\nBlack Sea")
    wait_for(tab, "of 3 episodes")
    tab.get_by_role("button", name="Save").click()
    tab.wait_for_url("**/watches/ann-lee?said=*")
    [made] = [w for w in rt.store.watches() if w.name == "ann-lee"]
    assert (made.entity, made.aliases, made.channel, made.sounds_like) == (
        "Ann Lee",
        ("corn", "Black Sea"),
        "#trade",
        True,
    )


def test_a_mistake_leads_to_its_place_in_the_query(tab: Any) -> None:
    tab.goto("/editor")
    tab.locator("#f-query").fill("grain ) corn")
    wait_for(tab, "Mistake")
    tab.locator("#report a[href='#f-query']").first.click()
    assert tab.evaluate("[document.activeElement.id, document.activeElement.selectionStart]") == ["f-query", 6]
    tab.on("dialog", lambda d: d.accept())


def test_a_name_by_its_sound_is_tried_in_the_background(tab: Any) -> None:
    tab.goto("/editor?watch=lee")
    tab.get_by_label("also where speech recognition misspelt it").check()
    wait_for(tab, "of 3 episodes")
    tab.wait_for_function("() => !document.querySelector('#report [data-running]')", timeout=60_000)
    assert "alerts a week" in report(tab)
    tab.on("dialog", lambda d: d.accept())


def test_two_editors_at_once_lose_nothing(tab: Any, browser: Any, site: str, rt: Runtime) -> None:
    other = browser.new_context(base_url=site).new_page()
    for each in (tab, other):
        each.goto("/editor?watch=grain")
    other.locator("#f-query").fill("grain OR wheat")
    other.get_by_role("button", name="Save").click()
    other.wait_for_url("**/watches/grain?said=*")
    tab.locator("#f-query").fill("grain OR corn")
    tab.get_by_role("button", name="Save").click()
    tab.get_by_role("alert").wait_for()
    assert "has changed this watch while you edited it" in tab.get_by_role("alert").inner_text()
    assert tab.locator(".diff .added").inner_text().strip() == "+  query: grain OR corn"
    assert tab.locator("#f-query").input_value() == "grain OR corn"
    tab.get_by_role("button", name="Save").click()
    tab.wait_for_url("**/watches/grain?said=*")
    assert {w.name: w.query for w in rt.store.watches()}["grain"] == "grain OR corn"
    other.context.close()


def test_without_a_script_a_watch_is_checked_tried_and_saved(browser: Any, site: str, rt: Runtime) -> None:
    context = browser.new_context(base_url=site, java_script_enabled=False)
    tab = context.new_page()
    tab.goto("/editor?watch=grain")
    tab.locator("#f-query").fill("grain OR corn (")
    tab.get_by_role("button", name="Check").click()
    assert "ends where a word" in tab.locator("#report").inner_text()
    assert tab.locator("#f-query").input_value() == "grain OR corn ("
    tab.locator("#f-query").fill("grain OR corn")
    for _ in range(100):  # until it has read all
        tab.get_by_role("button", name="Check").click()
        if not tab.locator("#report [data-running]").count():
            break
    assert "+2 gained" in tab.locator("#report").inner_text()
    tab.get_by_role("button", name="Save").click()
    assert {w.name: w.query for w in rt.store.watches()}["grain"] == "grain OR corn"
    tab.get_by_role("button", name="Switch off").click()
    assert "grain" not in {w.name for w in rt.store.watches()}
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_in_the_editor_and_what_leads_to_it(
    scheme: str, width: int, browser: Any, site: str, rt: Runtime, tmp_path: Path
) -> None:
    found: list[str] = []
    with open_for_axe(browser, site, scheme, width) as tab:
        tab.on("dialog", lambda d: d.accept())
        for view in ("/editor", "/editor?watch=grain", "/editor?watch=lee", "/watches", "/watches/grain", "/changes"):
            tab.goto(view)
            found += axe_problems(tab, view)
        tab.goto("/editor?watch=grain")
        tab.locator("#f-query").fill("corn AND (")
        wait_for(tab, "Mistake")
        found += axe_problems(tab, "a mistake")
        tab.locator("#f-query").fill("corn, sp")
        wait_for(tab, "gained")
        for summary in tab.locator("details > summary").all():
            summary.click()
        tab.locator("#f-query").focus()
        tab.keyboard.press("End")
        tab.keyboard.type("e")
        tab.locator("#names li").first.wait_for()
        found += axe_problems(tab, "a backtest and completions")
        file = tmp_path / "watchlist.yaml"
        file.write_text("watches:\n  - name: grain\n    query: grain\n")
        rt.settings = replace(rt.settings, watchlist=file)
        tab.goto("/editor?watch=grain")
        tab.locator("#f-query").fill("corn")
        tab.get_by_role("button", name="Show what to commit").click()
        tab.locator(".diff").wait_for()
        found += axe_problems(tab, "a diff")
        rt.settings = replace(rt.settings, watchlist=None)
    assert found == [], "\n".join(found)
