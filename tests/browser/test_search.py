"""Search, trends and coverage in a real browser: by keyboard, on a phone, light and dark; and how soon and heavy views are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from podwatch.line.search_index import index_transcripts
from podwatch.runtime import Runtime
from tests.support.page_server import PageServer
from tests.support.page_visitors import find_mentions, store_show
from tests.support.real_browser import CHROMIUM, axe_problems_of, open_browser, open_tab

pytest.importorskip("playwright.sync_api", reason="make page-test installs Playwright")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
HOSTILE = "<img src=x onerror=document.title='pwned'><script>document.title='pwned'</script>"
VIEWS = ("/search", "/search?q=grain", "/search?q=grain+AND+(", "/search?q=nowhere", "/trends", "/trends?of=show:1&of=watch:grain&days=30",
         "/trends?of=watch:nobody", "/coverage", "/coverage?until=2026-01-01", "/coverage/days/2026-11-03", "/alerts", "/episodes/1")  # fmt: skip
MOST_BYTES = 200_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def site(rt: Runtime, now: datetime) -> Iterator[str]:
    """Sixty episodes of a show in which every field that a feed fills would like to run."""
    texts = [f"{HOSTILE} Ann Lee sold grain./And that was all."] * 58 + [None, "Nothing of it."]
    store_show(
        rt,
        now,
        texts,
        change=lambda e: replace(
            e,
            title=f"{e.title} {HOSTILE}",
            author=HOSTILE,
            notes=HOSTILE,
            link=f"https://x.example/{HOSTILE}",
            audio_url=None,
        ),
        speakers=(HOSTILE, "Bob"),
    )
    find_mentions(rt, now)
    index_transcripts(rt.store, lambda done, of: None)
    with PageServer(rt, now) as server:
        yield server.url


@pytest.fixture
def tab(browser: Any, site: str) -> Iterator[Any]:
    with open_tab(browser, site, expected=" 40") as opened:
        yield opened


def test_what_was_said_is_found_narrowed_down_and_opened_by_keyboard(tab: Any) -> None:
    tab.goto("/search")
    tab.get_by_role("searchbox", name="Query").focus()
    tab.keyboard.type("grain NEAR/5 sold")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search?q=grain+NEAR%2F5+sold*")
    assert tab.get_by_role("status").inner_text().startswith("58 hits in 58 episodes")
    assert tab.locator("mark").count() > 0
    month = tab.locator("aside a").filter(has_text="2026-10")
    month.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**since=2026-10-01*")
    assert tab.get_by_role("status").inner_text().startswith("31 hits in 31 episodes")
    tab.locator("article a.at").first.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/episodes/*")
    assert tab.locator("main").inner_text().count("Ann Lee sold grain.") == 1


def test_a_mistake_in_a_query_is_said_where_a_screen_reader_hears_it(tab: Any) -> None:
    tab.goto("/search?q=grain+AND+(")
    assert "column 12" in tab.get_by_role("alert").inner_text()
    field = tab.get_by_role("searchbox", name="Query")
    assert (field.get_attribute("aria-invalid"), field.get_attribute("aria-describedby")) == ("true", "mistake")


def test_trends_are_compared_and_left_out_by_keyboard(tab: Any) -> None:
    tab.goto("/trends?of=watch:grain")
    tab.get_by_label("Watch").select_option("lee")
    tab.get_by_role("button", name="Compare").focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**of=watch%3Agrain*")
    assert tab.locator("tbody tr").count() == 2
    tab.get_by_role("link", name="leave out grain").focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**of=watch%3Alee*")
    assert tab.locator("tbody tr").count() == 1


def test_the_calendar_leads_to_the_episode_that_was_missed(tab: Any) -> None:
    tab.goto("/coverage?until=2026-09-10")
    missed = tab.locator("td.none a").first
    missed.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/coverage/days/2026-09-*")
    assert "its feed names none" in tab.locator("main").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_screen(
    scheme: str, width: int, browser: Any, site: str
) -> None:
    assert axe_problems_of(VIEWS, browser, site, scheme, width) == []


def test_no_view_weighs_more_than_it_may_with_all_that_it_loads(browser: Any, site: str) -> None:
    for view in VIEWS:
        context = browser.new_context(base_url=site)  # with an empty cache
        tab = context.new_page()
        sizes: list[int] = []
        tab.on("requestfinished", lambda r, sizes=sizes: sizes.append(r.sizes()["responseBodySize"]))
        tab.goto(view, wait_until="networkidle")
        assert sizes, view
        assert sum(sizes) <= MOST_BYTES, (view, sizes)
        context.close()
