"""Makes the set: speaks each passage, lets the recognisers hear it, writes down what was said and heard.

    python -m benchmarks.sounds_like.materials DIR          # voices and recognisers, some 400 MB, once
    nice -n 15 python -m benchmarks.sounds_like.make DIR OUT --split train --takes 1

appends to OUT/SPLIT.jsonl, one passage a line, and goes on where it was stopped. Two to five CPU seconds a passage; the
audio is not kept.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.sounds_like import acoustics
from benchmarks.sounds_like.alignment import align
from benchmarks.sounds_like.names import SPLITS, Split, same, subjects
from benchmarks.sounds_like.phrases import Passage, passage
from benchmarks.sounds_like.voices import RATE, Manner, Voices, Wave, manner

WINDOW = 28.0  # seconds: Whisper hears 30 at once, at the same cost however full
PAUSE = 0.8
OTHER_TEXT = 0.10  # of the ordinary letters wrong: no listener would follow such talk, whatever it does to names
RECOGNISERS = {"base": ("whisper-base", 5), "tiny.en": ("whisper-tiny.en", 2)}  # name: (folder, beams)
TINY = 0.5  # of the passages are heard by tiny.en, too


@dataclass(frozen=True, slots=True)
class Take:
    """One passage in one voice in one place."""

    key: str
    passage: Passage
    how: Manner
    where: str
    seed: int


def takes(split: Split, number: int) -> Iterator[Take]:
    """The takes of a split, in a fixed shuffled order; the same ones on every machine."""
    chosen = [subject for subject in subjects() if subject.split == split]
    for turn in range(number):
        order = chosen.copy()
        random.Random(f"{split} {turn}").shuffle(order)
        for subject in order:
            key = f"{subject.name} {turn}"
            chance = random.Random(key)
            text = passage(subject, split, chance)
            yield Take(key, text, manner(text, chance), acoustics.kind(chance), zlib.crc32(key.encode()))


def windows(planned: Iterator[Take], voices: Voices) -> Iterator[tuple[list[Take], Wave]]:
    """Takes spoken one after the other into windows of up to 28 s."""
    together: list[Take] = []
    sounds: list[Wave] = []
    seconds = 0.0
    for take in planned:
        sound = acoustics.heard_in(voices.speak(take.passage, take.how), take.where, take.seed)
        length = len(sound) / RATE + PAUSE
        if together and seconds + length > WINDOW:
            yield together, np.concatenate(sounds)
            together, sounds, seconds = [], [], 0.0
        together.append(take)
        sounds += [sound, np.zeros(int(PAUSE * RATE), np.float32)]
        seconds += length
    if together:
        yield together, np.concatenate(sounds)


def lines(together: list[Take], heard: str, recogniser: str, split: Split) -> Iterator[dict[str, object]]:
    """What a window gives: a line for each passage, unless the recogniser heard another text there."""
    said, spans, begins = "", [], []
    for take in together:
        begins.append(len(said))
        spans += [(len(said) + spot.start, len(said) + spot.end) for spot in take.passage.spots]
        said += take.passage.text + " "
    whole = align(said, heard, spans)
    for i, take in enumerate(together):
        edge = begins[i + 1] if i + 1 < len(begins) else len(said)
        start = 0 if i == 0 else _cut(whole.words, begins[i], heard)
        end = len(heard) if i + 1 == len(begins) else _cut(whole.words, edge, heard)
        line = line_of(take, heard[start:end].strip(), recogniser, split)
        if line is not None:
            yield line


def _cut(words: tuple[tuple[int, int], ...], place: int, heard: str) -> int:
    return next((there for here, there in words if here >= place), len(heard))


def line_of(take: Take, heard: str, recogniser: str, split: Split) -> dict[str, object] | None:
    spots = take.passage.spots
    found = align(take.passage.text, heard, [(spot.start, spot.end) for spot in spots])
    if found.word_errors > OTHER_TEXT:
        return None
    mentions = [
        {
            "said_start": spot.start,
            "said_end": spot.end,
            "form": spot.form,
            "heard_surface": heard[span.start : span.end],
            "heard_start": span.start,
            "heard_end": span.end,
            "exact": same(take.passage.text[spot.start : spot.end], heard[span.start : span.end]),
        }
        for spot, span in zip(spots, found.spans, strict=True)
    ]
    subject = take.passage.subject
    return {
        "split": split,
        "name": subject.name,
        "type": subject.type,
        "language": subject.language,
        "voice": take.how.voice,
        "style": take.how.style,
        "where": take.where,
        "recogniser": recogniser,
        "take": take.key,
        "said": take.passage.text,
        "heard": heard,
        "mentions": mentions,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("materials", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--takes", type=int, default=1, help="passages for each name")
    options = parser.parse_args()
    path = options.out / f"{options.split}.jsonl"
    seen = {json.loads(line)["take"] for line in path.read_text().splitlines()} if path.exists() else set()

    from faster_whisper import WhisperModel

    models = {
        name: WhisperModel(str(options.materials / folder), device="cpu", compute_type="int8", cpu_threads=1)
        for name, (folder, _) in RECOGNISERS.items()
    }
    planned = (take for take in takes(options.split, options.takes) if take.key not in seen)
    with path.open("a", encoding="utf-8") as out:
        for number, (together, sound) in enumerate(windows(planned, Voices(options.materials))):
            rows: list[str] = []
            for name, model in models.items():
                if name == "tiny.en" and zlib.crc32(together[0].key.encode()) / 2**32 > TINY:
                    continue
                segments, _ = model.transcribe(
                    sound,
                    language="en",
                    beam_size=RECOGNISERS[name][1],
                    temperature=[0.0, 0.4],
                    condition_on_previous_text=False,
                )
                heard = " ".join(segment.text.strip() for segment in segments)
                made = lines(together, heard, name, options.split)
                rows += [json.dumps(line, ensure_ascii=False) + "\n" for line in made]
            out.write("".join(rows))  # a window whole or not at all, wherever it is stopped
            out.flush()
            print(f"\r{number + 1} windows", end="", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
