"""Files that cannot be decoded, or not all of it: one clear line each, at a bounded cost."""

from __future__ import annotations

import random
import struct
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podwatch.errors import SpeechError
from podwatch.speech.decoding import measure_seconds, open_audio
from podwatch.speech.recognisers import SAMPLE_RATE
from tests.support.audio_files import FORMS, tone_share, write_tone, write_video
from tests.support.hearing import error_of, hear, try_to_hear


@pytest.mark.parametrize("suffix", ["mp3", "m4a", "wav", "flac", "mka", "aiff"])
def test_a_file_whose_end_is_missing_is_heard_when_most_of_it_is_there(suffix: str, tmp_path: Path) -> None:
    path = write_tone(tmp_path, suffix, seconds=20.0)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 8 // 10])
    samples = hear(path)
    assert 12 < len(samples) / SAMPLE_RATE < 18
    assert tone_share(samples) > 0.95
    path.write_bytes(whole[: len(whole) * 3 // 10])
    e = error_of(path)
    assert e.what.startswith("is cut off: 0.")
    assert e.retryable, "its host may have the whole"


def flipped(path: Path) -> None:
    """All but the head of it is noise."""
    body = path.read_bytes()
    path.write_bytes(body[:2000] + random.Random(1).randbytes(len(body) - 2000))


# What is in a file called talk.mp3 -> what its error says.
NO_AUDIO: dict[str, tuple[str | bytes, str]] = {
    "text": ("Welcome to the show.\n" * 1000, "is no audio file"),
    "a web page": ("<!DOCTYPE html><html><body>404</body></html>", "is no audio file"),
    "a transcript": ("WEBVTT\n\n00:00.000 --> 00:05.000\nHello\n", "is no audio file"),
    "JSON": ('{"error": "not found"}', "is no audio file"),
    "noise": (random.Random(3).randbytes(400_000), "is no audio file"),
    "zeros": (bytes(400_000), "is no audio file"),
    "one byte": (b"\xff", "is no audio file"),
    "an archive": (b"PK\x03\x04" + random.Random(2).randbytes(50_000), "is no audio file"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(5000), "is no audio file"),
    "nothing": (b"", "the file is empty"),
    "HLS": ("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{other}\n#EXT-X-ENDLIST\n", "is no audio file"),
    "a list of files": ("ffconcat version 1.0\nfile '{other}'\n", "is no audio file"),
    "SDP": ("v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n", "is no audio file"),
    "a head of MP4 alone": (
        b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42",
        "is cut off: the index at its end is missing",
    ),
    "an MP4 that wants all memory": (
        b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42\xff\xff\xff\xffmoov" + bytes(99),
        "is no audio file",
    ),
    "locked by FairPlay": (b"\0\0\0\x18ftypM4P \0\0\0\0M4A mp42", "is locked by DRM"),
    "locked by Audible": (b"\0\0\0\0\x57\x90\x75\x36" + bytes(99), "is locked by DRM"),
    "locked by Windows Media": (
        bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
        + bytes(14)
        + bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),
        "is locked by DRM",
    ),
}


@pytest.mark.parametrize("case", NO_AUDIO, ids=str)
def test_what_is_no_audio_is_one_clear_line(case: str, tmp_path: Path) -> None:
    content, expected = NO_AUDIO[case]
    path, other = tmp_path / "talk.mp3", write_tone(tmp_path, "wav")
    path.write_bytes(content if isinstance(content, bytes) else content.replace("{other}", str(other)).encode())
    assert expected in error_of(path).line
    with pytest.raises(SpeechError, match=expected):
        measure_seconds(path)


def test_errors_name_the_file_as_its_reader_knows_it(tmp_path: Path) -> None:
    (tmp_path / "9f.part").write_text("no audio")
    with pytest.raises(SpeechError, match=r"^https://show\.example/1\.mp3: is no audio file"):
        open_audio(tmp_path / "9f.part", max_hours=1.0, where="https://show.example/1.mp3")
    with pytest.raises(SpeechError, match=r"gone\.mp3: cannot be opened \(No such file or directory\)"):
        open_audio(tmp_path / "gone.mp3", max_hours=1.0)


def test_a_video_without_sound_is_one_clear_line(tmp_path: Path) -> None:
    assert error_of(write_video(tmp_path, sound=False)).what == "has no sound track"


def test_an_mp4_whose_samples_are_locked_is_told_from_a_damaged_one(tmp_path: Path) -> None:
    path = write_tone(tmp_path, "m4a", tags={"title": "sinf"})
    path.write_bytes(path.read_bytes().replace(b"mp4a", b"enca", 1))
    assert "is locked by DRM" in error_of(path).line


def test_an_mp4_without_the_index_at_its_end_is_cut_off(tmp_path: Path) -> None:
    path = write_video(tmp_path)  # as most are: the index comes last
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 9 // 10])
    e = error_of(path)
    assert (e.what, e.retryable) == ("is cut off: the index at its end is missing", True)


def test_sound_that_is_mostly_damaged_is_one_clear_line(tmp_path: Path) -> None:
    for suffix in ("flac", "mp3", "m4a"):
        path = write_tone(tmp_path, suffix, seconds=60.0)
        flipped(path)
        line = error_of(path).line
        assert "damaged" in line or "is cut off" in line or "is no audio file" in line, suffix


def test_a_longer_file_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = write_tone(tmp_path, "flac", seconds=400.0, volume=0.0)
    with pytest.raises(SpeechError, match=r"is 6\.7 min long, more than 6\.0 min - PODWATCH_LISTEN_MAX_HOURS says"):
        open_audio(path, max_hours=0.1)
    assert len(hear(path, max_hours=0.12)) == 400 * SAMPLE_RATE


def wav(rate: int, data: int, channels: int = 1) -> bytes:
    head = struct.pack(
        "<4sI4s4sIHHIIHH", b"RIFF", 36 + data, b"WAVE", b"fmt ", 16, 1, channels, rate, rate * 2 % 2**32, 2, 16
    )
    return head + struct.pack("<4sI", b"data", data)


BOMBS: dict[str, Callable[[], bytes]] = {
    "a sample a second": lambda: wav(1, 2_000_000) + bytes(2_000_000),
    "65,535 channels": lambda: wav(16_000, 2_000_000, 65_535) + bytes(2_000_000),
    "4 GHz": lambda: wav(2**32 - 1, 2_000_000) + bytes(2_000_000),
    "no rate at all": lambda: wav(0, 2_000_000) + bytes(2_000_000),
    "more than there is": lambda: wav(16_000, 2**32 - 40) + bytes(64_000),
}


@pytest.mark.parametrize("case", BOMBS, ids=str)
def test_a_head_that_lies_costs_little(case: str, tmp_path: Path) -> None:
    path = tmp_path / "bomb.wav"
    path.write_bytes(BOMBS[case]())
    started = time.monotonic()
    heard = try_to_hear(path)
    assert isinstance(heard, str) or len(heard) <= 3600 * SAMPLE_RATE
    assert time.monotonic() - started < 30


@cache
def tone(suffix: str) -> bytes:
    with TemporaryDirectory() as folder:
        return write_tone(Path(folder), suffix, seconds=2.0).read_bytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(
    suffix=st.sampled_from(sorted(FORMS)),
    changes=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), min_size=1, max_size=20),
    kept=st.floats(0, 1),
)
def test_a_damaged_file_is_samples_or_one_line(
    suffix: str, changes: list[tuple[float, bytes]], kept: float, tmp_path: Path
) -> None:
    data = bytearray(tone(suffix))
    for where, written in changes:
        at = round(where * (len(data) - 1))
        data[at : at + len(written)] = written
    path = tmp_path / "damaged"
    path.write_bytes(data[: round(len(data) * max(kept, 0.5))])
    heard = try_to_hear(path)
    if isinstance(heard, str):
        assert "breaks the decoder (exit 1)" not in heard, "a bug of the worker's own"
    else:
        assert np.isfinite(heard).all()
        assert len(heard) <= 3600 * SAMPLE_RATE


def test_without_pyav_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_tone(tmp_path, "wav")
    monkeypatch.setitem(sys.modules, "av", None)
    assert error_of(path).line == "audio cannot be decoded: PyAV is not installed - pip install 'podwatch[speech]'"
