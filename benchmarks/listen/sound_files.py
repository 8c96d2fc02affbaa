"""Writes samples as the files that podcasts have: mp3 at 32 kb/s, and FLAC, which loses nothing and packs silence."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks.sounds_like.voices import RATE, Wave

MP3_BITS = 32_000  # a second
BLOCK = 10 * RATE  # samples that are encoded at a time


def write_sound(path: Path, parts: Iterable[Wave]) -> float:
    """Writes the parts one after the other, as the file's ending says; returns how many seconds that is."""
    is_mp3, written = path.suffix == ".mp3", 0
    layout = "s16p" if is_mp3 else "s16"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libmp3lame" if is_mp3 else "flac", rate=RATE, layout="mono")
        stream.codec_context.format = layout
        if is_mp3:
            stream.bit_rate = MP3_BITS
        for part in parts:
            for at in range(0, len(part), BLOCK):
                whole = (np.clip(part[at : at + BLOCK], -1, 1) * 32767).astype(np.int16)
                frame = av.AudioFrame.from_ndarray(whole[None, :], format=layout, layout="mono")
                frame.sample_rate, frame.pts = RATE, written
                container.mux(stream.encode(frame))
                written += len(whole)
        container.mux(stream.encode(None))
    return written / RATE


def silence(seconds: float) -> Wave:
    return np.zeros(int(seconds * RATE), np.float32)
