"""Takes the pictures of the page that docs/page.md shows, of one that is served over the sample podcast:

    PODWATCH_HOME=... podwatch serve &
    python scripts/page_pictures.py http://127.0.0.1:8090 EPISODE

It needs what `make page-test` installs, and a Chromium. Nothing is saved in the page.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent.parent / "docs"


@dataclass(frozen=True)
class Picture:
    """A view of the page in a window of that size; prepare: what is done in it first."""

    name: str
    path: str
    scheme: str
    width: int
    height: int
    prepare: Callable[[Any], None] = lambda tab: None


def edit_watch(tab: Any) -> None:
    """Types another query, and waits for what it would have found."""
    tab.locator("#f-query").fill('"black sea" OR caspian OR turkey')
    tab.wait_for_function("() => document.getElementById('report').innerText.includes('Some of what is gained')")
    tab.wait_for_function("() => !document.querySelector('#report [data-running]')")


def main(url: str, episode: str) -> None:
    from playwright.sync_api import sync_playwright

    pictures = (
        Picture("page-alerts.png", "/alerts", "light", 1200, 760),
        Picture("page-episode.png", f"/episodes/{episode}", "dark", 1200, 760),
        Picture("page-editor.png", "/editor?watch=black-sea", "light", 1200, 760, edit_watch),
        Picture("page-phone.png", f"/episodes/{episode}", "light", 400, 760),
    )
    with sync_playwright() as p:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for picture in pictures:
            viewport = {"width": picture.width, "height": picture.height}
            tab = browser.new_page(viewport=viewport, color_scheme=picture.scheme)
            tab.goto(url + picture.path)
            picture.prepare(tab)
            tab.screenshot(path=DOCS / picture.name)
            print(f"docs/{picture.name}")
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
