"""Speaks pipeline/podwatch/speech/sample/talk.txt: half a minute of talk that tests hear, and doctor measures with.

    python scripts/speak_sample_talk.py

It needs flite (`apt-get install flite`) and the extra `speech`; the file that it made is in the repository. A line of
the text is a voice and what it says, or seconds of silence.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

FOLDER = Path(__file__).resolve().parent.parent / "pipeline/podwatch/speech/sample"
RATE, BIT_RATE = 16_000, 16_000  # samples and bits a second
BETWEEN = 0.4  # seconds between two lines


def speak(voice: str, text: str) -> NDArray[np.int16]:
    """A sentence or two, by a voice of flite (slt, rms, awb)."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", file.name], check=True)
        with av.open(file.name) as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
            frames = [f for frame in container.decode(audio=0) for f in resampler.resample(frame)]
        return np.concatenate([frame.to_ndarray().ravel() for frame in frames])


def write_opus(samples: NDArray[np.int16], path: Path) -> None:
    """The samples as an Ogg Opus file."""
    with av.open(str(path), "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=RATE, layout="mono")
        stream.bit_rate = BIT_RATE
        for at in range(0, len(samples), RATE):
            frame = av.AudioFrame.from_ndarray(samples[None, at : at + RATE], format="s16", layout="mono")
            frame.sample_rate, frame.pts = RATE, at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main() -> None:
    parts = []
    for line in (FOLDER / "talk.txt").read_text(encoding="utf-8").splitlines():
        voice, _, text = line.partition(": ")
        if text:
            parts += [speak(voice, text), np.zeros(int(BETWEEN * RATE), np.int16)]
        else:
            parts.append(np.zeros(int(float(line) * RATE), np.int16))
    write_opus(np.concatenate(parts), FOLDER / "talk.opus")


if __name__ == "__main__":
    main()
