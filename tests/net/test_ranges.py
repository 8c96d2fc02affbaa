"""Places of a published file: only the bytes of this file, asked for in ranges, or a reason why the whole is needed."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from podwatch.errors import HttpError
from podwatch.logins import Login, origin_of
from podwatch.net.block_cache import BLOCK
from podwatch.net.client import HttpClient
from podwatch.net.ranges import MAX_CUTS, MIN_SIZE, MOST_REQUESTS, MOST_SHARE, RangeReader, RangesError
from podwatch.net.transport import Transport
from podwatch.settings import Settings
from tests.support.file_host import FileHost
from tests.support.hostile_servers import raw_server

AUDIO = b"\xff\xfb\x90\x00" + random.Random(31).randbytes(MIN_SIZE + 700_000)
OTHER = AUDIO[:4] + random.Random(32).randbytes(len(AUDIO) - 4)
MODIFIED = "Tue, 03 Nov 2026 05:00:00 GMT"
FAR = 20 * BLOCK + 77


@pytest.fixture
def other_host() -> Iterator[FileHost]:
    with FileHost() as standing:
        yield standing


def test_a_place_is_read_without_the_rest(host: FileHost, http: HttpClient) -> None:
    reader = http.open_ranges(host.serve("/a.mp3", AUDIO), deadline=20.0)
    assert reader.size == len(AUDIO)
    assert reader.read(FAR, 100_000) == AUDIO[FAR : FAR + 100_000]
    assert reader.read(len(AUDIO) - 10, 50) == AUDIO[-10:]
    assert host.sent["/a.mp3"] == reader.received == 3 * BLOCK + (len(AUDIO) % BLOCK)
    assert reader.requests == len(host.asked["/a.mp3"]) == 3


def test_every_request_says_of_which_file_it_wants_a_part(host: FileHost, http: HttpClient) -> None:
    reader = http.open_ranges(host.serve("/a.mp3", AUDIO), deadline=20.0)
    reader.read(FAR, 10)
    first, second = host.asked["/a.mp3"]
    assert first == (f"bytes=0-{BLOCK - 1}", None)
    assert second[0] == f"bytes={20 * BLOCK}-{21 * BLOCK - 1}"
    assert second[1] is not None
    assert second[1].startswith('"')
    assert host.headers["/a.mp3"][1]["accept-encoding"] == "identity"


def test_a_time_of_change_will_do_where_it_is_older_than_the_answer(host: FileHost, http: HttpClient) -> None:
    reader = http.open_ranges(host.serve("/a.mp3", AUDIO, etag=False, modified=MODIFIED), deadline=20.0)
    assert reader.read(FAR, 10) == AUDIO[FAR : FAR + 10]
    assert host.asked["/a.mp3"][1][1] == MODIFIED


def test_all_requests_go_over_one_connection_one_after_the_other(http: HttpClient, host: FileHost) -> None:
    reader = http.open_ranges(host.serve("/a.mp3", AUDIO), deadline=20.0)
    for block in range(3, 9):
        reader.read(2 * block * BLOCK, 10)
    [idle] = http._transport._idle.values()
    assert len(idle) == 1


def test_redirects_are_followed_once(host: FileHost, other_host: FileHost, http: HttpClient) -> None:
    other_host.serve("/cdn/a.mp3", AUDIO)
    reader = http.open_ranges(host.redirect("/a.mp3", other_host.url("/cdn/a.mp3")), deadline=20.0)
    for block in (9, 15, 20):
        assert reader.read(block * BLOCK, 10) == AUDIO[block * BLOCK :][:10]
    assert len(host.asked["/a.mp3"]) == 1, "a host that counts downloads by redirects counts one"
    assert len(other_host.asked["/cdn/a.mp3"]) == 4


def test_an_address_that_is_over_is_asked_for_anew(host: FileHost, other_host: FileHost, http: HttpClient) -> None:
    other_host.serve("/signed-1", AUDIO)
    reader = http.open_ranges(host.redirect("/a.mp3", other_host.url("/signed-1")), deadline=20.0)
    del other_host.files["/signed-1"]
    other_host.serve("/signed-2", AUDIO)
    host.redirect("/a.mp3", other_host.url("/signed-2"))
    assert reader.read(FAR, 10) == AUDIO[FAR : FAR + 10]
    other_host.files.clear()
    with pytest.raises(HttpError, match="404"):
        reader.read(30 * BLOCK, 10)


def test_a_login_goes_to_its_own_host_only(host: FileHost, other_host: FileHost, http: HttpClient) -> None:
    other_host.serve("/cdn/a.mp3", AUDIO)
    url = host.redirect("/a.mp3", other_host.url("/cdn/a.mp3"))
    origin = origin_of(url)
    assert origin is not None
    http.open_ranges(url, deadline=20.0, login=Login(origin, "reader:secret")).read(FAR, 10)
    assert "authorization" in host.headers["/a.mp3"][0]
    assert all("authorization" not in sent for sent in other_host.headers["/cdn/a.mp3"])


def test_an_answer_that_ends_early_is_gone_on_with(host: FileHost, http: HttpClient) -> None:
    reader = http.open_ranges(host.serve("/a.mp3", AUDIO), deadline=20.0)
    host.cut("/a.mp3", 1000, 0, 50_000)
    assert reader.read(FAR, 100_000) == AUDIO[FAR : FAR + 100_000]
    assert host.sent["/a.mp3"] == 3 * BLOCK, "no byte twice"
    host.cut("/a.mp3", *[0] * MAX_CUTS)
    with pytest.raises(HttpError, match="only a part") as e:
        reader.read(0, 200_000)
    assert not isinstance(e.value, RangesError), "the whole would not come, either"


def test_a_server_that_sends_small_parts_is_asked_more_often(host: FileHost, http: HttpClient) -> None:
    reader = http.open_ranges(host.serve("/a.mp3", AUDIO, most=30_000), deadline=20.0)
    assert reader.read(FAR, 100_000) == AUDIO[FAR : FAR + 100_000]
    host.serve("/a.mp3", AUDIO, most=500)
    reader.requests = MOST_REQUESTS - 3
    with pytest.raises(RangesError, match=f"more than {MOST_REQUESTS} requests"):
        reader.read(0, 200_000)


def test_more_than_half_of_a_file_is_not_read(host: FileHost, http: HttpClient) -> None:
    reader = http.open_ranges(host.serve("/a.mp3", AUDIO), deadline=20.0)
    blocks = int(MOST_SHARE * len(AUDIO)) // BLOCK
    for block in range(blocks):
        assert reader.read(block * BLOCK, 10) == AUDIO[block * BLOCK :][:10]
    with pytest.raises(RangesError, match="would be read"):
        reader.read(blocks * BLOCK, 10)
    assert host.sent["/a.mp3"] == blocks * BLOCK


# What the server answers at first, and why the whole has to be downloaded.
NOT_IN_PARTS: dict[str, tuple[dict[str, object], str]] = {
    "it sends the whole": ({"ranges": False}, "sends no parts"),
    "it says 416": ({"to_ranges": 416}, "answered 416"),
    "it refuses ranges": ({"to_ranges": 403}, "answered 403"),
    "it fails at ranges": ({"to_ranges": 500}, "answered 500"),
    "it gives no validator": ({"etag": False}, "by which its versions differ"),
    "its validator is weak": ({"etag": False, "headers": {"ETag": 'W/"1"'}}, "by which its versions differ"),
    "it was changed just now": ({"etag": False, "modified": "Tue, 03 Nov 2099 05:00:00 GMT"}, "versions differ"),
    "it compresses it": ({"headers": {"Content-Encoding": "gzip"}}, "compresses"),
    "the file is small": ({"body": AUDIO[: MIN_SIZE - 1]}, "is small"),
    "the file is tiny": ({"body": AUDIO[:100]}, "is small"),
}


@pytest.mark.parametrize("case", NOT_IN_PARTS)
def test_a_file_that_is_not_had_in_parts_says_why(case: str, host: FileHost, http: HttpClient) -> None:
    how, why = NOT_IN_PARTS[case]
    url = host.serve("/a.mp3", **{"body": AUDIO, **how})  # type: ignore[arg-type]
    with pytest.raises(RangesError, match=why):
        http.open_ranges(url, deadline=20.0)
    assert len(host.asked["/a.mp3"]) == 1


# What a server has when another place is asked for.
CHANGED: dict[str, dict[str, object]] = {
    "another file": {"body": OTHER},
    "another file, whatever If-Range says": {"body": OTHER, "heeds_if_range": False},
    "a longer file": {"body": AUDIO + b"more", "etag": False, "heeds_if_range": False},
    "the whole": {"body": AUDIO, "ranges": False},
    "it compressed": {"body": AUDIO, "headers": {"Content-Encoding": "gzip"}},
}


@pytest.mark.parametrize("case", CHANGED)
def test_bytes_of_two_files_are_never_mixed(case: str, host: FileHost, http: HttpClient) -> None:
    reader = http.open_ranges(host.serve("/a.mp3", AUDIO), deadline=20.0)
    host.serve("/a.mp3", **CHANGED[case])  # type: ignore[arg-type]
    with pytest.raises(RangesError, match=r"changed|compresses"):
        reader.read(FAR, 10)


# What has failed would fail for the whole, too: it is no reason to download that.
FAILED = {404: "404", 401: "wants a login", 429: "429", 503: "503"}


@pytest.mark.parametrize("status", FAILED)
def test_what_fails_for_the_whole_as_well_is_its_own_error(status: int, host: FileHost, http: HttpClient) -> None:
    with pytest.raises(HttpError, match=FAILED[status]) as e:
        http.open_ranges(host.serve("/a.mp3", AUDIO, to_ranges=status), deadline=20.0)
    assert not isinstance(e.value, RangesError)


def test_a_page_is_refused_at_its_beginning(host: FileHost, http: HttpClient) -> None:
    url = host.serve("/a.mp3", b"<!DOCTYPE html>" + AUDIO, media_type="text/html")
    with pytest.raises(HttpError, match="is a web page, no audio"):
        http.open_ranges(url, deadline=20.0)
    assert host.sent["/a.mp3"] == BLOCK


def test_more_than_a_few_redirects_are_an_error(host: FileHost, http: HttpClient) -> None:
    with pytest.raises(HttpError, match="redirects"):
        http.open_ranges(host.redirect("/a.mp3", "/a.mp3"), deadline=20.0)


def head(content_range: str, *more: str, length: int = BLOCK) -> bytes:
    lines = ["HTTP/1.1 206 Partial Content", f"Content-Range: {content_range}", 'ETag: "1"', *more]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


def trickle(connection: socket.socket) -> None:
    connection.sendall(head(f"bytes 0-{BLOCK - 1}/9000000"))
    while True:
        connection.sendall(b"x")
        time.sleep(0.02)


LIES: dict[str, tuple[Callable[[socket.socket], object], str]] = {
    "another place": (lambda c: c.sendall(head(f"bytes 5-{BLOCK + 4}/9000000") + bytes(BLOCK)), "another part"),
    "more than was asked for": (lambda c: c.sendall(head("bytes 0-8999999/9000000") + bytes(BLOCK)), "another part"),
    "an end before its beginning": (lambda c: c.sendall(head("bytes 0-/9000000") + bytes(BLOCK)), "another part"),
    "another unit": (lambda c: c.sendall(head("seconds 0-65535/9000000") + bytes(BLOCK)), "another part"),
    "no length": (lambda c: c.sendall(head(f"bytes 0-{BLOCK - 1}/*") + bytes(BLOCK)), "does not say how long"),
    "a length of none": (lambda c: c.sendall(head(f"bytes 0-{BLOCK - 1}/0") + bytes(BLOCK)), "how long"),
    "less than it says": (lambda c: c.sendall(head(f"bytes 0-{BLOCK - 1}/9") + bytes(BLOCK)), "how long"),
    "parts in one": (
        lambda c: c.sendall(b"HTTP/1.1 206 OK\r\nContent-Type: multipart/byteranges; boundary=x\r\n\r\n--x\r\n"),
        "another part",
    ),
    "a byte at a time": (trickle, "too slowly"),
    "nothing": (lambda c: time.sleep(1.0), "the connection failed|no answer"),
}


@pytest.mark.parametrize("case", LIES)
def test_a_server_that_lies_is_one_clear_line(case: str, settings: Settings) -> None:
    talk, why = LIES[case]
    with raw_server(talk) as url, pytest.raises(HttpError, match=why):
        RangeReader(Transport(settings.allow_addresses), {}, url, deadline=0.5, stall=0.3)


def test_a_body_without_end_is_left_unread(settings: Settings) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(head(f"bytes 0-{BLOCK - 1}/9000000").replace(b"Content-Length", b"X-Length"))
        while True:
            connection.sendall(bytes(BLOCK))

    with raw_server(talk) as url:
        reader = RangeReader(Transport(settings.allow_addresses), {}, url, deadline=20.0)
        assert reader.received == BLOCK


def test_all_waiting_together_ends_at_the_deadline(host: FileHost, http: HttpClient) -> None:
    reader = http.open_ranges(host.serve("/a.mp3", AUDIO), deadline=20.0)
    reader._seconds_left = 0.0
    with pytest.raises(HttpError, match="the time for reading it in parts is over"):
        reader.read(FAR, 10)
