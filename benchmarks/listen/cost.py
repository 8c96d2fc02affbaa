"""What listening costs: CPU beside faster-whisper alone on the same files, and memory on files of many hours."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.listen.scenario import ROOT, open_scenario
from benchmarks.listen.sound_files import silence, write_sound
from benchmarks.sounds_like.voices import Wave

DENSE = 300.0  # seconds of talk at the start of a long file: a chunk full of it needs the most memory


def run_bare(model: Path, files: Sequence[Path]) -> dict[str, Any]:
    """What faster-whisper heard in these files, and its cost (benchmarks/listen/bare.py)."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "pipeline"), str(ROOT)])}
    command = [sys.executable, "-m", "benchmarks.listen.bare", str(model), *map(str, files)]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure_stage(home: Path, model: Path, files: Sequence[Path]) -> dict[str, Any]:
    """What podwatch's stage cost for the same files, from the download to the stored transcript."""
    with open_scenario(home, model, files) as s:
        return s.run_worker()


def hearing_cost(answer: dict[str, Any]) -> float:
    """CPU seconds of the stage itself: without the interpreter's start, downloading and keeping, which have rows."""
    parts = ("starting", "downloading", "keeping")
    return float(answer["all"]) - sum(float(answer.get(part, 0.0)) for part in parts)


def median_ratio(pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> float:
    """podwatch's cost as a multiple of faster-whisper's, of rounds measured in turn."""
    return statistics.median(hearing_cost(ours) / hearing_cost(bare) for ours, bare in pairs)


def write_hours(path: Path, talk: Sequence[Wave], hours: float, every: float) -> None:
    """Five minutes of talk, then a passage every ``every`` seconds of silence, for so many hours."""

    def parts() -> Iterator[Wave]:
        seconds, n = 0.0, 0
        while seconds < hours * 3600:
            said = talk[n % len(talk)]
            rest = silence(0.5 if seconds < DENSE else every)
            yield said
            yield rest
            seconds += (len(said) + len(rest)) / 16_000
            n += 1

    write_sound(path, parts())
