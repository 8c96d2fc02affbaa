"""Spans of a file that comes in pieces: the samples that the whole file has there, for a part of its bytes."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from podwatch.errors import HttpError, SpeechError
from podwatch.net.block_cache import BLOCK, BlockCache
from podwatch.speech import span_decoding
from podwatch.speech.recognisers import SAMPLE_RATE
from podwatch.speech.span_decoding import MAX_PIECE, READ_REQUEST, SpanDecoder, _SpanProcess
from tests.support.audio_files import write_video
from tests.support.hearing import hear
from tests.support.processes import is_running
from tests.support.varied_audio import FORMS, write_varied

SECONDS = 150
FRAME = 0.027  # seconds of an MP3's frame, by which the places of one without an index may be off
TABLE = 3.0  # seconds: two hundredths of the file


class CountedFile:
    """A file that is elsewhere. requests: (first, end) of its bytes, as they were fetched."""

    def __init__(self, data: bytes) -> None:
        self.size, self.requests = len(data), list[tuple[int, int]]()
        self._cache = BlockCache(self.size, lambda first, end: self._fetch(data, first, end))

    def read(self, offset: int, length: int, ahead: int = 0) -> bytes:
        return self._cache.read(offset, length, ahead)

    @property
    def received(self) -> int:
        return sum(end - first for first, end in self.requests)

    def _fetch(self, data: bytes, first: int, end: int) -> bytes:
        self.requests.append((first, end))
        return data[first:end]


@cache
def made(name: str) -> tuple[bytes, NDArray[np.float32]]:
    """(the bytes of a file, its samples when the whole is decoded)"""
    with TemporaryDirectory() as folder:
        path = write_varied(Path(folder), name, SECONDS)
        return path.read_bytes(), hear(path)


def late(whole: NDArray[np.float32], part: NDArray[np.float32], start: float) -> float:
    """Seconds by which the samples of a span are of a later place than it says."""
    probe = part[SAMPLE_RATE // 2 : 4 * SAMPLE_RATE]
    begin = round((start + 0.5) * SAMPLE_RATE)
    low = max(0, begin - 10 * SAMPLE_RATE)
    around = whole[low : begin + 14 * SAMPLE_RATE]
    size = 1 << (len(around) + len(probe)).bit_length()
    spectrum = np.fft.rfft(around, size) * np.conj(np.fft.rfft(probe, size))
    at = int(np.fft.irfft(spectrum, size)[: len(around)].argmax())
    return (low + at - begin) / SAMPLE_RATE


@dataclass(frozen=True)
class Found:
    """off: seconds by which the places of a format may be off. is_exact: as it says itself."""

    off: float = 0.002
    is_exact: bool = True
    requests: int = 3  # at most, for a place


FOUND = {
    "cbr.mp3": Found(FRAME),
    "no header.mp3": Found(FRAME),
    "tags and a picture.mp3": Found(FRAME),
    "an advertisement before it.mp3": Found(3 * FRAME),
    "vbr.mp3": Found(TABLE, is_exact=False),
    "index at the end.m4a": Found(),
    "index at the front.m4a": Found(),
    "opus": Found(requests=6),
    "ogg": Found(requests=9),
    "flac": Found(requests=12),
    "wav": Found(),
    "aiff": Found(),
    "webm": Found(),
}
FELL_BACK = {
    "vbr without a table.mp3": "its bit rate varies, and no table says where its times are",
    "vbr after another.mp3": "its table of times is that of its first piece",
    "an advertisement of more bits.mp3": "its bit rate varies, and no table says where its times are",
    "chained.opus": "it is put together of several, so that its times begin anew",
    "aac": r"places in its format \(aac\) are found by reading all of it",
    "ts": r"places in its format \(mpegts\) are found by reading all of it",
}


def test_the_table_has_every_form() -> None:
    assert {*FOUND, *FELL_BACK} == set(FORMS)


@pytest.mark.parametrize("name", FOUND)
def test_a_span_has_the_samples_that_the_whole_file_has_there(name: str) -> None:
    data, whole = made(name)
    source, expected = CountedFile(data), FOUND[name]
    with SpanDecoder(source, max_hours=1.0) as audio:
        assert audio.is_exact == expected.is_exact
        assert audio.seconds == pytest.approx(len(whole) / SAMPLE_RATE, abs=0.1)
        begun = len(source.requests)
        for start in (80.0, 20.25, 46.6):
            part = audio.read(start, start + 5.0)
            assert len(part) == 5 * SAMPLE_RATE
            off = late(whole, part, start)
            assert abs(off) <= expected.off
            exact = whole[round((start + off) * SAMPLE_RATE) :][: len(part)]
            assert np.corrcoef(exact[1000:-1000], part[1000:-1000])[0, 1] > 0.97
    assert len(source.requests) - begun <= 3 * expected.requests
    assert source.received < 0.6 * source.size


@pytest.mark.parametrize("name", FELL_BACK)
def test_where_places_cannot_be_found_it_says_why_and_reads_little(name: str) -> None:
    source = CountedFile(made(name)[0])
    with pytest.raises(SpeechError, match=FELL_BACK[name]), SpanDecoder(source, max_hours=1.0) as audio:
        audio.read(30.0, 35.0)
    assert source.received < 0.4 * source.size


@pytest.mark.parametrize("name", ["cbr.mp3", "index at the end.m4a", "opus", "flac", "wav"])
def test_the_beginning_and_the_end_are_spans_too(name: str) -> None:
    data, whole = made(name)
    seconds = len(whole) / SAMPLE_RATE
    with SpanDecoder(CountedFile(data), max_hours=1.0) as audio:
        last = audio.read(seconds - 5.0, seconds + 30.0)
        assert len(last) / SAMPLE_RATE == pytest.approx(5.0, abs=0.15)
        assert abs(late(whole, last, seconds - 5.0)) <= FRAME
        assert len(audio.read(seconds + 60.0, seconds + 66.0)) == 0
        first = audio.read(-3.0, 5.0)
        assert len(first) == 5 * SAMPLE_RATE
        assert abs(late(whole, first, 0.0)) <= FRAME


@pytest.fixture(scope="module")
def wave() -> Iterator[SpanDecoder]:
    with SpanDecoder(CountedFile(made("wav")[0]), max_hours=1.0) as audio:
        yield audio


@given(spans=st.lists(st.tuples(st.floats(0, SECONDS), st.floats(0, 20)), min_size=1, max_size=4))
def test_spans_in_any_order_are_those_of_the_whole(spans: list[tuple[float, float]], wave: SpanDecoder) -> None:
    whole = made("wav")[1]
    for start, length in spans:
        part = wave.read(start, start + length)
        first = round(start * SAMPLE_RATE)
        exact = whole[first : first + round(length * SAMPLE_RATE)]
        assert abs(len(part) - len(exact)) <= 1
        count = min(len(part), len(exact))
        assert np.array_equal(part[:count], exact[:count])


def test_the_sound_of_a_video_is_read_without_its_pictures(tmp_path: Path) -> None:
    path = write_video(tmp_path, seconds=20.0)
    whole = hear(path)
    with SpanDecoder(CountedFile(path.read_bytes()), max_hours=1.0) as audio:
        part = audio.read(8.0, 12.0)
    assert np.corrcoef(whole[8 * SAMPLE_RATE : 12 * SAMPLE_RATE], part)[0, 1] > 0.99


def test_a_picture_in_its_tags_is_not_read() -> None:
    data, _ = made("tags and a picture.mp3")
    source = CountedFile(data)
    with SpanDecoder(source, max_hours=1.0) as audio:
        audio.read(60.0, 61.0)
    assert data[:3] == b"ID3"
    assert source.received < 6 * BLOCK


# Bytes that are no audio, or only its beginning.
DAMAGED = {
    "no audio": b"no audio at all " * 9000,
    "nothing but zeros": bytes(200_000),
    "an m4a whose index is missing": made("index at the end.m4a")[0][:500_000],
    "an mp3 of noise": b"\xff\xfb\x90\x00" + random.Random(3).randbytes(300_000),
    "an ogg of noise": b"OggS" + random.Random(4).randbytes(300_000),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_what_cannot_be_decoded_is_one_clear_line(case: str) -> None:
    with pytest.raises(SpeechError) as e, SpanDecoder(CountedFile(DAMAGED[case]), max_hours=1.0) as audio:
        audio.read(10.0, 12.0)
    assert len(e.value.line) < 200


def test_what_the_source_raises_comes_through_and_ends_the_process() -> None:
    class Broken(CountedFile):
        def read(self, offset: int, length: int, ahead: int = 0) -> bytes:
            if 1_000_000 < offset < 1_400_000:
                raise HttpError("the connection failed", retryable=True)
            return super().read(offset, length, ahead)

    with SpanDecoder(Broken(made("cbr.mp3")[0]), max_hours=1.0) as audio:
        pid = audio._process.process.pid
        with pytest.raises(HttpError, match="the connection failed"):
            audio.read(80.0, 83.0)
    assert not is_running(pid)


def test_a_process_that_is_killed_is_one_clear_line() -> None:
    with SpanDecoder(CountedFile(made("cbr.mp3")[0]), max_hours=1.0) as audio:
        os.kill(audio._process.process.pid, signal.SIGSEGV)
        with pytest.raises(SpeechError, match="breaks the decoder"):
            audio.read(80.0, 83.0)


def test_the_process_has_the_limits_of_every_decoder_and_no_file() -> None:
    with SpanDecoder(CountedFile(made("cbr.mp3")[0]), max_hours=1.0) as audio:
        process = Path(f"/proc/{audio._process.process.pid}")
        limits = {line[:25].strip(): line[25:].split() for line in (process / "limits").read_text().splitlines()}
        assert limits["Max open files"][:2] == ["0", "0"]
        assert int(limits["Max address space"][1]) <= 512 * 1024 * 1024
        opened = {str(entry.readlink()).partition(":")[0] for entry in (process / "fd").iterdir()}
        assert opened == {"/dev/null", "pipe"}


# What a decoder that was taken over by its file might send, once it has said what the file is.
HOSTILE = {
    "asks for too much at once": "send(b'r', struct.pack('<QII', 0, 1 << 30, 0))",
    "asks for nonsense": "send(b'r', b'x')",
    "sends samples without end": "[send(b's', bytes(65536)) for _ in range(1000)]",
    "announces a gigabyte": "os.write(1, struct.pack('<cI', b's', 1 << 30))",
    "sends what is unknown": "send(b'q', b'')",
    "sends samples without end, and no end": "[send(b's', bytes(32_000)) for _ in range(3)]; send(b'd', b'')",
}
_BEGIN = """
import json, os, struct
def send(kind, data): os.write(1, struct.pack('<cI', kind, len(data)) + data)
"""
_FACTS = "send(b'f', json.dumps({'seconds': 9.0, 'is_exact': True}).encode())\n"


@pytest.mark.parametrize("case", HOSTILE)
def test_a_decoder_that_was_taken_over_gets_nothing_but_its_file(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_SpanProcess, "program", _BEGIN + _FACTS + HOSTILE[case])
    source = CountedFile(bytes(10_000_000))
    with SpanDecoder(source, max_hours=1.0) as audio, pytest.raises(SpeechError, match="breaks the decoder"):
        audio.read(0.0, 2.0)
    assert source.received <= MAX_PIECE


@pytest.mark.parametrize("facts", ["{}", "[]", "x", '{"seconds": "x", "is_exact": 1}'])
def test_facts_that_are_none_are_one_clear_line(facts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_SpanProcess, "program", _BEGIN + f"send(b'f', {facts!r}.encode())")
    with pytest.raises(SpeechError, match="breaks the decoder"):
        SpanDecoder(CountedFile(bytes(1000)), max_hours=1.0)


def test_a_decoder_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = f"send(b'r', {READ_REQUEST.pack(0, 1_000_000, 0)!r})\nimport time; time.sleep(60)"
    monkeypatch.setattr(_SpanProcess, "program", _BEGIN + _FACTS + ask)
    with SpanDecoder(CountedFile(bytes(10_000_000)), max_hours=1.0) as audio:
        monkeypatch.setattr(span_decoding, "MAX_WAIT", 0.2)
        with pytest.raises(SpeechError, match="takes too long"):
            audio.read(0.0, 2.0)
