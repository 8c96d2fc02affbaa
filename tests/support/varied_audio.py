"""Audio files for tests, minutes in seconds to make, in which no second sounds like another: in each format and form.

So where in a file some samples are from is known by comparing them, and the bit rate of what encoders vary varies.
"""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

CHANGES = 4  # of loudness, a second
HERTZ = 2000  # of the noise, at most
VBR = {"flags": "+qscale", "global_quality": str(4 * 118)}
NO_HEADER = {"write_xing": "0", "id3v2_version": "0"}
PICTURE_BYTES = 600_000


def make_varied(seconds: float, rate: int, seed: int = 7) -> Iterator[NDArray[np.int16]]:
    """Noise below HERTZ, that gets louder and quieter and sometimes stops; every other half a minute less of it."""
    random = np.random.default_rng(seed)
    for number in range(round(seconds * CHANGES)):
        is_quiet = random.random() < (0.7 if number // (30 * CHANGES) % 2 else 0.15)
        points = random.normal(0, 0.0 if is_quiet else random.uniform(0.02, 0.25), 2 * HERTZ // CHANGES)
        at = np.linspace(0, len(points) - 1, rate // CHANGES)
        yield (np.clip(np.interp(at, np.arange(len(points)), points), -1, 1) * 32767).astype(np.int16)


@dataclass(frozen=True)
class Encoding:
    """How a file is made. options: of the encoder. container: of the muxer."""

    suffix: str
    codec: str
    rate: int = 44_100
    bits: int = 0
    layout: str = "mono"
    options: Mapping[str, str] = field(default_factory=dict)
    container: Mapping[str, str] = field(default_factory=dict)

    def write(self, folder: Path, seconds: float, seed: int = 7) -> bytes:
        return self.encode(folder / f"varied-{seed}.{self.suffix}", make_varied(seconds, self.rate, seed), self.rate)

    def encode(self, path: Path, waves: Iterable[NDArray[np.int16]], rate: int) -> bytes:
        """rate: of the waves, one that the encoder takes."""
        with av.open(str(path), "w", container_options=dict(self.container)) as out:
            stream: Any = out.add_stream(self.codec, rate=rate, layout=self.layout, options=dict(self.options))
            if self.bits:
                stream.bit_rate = self.bits
            written = 0
            for part in waves:
                frame = av.AudioFrame.from_ndarray(part.reshape(1, -1), format="s16", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = rate, written, Fraction(1, rate)
                written += len(part)
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        return path.read_bytes()


def _mp3(bits: int = 128_000, options: Mapping[str, str] = {}, container: Mapping[str, str] = {}) -> Encoding:
    return Encoding("mp3", "libmp3lame", bits=bits, options=options, container=container)


def _picture_tag() -> bytes:
    """An ID3v2.3 tag with the picture of a show."""
    picture = b"\x00image/jpeg\x00\x03\x00" + b"\xff\xd8" + bytes(PICTURE_BYTES)
    body = b"APIC" + len(picture).to_bytes(4, "big") + bytes(2) + picture
    size = bytes((len(body) >> shift) & 127 for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + body


def _after_advertisement(first: Encoding, show: Encoding) -> Callable[[Path, float], bytes]:
    return lambda folder, seconds: first.write(folder, 10.0, seed=8) + show.write(folder, seconds - 10.0)


_OPUS = Encoding("opus", "libopus", 48_000, 96_000)
FORMS: Mapping[str, Callable[[Path, float], bytes]] = {
    "cbr.mp3": _mp3().write,
    "no header.mp3": _mp3(container=NO_HEADER).write,
    "tags and a picture.mp3": lambda folder, seconds: (
        _picture_tag() + _mp3(container={"id3v2_version": "0"}).write(folder, seconds)
    ),
    "an advertisement before it.mp3": _after_advertisement(_mp3(), _mp3()),
    "an advertisement of more bits.mp3": _after_advertisement(_mp3(192_000), _mp3()),
    "vbr.mp3": _mp3(0, VBR).write,
    "vbr without a table.mp3": _mp3(0, VBR, NO_HEADER).write,
    "vbr after another.mp3": _after_advertisement(_mp3(0, VBR), _mp3(0, VBR)),
    "index at the end.m4a": Encoding("m4a", "aac", bits=128_000).write,
    "index at the front.m4a": Encoding("m4a", "aac", bits=128_000, container={"movflags": "faststart"}).write,
    "opus": _OPUS.write,
    "chained.opus": _after_advertisement(_OPUS, _OPUS),
    "ogg": Encoding("ogg", "vorbis", layout="stereo", options={"strict": "-2"}).write,
    "flac": Encoding("flac", "flac").write,
    "wav": Encoding("wav", "pcm_s16le", 16_000).write,
    "aiff": Encoding("aiff", "pcm_s16be").write,
    "webm": Encoding("webm", "libopus", 48_000, 96_000).write,
    "aac": Encoding("aac", "aac", bits=128_000).write,
    "ts": Encoding("ts", "aac", bits=128_000).write,
}


def write_varied(folder: Path, name: str, seconds: float) -> Path:
    """A file of this form; its path."""
    data = FORMS[name](folder, seconds)
    path = folder / name
    path.write_bytes(data)
    return path


# How speech of 16,000 samples a second is encoded.
SPEECH = {
    "wav": Encoding("wav", "pcm_s16le"),
    "cbr.mp3": _mp3(64_000),
    "vbr.mp3": _mp3(0, VBR),
    "vbr without a table.mp3": _mp3(0, VBR, NO_HEADER),
    "m4a": Encoding("m4a", "aac", bits=64_000),
    "flac": Encoding("flac", "flac"),
    "opus": Encoding("opus", "libopus", bits=64_000),
    "aac": Encoding("aac", "aac", bits=64_000),
}


def encode_speech(speech: bytes, form: str) -> bytes:
    """The WAV file of tone_speech.speak() in another format."""
    with wave.open(BytesIO(speech)) as read, TemporaryDirectory() as folder:
        rate, samples = read.getframerate(), np.frombuffer(read.readframes(read.getnframes()), "<i2")
        parts = (samples[at : at + rate] for at in range(0, len(samples), rate))
        encoding = SPEECH[form]
        return encoding.encode(Path(folder) / f"speech.{encoding.suffix}", parts, rate)
