"""How soon the alert stream is painted in a real, headless Chromium: the median of openings with an empty cache."""

from __future__ import annotations

import shutil
import statistics

from benchmarks.harness import check_figure

ROUNDS, MOST_SECONDS = 7, 1.0
_PAINTED = """() => new Promise(done => {
  const found = () => performance.getEntriesByName('first-contentful-paint')[0];
  if (found()) return done(found().startTime);
  new PerformanceObserver((_, observer) => { if (found()) { observer.disconnect(); done(found().startTime); } })
    .observe({type: 'paint', buffered: true});
})"""


def check_paint(name: str, url: str) -> bool:
    """Whether it is within the bound; a line, and True, where there is no browser to look with."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        chromium = None
    if chromium is None:
        print(
            f"     {name}: nothing was painted, for there is no Chromium, or no Playwright (make page-test brings it)"
        )
        return True
    seconds = []
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(ROUNDS):
            context = browser.new_context(base_url=url)
            tab = context.new_page()
            tab.goto("/alerts")
            seconds.append(tab.evaluate(_PAINTED) / 1000)
            context.close()
        browser.close()
    what = f"{name}, seconds until the alerts are painted (longest {max(seconds):.2f})"
    return check_figure(what, statistics.median(seconds), MOST_SECONDS, least=False)
