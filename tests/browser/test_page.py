"""The page in a real browser, by keyboard: find an alert, hear its second, answer it, add a feed; and axe on every view.

`make page-test` runs it, with Playwright and the system's Chromium; where one of them is missing it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from podwatch.runtime import Runtime
from tests.support.audio_host import AudioHost
from tests.support.page_server import PageServer
from tests.support.page_visitors import find_mentions, store_show
from tests.support.real_browser import CHROMIUM, axe_problems_of, open_browser, open_tab

pytest.importorskip("playwright.sync_api", reason="make page-test installs Playwright")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
VIEWS = ("/alerts", "/alerts?watch=none", "/episodes/1", "/episodes/3", "/watches", "/watches/grain", "/feeds", "/feeds/1", "/coverage", "/coverage/days/2026-11-03", "/changes", "/subscriptions", "/nowhere")  # fmt: skip
TEXT = "Welcome to the show./We talk about the sea./Ann Lee sold grain in the harbour./And that was all./" + "/".join(
    f"Sentence number {i} of what else was said." for i in range(6)
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def site(rt: Runtime, now: datetime) -> Iterator[str]:
    with AudioHost() as audio:
        hostile = "<img src=x onerror=document.title='pwned'>"
        store_show(
            rt,
            now,
            [TEXT, f"{hostile} grain", None],
            change=lambda e: replace(e, audio_url=audio.url, title=f"{e.title} {hostile}"),
        )
        find_mentions(rt, now)
        with PageServer(rt, now) as server:
            yield server.url


@pytest.fixture
def tab(browser: Any, site: str) -> Iterator[Any]:
    """Where a dialog is no part of a test it is trouble."""
    dialogs: list[str] = []

    def dismiss(dialog: Any) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    with open_tab(browser, site) as opened:
        opened.on("dialog", dismiss)
        yield opened
        assert dialogs == []


def press(tab: Any, name: str, key: str = "Enter") -> None:
    """Goes to a button or link with the Tab key, as somebody without a mouse does, and presses it."""
    for _ in range(200):
        tab.keyboard.press("Tab")
        here = tab.evaluate(
            "(document.activeElement.getAttribute('aria-label') || document.activeElement.innerText || '').trim()"
        )
        if re.fullmatch(name, here):
            tab.keyboard.press(key)
            return
    raise AssertionError(f"the Tab key never came to {name}")


def test_an_alert_is_found_heard_and_answered_by_keyboard(tab: Any, rt: Runtime) -> None:
    tab.goto("/alerts?watch=lee")
    assert tab.locator("time").first.inner_text() == "3 Nov 2026, 15:00"  # in the reader's zone
    press(tab, r"Wrong")
    tab.get_by_role("status").wait_for()
    assert tab.get_by_role("status").inner_text().startswith("Noted: wrong.")
    assert [e.action for e in rt.store.list_audit()] == ["answer"]
    press(tab, r"0:00:20")
    tab.wait_for_url("**/episodes/1?t=20.0#m*")
    tab.wait_for_function(
        "() => document.getElementById('audio').readyState >= 1 && document.getElementById('audio').currentTime >= 20"
    )
    tab.keyboard.press("Escape")
    tab.evaluate("document.activeElement.blur()")
    tab.keyboard.press(" ")
    tab.wait_for_function("() => document.getElementById('audio').currentTime > 20.3")
    tab.wait_for_function("() => document.querySelector('#s2').classList.contains('now')")
    tab.keyboard.press(" ")
    assert tab.evaluate("document.getElementById('audio').paused")


def test_a_click_on_a_word_plays_from_there(tab: Any) -> None:
    tab.goto("/episodes/1")
    tab.locator("#s2").get_by_text("Ann Lee").click()
    tab.wait_for_function("() => (t => t > 20 && t < 24)(document.getElementById('audio').currentTime)")
    tab.locator("a[data-jump='60.0']").click()
    tab.wait_for_function("() => document.getElementById('audio').currentTime > 60")
    tab.wait_for_function("() => document.querySelector('#s6').classList.contains('now')")


def test_the_keys_go_from_mention_to_mention(tab: Any) -> None:
    tab.goto("/episodes/1")
    tab.keyboard.press("j")
    assert tab.locator("mark.step").inner_text() == "Ann Lee"
    tab.keyboard.press("j")
    assert tab.locator("mark.step").inner_text() == "grain"
    tab.keyboard.press("k")
    assert tab.locator("mark.step").inner_text() == "Ann Lee"


def test_a_filter_shows_what_was_chosen_and_stands_in_the_address(tab: Any) -> None:
    tab.goto("/alerts")
    assert tab.locator("article.alert").count() == 3
    tab.get_by_label("Watch").select_option("grain")
    tab.wait_for_url("**/alerts?watch=grain")
    assert tab.locator("article.alert").count() == 2


def test_a_feed_is_added_and_removed_by_keyboard(tab: Any, rt: Runtime) -> None:
    tab.goto("/feeds")
    press(tab, "Add feeds")
    tab.keyboard.press("Tab")
    tab.keyboard.type("https://other.example/feed")
    press(tab, "Add")
    tab.get_by_role("status").wait_for()
    assert {f.url for f in rt.store.feeds()} == {"https://show.example/feed", "https://other.example/feed"}
    press(tab, "https://other.example/feed")
    tab.wait_for_url("**/feeds/2")
    press(tab, "Remove this feed")
    tab.keyboard.press("Tab")
    tab.keyboard.press(" ")
    press(tab, "Remove")
    tab.wait_for_url("**/feeds?said=*")
    assert [f.url for f in rt.store.feeds()] == ["https://show.example/feed"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_screen(
    scheme: str, width: int, browser: Any, site: str
) -> None:
    assert axe_problems_of(VIEWS, browser, site, scheme, width) == []


def test_without_a_script_everything_is_there(browser: Any, site: str, rt: Runtime) -> None:
    context = browser.new_context(base_url=site, java_script_enabled=False)
    tab = context.new_page()
    tab.goto("/alerts")
    assert tab.locator("time").first.inner_text() == "2026-11-03 06:00 UTC"
    tab.get_by_role("button", name="Relevant").first.click()
    assert tab.get_by_role("status").inner_text().startswith("Noted: relevant.")
    tab.goto("/episodes/1")
    assert tab.locator("#s2").inner_text() == "Ann Lee sold grain in the harbour."
    context.close()
