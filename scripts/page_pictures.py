"""Takes the pictures of the page that docs/page.md shows, of one that is served:

    PODWATCH_HOME=... podwatch serve &
    python scripts/page_pictures.py http://127.0.0.1:8090 EPISODE

It needs what `make page-test` installs, and a Chromium.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"


def main(url: str, episode: str) -> None:
    from playwright.sync_api import sync_playwright

    pictures = (
        ("page-alerts.png", "/alerts", "light", 1200, 760),
        ("page-episode.png", f"/episodes/{episode}", "dark", 1200, 760),
        ("page-phone.png", f"/episodes/{episode}", "light", 400, 760),
    )
    with sync_playwright() as p:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, path, scheme, width, height in pictures:
            tab = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
            tab.goto(url + path)
            tab.screenshot(path=DOCS / name)
            print(f"docs/{name}")
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
