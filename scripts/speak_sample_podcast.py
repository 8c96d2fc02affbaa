"""Speaks the sample podcast of seeds/sample: three episodes by two voices, each a small Ogg Opus file.

    python -m benchmarks.sounds_like.materials DIR        # once: the voices, 500 MB; needs espeak-ng
    python scripts/speak_sample_podcast.py DIR [grain | missile-crisis | map-room]...

The episodes that have a transcript are spoken cue by cue at the cues' own times, so that the second of an alert is
right. The names that are misspelt there as a recogniser would are spoken as they are. The third has no transcript: its
text is map-room.txt, and only the voices read it. The files are in the repository; feed.xml names their sizes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import av.filter
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "pipeline")]

from benchmarks.sounds_like.names import Subject  # noqa: E402
from benchmarks.sounds_like.phrases import Passage  # noqa: E402
from benchmarks.sounds_like.voices import RATE, Manner, Voices, Wave  # noqa: E402
from podwatch.transcripts.formats import parse_transcript  # noqa: E402
from speak_sample_talk import write_opus  # noqa: E402

SAMPLE = ROOT / "seeds/sample"
VOICES = {"Marta Ellison": "kokoro/bf_emma", "Theo Brandt": "kokoro/am_michael"}
EPISODES = ("grain", "missile-crisis", "map-room")
BETWEEN = 0.35  # seconds between two turns of the episode that has no times
QUIET = 0.01  # below it a voice says nothing: trimmed at both ends
CHARACTERS = 16.0  # a second, at the voices' own speed
SPEEDS = 0.8, 1.3  # of a voice that has to fit into a cue; the rest is done to its sound

# As they are said: what the transcripts misspell on purpose (README.md), and what espeak-ng would read otherwise.
SAID = {
    r"the brinin|Dobrinin|Dobrennan": "Dobrynin",
    r"Kruschev|Crushchev": "Khrushchev",
    "Gromeko": "Gromyko",
    "Zoren": "Zorin",
    "Bolshekov|Bullshakov": "Bolshakov",
    "Macone": "McCone",
    "Lewellen": "Llewellyn",
    r"Mr\.": "Mister",
    r"\bU-2\b": "you two",
    r"\bU Thant\b": "oo tahnt",
    r"(\d+),000": r"\1 thousand",
}
NOBODY = Subject("", "person", "-", "en", "")


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody says, within ``room`` seconds from ``start`` on; None: after the line before, at his own speed."""

    speaker: str
    text: str
    start: float | None = None
    room: float | None = None


def read_lines(name: str) -> Iterator[Line]:
    if (cues := SAMPLE / f"{name}.vtt").is_file():
        _, found = parse_transcript(cues.read_bytes(), "text/vtt")
        for text, start, end, speaker in zip(found.texts, found.starts, found.ends, found.speakers, strict=True):
            yield Line(speaker or "", text, start, end - start)
        return
    for line in (SAMPLE / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        speaker, _, text = line.partition(": ")
        yield Line(speaker, text)


def speak(voices: Voices, line: Line) -> Wave:
    """A line by its speaker's voice, as fast as it has to be to fit into its cue."""
    text = line.text
    for written, said in SAID.items():
        text = re.sub(written, said, text)

    def at_speed(speed: float) -> Wave:
        return _trim(voices.speak(Passage(NOBODY, text, ()), Manner(VOICES[line.speaker], "say", speed)))

    if line.room is None:
        return at_speed(1.0)
    sound = at_speed(min(max(len(text) / CHARACTERS / line.room, SPEEDS[0]), SPEEDS[1]))
    return _change_tempo(sound, len(sound) / RATE / (line.room - 0.05))


def _change_tempo(sound: Wave, factor: float) -> Wave:
    """The same at the same pitch, so much faster."""
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="flt", layout="mono", time_base=Fraction(1, RATE))
    tempo, sink = graph.add("atempo", f"{factor:.4f}"), graph.add("abuffersink")
    source.link_to(tempo)
    tempo.link_to(sink)
    graph.configure()
    frame = av.AudioFrame.from_ndarray(sound[None, :], format="flt", layout="mono")
    frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), 0
    source.push(frame)
    source.push(None)
    parts: list[Wave] = []
    while True:
        try:
            tempered = sink.pull()
        except (av.EOFError, av.BlockingIOError):
            return np.concatenate(parts)
        assert isinstance(tempered, av.AudioFrame)
        parts.append(tempered.to_ndarray().ravel().astype(np.float32))


def _trim(sound: Wave) -> Wave:
    loud = np.flatnonzero(np.abs(sound) > QUIET)
    return sound[loud[0] : loud[-1] + 1] if len(loud) else sound


def speak_episode(voices: Voices, name: str) -> NDArray[np.int16]:
    """An episode's samples."""
    placed: list[tuple[int, Wave]] = []
    end = 0
    for line in read_lines(name):
        sound = speak(voices, line)
        begin = end + int(BETWEEN * RATE) if line.start is None else int(line.start * RATE)
        placed.append((begin, sound))
        end = begin + len(sound)
    whole = np.zeros(end + RATE // 2, np.float32)
    for begin, sound in placed:
        whole[begin : begin + len(sound)] += sound * np.float32(0.1 / max(float(np.sqrt(np.mean(sound**2))), 1e-3))
    return (np.clip(whole, -1, 1) * 32767).astype(np.int16)


def main() -> None:
    folder, *names = sys.argv[1:]
    voices = Voices(Path(folder))
    for name in names or EPISODES:
        samples, path = speak_episode(voices, name), SAMPLE / f"{name}.opus"
        write_opus(samples, path)
        minutes, seconds = divmod(round(len(samples) / RATE), 60)
        print(f"{path.name}: {path.stat().st_size} bytes, 00:{minutes:02}:{seconds:02}")


if __name__ == "__main__":
    main()
