"""The spoken test set: names of the test split of benchmarks/sounds_like in short talk, made anew each time, not kept.

    python -m benchmarks.listen.spoken_set FOLDER [--names 130] [--voices DIR]

A file is eight passages by voices drawn for each, with a pause between. Every passage is in three files: clean, with
noise, and as mp3 at 32 kb/s. Without a folder of voices (benchmarks.sounds_like.materials) flite and espeak-ng speak.
"""

from __future__ import annotations

import argparse
import json
import random
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.listen.sound_files import silence, write_sound
from benchmarks.sounds_like.acoustics import apply_environment
from benchmarks.sounds_like.names import Subject, load_subjects
from benchmarks.sounds_like.phrases import Passage, write_passage
from benchmarks.sounds_like.voices import ESPEAK, FLITE, RATE, Manner, Voices, Wave, choose_manner, speak_by_program

CONDITIONS = {"clean": ".flac", "noise": ".flac", "mp3": ".mp3"}
PASSAGES = 8  # in a file
PAUSE = 1.2  # seconds after a passage


@dataclass(frozen=True, slots=True)
class Spoken:
    """Where a name is said in a file: ``times`` within these seconds. surname: what a later mention is."""

    name: str
    surname: str
    type: str
    times: int
    start: float
    end: float
    voice: str


@dataclass(frozen=True, slots=True)
class SpokenFile:
    """An audio file of the set."""

    path: Path
    condition: str
    seconds: float
    spoken: tuple[Spoken, ...]


def choose_subjects(names: int) -> list[Subject]:
    """So many names of the test split, the same on every machine."""
    found = [s for s in load_subjects() if s.split == "test"]
    random.Random("listen").shuffle(found)
    return found[:names]


def speak_passages(subjects: Sequence[Subject], voices: Voices | None) -> list[tuple[Passage, str, Wave]]:
    """(passage, voice, its sound) of each name."""
    spoken = []
    for subject in subjects:
        chance = random.Random(f"listen {subject.name}")
        passage = write_passage(subject, "test", chance)
        if voices is None:
            engine = chance.choice(("flite", "flite", "flite", "espeak"))
            voice = f"{engine}/{chance.choice(FLITE if engine == 'flite' else ESPEAK)}"
            manner = Manner(voice, "say", chance.uniform(0.9, 1.1))
            spoken.append((passage, voice, speak_by_program(passage, manner)))
        else:
            manner = choose_manner(passage, chance)
            spoken.append((passage, manner.voice, voices.speak(passage, manner)))
    return spoken


def make_set(folder: Path, names: int, voices: Path | None) -> list[SpokenFile]:
    """Speaks the set into a folder, with what is said where in set.json."""
    folder.mkdir(parents=True, exist_ok=True)
    passages = speak_passages(choose_subjects(names), None if voices is None else Voices(voices))
    files = []
    for condition, ending in CONDITIONS.items():
        for at in range(0, len(passages), PASSAGES):
            path = folder / f"{condition}-{at // PASSAGES:02}{ending}"
            files.append(_write_file(path, condition, passages[at : at + PASSAGES]))
    rows = [asdict(f) | {"path": f.path.name} for f in files]
    (folder / "set.json").write_text(json.dumps(rows))
    return files


def _write_file(path: Path, condition: str, passages: Sequence[tuple[Passage, str, Wave]]) -> SpokenFile:
    parts, spoken, now = [silence(0.5)], [], 0.5
    for passage, voice, sound in passages:
        where = "noise" if condition == "noise" else "clean"
        parts += [apply_environment(sound, where, zlib.crc32(passage.subject.name.encode())), silence(PAUSE)]
        end = now + len(sound) / RATE
        s = passage.subject
        spoken.append(Spoken(s.name, s.surname, s.type, len(passage.name_spans), now, end, voice))
        now = end + PAUSE
    return SpokenFile(path, condition, write_sound(path, parts), tuple(spoken))


def load_set(folder: Path) -> list[SpokenFile]:
    rows = json.loads((folder / "set.json").read_text())
    return [
        SpokenFile(folder / r["path"], r["condition"], r["seconds"], tuple(Spoken(**s) for s in r["spoken"]))
        for r in rows
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--names", type=int, default=130)
    parser.add_argument("--voices", type=Path)
    chosen = parser.parse_args()
    files = make_set(chosen.folder, chosen.names, chosen.voices)
    mentions = sum(s.times for f in files for s in f.spoken)
    print(f"{len(files)} files, {sum(f.seconds for f in files) / 60:.1f} minutes, {mentions} mentions")


if __name__ == "__main__":
    main()
