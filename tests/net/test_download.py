"""Downloads: whole or not at all, and continued where they broke off, of the same file only."""

from __future__ import annotations

import hashlib
import random
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podwatch.errors import HttpError, StorageError
from podwatch.net.client import HttpClient
from podwatch.net.content_sniffing import SNIFFED_BYTES
from podwatch.net.download import MAX_CUTS, Download
from podwatch.settings import Secret, Settings, parse_networks
from tests.support.downloads import AUDIO, PROGRAM, Get, left_at
from tests.support.file_host import FileHost

OTHER = AUDIO[:4] + random.Random(24).randbytes(300_000)
MODIFIED = "Tue, 03 Nov 2026 05:00:00 GMT"


def test_a_file_is_there_when_it_is_whole(host: FileHost, get: Get, path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    got = get(host.serve("/a.mp3", AUDIO), progress=lambda done, total: told.append((done, total)))
    assert path.read_bytes() == AUDIO
    assert got == Download(path, len(AUDIO), hashlib.sha256(AUDIO).hexdigest(), "audio/mpeg", host.url("/a.mp3"))
    assert told == sorted(told)
    assert told[-1] == (len(AUDIO), len(AUDIO))
    assert left_at(path) == {"one.mp3"}


CONTINUED = {
    "an ETag": {},
    "a time of change": {"etag": False, "modified": MODIFIED},
    "both": {"modified": MODIFIED},
}


@pytest.mark.parametrize("how", CONTINUED.values(), ids=CONTINUED)
def test_a_connection_that_breaks_is_continued_in_the_same_call(
    how: dict[str, object], host: FileHost, get: Get, path: Path
) -> None:
    host.serve("/a.mp3", AUDIO, **how)
    get(host.cut("/a.mp3", 100_000, 100_000))
    assert path.read_bytes() == AUDIO
    assert host.sent["/a.mp3"] == len(AUDIO), "no byte twice"
    assert [asked for asked, _ in host.asked["/a.mp3"]] == [None, "bytes=100000-", "bytes=200000-"]


def test_a_download_that_was_given_up_is_continued_by_the_next_call(host: FileHost, get: Get, path: Path) -> None:
    host.serve("/a.mp3", AUDIO)
    host.cut("/a.mp3", *[1_000] * MAX_CUTS)
    with pytest.raises(HttpError, match="the connection failed") as e:
        get(host.url("/a.mp3"))
    assert e.value.retryable
    assert left_at(path) == {"one.mp3.part", "one.mp3.part.json"}
    got = get(host.url("/a.mp3"))
    assert got.sha256 == hashlib.sha256(AUDIO).hexdigest() == hashlib.sha256(path.read_bytes()).hexdigest()
    assert host.sent["/a.mp3"] == len(AUDIO)
    assert left_at(path) == {"one.mp3"}


@given(cuts=st.lists(st.integers(1, 40_000), max_size=15))
def test_wherever_connections_break_the_file_is_the_same_and_hardly_a_byte_comes_twice(
    cuts: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("cuts") / "one.mp3"
    body = AUDIO[:50_000]
    settings = Settings(home=path.parent, database_url=Secret(""), allow_addresses=parse_networks("127.0.0.1"))
    with FileHost() as host, closing(HttpClient(settings)) as client:
        host.serve("/a.mp3", body)
        host.cut("/a.mp3", *cuts)
        for _ in range(len(cuts) + 1):
            try:
                client.download(host.url("/a.mp3"), path, max_bytes=10**6, deadline=20.0)
                break
            except HttpError:
                assert not path.exists()
        assert path.read_bytes() == body
        assert len(body) <= host.sent["/a.mp3"] < len(body) + SNIFFED_BYTES * len(cuts) + 1, "what is no beginning yet"


# What the server has when it is asked for the rest.
RESTARTED: dict[str, tuple[bytes, dict[str, object]]] = {
    "the file has changed": (OTHER, {}),
    "the server knows no ranges": (AUDIO, {"ranges": False}),
    "the server says 416": (AUDIO, {"to_ranges": 416}),
    "the server fails at ranges": (AUDIO, {"to_ranges": 500}),
    "the file is shorter than what is there": (OTHER[:60_000], {}),
    "the server sends the rest of another file": (OTHER, {"heeds_if_range": False}),
    "the server sends the rest of a longer file": (OTHER + b"more", {"etag": False, "heeds_if_range": False}),
    "the file has changed within a second": (OTHER + b"more", {"etag": False, "modified": MODIFIED}),
}


@pytest.mark.parametrize("case", RESTARTED, ids=str)
def test_what_is_no_longer_the_same_file_is_begun_anew(case: str, host: FileHost, get: Get, path: Path) -> None:
    host.serve("/a.mp3", AUDIO, modified=MODIFIED, etag="modified" not in RESTARTED[case][1])
    host.cut("/a.mp3", 100_000, *[10] * (MAX_CUTS - 1))
    with pytest.raises(HttpError):
        get(host.url("/a.mp3"))
    body, how = RESTARTED[case]
    host.serve("/a.mp3", body, **how)
    assert get(host.url("/a.mp3")).sha256 == hashlib.sha256(body).hexdigest()
    assert path.read_bytes() == body


def test_a_server_that_sends_ranges_of_a_limited_size_is_asked_again(host: FileHost, get: Get, path: Path) -> None:
    host.serve("/a.mp3", AUDIO, most=100_000)
    get(host.cut("/a.mp3", 50_000))
    assert path.read_bytes() == AUDIO
    assert host.sent["/a.mp3"] == len(AUDIO)


def test_the_part_of_another_address_is_not_continued(host: FileHost, get: Get, path: Path) -> None:
    host.serve("/a.mp3", AUDIO)
    host.cut("/a.mp3", *[1_000] * MAX_CUTS)
    with pytest.raises(HttpError):
        get(host.url("/a.mp3"))
    get(host.serve("/b.mp3", OTHER))
    assert path.read_bytes() == OTHER
    assert host.asked["/b.mp3"] == [(None, None)]


NO_VALIDATOR = {
    "none": {"etag": False},
    "a weak ETag": {"etag": False, "headers": {"ETag": 'W/"1"'}},
    "changed this second": {"etag": False, "modified": "Tue, 03 Nov 2099 05:00:00 GMT"},
}


@pytest.mark.parametrize("how", NO_VALIDATOR.values(), ids=NO_VALIDATOR)
def test_without_a_strong_validator_no_part_is_left(
    how: dict[str, object], host: FileHost, get: Get, path: Path
) -> None:
    host.serve("/a.mp3", AUDIO, **how)
    with pytest.raises(HttpError, match="ended 200004 bytes early"):
        get(host.cut("/a.mp3", 100_000))
    assert left_at(path) == set()
    get(host.url("/a.mp3"))
    assert path.read_bytes() == AUDIO


def test_a_process_that_is_killed_leaves_a_part_that_the_next_continues(host: FileHost, get: Get, path: Path) -> None:
    host.serve("/a.mp3", AUDIO)
    kill = "download(progress=lambda done, total: done > 150_000 and os.kill(os.getpid(), signal.SIGKILL))"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + kill, host.url("/a.mp3"), str(path)], check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    kept = path.with_name("one.mp3.part").stat().st_size
    assert 150_000 < kept < len(AUDIO)
    assert get(host.url("/a.mp3")).sha256 == hashlib.sha256(AUDIO).hexdigest()
    assert host.asked["/a.mp3"][-1][0] == f"bytes={kept}-"


def test_a_part_that_is_whole_already_needs_no_request(host: FileHost, get: Get, path: Path) -> None:
    host.serve("/a.mp3", AUDIO)
    host.cut("/a.mp3", *[1_000] * MAX_CUTS)
    with pytest.raises(HttpError):
        get(host.url("/a.mp3"))
    path.with_name("one.mp3.part").write_bytes(AUDIO)  # killed before it got its name
    asked = len(host.asked["/a.mp3"])
    assert get(host.url("/a.mp3")).sha256 == hashlib.sha256(AUDIO).hexdigest()
    assert len(host.asked["/a.mp3"]) == asked


def test_two_downloads_to_one_path_do_not_mix(http: HttpClient, host: FileHost, get: Get, path: Path) -> None:
    url = host.serve("/a.mp3", AUDIO)
    refused: list[str] = []

    def again(done: int, total: int | None) -> None:
        if not refused:
            with pytest.raises(StorageError) as e:
                http.download(url, path, max_bytes=10**6, deadline=20.0)
            refused.append(e.value.line)

    get(url, progress=again)
    assert refused == [f"{path}: is being downloaded by another process"]
    assert path.read_bytes() == AUDIO
