"""The HTTP client: what it accepts, what it refuses, and that no server can hold it up or fill the memory."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Iterator

import pytest

from podwatch.errors import HttpError
from podwatch.net.addresses import is_allowed, is_public
from podwatch.net.client import HttpClient
from podwatch.net.http_messages import parse_retry_after
from podwatch.settings import Secret, Settings, parse_networks
from tests.support.hostile_servers import BYTES, HOSTILE_SERVERS, SECONDS, http_response, raw_server
from tests.support.podcast_host import Podcast


@pytest.fixture
def http(settings: Settings) -> Iterator[HttpClient]:
    opened = HttpClient(settings)
    yield opened
    opened.close()


@pytest.mark.parametrize("case", HOSTILE_SERVERS, ids=str)
def test_a_hostile_server_ends_in_one_clear_error(case: str, http: HttpClient) -> None:
    talk, expected = HOSTILE_SERVERS[case]
    with raw_server(talk) as url, pytest.raises(HttpError) as e:
        http.get(url, max_bytes=BYTES, deadline=SECONDS)
    assert expected in e.value.line


INTERNAL = """
    127.0.0.1 127.9.9.9 0.0.0.0 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 192.0.2.1 198.18.0.1
    224.0.0.1 240.0.0.1 255.255.255.255 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fd00:ec2::254 ff02::1 ::ffff:127.0.0.1
    ::ffff:10.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: 2001:db8::1 fec0::1 2001:0:53aa:64c:0:0:0:1 not-an-address
