"""Decoding: any common format to the samples that recognisers get, and one clear line for what cannot be decoded."""

from __future__ import annotations

import os
import random
import signal
import struct
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from podwatch.errors import SpeechError
from podwatch.speech.decoding import measure_seconds, open_audio
from podwatch.speech.recognisers import SAMPLE_RATE
from tests.support.audio_files import FORMS, tone_share, write_tone, write_video
from tests.support.processes import is_running


def hear(path: Path, max_hours: float = 1.0) -> NDArray[np.float32]:
    with open_audio(path, max_hours=max_hours) as audio:
        return np.concatenate(list(audio))


def error_of(path: Path, max_hours: float = 1.0) -> SpeechError:
    with pytest.raises(SpeechError) as e:
        hear(path, max_hours)
    assert len(e.value.line) < 300
    return e.value


def try_to_hear(path: Path) -> NDArray[np.float32] | str:
    """The samples, or the line of the error."""
    try:
        return hear(path)
    except SpeechError as e:
        return e.line


@pytest.mark.parametrize("suffix", FORMS)
def test_every_common_format_is_heard(suffix: str, tmp_path: Path) -> None:
    path = write_tone(tmp_path, suffix)
    samples = hear(path)
    assert samples.dtype == np.float32
    assert len(samples) / SAMPLE_RATE == pytest.approx(6.0, abs=0.1)
    assert 0.1 < np.abs(samples[SAMPLE_RATE:-SAMPLE_RATE]).max() < 0.5
    assert tone_share(samples) > 0.95
    assert measure_seconds(path) == pytest.approx(6.0, abs=0.1)


@pytest.mark.parametrize("suffix", ["mp3", "opus", "m4a"])
def test_a_file_is_known_by_its_content_not_by_its_name(suffix: str, tmp_path: Path) -> None:
    renamed = write_tone(tmp_path, suffix).rename(tmp_path / "talk.wav")
    assert tone_share(hear(renamed)) > 0.95


def test_the_sound_track_of_a_video_is_heard(tmp_path: Path) -> None:
    path = write_video(tmp_path)
    assert tone_share(hear(path)) > 0.95
    assert measure_seconds(path) == pytest.approx(4.0, abs=0.1)


def test_an_audio_stream_says_how_long_it_is_before_it_is_decoded(tmp_path: Path) -> None:
    with open_audio(write_tone(tmp_path, "mp3"), max_hours=1.0) as audio:
        assert audio.seconds == pytest.approx(6.0, abs=0.1)
        assert audio.said == pytest.approx(6.0, abs=0.1)
    with open_audio(write_tone(tmp_path, "aac"), max_hours=1.0) as audio:
        assert audio.seconds == pytest.approx(6.0, abs=0.1)
        assert audio.said is None, "it has no head that says so"


def test_tags_that_are_no_utf8_are_no_error(tmp_path: Path) -> None:
    for suffix in ("mp3", "wav", "m4a"):
        path = write_tone(tmp_path, suffix, tags={"title": "TITLETITLE"})
        path.write_bytes(path.read_bytes().replace(b"TITLETITLE", b"\xff\xfe\x80\xc3\x28\xa0\xff\xed\xa0\x80"))
        assert tone_share(hear(path)) > 0.95


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
    "a head of MP4 alone": (b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42", "is no audio file"),
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


def test_twenty_minutes_need_no_more_memory_than_two_seconds(tmp_path: Path) -> None:
    path = write_tone(tmp_path, "flac", seconds=1200.0, volume=0.0)
    tracemalloc.start()
    try:
        with open_audio(path, max_hours=1.1) as audio:
            count = sum(len(block) for block in audio)
            peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 1200 * SAMPLE_RATE
    assert peak < 5_000_000


def test_the_process_has_no_secrets_no_files_and_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    with open_audio(write_tone(tmp_path, "wav", seconds=60.0), max_hours=1.0) as audio:
        process = Path(f"/proc/{audio.pid}")
        assert b"secret" not in (process / "environ").read_bytes()
        limits = {line[:25].strip(): line[25:].split() for line in (process / "limits").read_text().splitlines()}
        assert limits["Max open files"][:2] == ["0", "0"]
        assert limits["Max file size"][:2] == ["0", "0"]
        assert int(limits["Max address space"][1]) <= 512 * 1024 * 1024
        assert int(limits["Max cpu time"][1]) <= 300


def test_the_process_ends_when_it_is_no_longer_needed(tmp_path: Path) -> None:
    with open_audio(write_tone(tmp_path, "wav", seconds=60.0), max_hours=1.0) as audio:
        next(iter(audio))
        assert is_running(audio.pid)
    assert not is_running(audio.pid)


ENDS = {
    signal.SIGXCPU: "takes too long to decode",
    signal.SIGKILL: "takes too long to decode",
    signal.SIGSEGV: "breaks the decoder",
}


@pytest.mark.parametrize("ended_by", ENDS)
def test_a_process_that_ends_early_is_one_clear_line(ended_by: signal.Signals, tmp_path: Path) -> None:
    with open_audio(write_tone(tmp_path, "wav", seconds=600.0), max_hours=1.0) as audio:
        os.kill(audio.pid, ended_by)
        with pytest.raises(SpeechError, match=ENDS[ended_by]):
            list(audio)


def test_the_process_ends_with_its_parent(tmp_path: Path) -> None:
    path = write_tone(tmp_path, "wav", seconds=600.0)
    program = (
        "import sys, time\n"
        "from podwatch.speech.decoding import open_audio\n"
        "audio = open_audio(sys.argv[1], max_hours=1.0)\n"
        "next(iter(audio))\n"
        "print(audio.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_running(child)
        parent.kill()
    waited_until = time.monotonic() + 20
    while is_running(child) and time.monotonic() < waited_until:
        time.sleep(0.02)
    assert not is_running(child)


def test_without_pyav_one_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_tone(tmp_path, "wav")
    monkeypatch.setitem(sys.modules, "av", None)
    assert error_of(path).line == "audio cannot be decoded: PyAV is not installed - pip install 'podwatch[speech]'"
