"""Audio files for tests, made on the spot by PyAV's encoders: a tone, in any format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

TONE = 440.0  # hertz


@dataclass(frozen=True)
class AudioForm:
    """How a file is made. options: of the encoder. container: of the muxer."""

    suffix: str
    codec: str
    rate: int = 44_100
    layout: str = "mono"
    options: Mapping[str, str] = field(default_factory=dict)
    container: Mapping[str, str] = field(default_factory=dict)


FORMS = {
    form.suffix: form
    for form in (
        AudioForm("mp3", "libmp3lame", layout="stereo"),
        AudioForm("m4a", "aac", layout="stereo", container={"movflags": "faststart"}),
        AudioForm("opus", "libopus", 48_000),
        AudioForm("ogg", "vorbis", layout="stereo", options={"strict": "-2"}),
        AudioForm("flac", "flac"),
        AudioForm("wav", "pcm_s16le", 16_000),
        AudioForm("aac", "aac"),
        AudioForm("webm", "libopus", 48_000),
        AudioForm("mka", "libopus", 48_000),
        AudioForm("aiff", "pcm_s16be"),
        AudioForm("amr", "libopencore_amrnb", 8_000, options={"b": "12200"}),
        AudioForm("wma", "wmav2", layout="stereo", options={"b": "128000"}),
        AudioForm("ts", "aac"),
    )
}


def write_tone(
    folder: Path,
    suffix: str,
    seconds: float = 6.0,
    *,
    volume: float = 0.25,
    tags: Mapping[str, str] | None = None,
    bit_rate: int = 0,
    rate: int = 0,
) -> Path:
    """A file of a tone, in the format of its suffix; its path."""
    form, path = FORMS[suffix], folder / f"tone.{suffix}"
    rate = rate or form.rate
    with av.open(str(path), "w", container_options=dict(form.container)) as out:
        out.metadata.update(tags or {})
        stream: Any = out.add_stream(form.codec, rate=rate, layout=form.layout, options=dict(form.options))
        if bit_rate:
            stream.bit_rate = bit_rate
        _encode(out, stream, rate, seconds, volume)
    return path


def write_video(folder: Path, *, sound: bool = True, seconds: float = 4.0) -> Path:
    """An MP4 with moving pictures, whose sound track comes after them."""
    path = folder / "talk.mp4"
    with av.open(str(path), "w") as out:
        pictures: Any = out.add_stream("mpeg4", rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        voice: Any = out.add_stream("aac", rate=44_100, layout="mono") if sound else None
        for number in range(int(seconds * 10)):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            out.mux(pictures.encode(frame))
        out.mux(pictures.encode(None))
        if sound:
            _encode(out, voice, 44_100, seconds, 0.25)
    return path


def tone_share(samples: NDArray[np.float32], rate: int = 16_000) -> float:
    """How much of what is heard is the tone: 1.0 when there is nothing else."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / rate)
    return float(power[np.abs(hertz - TONE) < 15].sum() / max(power.sum(), 1e-12))


def _encode(out: Any, stream: Any, rate: int, seconds: float, volume: float) -> None:
    total = round(rate * seconds)
    for first in range(0, total, rate):
        times = np.arange(first, min(first + rate, total)) / rate
        wave = (np.sin(2 * np.pi * TONE * times) * volume * 32767).astype(np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, first, Fraction(1, rate)
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))
