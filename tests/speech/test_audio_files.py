"""Which files are heard and which are read: told by their first bytes, whatever their names say."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest

from podwatch.speech.audio_files import begins_as_audio, is_audio
from tests.support.speech_models import ROOT

TRANSCRIPTS = sorted(p for p in (ROOT / "tests/data/transcripts").iterdir() if not p.name.endswith(".expected.json"))
FORMATS = {"mp3": "mp3", "adts": "aac", "ogg": "libopus", "flac": "flac", "wav": "pcm_s16le", "mp4": "aac", "matroska": "libopus", "aiff": "pcm_s16be"}  # fmt: skip


def encode(container: str, codec: str) -> bytes:
    """A second of a tone."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=48_000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        resampler = av.AudioResampler(
            format=stream.format, layout="mono", rate=48_000, frame_size=stream.frame_size or 1024
        )
        tone = (np.sin(np.arange(48_000) / 9) * 9000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
        frame.sample_rate = 48_000
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return file.getvalue()


@pytest.mark.parametrize("container", FORMATS)
def test_audio_is_told_without_a_name(container: str) -> None:
    assert begins_as_audio(encode(container, FORMATS[container])[:64], "")


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda p: p.name)
def test_no_transcript_is_taken_for_audio(path: Path) -> None:
    assert not is_audio(path)


@pytest.mark.parametrize(
    ("head", "suffix", "heard"),
    [
        ("Grüße".encode("utf-16"), ".txt", False),
        ("Grüße".encode("utf-16"), ".vtt", False),
        (b"WEBVTT\n", ".mp3", False),
        (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "", True),  # WMA
        (b"\0" * 64, ".mp3", True),  # some files begin with what an editor left
        (b"\0" * 64, ".bin", False),
        (b"\x8f\x11\xd3nothing that is known", ".mp3", True),  # said to be no audio, rather than no text
        (b"\x8f\x11\xd3nothing that is known", ".txt", False),
        ("Grüße, wie".encode()[:3], ".mp3", False),  # a letter that is cut in two
        (b"<html>", ".mp3", False),
        (b"", ".mp3", False),
        (b"RIFF\0\0\0\0WEBP", "", False),
    ],
)
def test_the_name_decides_only_for_binary_files(head: bytes, suffix: str, heard: bool) -> None:
    assert begins_as_audio(head, suffix) is heard


def test_what_is_no_file_is_not_audio(tmp_path: Path) -> None:
    assert not is_audio(tmp_path)
    assert not is_audio(tmp_path / "nothing.mp3")
