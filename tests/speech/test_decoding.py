"""Decoding: any common format to the samples that recognisers get, in a process that may and can do nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from podwatch.errors import SpeechError
from podwatch.speech.decoding import measure_seconds, open_audio
from podwatch.speech.recognisers import SAMPLE_RATE
from tests.support.audio_files import FORMS, tone_share, write_tone, write_video
from tests.support.hearing import hear
from tests.support.processes import is_running


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


# Of two pieces: samples a second, bits a second.
PIECES = {
    "the first of fewer bits": [(44_100, 32_000), (44_100, 192_000)],
    "the first of more bits": [(44_100, 192_000), (44_100, 32_000)],
    "of another rate": [(44_100, 128_000), (22_050, 64_000)],
}


@pytest.mark.parametrize("case", PIECES, ids=str)
def test_an_mp3_that_is_put_together_of_pieces_is_heard_to_its_end(case: str, tmp_path: Path) -> None:
    """An advertisement before the show: its first frame says how long the advertisement is."""
    pieces = [
        write_tone(tmp_path, "mp3", seconds=seconds, rate=rate, bit_rate=bit_rate).read_bytes()
        for seconds, (rate, bit_rate) in zip((4.0, 20.0), PIECES[case], strict=True)
    ]
    path = tmp_path / "episode.mp3"
    path.write_bytes(b"".join(pieces))
    assert measure_seconds(path) == pytest.approx(24.0, abs=0.3)
    samples = hear(path)
    assert len(samples) / SAMPLE_RATE == pytest.approx(24.0, abs=0.3)
    assert tone_share(samples) > 0.95


def test_an_ogg_that_is_put_together_of_pieces_is_heard_to_its_end(tmp_path: Path) -> None:
    pieces = [write_tone(tmp_path, suffix, seconds=5.0).read_bytes() for suffix in ("opus", "opus")]
    path = tmp_path / "episode.ogg"
    path.write_bytes(b"".join(pieces))
    assert measure_seconds(path) == pytest.approx(10.0, abs=0.3)
    assert len(hear(path)) / SAMPLE_RATE == pytest.approx(10.0, abs=0.3)


def test_tags_that_are_no_utf8_are_no_error(tmp_path: Path) -> None:
    for suffix in ("mp3", "wav", "m4a"):
        path = write_tone(tmp_path, suffix, tags={"title": "TITLETITLE"})
        path.write_bytes(path.read_bytes().replace(b"TITLETITLE", b"\xff\xfe\x80\xc3\x28\xa0\xff\xed\xa0\x80"))
        assert tone_share(hear(path)) > 0.95


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
