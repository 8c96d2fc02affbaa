"""Downloads that are bounded in bytes, time and disk, and refused at their first bytes where they are no audio."""

from __future__ import annotations

import gzip
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from podwatch.errors import HttpError, PodwatchError, StorageError
from podwatch.net import part_file
from podwatch.net.client import HttpClient
from podwatch.net.download import STALL_BYTES
from tests.support.downloads import AUDIO, PROGRAM, Get, left_at
from tests.support.file_host import FileHost
from tests.support.hostile_servers import HOSTILE_SERVERS, raw_server


def head(*lines: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode()


def endless(start: bytes) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(b"10000\r\n" + bytes(65536) + b"\r\n")

    return talk


def trickling(start: bytes, pause: float) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(b"x")
            time.sleep(pause)

    return talk


def silent_after(start: bytes) -> Callable[[socket.socket], None]:
    def talk(connection: socket.socket) -> None:
        connection.sendall(start)
        connection.recv(1)

    return talk


def live(connection: socket.socket) -> None:
    """More than a trickle, and never whole."""
    connection.sendall(head("Content-Type: audio/mpeg"))
    while True:
        connection.sendall(bytes(STALL_BYTES // 4))
        time.sleep(0.05)


CHUNKED = head("Content-Type: audio/mpeg", "Transfer-Encoding: chunked")
# name: (what the server does, limits, what the error says, whether another time may help)
BOUNDED: dict[str, tuple[Callable[[socket.socket], object], dict[str, float], str, bool]] = {
    "an endless stream": (endless(CHUNKED), {}, "is larger than 1,000,000 bytes", False),
    "a live stream, slow": (
        live,
        {"deadline": 1.0, "max_bytes": 10**9},
        "perhaps a live stream, which has no end",
        True,
    ),
    "a live stream that says so": (
        endless(head("Content-Type: audio/mpeg", "icy-name: Radio")),
        {},
        "is a live stream, which has no end",
        False,
    ),
    "an old radio server": (
        lambda c: c.sendall(b"ICY 200 OK\r\n\r\n" + AUDIO),
        {},
        "the connection failed (ICY 200",
        True,
    ),
    "a promise of too much": (
        lambda c: c.sendall(head("Content-Length: 1000001")),
        {},
        "is larger than 1,000,000",
        False,
    ),
    "a trickle": (
        trickling(head("Content-Length: 900000"), 0.02),
        {"stall": 0.4},
        f"the server sends too slowly: less than {STALL_BYTES:,} bytes in 0.4 s",
        True,
    ),
    "silence in the middle": (
        silent_after(head("Content-Length: 900000") + AUDIO[:9000]),
        {"stall": 0.4},
        "the server sends too slowly",
        True,
    ),
    "a trickle of headers": (
        HOSTILE_SERVERS["trickles the headers"][0],
        {"deadline": 0.5},
        "no answer within 0.",
        True,
    ),
    "nothing": (lambda c: c.recv(1), {"deadline": 0.5}, "no answer within 0.", True),
    "an empty file": (lambda c: c.sendall(head("Content-Length: 0")), {}, "the file is empty", True),
    "a broken chunk": (lambda c: c.sendall(CHUNKED + b"10\r\nabc"), {}, "the connection failed", True),
    "a bomb of gzip": (
        lambda c: c.sendall(head("Content-Encoding: gzip") + gzip.compress(bytes(50_000_000), 1)),
        {},
        "is larger than 1,000,000 bytes",
        False,
    ),
}


@pytest.mark.parametrize("case", BOUNDED, ids=str)
def test_whatever_a_server_does_costs_little_and_ends_in_one_line(case: str, get: Get, path: Path) -> None:
    talk, limits, expected, may_help = BOUNDED[case]
    with raw_server(talk) as url, pytest.raises(HttpError) as e:
        get(url, **limits)
    assert e.value.line.startswith(f"{url}: ")
    assert expected in e.value.line
    assert e.value.retryable == may_help
    assert left_at(path) == set()


PAGE = b"<!DOCTYPE html><html><body>Sign in to listen</body></html>"
REFUSED = {
    "a web page": (PAGE, "text/html; charset=utf-8", "is a web page, no audio", True),
    "a web page that is called audio": (b"\xef\xbb\xbf\n " + PAGE, "audio/mpeg", "is a web page, no audio", True),
    "a part of a web page": (b"<p>gone</p>", "text/html", "is a web page, no audio", True),
    "an error in XML": (
        b"<?xml version='1.0'?><Error>AccessDenied</Error>",
        "application/xml",
        "is an XML document",
        True,
    ),
    "an error in XML without a declaration": (
        b"<Error>AccessDenied</Error>",
        "application/xml",
        "is an XML document",
        True,
    ),
    "HLS": (b"#EXTM3U\n#EXT-X-VERSION:3\n", "audio/mpeg", "is a playlist, no audio file", False),
    "PLS": (b"[playlist]\nFile1=http://a.example/\n", "audio/x-scpls", "is a playlist, no audio file", False),
    "a plain M3U": (b"http://a.example/b.mp3\n", "audio/x-mpegurl", "is a playlist, no audio file", False),
    "DASH": (b"<?xml version='1.0'?><MPD/>", "application/dash+xml", "is a playlist, no audio file", False),
    "FairPlay": (b"\0\0\0\x20ftypM4P " + bytes(600), "audio/mp4", "is locked by DRM", False),
    "Audible": (b"\0\0\0\x20ftypaaxc" + bytes(600), "audio/mp4", "is locked by DRM", False),
    "Audible, old": (b"\0\0\0\0\x57\x90\x75\x36" + bytes(600), "audio/x-pn", "is locked by DRM", False),
}


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_is_no_audio_is_refused_at_its_first_bytes(case: str, host: FileHost, get: Get, path: Path) -> None:
    start, media_type, expected, may_help = REFUSED[case]
    with pytest.raises(HttpError) as e:
        get(host.serve("/a", start, media_type=media_type))
    assert expected in e.value.line
    assert e.value.retryable == may_help
    assert left_at(path) == set()


def test_a_list_of_words_that_begins_with_a_bracket_is_no_page(host: FileHost, get: Get, path: Path) -> None:
    """As a model's vocabulary does."""
    get(host.serve("/vocabulary.txt", b"<|endoftext|>\n!\n", media_type="text/plain"))
    assert path.read_bytes() == b"<|endoftext|>\n!\n"


def test_audio_is_audio_whatever_its_server_calls_it(host: FileHost, get: Get, path: Path) -> None:
    for media_type in ("text/html", "application/octet-stream", "audio/x-mpegurl", "text/plain"):
        get(host.serve("/a", AUDIO, media_type=media_type))
        assert path.read_bytes() == AUDIO


@pytest.mark.parametrize("status", [404, 410, 401, 403, 429, 503])
def test_a_status_is_the_same_error_as_of_a_get(status: int, http: HttpClient, get: Get, path: Path) -> None:
    answer = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nRetry-After: 7\r\n\r\n".encode()
    with raw_server(lambda c: c.sendall(answer)) as url:
        with pytest.raises(HttpError) as downloaded:
            get(url)
        with pytest.raises(HttpError) as gotten:
            http.get(url)
    seen = [(e.value.line, e.value.status, e.value.retryable, e.value.retry_after) for e in (downloaded, gotten)]
    assert seen[0] == seen[1]
    assert left_at(path) == set()


def test_a_redirect_to_an_internal_address_is_refused(host: FileHost, get: Get, path: Path) -> None:
    for to in ("http://169.254.169.254/latest/", "http://[::1]:1/a.mp3", "http://10.0.0.1/"):
        with pytest.raises(HttpError, match="is not a public address"):
            get(host.redirect("/r", to))
    with pytest.raises(HttpError, match="is not an http"):
        get(host.redirect("/r", "file:///etc/passwd"))
    assert left_at(path) == set()


def test_cookies_live_for_the_redirects_and_a_login_stays_at_its_origin(host: FileHost, get: Get) -> None:
    with FileHost() as other:
        other.serve("/a.mp3", AUDIO)
        host.redirect("/two", other.url("/a.mp3"))
        url = host.redirect("/one", host.url("/two"))
        got = get(url.replace("http://", "http://user:word@"))
        get(url)
        assert got.url == other.url("/a.mp3")
        assert "authorization" in host.headers["/one"][0]
        assert host.headers["/two"][0]["cookie"] == "seen=1"
        assert "authorization" not in other.headers["/a.mp3"][0]
        assert "cookie" not in host.headers["/one"][1]


def test_a_server_that_compresses_unasked_is_understood(host: FileHost, get: Get, path: Path) -> None:
    get(host.serve("/a", gzip.compress(AUDIO), headers={"Content-Encoding": "gzip"}))
    assert path.read_bytes() == AUDIO


def test_a_packed_file_stays_packed(host: FileHost, get: Get, path: Path) -> None:
    get(host.serve("/model.gz", gzip.compress(AUDIO), media_type="application/gzip"))
    assert path.read_bytes() == gzip.compress(AUDIO)


def test_300_MB_need_no_memory(host: FileHost, tmp_path: Path) -> None:
    """In a process that may have 40 MB more than it has at its start."""

    def noise(connection: socket.socket) -> None:
        connection.sendall(head("Content-Length: 300000000"))
        block = random.Random(1).randbytes(1_000_000)
        for _ in range(300):
            connection.sendall(block)

    measure = """
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(download().size, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    with raw_server(noise) as url:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM + measure, url, str(tmp_path / "noise")],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    size, grown = map(int, done.stdout.split())
    assert size == 300_000_000
    assert grown < 40_000, "kB"


def test_a_disk_without_space_is_one_line_and_nothing_is_left(
    host: FileHost, get: Get, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(part_file, "MIN_FREE", 1 << 60)
    with pytest.raises(StorageError, match=f"^{path.parent}: the disk has too little space") as e:
        get(host.serve("/a.mp3", AUDIO))
    assert e.value.retryable
    assert left_at(path) == set()


def test_a_disk_that_gets_full_is_one_line_and_nothing_is_left(host: FileHost, path: Path) -> None:
    """A limit on the size of files is the kernel's same refusal of a write."""
    limited = """
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    download()
except StorageError as e:
    print(e.line)
"""
    url = host.serve("/a.mp3", AUDIO)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + limited, url, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == f"{path.parent}: the disk is full - free some space\n"
    assert left_at(path) == set()


def test_a_folder_that_cannot_be_written_to_is_one_line(host: FileHost, http: HttpClient, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(PodwatchError, match="cannot be written"):
        http.download(host.serve("/a.mp3", AUDIO), tmp_path / "file" / "a.mp3", max_bytes=10**6, deadline=9.0)
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_an_address_that_is_none_leaves_nothing(get: Get, path: Path) -> None:
    with pytest.raises(HttpError, match="is not an http"):
        get("ftp://a.example/b.mp3")
    assert left_at(path) == set()
