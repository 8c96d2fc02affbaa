"""The cookies of one GET: some servers set one on a redirect, and redirect for ever until it comes back.

They are kept for the redirects of that request only, and sent to where RFC 6265 allows, as Python's own jar decides.
"""

from __future__ import annotations

import http.client
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests

MAX_HEADER = 8_000  # characters of the cookies that a request has


class Cookies:
    """An empty jar, which is made when the first cookie is set."""

    def __init__(self) -> None:
        self._jar: CookieJar | None = None

    def take_from(self, response: http.client.HTTPResponse, request: requests.PreparedRequest) -> None:
        """Takes what a response sets for its own host, or for the domain above it where that is no country's."""
        if response.headers.get("set-cookie") is None:
            return
        if self._jar is None:
            policy = DefaultCookiePolicy(strict_domain=True, strict_ns_domain=DefaultCookiePolicy.DomainStrictNoDots)
            self._jar = CookieJar(policy)
        self._jar.extract_cookies(response, _as_urllib(request))

    def add_to(self, request: requests.PreparedRequest) -> None:
        """Gives a request the cookies that are for its address."""
        if self._jar is None:
            return
        mock = _as_urllib(request)
        self._jar.add_cookie_header(mock)
        value = mock.get_new_headers().get("Cookie")
        if value and len(value) <= MAX_HEADER:
            request.headers["Cookie"] = value


def _as_urllib(request: requests.PreparedRequest) -> Any:
    from requests.cookies import MockRequest

    return MockRequest(request)
