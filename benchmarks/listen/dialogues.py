"""Dialogues whose speakers are known: what telling speakers apart is measured on, made anew each time, not kept.

    python -m benchmarks.listen.dialogues FOLDER [--dialogues 12] [--voices DIR]

One to five voices speak in turn, from a word or two to some sentences, now and then before the other has finished. Each
dialogue is in three files: clean, with noise, and as mp3 at 32 kb/s. Without a folder of voices
(benchmarks.sounds_like.materials) flite and espeak-ng speak.
"""

from __future__ import annotations

import argparse
import json
import random
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.listen.sound_files import write_sound
from benchmarks.listen.spoken_set import CONDITIONS, choose_subjects
from benchmarks.sounds_like.acoustics import apply_environment
from benchmarks.sounds_like.phrases import FILLERS, Passage, write_passage
from benchmarks.sounds_like.voices import (
    FLITE,
    KOKORO_ACCENTS,
    KOKORO_ENGLISH,
    RATE,
    Manner,
    Voices,
    Wave,
    speak_by_program,
)

SPEAKERS = (2, 3, 2, 1, 4, 2, 3, 5)  # of one dialogue after the other
SECONDS = 90.0  # of a dialogue, about
PAUSES = 0.15, 0.9  # seconds between two turns
INTERRUPTIONS = 0.15, 0.4  # how often a turn begins before the last one has ended, and by how many seconds at most
SHORT_TURNS = 0.25  # how often a turn is a filler: a second or two
ESPEAK_PERSONS = ("en-us+f3", "en-gb+m3")  # its dialects with one variant are one person's voice
QUIET = 0.01  # of a voice's loudest sample: what is below that at its ends is not speech


@dataclass(frozen=True, slots=True)
class Turn:
    """Who speaks from when to when."""

    start: float
    end: float
    speaker: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    path: Path
    condition: str
    seconds: float
    turns: tuple[Turn, ...]

    @property
    def speakers(self) -> int:
        return len({t.speaker for t in self.turns})


def make_dialogues(folder: Path, count: int, voices: Path | None, seconds: float = SECONDS) -> list[Dialogue]:
    """Speaks dialogues into a folder, with who speaks when in dialogues.json. seconds: of each, about."""
    folder.mkdir(parents=True, exist_ok=True)
    engines, files = None if voices is None else Voices(voices), []
    for n in range(count):
        sound, turns = speak_dialogue(n, engines, seconds)
        for condition, ending in CONDITIONS.items():
            path = folder / f"{condition}-{n:02}{ending}"
            where = "noise" if condition == "noise" else "clean"
            length = write_sound(path, [apply_environment(sound, where, n)])
            files.append(Dialogue(path, condition, length, tuple(turns)))
    (folder / "dialogues.json").write_text(json.dumps([asdict(f) | {"path": f.path.name} for f in files]))
    return files


def load_dialogues(folder: Path) -> list[Dialogue]:
    rows = json.loads((folder / "dialogues.json").read_text())
    return [
        Dialogue(folder / r["path"], r["condition"], r["seconds"], tuple(Turn(**t) for t in r["turns"])) for r in rows
    ]


def speak_dialogue(number: int, engines: Voices | None, seconds: float) -> tuple[Wave, list[Turn]]:
    """The sound of a dialogue, the same one each time, and its turns."""
    chance = random.Random(f"dialogue {number}")
    cast = choose_cast(SPEAKERS[number % len(SPEAKERS)], engines is not None, chance)
    lines = write_lines(number, chance)
    placed: list[tuple[int, Wave]] = []
    turns: list[Turn] = []
    now, last = 0.5, ""
    while now < seconds:
        voice = chance.choice([v for v in cast if v != last] or list(cast))
        said, last = lines.pop(), voice
        manner = Manner(voice, "say", cast[voice])
        sound = trim(speak_by_program(said, manner) if engines is None else engines.speak(said, manner))
        sound = apply_environment(sound, "clean", zlib.crc32(said.text.encode()))
        placed.append((round(now * RATE), sound))
        turns.append(Turn(round(now, 3), round(now + len(sound) / RATE, 3), voice))
        interrupts = chance.random() < INTERRUPTIONS[0]
        now = turns[-1].end + (-chance.uniform(0.1, INTERRUPTIONS[1]) if interrupts else chance.uniform(*PAUSES))
    track = np.zeros(max(at + len(sound) for at, sound in placed) + RATE // 2, np.float32)
    for at, sound in placed:
        track[at : at + len(sound)] += sound
    return track, turns


def choose_cast(count: int, is_rich: bool, chance: random.Random) -> dict[str, float]:
    """So many voices, and how fast each speaks. is_rich: whether the engines that need models are there."""
    plain = [*(f"flite/{v}" for v in FLITE), *(f"espeak/{v}" for v in ESPEAK_PERSONS)]
    rich = [*(f"flite/{v}" for v in FLITE), "piper/joe", *(f"kokoro/{v}" for v in (*KOKORO_ENGLISH, *KOKORO_ACCENTS))]
    return {voice: chance.uniform(0.95, 1.15) for voice in chance.sample(rich if is_rich else plain, count)}


def write_lines(number: int, chance: random.Random) -> list[Passage]:
    """What is said, a turn each, the last one first."""
    subjects = choose_subjects(130)
    chance.shuffle(subjects)
    lines: list[Passage] = []
    for subject in subjects:
        lines.append(write_passage(subject, "test", chance))
        if chance.random() < SHORT_TURNS / (1 - SHORT_TURNS):
            lines.append(Passage(subject, chance.choice(FILLERS[1]), ()))
    return lines


def trim(sound: Wave) -> Wave:
    """Without the silence that engines put at both ends."""
    loud = np.flatnonzero(np.abs(sound) > QUIET * float(np.abs(sound).max(initial=0.0)))
    return sound[loud[0] : loud[-1] + 1] if len(loud) else sound


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dialogues", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--voices", type=Path)
    chosen = parser.parse_args(arguments)
    files = make_dialogues(chosen.folder, chosen.dialogues, chosen.voices, chosen.seconds)
    turns = sum(len(f.turns) for f in files)
    print(f"{len(files)} files, {sum(f.seconds for f in files) / 60:.1f} minutes, {turns} turns")


if __name__ == "__main__":
    main()
