"""The system's Chromium, driven by Playwright: a tab that watches for trouble, and what axe finds in it.

with open_browser() as browser, open_tab(browser, site) as tab:
    tab.goto("/alerts")
    assert axe_problems(tab, "/alerts") == []
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def open_browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        # Containers have no user namespaces; sound goes nowhere.
        arguments = ["--no-sandbox", "--mute-audio", "--autoplay-policy=no-user-gesture-required"]
        opened = p.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


@contextmanager
def open_tab(browser: Any, site: str, *, expected: str = "404") -> Iterator[Any]:
    """A tab that fails the test when anything is blocked, missing or thrown, or a stranger's script has run.

    expected: what stands in the messages of the browser that a test wants to see, such as a status.
    """
    context = browser.new_context(base_url=site, timezone_id="Asia/Tokyo", locale="en-GB")
    context.set_default_timeout(30_000)
    tab, trouble = context.new_page(), list[str]()
    tab.on("pageerror", lambda e: trouble.append(str(e)))
    tab.on("console", lambda m: trouble.extend([m.text] if m.type == "error" and expected not in m.text else []))
    yield tab
    assert trouble == []
    assert tab.title() != "pwned"
    context.close()


@contextmanager
def open_for_axe(browser: Any, site: str, scheme: str, width: int) -> Iterator[Any]:
    """A tab of this colour scheme and width (pixels), into which axe can be put."""
    context = browser.new_context(
        base_url=site, color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True
    )
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def axe_problems_of(views: Sequence[str], browser: Any, site: str, scheme: str, width: int) -> list[str]:
    """The same of each view, opened in this colour scheme and width."""
    found: list[str] = []
    with open_for_axe(browser, site, scheme, width) as tab:
        for view in views:
            tab.goto(view)
            found += axe_problems(tab, view)
    return found


def axe_problems(tab: Any, view: str) -> list[str]:
    """What keeps people out of the view that is open; it is no wider than the screen."""
    from axe_playwright_python.sync_playwright import Axe

    assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, view
    assert tab.title() != "pwned", view
    return [
        f"{view}: {v['id']}: {n['html'][:160]} {n.get('failureSummary', '')[:200]}"
        for v in Axe().run(tab).response["violations"]
        for n in v["nodes"]
    ]
