"""Where redirects lead: addresses that are not ASCII; and the cookies that come with one."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from podwatch.errors import HttpError
from podwatch.net.client import HttpClient
from podwatch.net.locations import to_ascii
from podwatch.settings import Settings
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


class CookieServer:
    """Answers /: 302 to itself with a cookie until the cookie comes; /away: 302 to another origin. Notes what came."""

    def __init__(self, cookie: str, away: str = "") -> None:
        seen: list[str | None] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

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

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.seen = seen
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    @contextmanager
    def running(self) -> Iterator[str]:
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield self.url
        self.server.shutdown()
        self.server.server_close()
        thread.join()


def test_a_cookie_that_a_redirect_sets_comes_back_within_the_request_only(client: HttpClient) -> None:
    server = CookieServer("seen=1; Path=/")
    with server.running() as url:
        assert client.get(url).body == b"ok"
        assert client.get(url).body == b"ok"
    assert server.seen == [None, "first=0; seen=1", None, "first=0; seen=1"]


REFUSED = ["seen=1; Path=/other", "seen=1; Domain=other.example", "seen=1; Secure", "seen=1; Max-Age=0"]


@pytest.mark.parametrize("cookie", REFUSED)
def test_a_cookie_goes_only_where_it_may(cookie: str, client: HttpClient) -> None:
    server = CookieServer(cookie)
    with server.running() as url, pytest.raises(HttpError, match="more than 5 redirects"):
        client.get(url)
    assert set(server.seen) <= {None, "first=0"}


def test_a_cookie_does_not_go_to_another_host(client: HttpClient, podcast: Podcast) -> None:
    there = CookieServer("seen=1; Path=/")
    with there.running() as url:
        here = CookieServer("seen=1; Path=/", away=url.replace("127.0.0.1", "localhost") + "end")
        with here.running() as start:
            assert client.get(start).body == b"ok"
    assert there.seen == [None]
