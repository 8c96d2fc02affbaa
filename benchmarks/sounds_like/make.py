"""Makes the set: speaks each passage, recognises it, and records what was said and what was recognised.

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
from benchmarks.sounds_like.names import SPLITS, Split, is_same_name, load_subjects
from benchmarks.sounds_like.phrases import Passage, write_passage
from benchmarks.sounds_like.voices import RATE, Manner, Voices, Wave, choose_manner

WINDOW_SECONDS = 28.0  # Whisper reads 30 at once, at the same cost however full
PAUSE_SECONDS = 0.8
MAX_WORD_ERRORS = 0.10  # of the letters outside the names: nobody could follow such talk
RECOGNISERS = {"base": ("base", 5), "tiny.en": ("tiny.en", 2)}  # name: (folder, beams)
TINY_SHARE = 0.5  # of the passages are recognised by tiny.en, too


@dataclass(frozen=True, slots=True)
class Take:
    """One passage by one voice in one environment."""

    key: str
    passage: Passage
    manner: Manner
    environment: str
    seed: int


def plan_takes(split: Split, number: int) -> Iterator[Take]:
    """The takes of a split, in a fixed shuffled order; the same ones on every machine."""
    chosen = [subject for subject in load_subjects() if subject.split == split]
    for turn in range(number):
        order = chosen.copy()
        random.Random(f"{split} {turn}").shuffle(order)
        for subject in order:
            key = f"{subject.name} {turn}"
            chance = random.Random(key)
            text = write_passage(subject, split, chance)
            yield Take(
                key, text, choose_manner(text, chance), acoustics.choose_environment(chance), zlib.crc32(key.encode())
            )


def speak_windows(planned: Iterator[Take], voices: Voices) -> Iterator[tuple[list[Take], Wave]]:
    """Takes spoken one after the other into windows of up to 28 s."""
    together: list[Take] = []
    sounds: list[Wave] = []
    seconds = 0.0
    for take in planned:
        sound = acoustics.apply_environment(voices.speak(take.passage, take.manner), take.environment, take.seed)
        length = len(sound) / RATE + PAUSE_SECONDS
        if together and seconds + length > WINDOW_SECONDS:
            yield together, np.concatenate(sounds)
            together, sounds, seconds = [], [], 0.0
        together.append(take)
        sounds += [sound, np.zeros(int(PAUSE_SECONDS * RATE), np.float32)]
        seconds += length
    if together:
        yield together, np.concatenate(sounds)


def window_rows(together: list[Take], heard: str, recogniser: str, split: Split) -> Iterator[dict[str, object]]:
    """The rows of a window: one for each passage, unless the recogniser gave another text there."""
    said, spans, begins = "", [], []
    for take in together:
        begins.append(len(said))
        spans += [(len(said) + name.start, len(said) + name.end) for name in take.passage.name_spans]
        said += take.passage.text + " "
    whole = align(said, heard, spans)
    for i, take in enumerate(together):
        edge = begins[i + 1] if i + 1 < len(begins) else len(said)
        start = 0 if i == 0 else _heard_start(whole.words, begins[i], heard)
        end = len(heard) if i + 1 == len(begins) else _heard_start(whole.words, edge, heard)
        line = build_row(take, heard[start:end].strip(), recogniser, split)
        if line is not None:
            yield line


def _heard_start(words: tuple[tuple[int, int], ...], place: int, heard: str) -> int:
    return next((there for here, there in words if here >= place), len(heard))


def build_row(take: Take, heard: str, recogniser: str, split: Split) -> dict[str, object] | None:
    name_spans = take.passage.name_spans
    found = align(take.passage.text, heard, [(name.start, name.end) for name in name_spans])
    if found.word_errors > MAX_WORD_ERRORS:
        return None
    mentions = [
        {
            "said_start": name.start,
            "said_end": name.end,
            "form": name.form,
            "heard_surface": heard[span.start : span.end],
            "heard_start": span.start,
            "heard_end": span.end,
            "exact": is_same_name(take.passage.text[name.start : name.end], heard[span.start : span.end]),
        }
        for name, span in zip(name_spans, found.spans, strict=True)
    ]
    subject = take.passage.subject
    return {
        "split": split,
        "name": subject.name,
        "type": subject.type,
        "language": subject.language,
        "voice": take.manner.voice,
        "style": take.manner.style,
        "where": take.environment,
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
    planned = (take for take in plan_takes(options.split, options.takes) if take.key not in seen)
    with path.open("a", encoding="utf-8") as out:
        for number, (together, sound) in enumerate(speak_windows(planned, Voices(options.materials))):
            rows: list[str] = []
            for name, model in models.items():
                if name == "tiny.en" and zlib.crc32(together[0].key.encode()) / 2**32 > TINY_SHARE:
                    continue
                segments, _ = model.transcribe(
                    sound,
                    language="en",
                    beam_size=RECOGNISERS[name][1],
                    temperature=[0.0, 0.4],
                    condition_on_previous_text=False,
                )
                heard = " ".join(segment.text.strip() for segment in segments)
                made = window_rows(together, heard, name, options.split)
                rows += [json.dumps(line, ensure_ascii=False) + "\n" for line in made]
            out.write("".join(rows))  # a window is written completely or not at all
            out.flush()
            print(f"\r{number + 1} windows", end="", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
