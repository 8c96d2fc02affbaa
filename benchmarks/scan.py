"""What `podwatch scan` makes of a folder of transcripts: the whole command, beside the engine alone and another commit.

    python -m benchmarks.scan [--corpus DIR] [--megabytes N] [--short] [--beside WORKTREE] [--rounds N]

The transcripts are plain text files, generated (words distributed after Zipf) or those of DIR. The watches are words
that stand in at most three of the files. Measured is the CPU time of the command over all files without that over one
short file, its start and the compiling of its watches.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.detect import FEW, MANY, SEED, SIZES, generate_talk
from benchmarks.harness import check_figure, measure_cpu, measure_in_turn, print_table
from podwatch.commands.scan import load_transcript
from podwatch.model import Transcript, Watch
from podwatch.query import Engine, build_engine

ROOT = Path(__file__).resolve().parents[1]
FILES = 3  # that a watched word stands in, at most
SENTENCES = 4  # of a paragraph
TIMES_FASTER = {FEW: 1.6, MANY: 3.5}  # than the other commit, at least


def write_corpus(folder: Path, megabytes: float) -> list[Path]:
    """Generated hours of talk as text files, in paragraphs with the name of who speaks."""
    files = []
    for i, text in enumerate(generate_talk(None, megabytes)):
        sentences = text.split(". ")
        turns = [". ".join(sentences[at : at + SENTENCES]) for at in range(0, len(sentences), SENTENCES)]
        file = folder / f"episode-{i:04}.txt"
        file.write_text("\n\n".join(f"{('Ann', 'Bob')[n % 2]}: {turn}." for n, turn in enumerate(turns)), "utf-8")
        files.append(file)
    return files


def find_corpus(folder: Path, megabytes: float) -> list[Path]:
    """The text files of a folder, in an order without meaning, until there are so many megabytes."""
    files = sorted(p for p in folder.rglob("*.txt") if p.is_file())
    random.Random(SEED).shuffle(files)
    size, chosen = 0, []
    for file in files:
        if size >= megabytes * 1e6:
            break
        size += file.stat().st_size
        chosen.append(file)
    return chosen


def choose_words(files: Sequence[Path]) -> list[str]:
    """Words that stand in at most three files, in an order without meaning."""
    standing: Counter[str] = Counter()
    for file in files:
        standing.update(set(re.findall(r"[a-z]{4,}", file.read_text("utf-8", "replace").lower())))
    words = sorted(word for word, n in standing.items() if n <= FILES)
    random.Random(SEED).shuffle(words)
    return words


def write_watchlist(file: Path, words: Sequence[str]) -> list[Watch]:
    rows = [f"  - {{name: watch-{i}, query: '{word}'}}" for i, word in enumerate(words)]
    file.write_text("watches:\n" + "\n".join(rows) + "\n", "utf-8")
    return [Watch(name=f"watch-{i}", query=word) for i, word in enumerate(words)]


def find_package(checkout: Path) -> tuple[Path, str]:
    """(what to put on the path, the package's name): in old commits it was called pipeline.

    Python would else take the podwatch that is installed, and measure it against itself.
    """
    if (checkout / "pipeline/podwatch").is_dir():
        return checkout / "pipeline", "podwatch"
    if (checkout / "pipeline/commands").is_dir():
        return checkout, "pipeline"
    raise SystemExit(f"{checkout} holds no podwatch")


def run_scan(checkout: Path, files: Sequence[Path], watchlist: Path, answers: dict[str, str] | None = None) -> float:
    """CPU seconds of the command; adds a digest of its output to ``answers``."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PODWATCH", "SLACK"))}
    root, package = find_package(checkout)
    env |= {"PYTHONPATH": str(root), "PODWATCH_HOME": str(watchlist.parent / "home")}
    command = [sys.executable, "-c", f"from {package}.commands import main; main()", "scan", "--json"]
    command += ["--watchlist", str(watchlist), *map(str, files)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env=env, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"podwatch scan failed: {done.stderr.decode(errors='replace').strip()[-300:]}")
    if answers is not None:
        answers[str(checkout)] = hashlib.sha256(b"\n".join(sorted(done.stdout.split(b"\n")))).hexdigest()
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def count_finds(engine: Engine, transcripts: Sequence[Transcript]) -> int:
    return sum(len(engine(transcript).mentions) for transcript in transcripts)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", type=Path, help="a folder of real text files")
    parser.add_argument("--megabytes", type=float, default=30)
    parser.add_argument("--short", action="store_true", help="6 MB")
    parser.add_argument("--beside", type=Path, help="the worktree of another commit")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    gc.set_threshold(100_000, 50, 100)  # as the command has it
    megabytes = 6 if options.short else options.megabytes
    checkouts = {"here": ROOT} | ({"beside": options.beside.resolve()} if options.beside else {})
    held = []
    with tempfile.TemporaryDirectory(prefix="podwatch-scan-") as kept:
        folder = Path(kept)
        for checkout in checkouts.values():
            subprocess.run([sys.executable, "-m", "compileall", "-q", str(checkout / "pipeline")], check=False)
        files = find_corpus(options.corpus, megabytes) if options.corpus else write_corpus(folder, megabytes)
        size = sum(file.stat().st_size for file in files) / 1e6
        words = choose_words(files)
        short = folder / "short.txt"
        short.write_text("Ann: Nothing is said here.\n\nBob: No, nothing.\n", "utf-8")
        transcripts = [load_transcript(file) for file in files]
        rows = []
        for count in SIZES:
            watchlist = folder / f"watchlist-{count}.yaml"
            engine = build_engine(write_watchlist(watchlist, words[:count]))
            finds = count_finds(engine, transcripts)
            works: dict[str, Callable[[], float]] = {
                "engine": partial(measure_cpu, partial(count_finds, engine, transcripts))
            }
            answers: dict[str, str] = {}
            for name, checkout in checkouts.items():
                works[f"start {name}"] = partial(run_scan, checkout, [short], watchlist)
                works[name] = partial(run_scan, checkout, files, watchlist, answers)
            seconds = measure_in_turn(works, options.rounds)
            beyond = {name: seconds[name] - seconds[f"start {name}"] for name in checkouts}
            other = f"{size / beyond['beside']:.1f}" if "beside" in beyond else "-"
            rows.append(
                (f"{len(words[:count]):,}", finds, f"{size / seconds['engine']:.1f}", f"{size / beyond['here']:.1f}",
                 other, f"{seconds['start here']:.2f}")
            )  # fmt: skip
            print(f"measured: {count:,} watches", flush=True)
            if "beside" in beyond:
                faster = beyond["beside"] / beyond["here"]
                if options.corpus is None:  # what real text is read as changes from commit to commit
                    different = len(set(answers.values())) - 1
                    held.append(check_figure(f"different answers, {count:,} watches", different, 0, least=False))
                held.append(check_figure(f"times as fast, {count:,} watches", faster, TIMES_FASTER[count]))
        columns = ("watches", "finds", "engine alone, MB/s", "podwatch scan, MB/s", "the other, MB/s", "start, CPU s")
        print_table(f"Scan: {len(files)} files, {size:.0f} MB, one core", columns, rows)
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
