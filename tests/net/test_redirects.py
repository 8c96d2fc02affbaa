"""Where redirects lead: addresses that are not ASCII; and the cookies that come with one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from podwatch.errors import HttpError
from podwatch.net.client import HttpClient
from podwatch.net.locations import to_ascii
from podwatch.settings import Settings
from tests.support.loopback_server import LoopbackServer, QuietHandler
from tests.support.podcast_host import Podcast

LOCATIONS = {
    "/caf\u00e9?q=\u00fc".encode().decode("latin-1"): "/caf%C3%A9?q=%C3%BC",
    "/caf\u00e9": "/caf%E9",  # a byte that is no UTF-8 is sent back as it came
    "/a b": "/a%20b",
    "/a%20b?x=1&y=%C3%A9#z": "/a%20b?x=1&y=%C3%A9#z",
    "https://a.example/日本/feed.xml".encode().decode("latin-1"): "https://a.example/%E6%97%A5%E6%9C%AC/feed.xml",
    "https://b\u00fccher.example:8080/\u00fc".encode().decode("latin-1"): "https://b\u00fccher.example:8080/%C3%BC",
    "feed.xml": "feed.xml",
}


@pytest.mark.parametrize("location", LOCATIONS, ids=ascii)
def test_a_location_is_escaped_and_its_host_stays(location: str) -> None:
    assert to_ascii(location) == LOCATIONS[location]


@pytest.fixture
def client(settings: Settings) -> Iterator[HttpClient]:
    opened = HttpClient(settings)
    yield opened
    opened.close()


def test_a_redirect_that_is_not_ascii_is_followed_and_stored_escaped(client: HttpClient, podcast: Podcast) -> None:
    podcast.serve("/caf%C3%A9", b"here", "text/plain")
    url = podcast.fail("/old", 301, Location="/caf\u00e9".encode().decode("latin-1"))
    found = client.get(url)
    assert (found.body, found.moved_to) == (b"here", podcast.url("/caf%C3%A9"))


class CookieServer(LoopbackServer):
    """Answers /: 302 to itself with a cookie until the cookie comes; /away: 302 to another origin. Notes what came."""

    def __init__(self, cookie: str, away: str = "") -> None:
        self.seen: list[str | None] = []
        self._cookie, self._away = cookie, away
        super().__init__()
        self.url = f"{self.address}/"

    def handler(self) -> type[QuietHandler]:
        seen, cookie, away = self.seen, self._cookie, self._away

        class Handler(QuietHandler):
            def do_GET(self) -> None:
                seen.append(self.headers.get("Cookie"))
                name = cookie.partition(";")[0]
                is_in = name in (self.headers.get("Cookie") or "")
                self.send_response(200 if is_in or self.path == "/end" else 302)
                if not is_in:
                    self.send_header("Set-Cookie", "first=0; Path=/")
                    self.send_header("Set-Cookie", cookie)
                    self.send_header("Location", away or self.path)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

        return Handler


def test_a_cookie_that_a_redirect_sets_comes_back_within_the_request_only(client: HttpClient) -> None:
    with CookieServer("seen=1; Path=/") as server:
        assert client.get(server.url).body == b"ok"
        assert client.get(server.url).body == b"ok"
    assert server.seen == [None, "first=0; seen=1", None, "first=0; seen=1"]


REFUSED = ["seen=1; Path=/other", "seen=1; Domain=other.example", "seen=1; Secure", "seen=1; Max-Age=0"]


@pytest.mark.parametrize("cookie", REFUSED)
def test_a_cookie_goes_only_where_it_may(cookie: str, client: HttpClient) -> None:
    with CookieServer(cookie) as server, pytest.raises(HttpError, match="more than 5 redirects"):
        client.get(server.url)
    assert set(server.seen) <= {None, "first=0"}


def test_a_cookie_does_not_go_to_another_host(client: HttpClient, podcast: Podcast) -> None:
    there = CookieServer("seen=1; Path=/")
    here = CookieServer("seen=1; Path=/", away=there.url.replace("127.0.0.1", "localhost") + "end")
    with there, here:
        assert client.get(here.url).body == b"ok"
    assert there.seen == [None]
