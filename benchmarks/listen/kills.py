"""kill -9 while a chunk is recognised, again and again, and two workers on one queue: what is heard more than once?

The claims of a killed worker end after some minutes; here the clock of the next one is ahead by as much.
"""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.listen.scenario import Scenario, open_scenario, read_answer
from benchmarks.listen.sound_files import silence, write_sound
from benchmarks.sounds_like.voices import RATE, Wave
from podwatch.policy.leases import LISTEN_LEASE
from podwatch.speech.chunks import TARGET_SECONDS

STEP = LISTEN_LEASE.total_seconds() + 60  # by which each worker's clock is ahead of the one before
LONGEST_WAIT = 300.0  # seconds for a chunk to begin


@dataclass(frozen=True, slots=True)
class Killed:
    """kills: that hit a worker at work; again: chunks begun again for each of them; same: the transcript
    is that of a run that nobody disturbed."""

    kills: int
    chunks: int
    again: tuple[int, ...]
    same: bool


@dataclass(frozen=True, slots=True)
class Shared:
    """chunks: that there are; begun: how often one was begun, at most; heard: all of them were."""

    chunks: int
    begun: int
    heard: int
    transcripts: int
    by_first: int  # chunks that the first of the two workers heard


def write_long_talk(path: Path, talk: Sequence[Wave], chunks: int) -> None:
    """A file of so many chunks, each some passages between silence; the passages differ from chunk to chunk."""

    def parts() -> list[Wave]:
        found = []
        for n in range(chunks):
            said = [talk[(n + i) % len(talk)] for i in range(2)]
            rest = TARGET_SECONDS - sum(len(s) for s in said) / RATE
            found += [silence(rest / 2 + n), *said, silence(rest / 2 - n)]
        return found

    write_sound(path, parts())


def run_kills(folder: Path, model: Path, talk: Sequence[Wave], kills: int) -> Killed:
    """Kills a worker at a random moment of a chunk, then the next one, and so on; the last one ends by itself."""
    folder.mkdir(parents=True)
    path = folder / "long.flac"
    write_long_talk(path, talk, kills + 2)
    with open_scenario(folder / "calm", model, [path]) as calm:
        began = time.monotonic()
        calm.run_worker()
        each = (time.monotonic() - began) / (kills + 3)  # seconds that a chunk takes, roughly
        expected, chunks = calm.transcripts(), len(calm.chunks()["end"])
    dice, again, hit = random.Random(5), [], 0
    with open_scenario(folder / "killed", model, [path]) as s:
        for n in range(kills):
            done = len(s.chunks()["end"])
            hit += _kill_while_hearing(s, n * STEP, done + (1 if n % 3 else 0), dice.uniform(0.0, each))
        s.run_worker(later=kills * STEP)
        counts = s.chunks()
        again = [n - 1 for n in counts["begin"].values() if n > 1]
        same = {g: t.text for g, t in s.transcripts().items()} == {g: t.text for g, t in expected.items()}
        same = same and len(counts["end"]) == chunks and bool(expected)
    return Killed(hit, chunks, tuple(again), same)


def _kill_while_hearing(s: Scenario, later: float, done: int, wait: float) -> bool:
    """Starts a worker and kills it ``wait`` seconds after so many chunks were begun; False when it had ended."""
    worker = s.start_worker(later)
    _wait_for(lambda: len(s.chunks()["begin"]) > done or worker.poll() is not None)
    time.sleep(wait)
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    return worker.returncode == -signal.SIGKILL


def run_two_workers(folder: Path, model: Path, files: Sequence[Path]) -> Shared:
    """Two workers at once on the same files in two feeds, then one more for what they left to each other."""
    with open_scenario(folder / "shared", model, files, feeds=2) as s:
        workers: list[subprocess.Popen[str]] = [s.start_worker() for _ in range(2)]
        for worker in workers:
            read_answer(worker)
        s.run_worker(later=STEP)
        counts = s.chunks()
        heard_by = [line.split()[2] for line in s.log.read_text().splitlines() if line.startswith("end")]
        first = sum(pid == str(workers[0].pid) for pid in heard_by)
        return Shared(
            len(counts["end"]), max(counts["begin"].values()), sum(counts["end"].values()), len(s.transcripts()), first
        )


def _wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + LONGEST_WAIT
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"no chunk was begun within {LONGEST_WAIT:.0f} s")
        time.sleep(0.05)
