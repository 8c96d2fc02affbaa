"""Whether a decode that is given the watched names as hotwords finds anything beside the second hearing.

    python -m benchmarks.listen.hotwords FOLDER [--files 9] [--names 130]

FOLDER is that of benchmarks.listen.second_hearing, run before. Each file is decoded once more with its eight names as
hotwords (condition_on_previous_text off). A name that is then written where its passage is said is right, elsewhere it
is invented. What it would add is counted by passage: mentions written with the hotwords, beyond those that the text,
the second hearing and the wider net have found there.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.harness import print_table
from benchmarks.listen.doubts import Row
from benchmarks.listen.second_hearing import ROOT, ask, final_score, is_told, likeliest
from benchmarks.listen.spoken_set import SpokenFile, load_set
from podwatch.settings import from_environment
from podwatch.speech.decoding import open_audio
from podwatch.speech.recognisers import build_recogniser
from scripts.speech_models import fetch_model

SLACK = 0.5  # seconds


@dataclass(frozen=True, slots=True)
class Written:
    """A word of a decode. start: seconds."""

    start: float
    text: str


def decode(model: Any, file: SpokenFile) -> list[Written]:
    """The words of a file, decoded with its names as hotwords; kept beside it."""
    kept = file.path.with_name(f"{file.path.name}.hotwords.json")
    if not kept.exists():
        import numpy as np

        with open_audio(file.path, max_hours=3) as audio:
            samples = np.concatenate(list(audio))
        segments, _ = model.transcribe(
            samples,
            language="en",
            beam_size=5,
            temperature=0.0,
            word_timestamps=True,
            condition_on_previous_text=False,
            hotwords=", ".join(s.name for s in file.spoken),
        )
        kept.write_text(json.dumps([(w.start, w.word.strip()) for s in segments for w in s.words or ()]))
    return [Written(start, text) for start, text in json.loads(kept.read_text())]


def count_written(words: list[Written], file: SpokenFile) -> tuple[Counter[str], int]:
    """(by name how often it is written where it is said, how often a name is written elsewhere)"""
    right: Counter[str] = Counter()
    wrong = 0
    for s in file.spoken:
        last = s.surname.casefold().split()[-1]
        for w in words:
            if re.sub(r"['’]s$|[^\w'’-]+$", "", w.text.casefold()).strip(".,") == last:
                inside = s.start - SLACK <= w.start <= s.end + SLACK
                right[s.name] += inside
                wrong += not inside
    return Counter({s.name: min(s.times, right[s.name]) for s in file.spoken}), wrong


def count_found(rows: list[Row], file: SpokenFile) -> Counter[str]:
    """By name how many mentions of it podwatch finds in a file."""
    mine = [r for r in rows if r.file == file.path.name]
    wide = likeliest([(r, (0.0, 0.0, final_score(r))) for r in mine if r.source == "wide"])
    told = [r for r in mine if r.source == "text" and is_told(final_score(r))]
    told += [r for r, s in wide if is_told(s[2])]
    return Counter(name for name, _ in {(r.name, i) for r in told if r.kind == "right" for i in r.said})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=9)
    parser.add_argument("--names", type=int, default=130)
    parser.add_argument("--model", choices=("tiny.en", "base"), default="base")
    chosen = parser.parse_args()
    files = sorted(load_set(chosen.folder), key=lambda f: (f.path.stem.split("-")[1], f.condition))[: chosen.files]
    folder = fetch_model(chosen.model, ROOT / ".cache/models")
    settings = from_environment({})
    speech = replace(settings.speech, models=str(folder.parent), model=folder.name)
    model: Any = build_recogniser(replace(settings, speech=speech))
    rows = ask(chosen.folder, files, chosen.names, folder)
    said = written = found = adds = invented = 0
    for file in files:
        right, wrong = count_written(decode(model._model, file), file)
        ours = count_found(rows, file)
        said += sum(s.times for s in file.spoken)
        written += sum(right.values())
        found += sum(min(s.times, ours[s.name]) for s in file.spoken)
        adds += sum(max(0, right[s.name] - ours[s.name]) for s in file.spoken)
        invented += wrong
    lines = [
        ["mentions said", said],
        ["written with hotwords", written],
        ["names written elsewhere", invented],
        ["found by the text, the second hearing and the wider net", found],
        ["written with hotwords, and not found by these", adds],
    ]
    print_table(f"Hotwords, {len(files)} files", ["", ""], lines)
    print(f"hotwords: {adds} of {said} mentions more than the wider net, {invented} names invented")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
