"""Writes samples as the files that podcasts have: mp3 at 32 kb/s, and FLAC, which loses nothing and packs silence."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np

from benchmarks.sounds_like.voices import RATE, Wave

MP3_BITS = 32_000  # a second
BLOCK = 10 * RATE  # samples that are encoded at a time


def write_sound(path: Path, parts: Iterable[Wave]) -> float:
    """Writes the parts one after the other, as the file's ending says; returns how many seconds that is."""
    codec, options = ("libmp3lame", {}) if path.suffix == ".mp3" else ("flac", {"compression_level": "0"})
    written = 0
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE, layout="mono", options=options)
        planar = "s16p" if codec == "libmp3lame" else "s16"
        if codec == "libmp3lame":
            stream.bit_rate = MP3_BITS
        stream.codec_context.format = planar
        for part in parts:
            for at in range(0, len(part), BLOCK):
                whole = (np.clip(part[at : at + BLOCK], -1, 1) * 32767).astype(np.int16)
                frame = av.AudioFrame.from_ndarray(whole[None, :], format=planar, layout="mono")
                frame.sample_rate, frame.pts = RATE, written
                container.mux(stream.encode(frame))
                written += len(whole)
        container.mux(stream.encode(None))
    return written / RATE


def silence(seconds: float) -> Wave:
    return np.zeros(int(seconds * RATE), np.float32)
