"""scripts/sample_server.py: the sample podcast as a host serves it, with audio that a player may jump in."""

from __future__ import annotations

import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import av
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import sample_server  # noqa: E402


@pytest.fixture
def sample() -> Iterator[sample_server.SampleServer]:
    with sample_server.SampleServer(ROOT / "seeds", 0) as server:
        yield server


def ask(server: sample_server.SampleServer, path: str, method: str = "GET", **headers: str) -> tuple[int, Any, bytes]:
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as e:
        with e:
            return e.code, e.headers, e.read()


def test_other_containers_are_told_the_name_by_which_they_know_it() -> None:
    with sample_server.SampleServer(ROOT / "seeds", 0, name="sample") as server:
        _, _, body = ask(server, "/sample/feed.xml")
        assert f"http://sample:{server.port}/sample/" in body.decode()
        assert "127.0.0.1" not in body.decode()


def test_the_sample_has_addresses_with_the_port_it_is_served_at(sample: sample_server.SampleServer) -> None:
    status, headers, body = ask(sample, "/sample/feed.xml")
    assert (status, headers["Content-Type"]) == (200, "application/rss+xml; charset=utf-8")
    assert f"http://127.0.0.1:{sample.port}/sample/missile-crisis.vtt".encode() in body
    assert b":8765/" not in body
    assert sample_server.replace_port("http://127.0.0.1:8765/sample/x http://127.0.0.1:8765/", 99) == (
        "http://127.0.0.1:99/sample/x http://127.0.0.1:8765/"
    )


def test_every_transcript_that_the_sample_names_is_served(sample: sample_server.SampleServer) -> None:
    feed = ask(sample, "/sample/feed.xml")[2].decode()
    paths = {part.partition('"')[0] for part in feed.split(f'transcript url="http://127.0.0.1:{sample.port}')[1:]}
    assert len(paths) >= 3
    assert {ask(sample, path)[0] for path in paths} == {200}


def test_an_unchanged_feed_is_answered_with_304(sample: sample_server.SampleServer) -> None:
    _, headers, _ = ask(sample, "/sample/feed.xml")
    assert ask(sample, "/sample/feed.xml", **{"If-None-Match": headers["ETag"]})[::2] == (304, b"")
    assert ask(sample, "/sample/feed.xml", **{"If-None-Match": f'"x", W/{headers["ETag"]}'})[0] == 304
    assert ask(sample, "/sample/feed.xml", **{"If-Modified-Since": headers["Last-Modified"]})[0] == 304
    assert ask(sample, "/sample/feed.xml", **{"If-Modified-Since": formatdate(0, usegmt=True)})[0] == 200
    assert ask(sample, "/sample/feed.xml", **{"If-Modified-Since": "yesterday"})[0] == 200
    # RFC 9110: a tag that differs decides, whatever the date says
    both = {"If-None-Match": '"other"', "If-Modified-Since": headers["Last-Modified"]}
    assert ask(sample, "/sample/feed.xml", **both)[0] == 200


def test_nothing_but_the_sample_is_served(sample: sample_server.SampleServer) -> None:
    for path in ("/", "/sample/", "/watchlist.yaml", "/sample/../watchlist.yaml", "/sample/%2e%2e/%2e%2e/README.md"):
        assert ask(sample, path)[0] == 404, path
    assert ask(sample, "/sample/feed.xml", "HEAD")[::2] == (200, b"")


RANGES = {
    "bytes=0-99": (206, slice(0, 100)),
    "bytes=1000-": (206, slice(1000, None)),
    "bytes=-50": (206, slice(-50, None)),
    "bytes=0-999999999": (206, slice(0, None)),  # ends with the file
    "bytes=-999999999": (206, slice(0, None)),
    "bytes=5-4": (200, slice(0, None)),  # none of these is a range, so it is not there
    "bytes=-": (200, slice(0, None)),
    "bytes=0-1,5-6": (200, slice(0, None)),
    "seconds=0-9": (200, slice(0, None)),
    "bytes=999999999-": (416, slice(0, 0)),
    "bytes=-0": (416, slice(0, 0)),
}


@pytest.mark.parametrize("wanted", RANGES)
def test_a_player_may_ask_for_a_part_of_the_audio(sample: sample_server.SampleServer, wanted: str) -> None:
    whole = (ROOT / "seeds/sample/map-room.opus").read_bytes()
    status, part = RANGES[wanted]
    answer, headers, body = ask(sample, "/sample/map-room.opus", Range=wanted)
    assert (answer, headers["Accept-Ranges"], headers["Content-Type"]) == (status, "bytes", "audio/ogg")
    assert body == whole[part]
    assert int(headers["Content-Length"]) == len(body)
    start = part.indices(len(whole))[0]
    said = {206: f"bytes {start}-{start + len(body) - 1}/{len(whole)}", 416: f"bytes */{len(whole)}", 200: None}
    assert headers["Content-Range"] == said[status]


def test_a_part_is_only_of_the_version_that_the_player_has(sample: sample_server.SampleServer) -> None:
    path = "/sample/map-room.opus"
    etag = ask(sample, path)[1]["ETag"]
    assert ask(sample, path, Range="bytes=0-9", **{"If-Range": etag})[0] == 206
    assert ask(sample, path, Range="bytes=0-9", **{"If-Range": '"another"'})[0] == 200
    assert ask(sample, path, "HEAD", Range="bytes=0-9")[::2] == (200, b"")


def test_every_episode_of_the_sample_has_audio_as_long_and_as_large_as_the_feed_says() -> None:
    feed = (ROOT / "seeds/sample/feed.xml").read_text(encoding="utf-8")
    said = re.findall(r'duration>([\d:]+)<.*?/sample/([\w-]+\.opus)" length="(\d+)" type="(.*?)"', feed, re.DOTALL)
    assert [name for _, name, _, _ in said] == ["map-room.opus", "grain.opus", "missile-crisis.opus"]
    sizes = []
    for duration, name, length, media_type in said:
        path = ROOT / "seeds/sample" / name
        with av.open(str(path)) as container:
            assert container.duration is not None
            hours, minutes, seconds = map(int, duration.split(":"))
            assert abs(container.duration / 1e6 - (hours * 3600 + minutes * 60 + seconds)) <= 1.0, name
        assert (int(length), media_type) == (path.stat().st_size, sample_server.TYPES[path.suffix])
        sizes.append(path.stat().st_size)
    assert sizes[0] < 1_000_000
    assert sum(sizes) < 2_500_000
