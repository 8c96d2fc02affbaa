"""What an hour of talk costs on this machine: measured once a model on half a minute of talk, and kept in a file."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from importlib.resources import as_file, files
from pathlib import Path

from podwatch.settings import Settings
from podwatch.speech.decoding import open_audio
from podwatch.speech.recognisers import SAMPLE_RATE, Recogniser
from podwatch.speech.transcribing import to_transcript

FILE = "speech-cost.json"
WARM_UP = 1.0  # seconds of silence that are heard first: what is loaded then is loaded once


@dataclass(frozen=True, slots=True)
class HourCost:
    """Of an hour of talk. cpu, clock: seconds; a GPU has little of the first. words: that were heard."""

    cpu: float
    clock: float
    words: int


def known_cost(settings: Settings, recogniser: str) -> HourCost | None:
    """What was measured of a recogniser of this name, None when nothing was."""
    entry = _read(settings.home / FILE).get(recogniser)
    try:
        return HourCost(**entry) if isinstance(entry, dict) else None
    except TypeError:  # of another podwatch
        return None


def cost_here(settings: Settings, recogniser: Recogniser) -> HourCost:
    """What is known of it, or else is measured now."""
    return known_cost(settings, recogniser.name) or measure_cost(settings, recogniser)


def measure_cost(settings: Settings, recogniser: Recogniser) -> HourCost:
    """Measures it, some seconds of work with a small model, and keeps it. Raises SpeechError."""
    import numpy as np

    with as_file(files("podwatch.speech") / "sample/talk.opus") as path, open_audio(path, max_hours=1) as audio:
        samples = np.concatenate(list(audio))
    recogniser.recognise(np.zeros(int(WARM_UP * SAMPLE_RATE), np.float32), language="en")
    cpu, clock = time.process_time(), time.perf_counter()
    heard = recogniser.recognise(samples, language="en")
    cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    hours = len(samples) / SAMPLE_RATE / 3600
    words = len(to_transcript([heard], source="").text.split())
    cost = HourCost(round(cpu / hours, 1), round(clock / hours, 1), words)
    _keep(settings.home / FILE, recogniser.name, cost)
    return cost


def _keep(path: Path, name: str, cost: HourCost) -> None:
    """A data folder that cannot be written keeps nothing: it is then measured again."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}.tmp")
        temporary.write_text(json.dumps(_read(path) | {name: asdict(cost)}, indent=1), encoding="utf-8")
        temporary.replace(path)
    except OSError:
        pass


def _read(path: Path) -> dict[str, object]:
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return tree if isinstance(tree, dict) else {}
