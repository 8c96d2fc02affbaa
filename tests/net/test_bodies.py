"""Bodies that are not compressed as they say, statuses with a body beside 200, and how long a response is fresh."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from podwatch.errors import HttpError
from podwatch.net.client import HttpClient, fresh_seconds
from podwatch.net.decompression import BodyDecoder
from podwatch.settings import Settings
from tests.support.hostile_servers import http_response, raw_server
from tests.support.podcast_host import Podcast

FEED = b"<?xml version='1.0'?><rss><channel><title>T</title></channel></rss>" * 3
VTT = b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello\n"
CYRILLIC = "Привет, это подкаст о зерне и хлебе, выпуск двенадцатый".encode()


@pytest.fixture
def http(settings: Settings) -> Iterator[HttpClient]:
    opened = HttpClient(settings)
    yield opened
    opened.close()


# name: (Content-Encoding, the bytes that are sent, the body)
BODIES = {
    "no compression's name: aws-chunked": ("aws-chunked", FEED, FEED),
    "aws-chunked beside gzip": ("aws-chunked, gzip", gzip.compress(FEED), FEED),
    "gzip beside aws-chunked": ("gzip,aws-chunked", gzip.compress(FEED), FEED),
    "utf-8": ("utf-8", FEED, FEED),
    "UTF-8": ("UTF-8", FEED, FEED),
    "none": ("none", FEED, FEED),
    "identity": ("identity", FEED, FEED),
    "binary": ("binary", FEED, FEED),
    "an empty one": ("", FEED, FEED),
    "a plain body called gzip": ("gzip", FEED, FEED),
    "a plain body called x-gzip": ("x-gzip", VTT, VTT),
    "a plain body called deflate": ("deflate", FEED, FEED),
    "a plain body called br": ("br", FEED, FEED),
    "a plain body called zstd": ("zstd", FEED, FEED),
    "a plain body with a BOM called gzip": ("gzip", b"\xef\xbb\xbf" + FEED, b"\xef\xbb\xbf" + FEED),
    "a short plain body called gzip": ("gzip", b"ok", b"ok"),
    "an empty body called gzip": ("gzip", b"", b""),
    "plain Cyrillic called gzip": ("gzip", CYRILLIC, CYRILLIC),
    "gzip that is called nothing": ("", gzip.compress(FEED), FEED),
    "gzip that is called identity": ("identity", gzip.compress(FEED), FEED),
    "gzip that is called utf-8": ("utf-8", gzip.compress(FEED), FEED),
    "gzip that is called br": ("br", gzip.compress(FEED), FEED),
    "gzip that is called deflate": ("deflate", gzip.compress(FEED), FEED),
    "zlib that is called gzip": ("gzip", zlib.compress(FEED), FEED),
    "gzip called twice and done once": ("gzip, gzip", gzip.compress(FEED), FEED),
    "gzip called twice and done twice": ("gzip, gzip", gzip.compress(gzip.compress(FEED)), FEED),
    "gzip called once and done twice": ("gzip", gzip.compress(gzip.compress(FEED)), FEED),
    "gzip in brotli": ("gzip, br", brotli.compress(gzip.compress(FEED)), FEED),
    "zstd": ("zstd", zstandard.compress(FEED), FEED),
    "zstd that is called nothing": ("", zstandard.compress(FEED), FEED),
    "brotli": ("br", brotli.compress(FEED), FEED),
    "deflate without its header": ("deflate", zlib.compress(FEED)[2:-4], FEED),
    "a picture": ("", b"\x89PNG\r\n\x1a\n\0\0", b"\x89PNG\r\n\x1a\n\0\0"),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_body_is_read_by_what_it_is(case: str, http: HttpClient, podcast: Podcast) -> None:
    encoding, wire, expected = BODIES[case]
    podcast.serve("/a", wire, **({"Content-Encoding": encoding} if encoding else {}))
    assert http.get(podcast.url("/a")).body == expected


@given(st.sampled_from(list(BODIES)), st.lists(st.integers(1, 40), min_size=1))
def test_however_a_body_is_cut_into_pieces_it_is_the_same(case: str, sizes: list[int]) -> None:
    encoding, wire, expected = BODIES[case]
    decoder, found, at = BodyDecoder(encoding), b"", 0
    while at < len(wire):
        size = sizes[at % len(sizes)]
        found += b"".join(decoder.feed(wire[at : at + size], 10_000))
        at += size
    assert found + b"".join(decoder.finish(10_000)) == expected


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 4096])
@pytest.mark.parametrize("pack", [gzip.compress, brotli.compress, zstandard.compress], ids=["gzip", "br", "zstd"])
def test_a_compressed_body_of_any_size_is_read(size: int, pack, http: HttpClient, podcast: Podcast) -> None:  # type: ignore[no-untyped-def]
    body = bytes(i * 7 % 251 for i in range(size))
    name = {gzip.compress: "gzip", brotli.compress: "br"}.get(pack, "zstd")
    podcast.serve("/a", pack(body), **{"Content-Encoding": name})
    assert http.get(podcast.url("/a")).body == body


STATUSES = {
    "203": ("HTTP/1.1 203 Non-Authoritative Information", "", b"abc"),
    "206 of the whole": ("HTTP/1.1 206 Partial Content", "Content-Range: bytes 0-2/3", b"abc"),
    "206 of the whole of what nobody knows": ("HTTP/1.1 206 Partial Content", "Content-Range: bytes 0-2/*", b"abc"),
    "206 without a range": ("HTTP/1.1 206 Partial Content", "", b"abc"),
    "206 of a part": ("HTTP/1.1 206 Partial Content", "Content-Range: bytes 0-2/30", None),
    "206 of the end": ("HTTP/1.1 206 Partial Content", "Content-Range: bytes 7-9/10", None),
}


@pytest.mark.parametrize("case", STATUSES)
def test_a_body_counts_whole_whatever_the_status_calls_it(case: str, http: HttpClient) -> None:
    line, header, expected = STATUSES[case]
    answer = http_response(b"abc", *filter(None, [header])).replace(b"HTTP/1.1 200 OK", line.encode())
    with raw_server(lambda c: c.sendall(answer)) as url:
        if expected is None:
            with pytest.raises(HttpError, match="the server sent only a part"):
                http.get(url)
        else:
            found = http.get(url)
            assert (found.status, found.body) == (200, expected)


FRESH = {
    "max-age=21600": 21600.0,
    "public, max-age=600, must-revalidate": 600.0,
    "MAX-AGE=60": 60.0,
    'max-age="60"': 60.0,
    "max-age=0": 0.0,
    "no-cache, max-age=60": 0.0,
    "no-store,max-age=60": 0.0,
    "s-maxage=60": 0.0,
    "max-age=-1": 0.0,
    "max-age=x": 0.0,
    "": 0.0,
}


@pytest.mark.parametrize("header", FRESH)
def test_a_response_is_fresh_as_long_as_it_says(header: str) -> None:
    assert fresh_seconds({"cache-control": header}) == FRESH[header]


def test_the_age_of_a_response_counts_against_it() -> None:
    assert fresh_seconds({"cache-control": "max-age=600", "age": "200"}) == 400.0
    assert fresh_seconds({"cache-control": "max-age=600", "age": "900"}) == 0.0
