"""What sounds_like watches cost in real news talk beside another checkout, both in turn: CPU seconds an hour.

    python -m benchmarks.sounds_like.news.paired_cost REPOSITORY BASE [--hours 8] [--rounds 5]

REPOSITORY: as of benchmarks.sounds_like.news. BASE: a worktree of another commit. Both read the same episodes of half
"test", with its names and with 1,000; a round is a process of each for each list, and the ratio is that of the round.
What they tell may differ, where the commits do: the numbers of mentions are printed beside.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.harness import print_table
from benchmarks.sounds_like.cost import invent_names
from benchmarks.sounds_like.news.corpus import load_episodes, load_names, read_episode

ROOT = Path(__file__).resolve().parents[3]
# Uses what every checkout has, however its benchmarks look.
PROGRAM = """
import json, sys, time
from podwatch.model import Transcript, Watch
from podwatch.query import EpisodeFields, build_engine

given, nan = json.load(open(sys.argv[1], encoding="utf-8")), float("nan")
watches = [Watch(name=n, entity=n, type=t, aliases=tuple(a), sounds_like=True) for n, t, a in given["names"]]
engine = build_engine(watches)
texts = [
    (Transcript(text=text, offsets=(0,), starts=(nan,), ends=(nan,), speakers=(None,), title=title, language="en"),
     EpisodeFields(title=title, notes=notes))
    for text, title, notes in given["texts"]
]
engine(*texts[0])  # so that all data is loaded
began = time.process_time()
told = sum(len(engine(*text).mentions) for text in texts)
print(time.process_time() - began, told)
"""


def measure(tree: Path, given: Path) -> tuple[float, int]:
    """(CPU seconds, mentions) of a process of this checkout."""
    env = os.environ | {"PYTHONPATH": str(tree / "pipeline")}
    command = [sys.executable, "-c", PROGRAM, str(given)]
    cpu, told = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.split()
    return float(cpu), int(told)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", type=Path)
    parser.add_argument("base", type=Path)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    texts, seconds = [], 0
    for episode in load_episodes("test"):
        if seconds < options.hours * 3600:
            read = read_episode(options.repository, episode)
            texts.append((read.text, read.title, read.notes))
            seconds += episode.seconds
    names = [(n.name, n.type, n.aliases) for n in load_names("test")]
    many = [(s.name, s.type, ()) for s in invent_names(1000 - len(names))]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for count, watched in ((len(names), names), (1000, [*names, *many])):
            given = Path(folder) / f"{count}.json"
            given.write_text(json.dumps({"names": watched, "texts": texts}), "utf-8")
            pairs = [(measure(options.base, given), measure(ROOT, given)) for _ in range(options.rounds)]
            rows.append(describe(count, pairs, seconds / 3600))
    title = f"CPU s an hour, medians of {options.rounds} rounds over {seconds / 3600:.1f} hours"
    print_table(title, ("names", "base", "here", "here / base", "told by base", "told here"), rows)
    return 0


def describe(count: int, pairs: Sequence[tuple[tuple[float, int], tuple[float, int]]], hours: float) -> tuple[str, ...]:
    ratios = [here[0] / base[0] for base, here in pairs]
    base, here = (statistics.median(p[side][0] for p in pairs) / hours for side in (0, 1))
    ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
    return (str(count), f"{base:.3f}", f"{here:.3f}", ratio, str(pairs[0][0][1]), str(pairs[0][1][1]))


if __name__ == "__main__":
    sys.exit(main())
