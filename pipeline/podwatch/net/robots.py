"""Asks a site's robots.txt before one of its pages is fetched (RFC 9309).

Files that a feed names are published to be fetched, so only transcript pages are checked.
"""

from __future__ import annotations

import threading
from urllib.parse import urlsplit

from protego import Protego

from podwatch.errors import HttpError
from podwatch.net.client import HttpClient

AGENT = "podwatch"
MAX_BYTES = 500 * 1024  # RFC 9309, 2.5
DEADLINE = 20.0  # seconds


class RobotsRules:
    """The rules of each site, fetched once and kept as long as this object; threads may share it."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http
        self._rules: dict[str, Protego] = {}
        self._lock = threading.Lock()

    def check(self, url: str) -> None:
        """Raises HttpError when the site disallows this page, or its robots.txt cannot be read at the moment."""
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        with self._lock:
            rules = self._rules.get(site)
        if rules is None:
            rules = self._fetch_rules(site)
            with self._lock:
                self._rules[site] = rules
        if not rules.can_fetch(url, AGENT):
            raise HttpError(
                "robots.txt asks podwatch to leave it alone",
                where=url,
                todo="remove the feed's transcript page",
                retryable=False,
            )

    def _fetch_rules(self, site: str) -> Protego:
        """The rules of a site: none when it has no robots.txt (4xx), HttpError when it cannot be read (2.3.1)."""
        try:
            body = self._http.get(f"{site}/robots.txt", max_bytes=MAX_BYTES, deadline=DEADLINE).body
        except HttpError as e:
            if 400 <= e.status < 500 and e.status != 429:
                return Protego.parse("")
            raise HttpError(f"its robots.txt cannot be read: {e.what}", where=site, retryable=True) from None
        return Protego.parse(body.decode("utf-8", "replace"))