"""


@pytest.mark.parametrize("address", INTERNAL.split())
def test_an_internal_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "spelling", ["127.1", "2130706433", "0x7f000001", "localhost", "[::ffff:127.0.0.1]", "0", "127.0.0.1."]
)
def test_no_spelling_of_loopback_is_reached_unless_allowed(spelling: str, settings: Settings) -> None:
    http = HttpClient(Settings(home=settings.home, database_url=Secret("")))
    with pytest.raises(HttpError) as e:
        http.get(f"http://{spelling}:9/")
    assert "is not a public address" in e.value.line or "cannot be resolved" in e.value.line


def test_an_allowed_network_is_reached_and_no_other() -> None:
    allowed = parse_networks("127.0.0.0/8, 10.1.0.0/16")
    assert is_allowed("127.0.0.1", allowed)
    assert is_allowed("::ffff:10.1.2.3", allowed)
    assert not is_allowed("10.2.0.1", allowed)


def test_a_gzipped_body_is_inflated_and_the_connection_is_kept(http: HttpClient, podcast: Podcast) -> None:
    podcast.serve("/a", gzip.compress(b"hello"), "text/plain", **{"Content-Encoding": "gzip"})
    seen = {http.get(podcast.url("/a")).body for _ in range(3)}
    assert seen == {b"hello"}
    assert podcast.connections == 1


def test_a_kept_connection_that_the_server_closed_is_opened_anew(http: HttpClient) -> None:
    with raw_server(lambda c: c.sendall(http_response(b"ok"))) as url:  # closes after each answer without saying so
        assert [http.get(url).body for _ in range(3)] == [b"ok"] * 3


@pytest.mark.parametrize(
    ("statuses", "moved"), [((301,), True), ((308,), True), ((302,), False), ((301, 307), False)], ids=str
)
def test_only_permanent_redirects_change_the_address(
    statuses: tuple[int, ...], moved: bool, http: HttpClient, podcast: Podcast
) -> None:
    target = podcast.serve("/new", "here")
    for i, status in enumerate(statuses):
        podcast.fail(f"/{i}", status, Location=target if i + 1 == len(statuses) else podcast.url(f"/{i + 1}"))
    got = http.get(podcast.url("/0"))
    assert got.body == b"here"
    assert got.moved_to == (target if moved else None)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("Thu, 01 Jan 1970 00:01:00 GMT", 60.0),
        ("soon", None),
        ("", None),
        (None, None),
        ("-5", None),
        ("²", None),
        ("٣", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, now=0.0) == seconds


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "file:///etc/passwd", "http://", "javascript:alert(1)", "http://a b/", "x"]
)
def test_only_http_addresses_are_asked(url: str, http: HttpClient) -> None:
    with pytest.raises(HttpError, match="is not an http"):
        http.get(url)


def brotli_of(data: bytes) -> bytes:
    import brotli

    packed: bytes = brotli.compress(data, quality=1)
    return packed


# name: (Content-Encoding, the body on the wire, what it says)
ENCODED = {
    "gzip": ("gzip", gzip.compress(b"hello"), b"hello"),
    "gzip in two members": ("gzip", gzip.compress(b"hel") + gzip.compress(b"lo"), b"hello"),
    "gzip with padding behind": ("x-gzip", gzip.compress(b"hello") + b"\0" * 9, b"hello"),
    "deflate": ("deflate", zlib.compress(b"hello"), b"hello"),
    "deflate without its header": ("deflate", zlib.compress(b"hello")[2:-4], b"hello"),
    "brotli": ("br", brotli_of(b"hello"), b"hello"),
    "large brotli": ("br", brotli_of(b"abc" * 300_000), b"abc" * 300_000),
    "no body at all": ("gzip", b"", b""),
    "none": ("identity", b"hello", b"hello"),
}


@pytest.mark.parametrize("case", ENCODED, ids=str)
def test_a_body_is_read_however_it_is_encoded(case: str, http: HttpClient, podcast: Podcast) -> None:
    encoding, wire, expected = ENCODED[case]
    podcast.serve("/a", wire, "text/plain", **{"Content-Encoding": encoding})
    assert http.get(podcast.url("/a")).body == expected


@pytest.mark.parametrize(
    ("encoding", "wire"),
    [("compress", b"\x1f\x9d\x90"), ("br", b"\xff\xff"), ("gzip", b"\0hello"), ("br", brotli_of(b"x" * 999)[:-3])],
)
def test_an_encoding_that_makes_no_sense_is_one_clear_error(
    encoding: str, wire: bytes, http: HttpClient, podcast: Podcast
) -> None:
    podcast.serve("/a", wire, "text/plain", **{"Content-Encoding": encoding})
    with pytest.raises(HttpError, match=r"the connection failed \("):
        http.get(podcast.url("/a"))


def test_a_brotli_bomb_is_stopped_before_it_fills_the_memory(http: HttpClient, podcast: Podcast) -> None:
    import tracemalloc

    podcast.serve("/a", brotli_of(b"\0" * 200_000_000), "text/plain", **{"Content-Encoding": "br"})
    tracemalloc.start()
    with pytest.raises(HttpError, match="is larger than"):
        http.get(podcast.url("/a"), max_bytes=1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


CLOSING = {
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n",
    "HTTP/1.0 without a length": b"HTTP/1.0 200 OK\r\n\r\n",
    "Connection: close": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n",
    "neither length nor chunks": b"HTTP/1.1 200 OK\r\n\r\n",
}


@pytest.mark.parametrize("case", CLOSING, ids=str)
def test_a_body_that_comes_after_the_headers_is_read_although_the_connection_ends(case: str, http: HttpClient) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(CLOSING[case])
        time.sleep(0.05)
        connection.sendall(b"hel")
        time.sleep(0.05)
        connection.sendall(b"lo")

    with raw_server(talk) as url:
        assert [http.get(url).body for _ in range(2)] == [b"hello"] * 2


def test_what_is_left_of_a_body_that_is_too_large_is_never_read_as_the_next_response(http: HttpClient) -> None:
    """The rest of such a body is a stranger's: it could be a response of its own, taken for another address's."""
    connections: list[socket.socket] = []

    def talk(connection: socket.socket) -> None:
        connections.append(connection)
        if len(connections) == 1:
            connection.sendall(http_response(http_response(b"forged") * 40_000))
        connection.sendall(http_response(b"right"))

    with raw_server(talk) as url:
        with pytest.raises(HttpError, match="is larger than"):
            http.get(url, max_bytes=100_000)
        assert http.get(url).body == b"right"


def test_no_connection_is_left_open(settings: Settings, podcast: Podcast, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[socket.socket] = []

    class RecordedSocket(socket.socket):
        def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:
            super().__init__(family, type, proto, fileno)
            if fileno is None:  # else a server of this process has accepted it
                opened.append(self)

    podcast.serve("/a", "hello")
    with raw_server(lambda c: c.sendall(http_response(b"ok", "Connection: close"))) as url:
        monkeypatch.setattr(socket, "socket", RecordedSocket)
        http = HttpClient(settings)
        for _ in range(5):
            http.get(url), http.get(podcast.url("/a"))
        assert [s.fileno() >= 0 for s in opened] == [False, True, False, False, False, False]
        http.close()
        assert all(s.fileno() < 0 for s in opened)


def test_an_error_behind_a_redirect_names_the_address_that_was_asked(http: HttpClient, podcast: Podcast) -> None:
    url = podcast.fail("/a", 301, Location="http://[::1]:1/inside")
    with pytest.raises(HttpError) as e:
        http.get(url)
    assert e.value.line.startswith(
        f"{url}: is sent on to http://[::1]:1/inside, and there: ::1 is not a public address"
    )


def test_a_request_that_ends_after_the_client_was_closed_leaves_no_connection(settings: Settings) -> None:
    http, ended = HttpClient(settings), threading.Event()

    def answer_late(connection: socket.socket) -> None:
        http.close()  # as when a run is interrupted
        connection.sendall(http_response(b"late"))
        if connection.recv(1) == b"":
            ended.set()

    with raw_server(answer_late) as url:
        assert http.get(url, max_bytes=BYTES, deadline=SECONDS).body == b"late"
        assert ended.wait(60)
